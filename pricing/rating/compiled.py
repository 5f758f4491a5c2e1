"""Import the compiled form of these modules, if it was built from exactly these sources for exactly this Python.

`python -m deploy.compile` builds it; without it, or with PURE_PYTHON=1, the sources run. Both give the same decisions.

Compiled code insists on the declared types: it refuses a datetime as an `Instant`. Its frozen data classes can't be pickled or
copied, only replaced.
"""

import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from os import environ
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SOURCES = Path(__file__).resolve().parent
# The compiler's version, and how it is run: another one of these may give other code.
BUILT_BY = (CHECKOUT / "requirements-compile.txt", CHECKOUT / "deploy" / "compile.py")
SHARED = "__mypyc"  # ends the name of the library that holds the code of all modules
PURE = "PURE_PYTHON"


class Compiled(MetaPathFinder):
    """Finds these modules among the compiled ones."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        file = self.files.get(fullname)
        return None if file is None else spec_from_file_location(fullname, file)


def use() -> str:
    """Import the compiled modules from now on; returns why not, or "" if they are used."""
    if environ.get(PURE, "0") != "0":
        return f"{PURE} is set"
    files = compiled()
    if not files:
        return "it was not compiled from these sources for this Python"
    finder = Compiled(files)
    sys.meta_path.insert(0, finder)
    try:
        import_module(next(name for name in files if name.endswith(SHARED)))
    except ImportError as error:
        sys.meta_path.remove(finder)
        return f"the compiled modules can't be loaded: {error}"
    return ""


def compiled() -> dict[str, Path]:
    """The compiled modules by name; none if the sources have changed since."""
    place = folder()
    found = place.rglob(f"*{EXTENSION_SUFFIXES[0]}")
    return {".".join((*file.relative_to(place).parent.parts, file.name.partition(".")[0])): file for file in found}


def folder() -> Path:
    """Where the modules are that were compiled from these sources, by this compiler, for this Python."""
    digest = sha256(f"{sys.version} {EXTENSION_SUFFIXES[0]}".encode())
    for file in (*BUILT_BY, *sorted(SOURCES.rglob("*.py"))):
        content = file.read_bytes() if file.exists() else b""
        digest.update(f"\n{file.relative_to(CHECKOUT)} {len(content)}\n".encode())
        digest.update(content)
    return CHECKOUT / "var" / "compiled" / digest.hexdigest()[:32]
