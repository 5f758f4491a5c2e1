"""How fast rating is, beside what this machine's PostgreSQL can do: `make bench`, or `make bench ARGS=--quick`.

A benchmark, no test. It starts a PostgreSQL of its own on a throw-away folder, with the settings a server comes with
(nothing is left unsafe for speed), and leaves neither a process nor a file behind.
"""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from billing_engine.desk import DeskError
from billing_engine.desk.folder import Folder
from billing_engine.desk.postgres import Postgres

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    """Measure, and print one table."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely is ended by Ctrl-C
    try:
        with _server(CHECKOUT / "var" / "bench") as database_url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
                "DATABASE_URL": database_url,
                "REDIS_URL": "redis://127.0.0.1:1/0",  # nothing here asks for work
                "SECRET_KEY": "only-for-the-benchmark",
                "DEBUG": "off",  # Django would remember every query
            }
            django.setup()
            from tests.bench.measure import measure  # noqa: PLC0415 -- models load after the settings

            measure(actions=options.actions, rounds=options.rounds)
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left running.")
    except DeskError as error:
        sys.exit(str(error))


@contextmanager
def _server(place: Path) -> Iterator[str]:
    folder = Folder(place)
    postgres = Postgres(folder, durable=True)
    _forget(folder, postgres)  # what a killed run left
    try:
        yield postgres.up()
    finally:
        _forget(folder, postgres)


def _forget(folder: Folder, postgres: Postgres) -> None:
    postgres.down()
    shutil.rmtree(postgres.home, ignore_errors=True)
    shutil.rmtree(folder.path, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--actions", type=int, default=1_000_000, help="how many to rate (%(default)s)")
    parser.add_argument("--quick", dest="actions", action="store_const", const=100_000, help="only 100,000")
    parser.add_argument("--rounds", type=int, default=3, help="each figure is the median of so many (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
