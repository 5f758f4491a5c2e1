"""The month so far: what is charged and not billed yet, by currency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.money import in_words
from invoices.domain.wording import month_in_words
from reports.admin.desk.explored import explored
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.desk.unbilled import Unbilled, unbilled_in


@dataclass(frozen=True, slots=True)
class SoFarRow:
    """One currency: unbilled, the late activity in it, and the whole month before."""

    currency: str
    unbilled: str
    late: str
    before: str


def so_far(at: datetime) -> dict[str, Any]:
    """Return the current month's row for each currency."""
    month = Month.of_day(at.date())
    return {
        "month": month_in_words(str(month)),
        "days": days_in_words(month.first, at.date()),
        "before": month_in_words(str(month.previous())),
        "rows": [_row(one) for one in unbilled_in(month)],
        "periods": list_of("leads.billingperiod", cycle=str(month), state__exact="open"),
        "periods_before": list_of("leads.billingperiod", cycle=str(month.previous())),
        "address": explored(Question(show=("amount", "actions"), group=("customer",), days=Days("this_month"))),
    }


def _row(one: Unbilled) -> SoFarRow:
    return SoFarRow(one.currency, *(in_words(amount, one.currency) for amount in (one.amount, one.late, one.before)))
