"""The forecast of a month per customer and in all, and the month so far per currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing_engine.core.calendar.spans import Month
from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of
from invoices.models import Invoice
from leads.models import Customer
from pricing.models import MonthlyActivity
from reports.domain.forecast.commitments import Commitments, commitments_of
from reports.domain.forecast.daily_amounts import (
    NOTHING,
    DailyAmounts,
    daily_amounts,
    elapsed_days,
    exact,
    micro,
)
from reports.domain.forecast.outlook import UNKNOWN, OfMonth, Outlook, Rest, rest_of
from reports.domain.forecast.prepare import UTC_ZONE
from reports.domain.forecast.trials import Spread
from reports.queries.outlooks import outlooks_of

# Open periods that reach into the month: what they hold of its days and of days before the period, which is late activity.
# Rating adds up each period, so that of a whole month only its late activity is read from the roll-up. Weeks are read by day.
UNBILLED = """
    WITH period AS MATERIALIZED (
        SELECT period.id, period.customer_id, held.first, held.first = %(first)s AND held.after = %(after)s AS is_month
          FROM leads_billingperiod period
          JOIN leads_customer customer ON customer.id = period.customer_id
          CROSS JOIN LATERAL (SELECT (period.start_at AT TIME ZONE customer.time_zone)::date AS first,
                                     (period.end_at AT TIME ZONE customer.time_zone)::date AS after) held
         WHERE period.state = 'open' AND customer.id = ANY(%(customers)s)
               AND period.end_at > %(first)s::timestamp AT TIME ZONE customer.time_zone
               AND period.start_at < %(after)s::timestamp AT TIME ZONE customer.time_zone
    ), held AS (
        SELECT period.customer_id, tally.amount, 0 AS late
          FROM period JOIN pricing_periodtally tally ON tally.period_id = period.id
         WHERE period.is_month
        UNION ALL
        SELECT period.customer_id, 0, activity.amount
          FROM period JOIN pricing_monthlyactivity activity
               ON activity.customer_id = period.customer_id AND activity.period_id = period.id
         WHERE period.is_month AND activity.month < %(first)s
        UNION ALL
        SELECT period.customer_id, daily.amount, CASE WHEN daily.day < period.first THEN daily.amount ELSE 0 END
          FROM period JOIN pricing_dailyactivity daily
               ON daily.customer_id = period.customer_id AND daily.period_id = period.id
         WHERE NOT period.is_month AND daily.day < %(after)s AND (daily.day >= %(first)s OR daily.day < period.first)
    )
    SELECT customer_id, sum(amount), sum(late) FROM held GROUP BY customer_id
"""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A customer's month: charged so far, expected in all and its range, beside the month before."""

    customer: Customer
    month: Month
    today: date  # in the customer's time zone
    so_far: Decimal  # for actions that occurred in the month
    unbilled: Decimal  # in open periods: of these, and late activity
    late: Decimal  # of it, for actions that occurred before their period
    rest: Rest | None  # None: not enough history
    weeks: int  # of history
    last_month: Decimal
    last_invoiced: Decimal | None  # before tax; None: not billed yet
    commitments: Commitments

    @property
    def forecast(self) -> Decimal | None:
        """The whole month; None if there is not enough history."""
        return None if self.rest is None else self.so_far + exact(self.rest.expected)

    @property
    def low(self) -> Decimal | None:
        """The lower end of the range; None if there are too few past forecasts to tell."""
        return None if self.rest is None or self.rest.low is None else self.so_far + exact(self.rest.low)

    @property
    def high(self) -> Decimal | None:
        """The upper end of the range."""
        return None if self.rest is None or self.rest.high is None else self.so_far + exact(self.rest.high)


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """The month of all customers of one currency, in each customer's own days."""

    currency: str
    month: Month
    so_far: Decimal  # for actions that occurred in the month
    unbilled: Decimal  # in open periods: of these, and late activity
    late: Decimal
    forecast: Decimal  # customers without enough history count with what is charged so far
    low: Decimal | None
    high: Decimal | None
    last_month: Decimal
    last_invoiced: Decimal | None  # before tax
    customers: int
    without_history: int


def forecasts(at: datetime, month: Month | None = None) -> tuple[list[Forecast], list[MonthSoFar]]:
    """Return the forecast of every customer with recent activity, and the totals; of the month in UTC unless given."""
    found, spreads = _forecasts(list(Customer.objects.all()), at, month or Month.containing(at, UTC_ZONE))
    by_currency = defaultdict[str, list[Forecast]](list)
    for each in found:
        by_currency[each.customer.currency].append(each)
    return found, [_total(each, by_currency[each], spreads.get(each)) for each in sorted(by_currency)]


def forecast_of(customers: Iterable[Customer], at: datetime, month: Month | None = None) -> list[Forecast]:
    """Return the forecasts of these customers; one without activity in the last months has none."""
    return _forecasts(list(customers), at, month or Month.containing(at, UTC_ZONE))[0]


def _forecasts(
    customers: Sequence[Customer], at: datetime, month: Month
) -> tuple[list[Forecast], Mapping[str, Spread]]:
    commitments = commitments_of(customers, month)
    outlooks, spreads = outlooks_of(customers, month, at, commitments)
    read = _Read(
        commitments,
        outlooks,
        daily_amounts(customers, month, commitments, history=0),
        _unbilled(customers, month),
        _charged(customers, month.previous()),
        _invoiced(customers, month.previous()),
    )
    return [read.forecast(each, month, each.day_of(at)) for each in customers if read.has(each)], spreads


@dataclass(frozen=True, slots=True)
class _Read:
    """What the queries found, by customer."""

    commitments: Mapping[int, Commitments]
    outlooks: Mapping[int, Outlook]
    amounts: Mapping[int, DailyAmounts]
    unbilled: Mapping[int, tuple[Decimal, Decimal]]
    last_month: Mapping[int, Decimal]
    invoiced: Mapping[int, Decimal]

    def has(self, customer: Customer) -> bool:
        """Whether there is anything to say of this customer."""
        found = (self.outlooks, self.amounts, self.unbilled, self.last_month, self.invoiced)
        return customer.pk in self.commitments and any(customer.pk in each for each in found)

    def forecast(self, customer: Customer, month: Month, today: date) -> Forecast:
        """Put together what is known of one customer."""
        pk, elapsed = customer.pk, elapsed_days(today, month)
        commitments, amounts = self.commitments[pk], self.amounts.get(pk, NOTHING)
        outlook = self.outlooks.get(pk, UNKNOWN)
        unbilled, late = self.unbilled.get(pk, (ZERO, ZERO))
        so_far = exact(sum(amounts.charged))
        budget = commitments.hard_budget
        so_far_of = OfMonth(amounts.wanted[:elapsed], sum(amounts.wanted[elapsed:]), commitments.days)
        return Forecast(
            customer=customer,
            month=month,
            today=today,
            so_far=so_far,
            unbilled=unbilled,
            late=late,
            # A budget is used up in the order in which actions occurred, late activity first.
            rest=rest_of(outlook, so_far_of, most=None if budget is None else micro(budget - late - so_far)),
            weeks=outlook.profile.weeks,
            last_month=self.last_month.get(pk, ZERO),
            last_invoiced=self.invoiced.get(pk),
            commitments=commitments,
        )


def _total(currency: str, forecasts: Sequence[Forecast], spread: Spread | None) -> MonthSoFar:
    rests = [each.rest for each in forecasts if each.rest is not None]
    so_far = _sum(each.so_far for each in forecasts)
    expected = sum(rest.expected for rest in rests)
    low, high = (0, 0) if not expected else spread.around(expected) if spread else (None, None)
    invoiced = [each.last_invoiced for each in forecasts if each.last_invoiced is not None]
    return MonthSoFar(
        currency=currency,
        month=forecasts[0].month,
        so_far=so_far,
        unbilled=_sum(each.unbilled for each in forecasts),
        late=_sum(each.late for each in forecasts),
        forecast=so_far + exact(expected),
        low=None if low is None else so_far + exact(low),
        high=None if high is None else so_far + exact(high),
        last_month=_sum(each.last_month for each in forecasts),
        last_invoiced=_sum(invoiced) if invoiced else None,
        customers=len(forecasts),
        without_history=len(forecasts) - len(rests),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _unbilled(customers: Sequence[Customer], month: Month) -> dict[int, tuple[Decimal, Decimal]]:
    asked = {"customers": [each.pk for each in customers], "first": month.first, "after": month.next().first}
    return {pk: (unbilled, late) for pk, unbilled, late in rows_of(UNBILLED, asked)}


def _charged(customers: Sequence[Customer], month: Month) -> dict[int, Decimal]:
    found = MonthlyActivity.objects.filter(month=month.first, customer__in=customers)
    return dict(found.values_list("customer").annotate(Sum("amount")).order_by())


def _invoiced(customers: Sequence[Customer], month: Month) -> dict[int, Decimal]:
    """The invoices of the periods that end in the month, before tax."""
    found = Invoice.objects.live().filter(period__label__in=month.labels, customer__in=customers)
    return dict(found.values_list("customer").annotate(Sum("subtotal")).order_by())
