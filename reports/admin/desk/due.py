"""What customers owe by age, in each currency, as the ageing page has it today."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.core.money import in_words
from receivables.domain.ledger.open_items import Basis, Scope
from receivables.queries.ageing import BUCKETS, OUTSTANDING, TITLES, Bucket, Sums, ageing


@dataclass(frozen=True, slots=True)
class Owed:
    """An amount with the list of its items; without any, no address."""

    words: str
    address: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One currency: what is not due, what is late by age, and all that is outstanding."""

    currency: str
    ages: tuple[Owed, ...]
    outstanding: Owed


def owed(today: date) -> dict[str, object]:
    """Return the rows, with the heads of their ages and the page that has the customers."""
    basis = Basis(today)
    totals = ageing(basis, Scope(), most=0).totals
    rows = [_row(total.currency, total.sums, today) for total in totals if total.sums.outstanding]
    return {
        "heads": [TITLES[each] if each is Bucket.NOT_DUE else f"{TITLES[each]} days late" for each in BUCKETS],
        "rows": rows,
        "address": reverse("admin:receivables_ageing"),
    }


def _row(currency: str, sums: Sums, today: date) -> OwedRow:
    def cell(name: str) -> Owed:
        amount = sums.outstanding if name == OUTSTANDING else sums.of(Bucket(name))
        asked = {"as_of": str(today), "currency": currency, "bucket": name}
        address = f"{reverse('admin:receivables_open_items')}?{urlencode(asked)}" if amount else ""
        return Owed(in_words(amount, currency), address, bool(amount) and name not in (OUTSTANDING, Bucket.NOT_DUE))

    return OwedRow(currency, tuple(cell(each) for each in BUCKETS), cell(OUTSTANDING))
