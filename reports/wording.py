"""How reports write what invoices do not: exact amounts, differences, counts."""

from decimal import Decimal

from babel.numbers import format_currency

from billing_engine.core.money import LOCALE, price_in_words


def exact_in_words(amount: Decimal, currency: str) -> str:
    """`$1,234.567800`: all six places, so that a column of them adds up by eye."""
    return str(format_currency(amount, currency, "¤#,##0.000000", locale=LOCALE, currency_digits=False))


def difference_in_words(amount: Decimal, currency: str) -> str:
    """`+$0.002200`, `−$0.002200`, `$0.000000`: what is added or taken away."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + exact_in_words(abs(amount), currency)


def count_in_words(count: int) -> str:
    """`1,234`."""
    return f"{count:,}"


def side_in_words(side: int | Decimal, currency: str) -> str:
    """A count as `1,234`; an amount with all the places it has."""
    return price_in_words(Decimal(side), currency) if currency else f"{side:,}"
