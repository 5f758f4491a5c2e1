"""How reports write what invoices do not: exact amounts, differences, counts."""

from decimal import Decimal

from billing_engine.core.money import price_in_words


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


def side_in_words(side: int | Decimal, currency: str) -> str:
    """A count as `1,234`; an amount with all the places it has."""
    return price_in_words(Decimal(side), currency) if currency else f"{side:,}"
