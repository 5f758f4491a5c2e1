"""The date that an invoice is issued under, which is also its day in the books: today, unless finance sets another."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from billing_engine.core.errors import FieldFault, HasFaults
from invoices.domain.month_lock import why_month_locked
from invoices.models import BillingCycle, Invoice

INSTANT = timedelta(microseconds=1)


class WrongIssueDate(HasFaults):
    """An invoice can't have this date."""

    code = "wrong_issue_date"


def hold_month(day: date | None) -> BillingCycle | None:
    """Keep the month of a chosen date as it is until the transaction ends; before any invoice is locked."""
    if day is None:
        return None
    return BillingCycle.objects.select_for_update(no_key=True).filter(label=f"{day:%Y-%m}").first()


def check_issue_date(invoice: Invoice, day: date | None, month: BillingCycle | None, *, at: datetime) -> None:
    """Refuse a chosen date that is in the future, in a closed month, or before the end of what is billed."""
    if day is not None and (why := why_not_dated(invoice, day, why_month_locked(month), at=at)):
        raise WrongIssueDate([FieldFault("issued_on", "wrong_issue_date", why)])


def why_not_dated(invoice: Invoice, day: date, why_closed: str, *, at: datetime) -> str:
    """Return why the invoice can't have this date; "" if it can."""
    customer = invoice.period.customer
    today = customer.day_of(at)
    if day > today:
        return f"The date {day} is in the future: today is {today} for this customer."
    last = customer.day_of(invoice.period.end_at - INSTANT)
    if day < last:
        return f"The date {day} is before {last}, the last day of the billing period."
    return f"An invoice can't be dated {day}: {why_closed}" if why_closed else ""


def check_some_date(invoices: QuerySet[Invoice], day: date | None, *, at: datetime) -> None:
    """Refuse a chosen date that none of the invoices can have, before a worker tries them one by one."""
    first = invoices.select_related("period__customer").order_by("period__end_at").first()
    if first is not None:
        check_issue_date(first, day, hold_month(day), at=at)
