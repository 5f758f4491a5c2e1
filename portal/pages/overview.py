"""The overview: the month so far, and what happened to everything that was received."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.counts import count_in_words
from portal.frame import page, whole_of
from portal.gate import Visit
from portal.words import reason_name
from reports.queries.completeness import Completeness


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome of the table of what happened."""

    name: str
    note: str
    actions: str
    amount: str
    is_total: bool = False


def overview_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the month so far."""
    customer = visit.customer
    month = Month.of_day(customer.today)
    whole = whole_of(visit, month.first, month.last, f"{month.first:%B} so far")
    return page(
        request,
        visit,
        "overview",
        f"{month.first:%B} so far",
        here="overview",
        whole=whole,
        month=f"{month.first:%B}",
        spent=money.in_words(whole.counts.amount, customer.currency),
        happened=happened(whole.counts, customer.currency),
    )


def happened(counts: Completeness, currency: str) -> list[Row]:
    """Return what became of everything received, down to the sum."""
    amount = money.in_words(counts.amount, currency)
    why = ", ".join(f"{count_in_words(count)} {reason_name(code).lower()}" for code, count in counts.reasons.items())
    waits = "they are priced before the month closes, or excluded with a reason" if counts.waiting else ""
    zero = money.in_words(money.ZERO, currency)
    return [
        Row("Charged", "", count_in_words(counts.charged), amount),
        Row("Included at $0.00", "", count_in_words(counts.included), zero),
        Row("Not charged", why, count_in_words(counts.not_charged), "not charged"),
        Row("Waiting for a price", waits, count_in_words(counts.waiting), "not yet known"),
        Row("All we received for you", "", count_in_words(counts.received), amount, is_total=True),
    ]
