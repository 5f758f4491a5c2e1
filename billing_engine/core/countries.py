"""Countries: their ISO 3166 codes, and finding a code from what people write."""

from functools import cache

from babel import Locale

# Common names that are neither the code nor the English name.
ALSO = {
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "uk": "GB",
    "england": "GB",
    "great britain": "GB",
    "deutschland": "DE",
}


@cache
def countries() -> dict[str, str]:
    """Code and English name of every country."""
    territories = Locale("en").territories
    return {
        code: name for code, name in territories.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY
    }


# CLDR's two-letter territories that are groups of countries or unknown.
NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@cache
def _by_name() -> dict[str, str]:
    return {name.casefold(): code for code, name in countries().items()} | ALSO


def country_code(written: str) -> str:
    """`US` from `us`, `USA` or `United States`; "" if it is not a country."""
    words = written.strip()
    if words.upper() in countries():
        return words.upper()
    return _by_name().get(words.casefold(), "")
