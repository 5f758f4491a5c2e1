"""The invariant of the deed log: its chain is unbroken."""

from collections.abc import Mapping
from typing import Any

from django.utils.timezone import now

from billing_engine.core.deeds import chain
from reports.queries.sums.invariant import Invariant, Sides


def unbroken(asked: Mapping[str, Any], *, known: chain.Head | None = None) -> Invariant:
    """Verify the digests of the month's deeds, or of all; `known` is a head from the log stream."""
    found = Invariant(
        "6b",
        "deeds in the chain",
        "deeds whose digest fits the one before",
        note="The head of the chain is in the log stream every hour; check_invariants --head compares it.",
    )
    span = chain.of_time(asked["from"], asked["to"]) if asked["from"] else chain.whole()
    for words in chain.faults(at=now(), known=known, span=span):
        found.add_breach("core.deed", None, words)
    found.sides.append(Sides("deeds", span.places, span.places - found.broken))
    return found
