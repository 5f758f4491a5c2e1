"""How reports write what invoices do not: exact amounts, differences, counts."""

from collections.abc import Sequence
from decimal import Decimal

from billing_engine.core.money import price_in_words
from invoices.domain.month_close.unfinished import Unsent

NAMED = 3


def exact_in_words(amount: Decimal, currency: str) -> str:
    """`$1,234.5678`, `$5.00`: the currency's own places, and more where the amount has them."""
    return price_in_words(amount, currency)


def difference_in_words(amount: Decimal, currency: str) -> str:
    """`+$0.0022`, `−$0.0022`, `$0.00`: what is added or taken away."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + exact_in_words(abs(amount), currency)


def count_in_words(count: int) -> str:
    """`1,234`."""
    return f"{count:,}"


def names_in_words(names: Sequence[str]) -> str:
    """`Ash, Birch, Cedar and 4 more`: the first few by name."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def reasons_in_words(reasons: Sequence[Unsent]) -> str:
    """`155 × The mail server refused the connection.`: why mails were not sent, the most frequent first."""
    return names_in_words([f"{one.invoices:,} × {one.reason}" if len(reasons) > 1 else one.reason for one in reasons])


def side_in_words(side: int | Decimal, currency: str) -> str:
    """A count as `1,234`; an amount with all the places it has."""
    return price_in_words(Decimal(side), currency) if currency else f"{side:,}"
