"""The machine of a measurement, so that its figures can be compared with others."""

import os
import platform
import subprocess
from importlib import import_module
from pathlib import Path

import psutil
from django.db import connection
from django.utils.timezone import now

CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent
SETTINGS = (
    *("shared_buffers", "work_mem", "max_wal_size", "fsync", "full_page_writes", "synchronous_commit", "autovacuum"),
    *("random_page_cost", "join_collapse_limit"),
)


def machine() -> str:
    """Cores, memory and programs, in one sentence each."""
    memory = psutil.virtual_memory().total / 1024**3
    return (
        f"{os.cpu_count()} cores ({processor()}), {memory:.0f} GB of memory; Python {platform.python_version()}, "
        f"rating {'compiled' if _is_compiled() else 'not compiled'}; {_postgresql()}"
    )


def when() -> str:
    """The day and the commit; changes that are not committed are said."""
    return f"{now():%B %-d, %Y}, at commit {_git('rev-parse', '--short', 'HEAD')}{' with changes' * bool(_changed())}"


def load() -> str:
    """What else the machine did."""
    return f"Average load at the end: {os.getloadavg()[1]:.1f}."


def _changed() -> str:
    return _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/performance.md")


def processor() -> str:
    """Its name."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _is_compiled() -> bool:
    return not str(import_module("pricing.rating.period").__file__).endswith(".py")


def _postgresql() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) name", [list(SETTINGS)])
        settings = ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
        cursor.execute("SELECT current_setting('server_version')")
        return f"PostgreSQL {cursor.fetchone()[0]} with {settings}"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("unknown" if words[0] == "rev-parse" else "")
