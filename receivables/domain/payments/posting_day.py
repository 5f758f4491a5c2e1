"""The day on which a payment is posted: not in the future, and never in a closed month."""

from datetime import date, datetime

from billing_engine.core.calendar.edges import FIRST_DAY
from billing_engine.core.errors import FieldFault, HasFaults
from invoices.domain.month_lock import why_month_locked
from invoices.models import BillingCycle
from leads.models import Customer


class WrongDay(HasFaults):
    """A payment can't be posted on this day."""

    code = "wrong_posting_day"


def check_day(day: date, customer: Customer, *, at: datetime) -> date:
    """Return the day, and keep its month open until the transaction ends; raises WrongDay."""
    cycle = BillingCycle.objects.select_for_update(no_key=True).filter(label=f"{day:%Y-%m}").first()
    if why := why_not_on(day, customer.day_of(at), why_month_locked(cycle)):
        raise WrongDay([FieldFault("on", "wrong_posting_day", why)])
    return day


def why_not_on(day: date, today: date, why_closed: str) -> str:
    """Why nothing can be posted on this day; "" if it can."""
    if day > today:
        return f"The day {day} is in the future: today is {today} for this customer."
    if day < FIRST_DAY:
        return f"The day {day} is too long ago."
    return f"Nothing can be posted on {day}: {why_closed}" if why_closed else ""
