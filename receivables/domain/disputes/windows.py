"""Until when an invoice may be disputed for a reason, and by when we decide."""

from datetime import date, timedelta

from billing_engine.core.errors import Refused
from invoices.models import Invoice
from receivables.models import Reason

SATURDAY = 5
LONGER_OVER_QUOTA = 5  # working days, for the second person


class WindowIsClosed(Refused):
    """The last day to dispute the invoice for this reason is over."""

    code = "dispute_window_is_closed"


def window_of(invoice: Invoice, reason: Reason) -> date | None:
    """Return the last day, in the customer's time zone, to dispute an issued invoice for a reason, as printed on it.

    None if it is not issued yet, or if the reason is ours and so has no window.
    """
    if invoice.issued_on is None or not reason.customers_may_give_it:
        return None
    own = {each["code"]: int(each["days"]) for each in invoice.bill_to.get("dispute_windows", [])}
    return invoice.issued_on + timedelta(days=min(own.get(reason.code, days_of(invoice)), days_of(invoice)))


def days_of(invoice: Invoice) -> int:
    """Return the customer's own window in days, the upper bound: as printed on the invoice, or by the terms of today."""
    printed: int | None = invoice.bill_to.get("dispute_days")
    return invoice.customer.terms.on(invoice.customer.today).dispute_days if printed is None else printed


def check_window(invoice: Invoice | None, reason: Reason, *, on: date) -> None:
    """Refuse a day after the window; before the invoice, there is none."""
    last = window_of(invoice, reason) if invoice else None
    if last is not None and on > last:
        raise WindowIsClosed(
            f"{invoice} could be disputed as “{reason}” until {last:%B} {last.day}, {last.year}."
            " Ask the customer for another reason, or credit it as goodwill."
        )


def decide_by(reason: Reason, *, on: date, over_quota: bool) -> date:
    """Return the day by which a dispute opened on this day is decided."""
    return working_days_after(on, reason.decide_within_days + (LONGER_OVER_QUOTA if over_quota else 0))


def working_days_after(day: date, count: int) -> date:
    """Return the day that is so many days, Monday to Friday, after another."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day
