"""Billing activity as a file: the same question and the same rows as its page."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.timezone import now

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.calendar.wording import span_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from billing_engine.core.validation import key_of
from invoices.domain.wording import late_in_words
from leads.models import BillingPeriod, Customer
from pricing.models import Charge, MonthlyActivity
from pricing.wording.decision import reason_in_words
from reports.domain.exports.registry import Exportable, register
from reports.queries.activity import ActivityRow, activity_of
from reports.queries.freshness import freshness_in_words

PERMISSION = "invoices.view_invoice"

COLUMNS = (
    *(Column(name) for name in ("Month", "Late activity from", "SKU", "Product", "Source", "Action type")),
    Column("Actions", Kind.INTEGER),
    Column("Charged", Kind.INTEGER),
    *(Column(f"Excluded: {reason_in_words(code)}", Kind.INTEGER) for code in Charge.Reason.values),
    Column("Unrated", Kind.INTEGER),
    Column("Quantity charged", Kind.DECIMAL),
    Column("Unit"),
    Column("Amount", Kind.DECIMAL),
    Column("Currency"),
)


class NoCustomerChosen(Refused):
    """The activity is that of one customer."""

    code = "no_customer_chosen"
    http_status = 404
    message = "Choose a customer."


def selected(asked: QueryDict) -> tuple[Customer | None, str]:
    """The customer and the month that are asked for; "" means all months."""
    key = key_of(asked.get("customer", ""))
    customer = None if key is None else Customer.objects.filter(pk=key).first()
    month = asked.get("month", "")
    if customer is None or "\0" in month or not _periods(customer, month).exists():
        month = ""
    return customer, month


@from_copy
def activity_table(query: str, _: User) -> Table:
    """The activity of one customer, of one month or all. Raises NoCustomerChosen."""
    customer, month = _chosen(query)
    period = _periods(customer, month).first() if month else None
    when = span_in_words(period.start_at, period.end_at, customer.zone) if period else "all months"
    return Table(
        name="-".join(filter(None, ("activity", customer.code, month))),
        title=f"Billing activity of {customer}, {when}",
        columns=COLUMNS,
        rows=_cells(customer, activity_of(customer, month=month)),
        notes=Notes(
            question=f"What {customer} was charged, {when}, and what was excluded or is unrated",
            time_zone=customer.time_zone,
            made_at=now(),
            freshness=freshness_in_words(freshness()),
        ),
    )


@from_copy
def activity_rows(query: str, _: User) -> int:
    """About how many rows there are: the roll-up tells outcomes apart, which the file has in columns."""
    customer, month = _chosen(query)
    found = MonthlyActivity.objects.filter(customer=customer)
    return (found.filter(period__label__in=labels_of(month)) if month else found).count()


def _chosen(query: str) -> tuple[Customer, str]:
    customer, month = selected(QueryDict(query))
    if customer is None:
        raise NoCustomerChosen
    return customer, month


def _periods(customer: Customer, month: str) -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.labeled(month).filter(customer=customer)


def _cells(customer: Customer, rows: Iterator[ActivityRow]) -> Iterator[list[Cell]]:
    calendar = customer.calendar
    for row in rows:
        counted = row.counted
        yield [
            row.month,
            late_in_words(row.late_from, calendar) if row.late_from else "",
            row.sku,
            row.product,
            row.source,
            row.action_type,
            counted.actions,
            counted.charged,
            *(counted.excluded.get(code, 0) for code in Charge.Reason.values),
            counted.unrated,
            counted.quantity,
            row.unit,
            counted.amount,
            customer.currency,
        ]


ACTIVITY = register(Exportable("activity", needs=(PERMISSION,), table=activity_table, rows=activity_rows))
