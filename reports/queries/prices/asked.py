"""The customer and the day that a price list is asked for: read the same way for its page and for its file."""

from collections.abc import Mapping
from datetime import date, datetime

from billing_engine.core.calendar.edges import today_somewhere
from leads.models import Customer
from reports.domain.question.days import one_day
from reports.domain.question.faults import BadQuestion

CUSTOMER, ON = "customer", "day"
YEARS_AHEAD = 10


def list_asked(asked: Mapping[str, str], *, at: datetime) -> tuple[Customer | None, date]:
    """The customer (None: all) and the day; raises BadQuestion."""
    code, today = asked.get(CUSTOMER, ""), today_somewhere(at)
    customer = Customer.objects.filter(code=code).first() if code and "\0" not in code else None
    if code and customer is None:
        raise BadQuestion(CUSTOMER, "There is no customer with this code.")
    return customer, one_day(ON, asked.get(ON) or str(today), latest=date(today.year + YEARS_AHEAD, 12, 31))
