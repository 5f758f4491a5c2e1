"""What has become of one action, from the door to the invoice."""

from dataclasses import dataclass
from typing import Any

from billing_engine.core.money import in_words, price_in_words
from invoices.models import Invoice
from leads.models import Action, QuarantinedItem, Source
from leads.queries.receipts import refusals_of
from pricing.models import Charge, UnratedAction

WAITING, EXCLUDED, CHARGED, INVOICED = "waiting", "excluded", "charged", "invoiced"
QUARANTINED = "quarantined"
# From the door to the invoice; the last two are of items that a person let go, or mended under another id.
FATES = (
    QUARANTINED,
    WAITING,
    EXCLUDED,
    CHARGED,
    INVOICED,
    QuarantinedItem.State.DISCARDED.value,
    QuarantinedItem.State.REPAIRED.value,
)


@dataclass(frozen=True, slots=True)
class Fate:
    """One action: where it has got to, in a word and in words, and every row that says so."""

    fate: str
    words: str
    action: Action | None
    charge: Charge | None
    invoice: Invoice | None  # from issue on
    refusals: list[QuarantinedItem]


def fate_of(source: Source, *, lead: str, action: str) -> Fate | None:
    """The fate of an action by its source's own ids; None where nothing of that name was ever received."""
    refusals = refusals_of(source, lead=lead, action=action)
    stored = (
        Action.objects.filter(lead__source=source, lead__external_id=lead, external_id=action)
        .select_related("action_type", "period__customer", "charge__rule", "unrated", "early")
        .first()
    )
    if stored:
        return _of_stored(stored, refusals)
    if not refusals:
        return None
    latest = next((item for item in refusals if item.state == QuarantinedItem.State.WAITING), refusals[0])
    return Fate(*_of_refused(latest), None, None, None, refusals)


def _of_refused(item: QuarantinedItem) -> tuple[str, str]:
    if item.state == QuarantinedItem.State.WAITING:
        return QUARANTINED, f"Waits in quarantine: {item.message}"
    if item.state == QuarantinedItem.State.DISCARDED:
        return item.state, f"Discarded: {item.settled_note}"
    return item.state, "Mended by a person, and stored under another id."


def _of_stored(action: Action, refusals: list[QuarantinedItem]) -> Fate:
    charge: Charge | None = getattr(action, "charge", None)
    if charge is None:
        return Fate(WAITING, _waiting(getattr(action, "unrated", None)), action, None, None, refusals)
    invoice = Invoice.objects.filter(period=action.period, state=Invoice.State.ISSUED).first()
    if charge.reason:
        return Fate(EXCLUDED, _excluded(charge, action), action, charge, invoice, refusals)
    words = _charged(charge, action.period.customer.currency) + _since(action, invoice)
    if invoice is None:
        return Fate(CHARGED, words, action, charge, None, refusals)
    return Fate(INVOICED, words, action, charge, invoice, refusals)


def _since(action: Action, invoice: Invoice | None) -> str:
    """Which invoice it is on, and what becomes of it there when it was taken back after its period was closed."""
    on = f" It is on invoice {invoice.number}." if invoice else ""
    if not action.voided_after_close:
        return on
    next_ = "it is to be credited" if invoice else "the draft takes it off when it is regenerated"
    return f"{on} It was taken back since: {next_}."


def _waiting(unrated: UnratedAction | None) -> str:
    if unrated is None:
        return "Stored; it has not been rated yet."
    if unrated.code == UnratedAction.Code.UNPRICEABLE:
        return "Stored; it could not be priced, and a person looks into it."
    return "Stored; no price rule matches it yet."


def _excluded(charge: Charge, action: Action) -> str:
    why = f" ({action.void_reason})" if charge.reason == Charge.Reason.VOIDED and action.void_reason else ""
    return f"Not charged: {charge.get_reason_display()}{why}."


def _charged(charge: Charge, currency: str) -> str:
    rule: Any = charge.rule  # a charge without reason has one
    trimmed = f", of {price_in_words(charge.full_amount, currency)}" if charge.cuts else ""
    amount = price_in_words(charge.amount, currency) if charge.amount else in_words(charge.amount, currency)
    return f"Charged {amount}{trimmed} by «{rule.name}»."
