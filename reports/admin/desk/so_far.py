"""The month so far: what is charged, what of it waits to be billed, and the forecast, in all and of the largest customers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.money import in_words
from invoices.domain.wording import month_in_words
from reports.admin.desk.explored import between, explored
from reports.admin.forecast_words import by_size, estimate, range_in_words
from reports.domain.question.question import Question
from reports.queries.forecast import Forecast, MonthSoFar, forecasts

LARGEST = 3  # customers of a currency


@dataclass(frozen=True, slots=True)
class SoFarRow:
    """A customer, or all of one currency: the month up to now, as expected in the end, and the month before."""

    name: str
    address: str
    is_total: bool
    charged: str
    charged_address: str
    unbilled: str
    late: str
    forecast: str
    range: str
    before: str
    before_address: str


def so_far(at: datetime) -> dict[str, Any]:
    """Return the current month of each currency and of its largest customers, the same figures as on the forecast's page."""
    month = Month.of_day(at.date())
    return {
        "month": month_in_words(str(month)),
        "days": days_in_words(month.first, at.date()),
        "before": month_in_words(str(month.previous())),
        "rows": list(_rows(*forecasts(at, month))),
        "periods": list_of("leads.billingperiod", cycle=str(month), state__exact="open"),
        "how": f"{reverse('admin:reports_forecast')}#how",
    }


def _rows(found: list[Forecast], totals: list[MonthSoFar]) -> Iterator[SoFarRow]:
    for total in totals:
        yield _row(total, total.currency)
        own = [each for each in found if each.customer.currency == total.currency]
        for each in sorted(own, key=by_size)[: LARGEST if len(own) > 1 else 0]:
            yield _row(each, total.currency)


def _row(one: Forecast | MonthSoFar, currency: str) -> SoFarRow:
    customer = one.customer if isinstance(one, Forecast) else None
    return SoFarRow(
        customer.name if customer else currency,
        page_of("leads.customer", customer.pk) if customer else "",
        customer is None,
        in_words(one.so_far, currency),
        _explored(one.month, customer.code if customer else ""),
        in_words(one.unbilled, currency),
        in_words(one.late, currency),
        estimate(one.forecast, currency),
        range_in_words(one.low, one.high, currency),
        in_words(one.last_month, currency),
        _explored(one.month.previous(), customer.code if customer else ""),
    )


def _explored(month: Month, customer: str) -> str:
    """The address of the same amounts in the explorer, of one customer by day or of all by customer."""
    days = between(month.first, month.last)
    if customer:
        return explored(Question(show=("amount",), group=("day",), days=days).with_filter("customer", customer))
    return explored(Question(show=("amount",), group=("customer",), days=days))
