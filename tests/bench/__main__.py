"""How fast the engine is, compared with what this machine can do: `make bench`, or `make bench ARGS="intake --quick"`.

Benchmarks, not tests. Each starts its own PostgreSQL in a temporary folder, with a server's default settings
(nothing is left unsafe for speed), and leaves neither a process nor a file behind. Without a name all run,
in turn.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.redis import Redis

CHECKOUT = Path(__file__).resolve().parent.parent.parent
BENCHES = ("rating", "intake", "simulation", "run", "close", "paper", "lists")
QUICK, FULL = 100_000, 1_000_000


def main() -> None:
    """Measure, and print one table."""
    options = _options()
    if options.bench is None:
        sys.exit(max(_alone(bench) for bench in BENCHES))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # programs that end politely are ended with Ctrl-C
    try:
        folder = Folder(CHECKOUT / "var" / "bench")
        with _server(folder) as database_url, _broker(folder, options.bench) as redis_url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "SECRET_KEY": "only-for-the-benchmark",
                "LOG_LEVEL": "WARNING",
                "DEBUG": "off",  # Django would remember every query
            }
            django.setup()
            _measure(options, folder)
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left running.")
    except LocalServerError as error:
        sys.exit(str(error))


def _measure(options: argparse.Namespace, folder: Folder) -> None:
    actions = options.actions or (QUICK if options.quick else FULL)
    if options.bench == "rating":
        from tests.bench.measure import measure  # noqa: PLC0415 -- models load after the settings

        measure(actions=actions, rounds=options.rounds)
    elif options.bench == "simulation":
        from tests.bench.simulation.measure import measure_simulation  # noqa: PLC0415 -- models load after the settings

        measure_simulation(actions=actions, rounds=options.rounds)
    elif options.bench == "close":
        from tests.bench.close import measure_close  # noqa: PLC0415 -- models load after the settings

        measure_close(actions=actions, rounds=options.rounds)
    elif options.bench == "paper":
        from tests.bench.paper.measure import measure_paper  # noqa: PLC0415 -- models load after the settings

        measure_paper(quick=options.quick, rounds=options.rounds)
    elif options.bench == "lists":
        from tests.bench.lists.measure import measure_lists  # noqa: PLC0415 -- models load after the settings

        measure_lists(quick=options.quick, rounds=options.rounds)
    elif options.bench == "run":
        from tests.bench.run.measure import measure_run  # noqa: PLC0415 -- models load after the settings

        measure_run(quick=options.quick, rounds=options.rounds)
    else:
        from tests.bench.intake.measure import measure_intake  # noqa: PLC0415 -- models load after the settings

        measure_intake(folder, quick=options.quick, rounds=options.rounds)


def _alone(bench: str) -> int:
    """The same command with its name: each bench has its own process and server."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", bench, *sys.argv[1:]], cwd=CHECKOUT, check=False
    ).returncode


@contextmanager
def _server(folder: Folder) -> Iterator[str]:
    postgres = Postgres(folder, durable=True)
    _forget(folder, postgres)  # left by a killed run
    try:
        yield postgres.up()
    finally:
        _forget(folder, postgres)


@contextmanager
def _broker(folder: Folder, bench: str) -> Iterator[str]:
    """Return whether the run requests work; no worker listens here, and the others request none."""
    if bench != "run":
        yield "redis://127.0.0.1:1/0"
        return
    redis = Redis(folder)
    try:
        yield redis.up()
    finally:
        redis.down()


def _forget(folder: Folder, postgres: Postgres) -> None:
    postgres.down()
    shutil.rmtree(postgres.home, ignore_errors=True)
    shutil.rmtree(folder.path, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("bench", nargs="?", choices=BENCHES, help="which one; without it, all of them in turn")
    parser.add_argument("--quick", action="store_true", help="fewer of everything")
    parser.add_argument(
        "--actions", type=int, help=f"rating, simulation: how many to rate ({FULL:,}; {QUICK:,} when quick)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="each figure is the median of so many (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
