"""The portal's own words for days, instants, states and reasons."""

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

# By the codes of `pricing.rating.exclude`: a name, and a sentence for the buyer.
REASONS = {
    exclude.NOT_BILLABLE: ("Kind of action that is never charged", "This kind of action is not part of your prices."),
    exclude.ALREADY_CHARGED: (
        "Already charged",
        "The same person did the same before, and you paid for the first one.",
    ),
    exclude.EXCLUDED_CONTACT: ("Your own staff", "Their email address ends in a domain on your list."),
    exclude.TEST_LEAD: ("Test", "The source marked the lead as a test."),
    exclude.VOIDED: ("Canceled", "The source or we took the action back."),
    exclude.OUTSIDE_CONTRACT: ("Outside your contract", "It happened before your contract began or after it ended."),
    exclude.NOT_HIGHEST: (
        "Higher-priced action of this lead charged",
        "Of a lead only the highest-priced one is charged.",
    ),
    exclude.DISPUTED: ("Disputed and accepted", "You disputed it, and we agreed."),
    exclude.WAIVED: ("Waived by us", "We decided not to charge it."),
}
BRIEF = {exclude.NOT_BILLABLE: "never charged", exclude.NOT_HIGHEST: "less than the highest-priced of a lead"}
OUTCOMES = {
    CHARGED: "Charged",
    INCLUDED: "Included at $0.00",
    UNRATED: "Waiting for a price",
    **{code: name for code, (name, _) in REASONS.items()},
}


def reason_name(code: str) -> str:
    """`Already charged`."""
    return REASONS[code][0] if code in REASONS else code.replace("_", " ").capitalize()


def reasons_in_brief(reasons: Mapping[str, int]) -> str:
    """`41 never charged, 11 tests`, the most frequent first."""
    return ", ".join(
        f"{count_in_words(count)} {BRIEF.get(code, reason_name(code).lower())}" for code, count in reasons.items()
    )


def reason_sentence(code: str) -> str:
    """Why actions of this reason cost nothing."""
    return REASONS[code][1] if code in REASONS else ""


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
