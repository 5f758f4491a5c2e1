"""Run everything at once, and kill processes meanwhile: `make soak`, or `make soak ARGS="--minutes 10 --seed 7"`.

This is not a test and not part of CI. Leads arrive over HTTP, prices are revised, and finance bills, approves, issues, voids
and sends, while gunicorn workers, Celery children and all of PostgreSQL are killed. Then it waits until all queues are empty
and runs the checks. It has its own servers in a temporary folder, uses only the loopback interface, stops by itself and
leaves nothing running. If a check fails, it exits with 1 and keeps the folder for inspection.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from secrets import randbelow

import django

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.processes import Children
from tests.invoices.post import opened
from tests.soak.engine import Engine, forget, servers

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MOST_MINUTES = 60


def main() -> None:
    """Run the soak and print what was done and which checks held."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # treat a termination like Ctrl-C
    folder = Folder(CHECKOUT / "var" / "soak")
    try:
        holds = _soaked(folder, seconds=60 * options.minutes, seed=options.seed)
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left running.")
    except (LocalServerError, TimeoutError) as error:
        sys.exit(str(error))
    if not holds:
        sys.exit(f"\nSomething does not hold. Its logs and data stay in {folder.path.relative_to(CHECKOUT)}.")
    forget(folder)


def _soaked(folder: Folder, *, seconds: float, seed: int) -> bool:
    children = Children(folder)
    children.claim()  # stops the processes of a soak that was killed, and refuses a second soak
    with servers(folder) as (postgres, database_url, redis_url), opened() as (office, port), children:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "SECRET_KEY": "only-for-the-soak",
            "LOG_LEVEL": "WARNING",
            "DEBUG": "off",
            "HTTPS": "off",
        }
        django.setup()
        from tests.soak.soak import soak  # noqa: PLC0415 -- models load after the settings

        return soak(Engine(folder, children, postgres), office, seconds=seconds, seed=seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=_minutes, default=2, help="of chaos; then it waits until all is quiet (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=randbelow(1_000_000), help="the same choices as another soak")
    return parser.parse_args()


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"from a part of one to {MOST_MINUTES}")
    return minutes


if __name__ == "__main__":
    main()
