"""The lines of intake, from its figures."""

from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.intake.company import ACTIONS
from tests.bench.intake.load import CONNECTIONS, Load
from tests.bench.intake.server import WORKERS
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import BODIES

if TYPE_CHECKING:
    from tests.bench.intake.measure import Figures

STORED = ("stored", "very many stored")


def outcome_of(figures: "Figures") -> Outcome:
    """Everything; a lead has four actions."""
    amounts = figures.amounts
    floor = median(figures.floor) * ACTIONS
    measured: dict[str, Measured] = {}
    for size in BODIES:
        ours, words = actions_a_second(figures.ours[size], size), _body(size)
        measured[f"{words}, compared with a nested serializer"] = Measured(
            ours, usual=actions_a_second(figures.usual[size], size)
        )
        measured[f"{words}, p95 at half load"] = Measured(median(load.p95 for load in figures.half[size]) * 1e3)
        for stored, loads in zip(STORED, figures.full, strict=True):
            beside = actions_a_second(loads[size], size)
            measured[f"{words} beside {stored} actions, of an empty database"] = Measured(beside, ours)
        if size > 1:
            held = figures.held[size].rate * size * ACTIONS
            measured[f"{words}, compared with COPY"] = Measured(ours, floor)
            measured[words] = Measured(ours)
            measured[f"{words} with rating beside, of the same without"] = Measured(held, ours)
    measured["1 lead a body, compared with an empty view"] = Measured(_rate(figures.ours[1]), _rate(figures.empty))
    measured["Memory of a web worker"] = Measured(figures.peak_mb)
    # The first tenth fills what every process fills once.
    measured["Memory of a web worker at the end, of that after a tenth"] = Measured(
        figures.memory[-1], figures.memory[1]
    )
    return Outcome(
        f"Leads with {ACTIONS} actions each; {amounts.stored[0]:,} and {amounts.stored[1]:,} stored actions.",
        measured,
        _notes(figures),
    )


def actions_a_second(loads: list[Load], size: int) -> float:
    return _rate(loads) * size * ACTIONS


def _notes(figures: "Figures") -> list[str]:
    sender = ", ".join(
        f"{median(load.cpu / load.seconds for load in each):.0%} at {size:,}" for size, each in figures.ours.items()
    )
    cores = ", ".join(
        f"{web * 1e6:,.0f} + {postgres * 1e6:,.0f} at {size:,}" for size, (web, postgres) in figures.cores.items()
    )
    times = ", ".join(
        f"{median(load.p50 for load in each) * 1e3:.1f} and {median(load.p95 for load in each) * 1e3:.1f} at {size:,}"
        for size, each in figures.ours.items()
    )
    busy = sum(load.busy for each in [*figures.ours.values(), list(figures.held.values())] for load in each)
    rated = ", ".join(f"{share:.0%} at {size:,}" for size, share in figures.rated.items())
    return [
        f"gunicorn as deployed (threads), {WORKERS} workers; a sender with {CONNECTIONS} connections that stays on one core, "
        f"of which it needs {sender} a body.",
        f"Processor time, µs a lead, gunicorn + PostgreSQL: {cores}.",
        f"The server was busy and asked to send again {busy:,} times." if busy else "The server refused no request.",
        f"At full load, ms, median and p95: {times}.",
        f"Held with rating beside for {figures.amounts.held_seconds:.0f} s each; rated at the end: {rated}.",
        f"Floors are medians of {len(figures.floor)}, the rest of {len(figures.ours[1])}; each starts from emptied tables "
        "and a checkpoint.",
    ]


def _body(size: int) -> str:
    return f"{size:,} lead{'s' * (size > 1)} a body"


def _rate(loads: Iterable[Load]) -> float:
    return median(load.rate for load in loads)
