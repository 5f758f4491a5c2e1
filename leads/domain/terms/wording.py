"""Terms in words: what each is called, and its value as people read it."""

from datetime import date
from decimal import Decimal
from typing import Any

from billing_engine.core import money
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from leads.domain.terms.revise import Difference
from leads.models import Tax
from leads.models.revision import BEGINNING, RevisionOfTerms

NONE = "none"


def label_of(model: type[RevisionOfTerms], name: str) -> str:
    """Return what a term is called, such as `Monthly minimum`."""
    words = str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # only columns are terms
    return words[:1].upper() + words[1:]


def value_in_words(name: str, value: Any, *, currency: str = "") -> str:
    """Return a term's value in words: `$500.00`, `30 days`, `Sales tax 8.875%`, `none`."""
    if name == "seller":
        return str(value) if value else "the seller in the settings"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "dispute_quota" and value is not None:
        return f"{value.normalize():f}% of a month's charges"
    if isinstance(value, Decimal):
        return money.in_words(value, currency)
    if isinstance(value, date):
        return day_in_words(value)
    if isinstance(value, int):
        return count_of_days(value)
    if name == "taxes":
        value = [str(Tax.of(each)) for each in value]
    return ", ".join(value) or NONE if isinstance(value, list) else str(value or NONE)


def differences_in_words(
    model: type[RevisionOfTerms], differences: list[Difference], *, currency: str = ""
) -> list[tuple[str, str, str]]:
    """Return what differs as people read it: label, before, after."""
    return [
        (
            label_of(model, name),
            _in_one_line(value_in_words(name, before, currency=currency)),
            _in_one_line(value_in_words(name, after, currency=currency)),
        )
        for name, before, after in differences
    ]


def _in_one_line(words: str) -> str:
    return ", ".join(line.strip().rstrip(",") for line in words.splitlines())


def from_in_words(day: date) -> str:
    """Return `from December 1, 2026`, or `from the beginning`."""
    return "from the beginning" if day == BEGINNING else f"from {day_in_words(day)}"
