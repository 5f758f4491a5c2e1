"""The portal's own words for days, instants, states and outcomes."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from babel.numbers import get_currency_name

from billing_engine.core import money
from billing_engine.core.calendar.wording import count_of_days
from billing_engine.core.counts import count_in_words
from leads.models import Customer
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from pricing.rating import exclude
from pricing.wording.reasons import TO_BUYER, name_to_buyer

BRIEF = {exclude.NOT_BILLABLE: "never charged", exclude.NOT_HIGHEST: "less than the highest-priced of a lead"}
OUTCOMES = {
    CHARGED: "Charged",
    INCLUDED: "Included at $0.00",
    UNRATED: "Waiting for a price",
    **{code: name for code, (name, _) in TO_BUYER.items()},
}


def reasons_in_brief(reasons: Mapping[str, int]) -> str:
    """`41 never charged, 11 tests`, the most frequent first."""
    return ", ".join(
        f"{count_in_words(count)} {BRIEF.get(code, name_to_buyer(code).lower())}" for code, count in reasons.items()
    )


def short_day(day: date) -> str:
    """`Oct 5, 2026`."""
    return f"{day:%b} {day.day}, {day.year}"


def day_of_month(day: date) -> str:
    """`Oct 5`."""
    return f"{day:%b} {day.day}"


def instant(at: datetime, customer: Customer) -> str:
    """`Oct 5, 10:42`, in the customer's zone, which the head of the column names."""
    local = at.astimezone(customer.zone)
    return f"{local:%b} {local.day}, {local:%H:%M}"


def full_instant(at: datetime, customer: Customer) -> str:
    """`Oct 5, 2026, 10:42 CDT`."""
    local = at.astimezone(customer.zone)
    return f"{local:%b} {local.day}, {local.year}, {local:%H:%M %Z}"


def signed(amount: Decimal, currency: str) -> str:
    """`−$71.79`: an amount whose minus is one."""
    return money.in_words(amount, currency).replace("-", "−")


def counted(count: int, one: str, many: str = "") -> str:
    """`1 action`, `1,234 actions`."""
    return f"{count_in_words(count)} {one if count == 1 else many or f'{one}s'}"


def due_in_words(due: date, today: date) -> str:
    """`Due in 9 days`, `Due today`, `23 days overdue`."""
    days = (due - today).days
    if days == 0:
        return "Due today"
    return f"Due in {count_of_days(days)}" if days > 0 else f"{count_of_days(-days)} overdue"


def currency_name(code: str) -> str:
    """`US dollars`."""
    return str(get_currency_name(code, count=2, locale=money.LOCALE))
