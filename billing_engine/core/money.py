"""Money is a Decimal with a currency's minor unit; rounding is half away from zero and happens once."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
    list_currencies,
)

ZERO = Decimal(0)
MICRO = Decimal("0.000001")
LOCALE = Locale("en", "US")
_reader: ContextVar[Locale] = ContextVar("reader", default=LOCALE)


@cache
def minor_unit(currency: str) -> Decimal:
    """0.01 for USD, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the currency's minor unit, half away from zero."""
    # ROUND_HALF_UP of the decimal module rounds the magnitude, which is "half away from zero".
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def spread(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Each amount rounded so that together they are the rounded sum: by largest remainder, the earlier first."""
    unit = minor_unit(currency)
    floors = [amount.quantize(unit, rounding=ROUND_FLOOR) for amount in amounts]
    missing = int((rounded(sum(amounts, ZERO), currency) - sum(floors, ZERO)) / unit)
    by_remainder = sorted(range(len(amounts)), key=lambda place: (floors[place] - amounts[place], place))
    for place in by_remainder[:missing]:
        floors[place] += unit
    return floors


@contextmanager
def read_in(locale: str) -> Iterator[None]:
    """Within it, numbers and dates in words read as they do there: `1.234,50` in `de_DE`. For whole documents alone."""
    token = _reader.set(Locale.parse(locale))
    try:
        yield
    finally:
        _reader.reset(token)


def reader() -> Locale:
    """How whoever reads what is made now writes numbers; en_US unless `read_in` says otherwise."""
    return _reader.get()


def number_in_words(number: Decimal) -> str:
    """`1,250`, `0.5`: as many of its six places as it needs."""
    return _plain(format_decimal(number, "#,##0.######", locale=reader()))


def in_words(amount: Decimal, currency: str) -> str:
    """`$1,234.50`, `¥1,235`: as people read it, with the currency's own number of places."""
    return _spaced(format_currency(rounded(amount, currency), currency, locale=reader()), currency)


def price_in_words(price: Decimal, currency: str) -> str:
    """A unit price with as many of its six places as it needs, never fewer than the minor unit: `$0.0125`."""
    minor = minor_unit(currency)
    exact = price.normalize()
    shown = exact if exact.as_tuple().exponent < minor.as_tuple().exponent else price.quantize(minor)  # type: ignore[operator]  # finite numbers have integer exponents
    return _spaced(format_currency(shown, currency, locale=reader(), decimal_quantization=False), currency)


def _spaced(amount: str, currency: str) -> str:
    """The sign is everywhere the one we know (`¥`, and no letters of another script); a code stands apart from its
    number (`KWD 1.500`), a sign does not (`$1.50`)."""
    signed = amount.replace(get_currency_symbol(currency, reader()), get_currency_symbol(currency, LOCALE))
    return re.sub(r"(?<=[A-Z])(?=[0-9])", "\N{NO-BREAK SPACE}", _plain(signed))


def _plain(text: str) -> str:
    """Without marks of direction, and with the one space that every font has."""
    return re.sub("[\u200e\u200f\u061c]", "", text).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


@cache
def currencies() -> list[tuple[str, str]]:
    """Every ISO 4217 code in force that babel knows, with its name, for choosing one."""
    return sorted((code, f"{code} · {LOCALE.currencies.get(code, code)}") for code in list_currencies(LOCALE))


@cache
def locales() -> list[tuple[str, str]]:
    """Every language of a country that babel has formats for, with its name, for choosing one: `de_DE`."""
    parsed = (Locale.parse(name) for name in locale_identifiers() if re.fullmatch(r"[a-z]{2}_[A-Z]{2}", name))
    return sorted((str(locale), f"{locale} · {locale.get_display_name(LOCALE)}") for locale in parsed)
