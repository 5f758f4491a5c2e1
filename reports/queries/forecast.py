"""The forecast of a month per customer and in all, and the month so far per currency."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Sum

from billing_engine.core.calendar.spans import Month
from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of
from invoices.models import Invoice
from leads.models import Customer
from reports.domain.forecast.month import Days, Rest, rest_of
from reports.domain.forecast.trials import Trial, range_of
from reports.queries.daily_amounts import Commitments, DailyAmounts, commitments_of, daily_amounts, exact

UTC_ZONE = ZoneInfo("UTC")

# Open periods that reach into the month: what they hold of its days and of days before the period, which is late activity.
UNBILLED = """
    SELECT customer_id, sum(amount), COALESCE(sum(amount) FILTER (WHERE is_late), 0)
      FROM (
        SELECT daily.customer_id, daily.amount, daily.day >= %(first)s AS is_of_month,
               daily.day < (period.start_at AT TIME ZONE customer.time_zone)::date AS is_late
          FROM leads_billingperiod period
          JOIN leads_customer customer ON customer.id = period.customer_id
          JOIN pricing_dailyactivity daily ON daily.period_id = period.id
         WHERE period.state = 'open' AND customer.id = ANY(%(customers)s) AND daily.day < %(after)s
               AND period.end_at > %(first)s::timestamp AT TIME ZONE customer.time_zone
               AND period.start_at < %(after)s::timestamp AT TIME ZONE customer.time_zone
      ) held
     WHERE is_of_month OR is_late
     GROUP BY customer_id
"""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A customer's month: charged so far, expected in all and its range, beside the month before."""

    customer: Customer
    month: Month
    today: date  # in the customer's time zone
    so_far: Decimal  # actions that occurred in the month
    unbilled: Decimal  # in open periods: of these, and late activity
    late: Decimal  # of it, from actions that occurred before their period
    rest: Rest | None  # None: not enough history
    weeks: int  # of history
    last_month: Decimal
    last_invoiced: Decimal | None  # before tax; None: not billed yet
    commitments: Commitments

    @property
    def forecast(self) -> Decimal | None:
        return None if self.rest is None else self.so_far + exact(self.rest.expected)

    @property
    def low(self) -> Decimal | None:
        return None if self.rest is None or self.rest.low is None else self.so_far + exact(self.rest.low)

    @property
    def high(self) -> Decimal | None:
        return None if self.rest is None or self.rest.high is None else self.so_far + exact(self.rest.high)


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """The month of all customers of one currency, in each customer's own days."""

    currency: str
    month: Month
    so_far: Decimal
    unbilled: Decimal
    late: Decimal
    forecast: Decimal  # customers without enough history count with what is charged so far
    low: Decimal | None
    high: Decimal | None
    last_month: Decimal
    last_invoiced: Decimal | None
    customers: int
    without_history: int


def month_so_far(at: datetime) -> list[MonthSoFar]:
    """Return the current month (by UTC) per currency, in the order of their codes."""
    return totals_of(forecast_of(Customer.objects.all(), at))


def forecast_of(customers: Iterable[Customer], at: datetime, month: Month | None = None) -> list[Forecast]:
    """Return the forecast of each customer that had any activity lately, the month being that of UTC unless given."""
    asked = list(customers)
    month = month or Month.containing(at, UTC_ZONE)
    commitments = commitments_of(asked, month)
    amounts = daily_amounts(asked, month, commitments)
    unbilled = _unbilled(asked, month)
    invoiced = _invoiced(asked, month.previous())
    return [
        _forecast(each, month, each.day_of(at), amounts[each.pk], commitments[each.pk], unbilled, invoiced)
        for each in asked
        if each.pk in amounts and each.pk in commitments
    ]


def totals_of(forecasts: Iterable[Forecast]) -> list[MonthSoFar]:
    """Add up forecasts per currency; the range is that of the sums, tried out on the sums of the past."""
    by_currency = defaultdict[str, list[Forecast]](list)
    for each in forecasts:
        by_currency[each.customer.currency].append(each)
    return [_total(currency, by_currency[currency]) for currency in sorted(by_currency)]


def _forecast(
    customer: Customer,
    month: Month,
    today: date,
    amounts: DailyAmounts,
    commitments: Commitments,
    unbilled: dict[int, tuple[Decimal, Decimal]],
    invoiced: dict[int, Decimal],
) -> Forecast:
    elapsed = min(max(0, (today - month.first).days), len(amounts.month))
    so_far = exact(sum(amounts.charged))
    open_amount, late = unbilled.get(customer.pk, (ZERO, ZERO))
    days = Days(amounts.history, amounts.month[:elapsed], sum(amounts.month[elapsed:]), commitments.days)
    most = None if commitments.hard_budget is None else micro(commitments.hard_budget - late - so_far)
    return Forecast(
        customer=customer,
        month=month,
        today=today,
        so_far=so_far,
        unbilled=open_amount,
        late=late,
        rest=rest_of(days, most=most),
        weeks=days.weeks,
        last_month=amounts.last_month,
        last_invoiced=invoiced.get(customer.pk),
        commitments=commitments,
    )


def micro(amount: Decimal) -> int:
    """The amount in micro-units, rounded down."""
    return int(amount.scaleb(6))


def _total(currency: str, forecasts: Sequence[Forecast]) -> MonthSoFar:
    rests = [each.rest for each in forecasts if each.rest is not None]
    so_far = sum((each.so_far for each in forecasts), ZERO)
    expected = sum(rest.expected for rest in rests)
    low, high = range_of(expected, _together(rests)) or (None, None)
    invoiced = [each.last_invoiced for each in forecasts if each.last_invoiced is not None]
    return MonthSoFar(
        currency=currency,
        month=forecasts[0].month,
        so_far=so_far,
        unbilled=sum((each.unbilled for each in forecasts), ZERO),
        late=sum((each.late for each in forecasts), ZERO),
        forecast=so_far + exact(expected),
        low=None if low is None else so_far + exact(low),
        high=None if high is None else so_far + exact(high),
        last_month=sum((each.last_month for each in forecasts), ZERO),
        last_invoiced=sum(invoiced, ZERO) if invoiced else None,
        customers=len(forecasts),
        without_history=len(forecasts) - len(rests),
    )


def _together(rests: Sequence[Rest]) -> list[Trial]:
    """The trials of the total: those of the same past stretch, added up over the customers that have it."""
    found = list[Trial]()
    for rest in rests:
        for place, trial in enumerate(rest.trials):
            if place == len(found):
                found.append(trial)
            else:
                found[place] += trial
    return found


def _unbilled(customers: Sequence[Customer], month: Month) -> dict[int, tuple[Decimal, Decimal]]:
    asked = {"customers": [each.pk for each in customers], "first": month.first, "after": month.next().first}
    return {pk: (unbilled, late) for pk, unbilled, late in rows_of(UNBILLED, asked)}


def _invoiced(customers: Sequence[Customer], month: Month) -> dict[int, Decimal]:
    """The invoices of the periods that end in the month, before tax."""
    found = Invoice.objects.live().filter(period__label__in=month.labels, customer__in=customers)
    return dict(found.values_list("customer").annotate(Sum("subtotal")).values_list("customer", "subtotal__sum"))
