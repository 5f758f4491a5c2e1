"""An action's outcome as a chip: charged amount, excluded with the reason, unrated, or not yet rated."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import Colour, chip, page_of
from leads.models import Action
from pricing.models import Charge

REASONS: dict[str, Colour] = {Charge.Reason.VOIDED: "red", Charge.Reason.WAIVED: "blue", Charge.Reason.DISPUTED: "blue"}


def outcome(action: Action) -> SafeString | str:
    """Reads the action's `charge` and `unrated`, and the customer of its period."""
    charge: Charge | None = getattr(action, "charge", None)
    if charge is not None:
        return _why(charge, action.period.customer.currency)
    if getattr(action, "unrated", None) is not None:
        return _linked(page_of("pricing.unratedaction", action.pk), chip("Unrated", "orange"))
    return chip("Not yet rated")


def price_of(charge: Charge, currency: str) -> str:
    """The charged amount, with all decimal places."""
    return money.price_in_words(charge.amount, currency)


def reason_chip(charge: Charge) -> SafeString:
    """The charged amount, or the reason in a few words."""
    if not charge.reason:
        return chip("Charged", "green") if not charge.cuts else chip("Capped", "blue")
    return chip(charge.reason.replace("_", " ").capitalize(), REASONS.get(charge.reason, "plain"))


def _why(charge: Charge, currency: str) -> SafeString:
    shown = (
        reason_chip(charge) if charge.reason else chip(price_of(charge, currency), "blue" if charge.cuts else "green")
    )
    return _linked(page_of("pricing.charge", charge.pk), shown)


def _linked(address: str, shown: SafeString) -> SafeString:
    return format_html('<a href="{}" title="Why">{}</a>', address, shown)
