"""Render with typst, in a separate process."""

import json
import resource
import time

from invoices.domain.document.typeset import render
from tests.bench.paper.content import annex, paper


def main(charges: int, rounds: int) -> None:
    """Seconds of each round after a warm-up round, and the peak memory of the process that typesets."""
    what, more = paper(), annex(charges) if charges else None
    render(what)
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        size = len(render(what, more))
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "bytes": size}))
