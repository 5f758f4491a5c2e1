"""How old open items are: by due date, as of a day."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billing_engine.core.money import ZERO
from receivables.domain.ledger.open_items import OpenItem

# The most days past due of each age but the last.
LIMITS = (0, 30, 60, 90)
BUCKET_TITLES = ("Not due", "1–30 days", "31–60", "61–90", "Over 90")


def by_age(debits: Iterable[OpenItem], day: date) -> list[Decimal]:
    """Return what debit items have left by age: not due, up to 30, 60, 90 days past due, and older."""
    sums = [ZERO] * (len(LIMITS) + 1)
    for item in debits:
        overdue = (day - item.due_on).days
        sums[sum(overdue > limit for limit in LIMITS)] += item.left
    return sums
