"""Amounts as Stripe writes them: integers in minor units by its own list of currencies, which is not ISO 4217's."""

from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.errors import Refused

# docs.stripe.com/currencies. ISO gives MGA two decimal places.
WITHOUT_DECIMALS = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 -- the list as it is printed there
)
# Whole units only, and yet written with two decimal places: 500 for ISK 5.
WHOLE_UNITS_WITH_TWO = frozenset({"ISK", "UGX"})
# Three decimal places, of which the last must be zero.
WITH_THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
STANDARD = 2


class NotPayableOnline(Refused):
    """Stripe can't take this amount, or not in this currency."""

    code = "not_payable_online"


def exponent(currency: str) -> int:
    """Return the decimal places of Stripe's minor unit. Raises NotPayableOnline for a currency that Stripe does not have."""
    if currency in WITHOUT_DECIMALS:
        return 0
    if currency in WITH_THREE:
        return 3
    if currency in WHOLE_UNITS_WITH_TWO or money.places(currency) == STANDARD:
        return STANDARD
    raise NotPayableOnline(f"{currency} can't be paid online.")


def to_minor(amount: Decimal, currency: str) -> int:
    """Return the amount for Stripe, exactly. Raises NotPayableOnline if Stripe can't take such an amount."""
    step = {**dict.fromkeys(WHOLE_UNITS_WITH_TWO, 100), **dict.fromkeys(WITH_THREE, 10)}.get(currency, 1)
    found = amount.scaleb(exponent(currency))
    if found != found.to_integral_value() or found % step:
        raise NotPayableOnline(f"{money.in_words(amount, currency)} can't be paid online: pay it by bank transfer.")
    return int(found)


def from_minor(amount: int, currency: str) -> Decimal:
    """Return Stripe's amount as money. Raises NotPayableOnline for a currency that Stripe does not have."""
    return Decimal(amount).scaleb(-exponent(currency))
