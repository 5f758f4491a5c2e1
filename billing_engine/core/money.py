"""Money is a Decimal with a currency's minor unit; rounding is half away from zero and happens once."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol
from iso4217 import Currency, raw_xml

ZERO = Decimal(0)
MICRO = Decimal("0.000001")
# Size of columns for products or sums of money or quantities: 10^12 units at 10^10 each, 10^11 times, with six
# decimal places. Arithmetic keeps all digits (`KEPT_DIGITS`).
SUM_DIGITS = 40
KEPT_DIGITS = 60
ESTIMATED_DIGITS = 3
LARGEST = Decimal(10) ** 16  # from here on, an amount is a mistake or an attack
MOST_PLACES = 4  # of any currency's minor unit: CLF and UYW have four
LOCALE = Locale("en", "US")
REMEMBERED = 10_000  # amounts in words, a few hundred bytes each
_reader: ContextVar[Locale] = ContextVar("reader", default=LOCALE)


@cache
def places(currency: str) -> int:
    """The decimal places of its minor unit by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD, 4 for CLF."""
    exponent = Currency(currency).exponent if currency in _in_force() else None
    # Amounts in a currency that has since been withdrawn stay readable: CLDR still has it.
    return get_currency_precision(currency) if exponent is None else exponent


@cache
def minor_unit(currency: str) -> Decimal:
    """0.01 for USD, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-places(currency))


def fits(amount: Decimal, currency: str) -> bool:
    """Whether it can be paid: it has no fraction of the currency's minor unit."""
    return amount == rounded(amount, currency)


def no_fraction_in_words(currency: str) -> str:
    """Why an invalid amount is refused: `JPY has no decimal places.`"""
    count = places(currency)
    has = f"at most {count} decimal {'place' if count == 1 else 'places'}" if count else "no decimal places"
    return f"An amount in {currency} has {has}."


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded to the currency's minor unit, half away from zero."""
    # ROUND_HALF_UP of the decimal module rounds the magnitude, which is "half away from zero".
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def spread(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Round each amount so that together they equal the rounded sum: by largest remainder, the earlier ones first."""
    unit = minor_unit(currency)
    floors = [amount.quantize(unit, rounding=ROUND_FLOOR) for amount in amounts]
    missing = int((rounded(sum(amounts, ZERO), currency) - sum(floors, ZERO)) / unit)
    by_remainder = sorted(range(len(amounts)), key=lambda place: (floors[place] - amounts[place], place))
    for place in by_remainder[:missing]:
        floors[place] += unit
    return floors


@contextmanager
def read_in(locale: str) -> Iterator[None]:
    """Within it, numbers and dates are formatted for this locale: `1.234,50` in `de_DE`. For whole documents only."""
    token = _reader.set(Locale.parse(locale))
    try:
        yield
    finally:
        _reader.reset(token)


def reader() -> Locale:
    """The locale that numbers are currently formatted for; en_US unless `read_in` sets another one."""
    return _reader.get()


def number_in_words(number: Decimal) -> str:
    """`1,250`, `0.5`: up to six decimal places as needed."""
    return _number(str(number), reader())


def in_words(amount: Decimal, currency: str) -> str:
    """`$1,234.50`, `¥1,235`: formatted with the currency's decimal places."""
    return _written(rounded(amount, currency), currency, most=places(currency))


def whole_in_words(amount: Decimal, currency: str) -> str:
    """`$1,235`, `-$3`: without decimal places, for axes and forecasts."""
    return _written(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP), currency, most=0)


def price_in_words(price: Decimal, currency: str) -> str:
    """A unit price with up to six decimal places, never fewer than the minor unit: `$0.0125`."""
    exponent = price.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a price is a finite number"  # noqa: S101 -- for mypy
    return _written(price, currency, most=max(places(currency), -exponent))


def estimate_in_words(amount: Decimal, currency: str) -> str:
    """`$7,720`, `$49.30`: an estimate, rounded to three digits, without the zeros of a minor unit that it has not."""
    place = max(amount.adjusted() - ESTIMATED_DIGITS + 1, -places(currency)) if amount else 0
    found = amount.quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_UP)
    if place < 0:
        return in_words(found, currency)
    return _amount(str(found), currency, 0, reader())


def difference_in_words(amount: Decimal, currency: str) -> str:
    """`+$0.0022`, `−$0.0022`, `$0.00`: an amount added or subtracted, with all its decimal places."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + price_in_words(abs(amount), currency)


# Formatting takes long, and the same few amounts are on many lines. As text, because 0 and -0 are equal, but not in words.
@lru_cache(maxsize=REMEMBERED)
def _number(number: str, locale: Locale) -> str:
    return _plain(format_decimal(Decimal(number), "#,##0.######", locale=locale))


def _written(amount: Decimal, currency: str, *, most: int) -> str:
    return _amount(str(amount), currency, most, reader())


@lru_cache(maxsize=REMEMBERED)
def _amount(amount: str, currency: str, most: int, locale: Locale) -> str:
    # The locale's pattern with our decimal places: CLDR's are those of coins in use, which are none for RSD and IQD.
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (min(places(currency), most), most)
    return _spaced(pattern.apply(Decimal(amount), locale, currency=currency, currency_digits=False), currency, locale)


def _spaced(amount: str, currency: str, locale: Locale) -> str:
    """The symbol is the usual one everywhere (`¥`, no letters of other scripts); a code is separated from its number
    (`KWD 1.500`), a symbol is not (`$1.50`)."""
    signed = amount.replace(get_currency_symbol(currency, locale), get_currency_symbol(currency, LOCALE))
    return re.sub(r"(?<=[A-Z])(?=[0-9])", "\N{NO-BREAK SPACE}", _plain(signed))


def _plain(text: str) -> str:
    """Without direction marks, and with the one space that every font has."""
    return re.sub("[\u200e\u200f\u061c]", "", text).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


@cache
def currencies() -> list[tuple[str, str]]:
    """Every current currency with its name, for a choice: no withdrawn currencies, metals or fund codes."""
    funds = {
        entry.findtext("Ccy") for entry in raw_xml.iter("CcyNtry") if entry.find("CcyNm[@IsFund='true']") is not None
    }
    return sorted((code, f"{code} · {_name(code)}") for code in _in_force() if code not in funds)


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has it as a current currency with a minor unit; fund codes are included."""
    return code in _in_force()


@cache
def _in_force() -> frozenset[str]:
    """Metals and test codes have no minor unit; withdrawn currencies are not in the table."""
    return frozenset(one.code for one in Currency if one.exponent is not None)


def _name(code: str) -> str:
    return LOCALE.currencies.get(code) or Currency(code).currency_name


@cache
def locales() -> list[tuple[str, str]]:
    """Every locale that babel has formats for, with its name, for a choice: `de_DE`."""
    parsed = (Locale.parse(name) for name in locale_identifiers() if re.fullmatch(r"[a-z]{2}_[A-Z]{2}", name))
    return sorted((str(locale), f"{locale} · {locale.get_display_name(LOCALE)}") for locale in parsed)
