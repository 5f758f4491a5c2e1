"""Rating in separate processes: each rates the periods it is given."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO, cast

from django.db import connection

from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate_waiting
from pricing.domain.rate.sweep import TOGETHER

PROGRAM = "import django; django.setup(); from {module} import main; main()"
AT = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass
class Work:
    """The results of one or more parallel workers."""

    seconds: float  # from the first start to the last end
    at_rest_mb: float  # a worker's memory before it rates
    peak_mb: float  # the largest worker's
    cpu: float = 0.0  # seconds of all workers' processors, without PostgreSQL's


@dataclass(frozen=True)
class Place:
    """Where a worker runs: a command in front of its own, and what differs in its environment."""

    command: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


HERE = Place()


def work(shares: list[list[int]], places: Sequence[Place] = (), *, reason: str = "intake") -> Work:
    """Rate each share of periods in a separate worker, all at once; starts when all are ready."""
    mark_unrated(BillingPeriod.objects.filter(pk__in=chain(*shares)), reason=reason)
    return share_out(shares, module=__name__, places=places)


def share_out(shares: list[list[int]], *, module: str, places: Sequence[Place] = ()) -> Work:
    """Give each share to a process that runs this module's `main`, which reports when it is ready and when it is done."""
    with _processes(places or [HERE] * len(shares), module) as processes:
        at_rest = [_answer(process)["mb"] for process in processes]
        started = time.perf_counter()
        for process, share in zip(processes, shares, strict=True):
            print(json.dumps(share), file=cast("IO[str]", process.stdin), flush=True)
        answers = [_answer(process) for process in processes]
        seconds = time.perf_counter() - started
    cpu = sum(answer["cpu"] for answer in answers)
    return Work(seconds, max(at_rest), max(answer["mb"] for answer in answers), cpu)


def main() -> None:
    """A worker: report that it is ready, read its periods, rate them as the sweep does, report the results."""
    with a_share() as periods:
        for start in range(0, len(periods), TOGETHER):
            rate_waiting(periods[start : start + TOGETHER], at=AT)


@contextmanager
def a_share() -> Iterator[list[int]]:
    """This worker's periods, once it is ready; its memory is reported before and after."""
    connection.ensure_connection()
    _say(mb=peak_mb())
    share = json.loads(sys.stdin.readline() or "[]")
    begun = time.process_time()
    yield share
    _say(mb=peak_mb(), cpu=time.process_time() - begun)


@contextmanager
def _processes(places: Sequence[Place], module: str) -> Iterator[list[subprocess.Popen[str]]]:
    program = [sys.executable, "-c", PROGRAM.format(module=module)]
    processes = list[subprocess.Popen[str]]()
    try:
        for place in places:
            command, environ = [*place.command, *program], os.environ | dict(place.environ)
            processes.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
            )
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _answer(process: subprocess.Popen[str]) -> dict[str, float]:
    line = cast("IO[str]", process.stdout).readline()
    if not line:
        raise RuntimeError("A worker ended; what it said stands above.")
    return json.loads(line)


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def forget_peak() -> None:
    """From now on, the peak is that of what follows; only Linux can do so."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5", encoding="ascii")


def peak_mb(process: int | str = "self") -> float:
    """The peak memory of a process, without what its parent had when it was started."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS counts in bytes
