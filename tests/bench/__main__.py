"""How fast the engine is, compared with what this machine can do: `make bench`, or `make bench ARGS="intake --quick"`.

Benchmarks, not tests. Each starts its own PostgreSQL in a temporary folder, with a server's default settings (nothing is
left unsafe for speed) and, beside many millions of rows, with the cache that production has; it leaves neither a process nor
a file behind. Without a name all run, in turn. `--write` puts the tables into docs/performance.md; with `--strict`, a missed
aim is an error.
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
import psutil

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.redis import Redis
from tests.bench.report.registry import BENCHES, FULL, QUICK, TINY, Asked, Bench

CHECKOUT = Path(__file__).resolve().parent.parent.parent
BY_NAME = {bench.name: bench for bench in BENCHES}
MISSED = 3  # the exit code of a strict bench that missed an aim


def main() -> None:
    """Measure, and print one table."""
    options = _options()
    if options.bench is None:
        sys.exit(max(_alone(bench.name) for bench in BENCHES))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # programs that end politely are ended with Ctrl-C
    bench, folder = BY_NAME[options.bench], Folder(options.folder / options.bench)
    try:
        with _server(folder, bench) as database_url, _broker(folder, bench) as redis_url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "SECRET_KEY": "only-for-the-benchmark",
                "LOG_LEVEL": "WARNING",
                "DEBUG": "off",  # Django would remember every query
            }
            django.setup()
            missed = _measured(bench, options, folder)
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left running.")
    except LocalServerError as error:
        sys.exit(str(error))
    if missed and options.strict:
        sys.exit(MISSED)


def _measured(bench: Bench, options: argparse.Namespace, folder: Folder) -> int:
    """Print and, if asked, write the table; return how many aims were missed."""
    from tests.bench.report.excerpts import write_excerpts  # noqa: PLC0415 -- models load after the settings
    from tests.bench.report.lines import rows_of  # noqa: PLC0415 -- likewise
    from tests.bench.report.page import print_table, section, write  # noqa: PLC0415 -- likewise

    rounds = 1 if options.size == TINY else options.rounds
    outcome = bench.measure(Asked(options.size, rounds, folder, options.actions))
    rows = rows_of(bench.lines, outcome)
    print_table(bench.title, rows, outcome, size=options.size)
    if options.write:
        titles = [each.title for each in BENCHES]
        write(section(bench.title, rows, outcome, size=options.size), titles=titles, page=options.page)
        if (guide := options.page.with_name("scaling.md")).exists():
            write_excerpts(bench.name, rows, size=options.size, guide=guide)
    return sum(row.is_missed for row in rows)


def _alone(bench: str) -> int:
    """The same command with its name: each bench has its own process and server."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", bench, *sys.argv[1:]], cwd=CHECKOUT, check=False
    ).returncode


@contextmanager
def _server(folder: Folder, bench: Bench) -> Iterator[str]:
    quarter = f"{psutil.virtual_memory().total // 4 // 1024**2}MB" if bench.has_large_cache else ""
    postgres = Postgres(folder, durable=True, cache=quarter)
    _forget(folder, postgres)  # left by a killed run
    try:
        yield postgres.up()
    finally:
        _forget(folder, postgres)


@contextmanager
def _broker(folder: Folder, bench: Bench) -> Iterator[str]:
    """Redis for a bench that requests work; no worker listens here, and the others request none."""
    if not bench.needs_redis:
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
    parser.add_argument("bench", nargs="?", choices=BY_NAME, help="which one; without it, all of them in turn")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const=QUICK, default=FULL, help="fewer of all")
    size.add_argument("--tiny", dest="size", action="store_const", const=TINY, help="only to see that it runs")
    parser.add_argument("--actions", type=int, help="how many actions, where a bench has a number of them")
    parser.add_argument("--rounds", type=int, default=3, help="each figure is the median of so many (%(default)s)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--strict", action="store_true", help=f"exit with {MISSED} if an aim is missed")
    parser.add_argument("--page", type=Path, default=CHECKOUT / "docs" / "performance.md", help="the page to write")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "var" / "bench", help="where the servers keep data")
    return parser.parse_args()


if __name__ == "__main__":
    main()
