"""A worker that rates as usual, but neither tells days apart nor writes the roll-up. Only a bench has it."""

from datetime import date
from zoneinfo import ZoneInfo

from pricing.domain.rate import activity, tally
from pricing.domain.rate.activity import EVER
from pricing.rating.counters import DayAt
from pricing.rating.instants import Instant
from tests.bench import worker

FOR_GOOD = Instant(2**62)


def main() -> None:
    """The usual worker, once rating is changed."""
    activity._roll_up = lambda *_: None
    tally.day_at = _one_day
    worker.main()


def _one_day(_: ZoneInfo) -> DayAt:
    def find(_: Instant) -> tuple[date, Instant]:
        return EVER, FOR_GOOD

    return find
