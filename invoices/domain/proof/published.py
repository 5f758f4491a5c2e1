"""The program `verify.py` in one file, made from the modules that bill: `python -m invoices.domain.proof.published`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FILE = Path(__file__).with_name("verify.py.txt")
FOLDERS = ("pricing/rating", "invoices/domain/proof/verifier")
# The engine imports compiled code there, if there is some.
LEFT_OUT = {"pricing/rating/compiled.py"}
EMPTY = {"pricing/rating/__init__.py"}

HEAD = '''#!/usr/bin/env python3
"""Check the proof bundle of an invoice yourself: python3 verify.py INVOICE-proof.zip

One file of plain Python, 3.11 or later. It installs nothing, asks nothing of the internet and reads only the files you
name. It checks who signed the bundle, works out every charge again with the prices in it, adds up the lines, the taxes
and the total, and prints the fingerprint: compare it with the one at the foot of your invoice's PDF.

    python3 verify.py --key "DIGEST ON THE PDF" INVOICE-proof.zip
    python3 verify.py --keys keys.json SEPTEMBER-proof.zip OCTOBER-proof.zip
    python3 verify.py CHARGE-proof.json

Below are the modules of the engine, each exactly as it runs there: the checks first, then the function that prices.
"""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

MODULES = {}
'''
TAIL = '''

class Modules(MetaPathFinder, Loader):
    """Imports the modules above."""

    def find_spec(self, name, path=None, target=None):
        is_package = any(each.startswith(f"{name}.") for each in MODULES)
        if name in MODULES or is_package:
            return ModuleSpec(name, self, is_package=is_package)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(compile(MODULES.get(name, ""), f"verify.py: {name}", "exec"), module.__dict__)


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("verify.py needs Python 3.11 or later.")
    sys.meta_path.insert(0, Modules())
    from invoices.domain.proof.verifier.program import main

    sys.exit(main())
'''


def program() -> bytes:
    """The program as it was published with this version of the engine."""
    return FILE.read_bytes()


def generated() -> str:
    """The program as these sources give it."""
    return HEAD + "".join(_module(path) for folder in reversed(FOLDERS) for path in _sources(folder)) + TAIL


def _sources(folder: str) -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py"))
    return [path for path in found if path not in LEFT_OUT]


def _module(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    source = "" if path in EMPTY else (ROOT / path).read_text(encoding="utf-8")
    if "'''" in source:
        raise ValueError(f"{path} has three single quotes, which would end its text in verify.py.")
    return f"\n# {'-' * 10} {name} {'-' * (105 - len(name))}\n\nMODULES[\"{name}\"] = r'''{source}'''\n"


if __name__ == "__main__":
    FILE.write_text(generated(), encoding="utf-8")
