"""Which seller owns a number prefix, so that no two sellers (including the one in the settings) issue the same number."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing_engine.core.errors import Refused
from leads.models import Company, NumberPrefix

DIGIT_OR_YEAR = re.compile(r"\{year\}|[0-9]")
STANDARD = "INV-{year}-"  # if the settings don't say otherwise
INVOICES, CREDIT_NOTES = "INV-", "CN-"
YEARS = range(2000, 2100)
LONGEST_NUMBER = 21  # that QuickBooks Online takes as the number of a document


class PrefixTaken(Refused):
    """A prefix belongs to one seller forever, from its first number on."""

    code = "number_prefix_taken"


def claim(prefix: str, *, seller: Company | None) -> None:
    """Record that this seller issues numbers under the prefix. Raises PrefixTaken if another's could be mistaken for it."""
    if NumberPrefix.objects.filter(prefix__iexact=prefix, seller=seller).exists():
        return
    if words := refusal_of_prefix(prefix, seller=seller):
        raise PrefixTaken(words)
    NumberPrefix.objects.bulk_create([NumberPrefix(prefix=prefix, seller=seller)], ignore_conflicts=True)
    if not NumberPrefix.objects.filter(prefix__iexact=prefix, seller=seller).exists():
        raise PrefixTaken(f"Another seller has just issued a number under {prefix}.")


def refusal_of_prefix(prefix: str, *, seller: Company | None) -> str:
    """Return why this seller can't issue numbers under the prefix, or "". An unsaved seller is a new one."""
    for theirs, whose in _others(seller):
        if clash(prefix, theirs):
            return f"Numbers under {prefix} could be mistaken for those of {whose} ({theirs}). Choose another prefix."
    return ""


def of_credit_notes(prefix: str) -> str:
    """Return the prefix of a seller's credit notes: `CN-{year}-` beside `INV-{year}-`."""
    return CREDIT_NOTES + prefix.removeprefix(INVOICES)


def refusal_of_length(prefix: str, digits: int) -> str:
    """Return why invoices or credit notes would have numbers that are too long for accounting systems, or ""."""
    for documents, begins in (("Invoices", prefix), ("Credit notes", of_credit_notes(prefix))):
        length = len(begins.replace("{year}", "2026")) + digits
        if length > LONGEST_NUMBER:
            return (
                f"{documents} would have numbers of {length} characters; accounting systems such as QuickBooks Online"
                f" take at most {LONGEST_NUMBER}. Shorten the prefix or use fewer digits."
            )
    return ""


def check_own_numbers(seller: Mapping[str, Any]) -> None:
    """Refuse to start with numbers that are too long, for the seller in the settings. Raises ImproperlyConfigured."""
    if words := refusal_of_length(seller["number_prefix"], seller["number_digits"]):
        raise ImproperlyConfigured(f"SELLER_NUMBER_PREFIX: {words}")


def clash(one: str, other: str) -> bool:
    """Return whether two prefixes can produce the same number in any years, ignoring case."""
    if _letters(one) != _letters(other):
        return False
    # They are equal, or one continues the other with digits only, which could be the other's count.
    return any(_continues(first, second) for first in _written(one) for second in _written(other))


def _continues(one: str, other: str) -> bool:
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    rest = longer.removeprefix(shorter)
    return longer.startswith(shorter) and (not rest or rest.isdigit())


def _letters(prefix: str) -> str:
    return DIGIT_OR_YEAR.sub("", prefix).lower()


def _written(prefix: str) -> set[str]:
    return {prefix.replace("{year}", str(year)).lower() for year in YEARS}


def _others(seller: Company | None) -> Iterator[tuple[str, str]]:
    """Yield each prefix that another seller has or had, with the seller's name."""
    own = None if seller is None else seller.pk
    companies, used = Company.objects.all(), NumberPrefix.objects.select_related("seller")
    if seller is None:
        used = used.exclude(seller=None)
    else:
        yield settings.SELLER.get("number_prefix", STANDARD), settings.SELLER["name"]
    if own is not None:
        companies, used = companies.exclude(pk=own), used.exclude(seller__isnull=False, seller=own)
    for company in companies:
        yield company.number_prefix, company.name
    for one in used:
        yield one.prefix, one.seller.name if one.seller else settings.SELLER["name"]
