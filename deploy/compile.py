"""Compile the price decision with mypyc into var/compiled: `python -m deploy.compile`, or `--must` where it may not fail.

On a machine without a C compiler, rating runs as plain Python, with the same results.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from pricing.rating.compiled import BUILT_BY, CHECKOUT, PURE, folder

# What runs for each action. The models are not among them: mypyc can't compile data classes that have class variables.
MODULES = (
    *("amounts", "caps", "counters", "exclude", "instants", "limits", "match", "once", "period", "values"),
    *("prices/counted", "prices/tiers"),
)


def main() -> None:
    """Compile what is not compiled yet, or say in one line why not."""
    if os.environ.get(PURE, "0") != "0" or folder().exists():
        return
    lacking = _lacking()
    if not lacking:
        _say("Compiling the price decision …")
        lacking = _compile(folder())
    if lacking and "--must" in sys.argv:
        sys.exit(lacking)
    if lacking:
        _say(f"Rating runs as plain Python, with the same results: {lacking}")


def _lacking() -> str:
    """What is missing here; "" if nothing."""
    if shutil.which(os.environ.get("CC") or "cc") is None:
        return "there is no C compiler."
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "the headers of Python are not installed (Debian: apt install python3-dev)."
    locked = BUILT_BY[0].read_text(encoding="utf-8")
    if not any(f"mypy[mypyc]=={each.version} " in locked for each in distributions(name="mypy")):
        return f"the mypy of {BUILT_BY[0].name} is not installed."
    return ""


def _compile(result: Path) -> str:
    """Compile a copy of the sources, and put the result in place at once; returns what went wrong."""
    result.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=result.parent, prefix="compiling-") as name:
        copy = Path(name)
        shutil.copytree(CHECKOUT / "pricing" / "rating", copy / "pricing" / "rating", ignore=_not_sources)
        shutil.copy(CHECKOUT / "pricing" / "__init__.py", copy / "pricing")
        modules = [f"pricing/rating/{module}.py" for module in MODULES]
        done = subprocess.run(  # noqa: S603 -- a command of ours
            [sys.executable, "-m", "mypyc", "--config-file=", "--strict", *modules],
            cwd=copy,
            env=os.environ | {"MYPYC_OPT_LEVEL": "3", "MYPYC_DEBUG_LEVEL": "0", "MYPY_CACHE_DIR": str(copy / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return f"mypyc failed.\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}"
        [built] = (copy / "build").glob("lib*")
        try:
            built.rename(result)
        except OSError:
            if not result.exists():  # another process was faster
                raise
    return ""


def _not_sources(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    main()
