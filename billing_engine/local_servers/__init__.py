"""PostgreSQL and Redis from pip for a machine that has none, and the processes that `make run` starts.

`manage.py` calls `provide` before the settings load, so nothing here may import Django or other parts of the project.
If the wheels are not installed (the production image), nothing is provided, and the settings fail with a clear error
about the missing variable.
"""

import atexit
import secrets
import sys
from collections.abc import MutableMapping
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from billing_engine.local_servers.errors import LocalServerError

if TYPE_CHECKING:
    from billing_engine.local_servers.folder import Folder

__all__ = ["LocalServerError", "down", "down_all", "kill", "provide"]

DATABASE_URL = "DATABASE_URL"
OWNER_URL = "DATABASE_OWNER_URL"  # for the commands that migrate; only here, because elsewhere they run apart
REDIS_URL = "REDIS_URL"
# Keys that a desk derives from its own SECRET_KEY.
KEYS = {"PROOF_SIGNING_KEY": "signs proofs", "PSEUDONYM_KEY": "stands for persons"}
SECRET_KEY = "SECRET_KEY"  # noqa: S105 -- the name of the variable


def provide(environ: MutableMapping[str, str], checkout: Path, *, test: bool = False) -> None:
    """Set DATABASE_URL and REDIS_URL, if missing, to embedded servers, which are started unless they already run.

    SECRET_KEY is set to one of the checkout's own, so that logins survive a restart; except for tests, a key for proofs comes
    with it.

    The app's login is no superuser and owns nothing; commands that migrate take the address in DATABASE_OWNER_URL, and
    reports read as the reader. Tests are the superuser: they create their own databases.

    The servers are held until this process ends; the last process to leave stops them. For tests, the servers keep
    their data in another folder and do not wait for the disk. A caller that keeps the variables in a `.env` file must
    read it into `environ` first.
    """
    if all(environ.get(name) for name in (DATABASE_URL, REDIS_URL, SECRET_KEY)) or not _can_embed():
        return
    # Imported here because psutil, like the servers' wheels, is missing in production.
    from billing_engine.local_servers.folder import Folder  # noqa: PLC0415 -- see above
    from billing_engine.local_servers.leases import Hold  # noqa: PLC0415 -- see above
    from billing_engine.local_servers.postgres import Postgres  # noqa: PLC0415 -- see above
    from billing_engine.local_servers.programs import postgres_programs, redis_programs  # noqa: PLC0415 -- see above
    from billing_engine.local_servers.redis import Redis  # noqa: PLC0415 -- see above

    folder = Folder(_place(checkout, test=test))
    if not environ.get(SECRET_KEY):
        environ[SECRET_KEY] = _kept_secret(folder)
        for name, purpose in () if test else KEYS.items():
            environ.setdefault(name, sha256(f"{purpose} {environ[SECRET_KEY]}".encode()).hexdigest())
    postgres = not (environ.get(DATABASE_URL) or environ.get("DATABASE_HOST")) and postgres_programs()
    redis = not (environ.get(REDIS_URL) or environ.get("REDIS_HOST")) and redis_programs()
    if postgres or redis:
        atexit.register(Hold(folder).leave, stop=partial(down, checkout, test=test))
    if postgres:
        server = Postgres(folder, durable=not test)
        environ[DATABASE_URL] = server.up()
        if not test:
            environ.update(_separated(server.logins(), reports=environ.get("COPY_DATABASE_URL")))
    if redis:
        environ[REDIS_URL] = Redis(folder).up()


def down(checkout: Path, *, test: bool = False) -> None:
    """Stop both embedded servers of a checkout, if they run; the data stays."""
    place = _place(checkout, test=test)
    if not place.is_dir() or not _can_embed():
        return
    from billing_engine.local_servers.folder import Folder  # noqa: PLC0415 -- psutil is not there in production
    from billing_engine.local_servers.postgres import Postgres  # noqa: PLC0415 -- psutil is not there in production
    from billing_engine.local_servers.redis import Redis  # noqa: PLC0415 -- psutil is not there in production

    folder = Folder(place)
    Redis(folder).down()
    Postgres(folder).down()


def kill(checkout: Path) -> None:
    """Kill both servers of `make run` at once. What they had committed is there when they start again."""
    from billing_engine.local_servers.account import ServerHome, end, servers_at  # noqa: PLC0415 -- psutil is not there in production
    from billing_engine.local_servers.folder import Folder  # noqa: PLC0415 -- psutil is not there in production

    folder = Folder(_place(checkout, test=False))
    for name in ("redis", "postgres"):
        end(servers_at(ServerHome(folder, name).home))


def down_all(checkout: Path) -> None:
    """Stop every embedded server that this checkout's code started (including tests), and what a killed run left."""
    place = _place(checkout, test=False)
    if not _can_embed():
        return
    from billing_engine.local_servers.account import end, started_here  # noqa: PLC0415 -- psutil is not there in production
    from billing_engine.local_servers.folder import Folder  # noqa: PLC0415 -- psutil is not there in production
    from billing_engine.local_servers.processes import end_leftovers  # noqa: PLC0415 -- psutil is not there in production

    if place.is_dir():
        end_leftovers(Folder(place))
    down(checkout)
    down(checkout, test=True)
    end(started_here())


def _separated(logins: dict[str, str], *, reports: str | None) -> dict[str, str]:
    return {
        DATABASE_URL: logins["app"],
        OWNER_URL: logins["owner"],
        "COPY_DATABASE_URL": reports or logins["reader"],
        "DATABASE_APP_USER": str(urlsplit(logins["app"]).username),
        "DATABASE_READER_USER": str(urlsplit(logins["reader"]).username),
    }


def _kept_secret(folder: "Folder") -> str:
    with folder.lock("secret"):
        kept = folder.read("secret")
        if not kept:
            kept = {"key": secrets.token_urlsafe(50)}
            folder.write("secret", kept)
        return str(kept["key"])


def _place(checkout: Path, *, test: bool) -> Path:
    return checkout / "var" / ("test" if test else "dev")


def _can_embed() -> bool:
    if sys.platform == "win32":
        raise LocalServerError("The embedded servers do not run on Windows, nor does Celery. Use WSL (wsl --install).")
    return find_spec("psutil") is not None
