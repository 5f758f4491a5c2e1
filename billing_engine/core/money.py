"""Money is a Decimal with a currency's minor unit; rounding is half away from zero and happens once."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol
from iso4217 import Currency, raw_xml

ZERO = Decimal(0)
MICRO = Decimal("0.000001")
# Of a column of money or quantities that is a product or a sum: 10^12 units at 10^10 each, 10^11 times over, and six
# places. Arithmetic keeps all of it (`KEPT_DIGITS`).
SUM_DIGITS = 40
KEPT_DIGITS = 60
MOST_PLACES = 4  # of any currency's minor unit: those of CLF and UYW
LOCALE = Locale("en", "US")
_reader: ContextVar[Locale] = ContextVar("reader", default=LOCALE)


@cache
def places(currency: str) -> int:
    """Of its minor unit, by ISO 4217's own table: 2 for USD, 0 for JPY, 3 for KWD, 4 for CLF."""
    exponent = Currency(currency).exponent if currency in _in_force() else None
    # What was billed in a currency that has been withdrawn since stays readable: CLDR still knows it.
    return get_currency_precision(currency) if exponent is None else exponent


@cache
def minor_unit(currency: str) -> Decimal:
    """0.01 for USD, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-places(currency))


def fits(amount: Decimal, currency: str) -> bool:
    """Whether it can be paid: no part of the currency's minor unit is left over."""
    return amount == rounded(amount, currency)


def no_fraction_in_words(currency: str) -> str:
    """Why an amount that does not fit is refused: `JPY has no decimal places.`"""
    count = places(currency)
    has = f"at most {count} decimal {'place' if count == 1 else 'places'}" if count else "no decimal places"
    return f"An amount in {currency} has {has}."


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
    return _written(rounded(amount, currency), currency, most=places(currency))


def price_in_words(price: Decimal, currency: str) -> str:
    """A unit price with as many of its six places as it needs, never fewer than the minor unit: `$0.0125`."""
    exponent = price.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a price is a finite number"  # noqa: S101 -- tells mypy
    return _written(price, currency, most=max(places(currency), -exponent))


def difference_in_words(amount: Decimal, currency: str) -> str:
    """`+$0.0022`, `−$0.0022`, `$0.00`: what is added or taken away, with all the places it has."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + price_in_words(abs(amount), currency)


def _written(amount: Decimal, currency: str, *, most: int) -> str:
    # By the locale's pattern, with our places: CLDR's are those of coins in use, and gives RSD and IQD none.
    pattern = copy(reader().currency_formats["standard"])
    pattern.frac_prec = (places(currency), most)
    return _spaced(pattern.apply(amount, reader(), currency=currency, currency_digits=False), currency)


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
    """Every money in force, with its name, for choosing one: neither what was withdrawn, nor metals, nor fund codes."""
    funds = {
        entry.findtext("Ccy") for entry in raw_xml.iter("CcyNtry") if entry.find("CcyNm[@IsFund='true']") is not None
    }
    return sorted((code, f"{code} · {_name(code)}") for code in _in_force() if code not in funds)


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows it as money: one that is in force and has a minor unit; a fund code too."""
    return code in _in_force()


@cache
def _in_force() -> frozenset[str]:
    """Metals and codes for tests have no minor unit; what was withdrawn is not in the table at all."""
    return frozenset(one.code for one in Currency if one.exponent is not None)


def _name(code: str) -> str:
    return LOCALE.currencies.get(code) or Currency(code).currency_name


@cache
def locales() -> list[tuple[str, str]]:
    """Every language of a country that babel has formats for, with its name, for choosing one: `de_DE`."""
    parsed = (Locale.parse(name) for name in locale_identifiers() if re.fullmatch(r"[a-z]{2}_[A-Z]{2}", name))
    return sorted((str(locale), f"{locale} · {locale.get_display_name(LOCALE)}") for locale in parsed)
