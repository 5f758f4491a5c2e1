"""The state of one action, from intake to invoice."""

from dataclasses import dataclass
from typing import Any

from invoices.models import Invoice
from leads.domain.voiding import voided_by
from leads.models import Action, QuarantinedItem, Source
from leads.queries.receipts import refusals_of
from pricing.domain.audit.explain_to_source import amount_in_words, stands_alone
from pricing.models import Charge, UnratedAction
from receivables.queries.late_void import settled_in_words

WAITING, EXCLUDED, CHARGED, INVOICED = "waiting", "excluded", "charged", "invoiced"
QUARANTINED = "quarantined"
# In the order of processing; the last two are for items that a person discarded, or stored under another ID.
STATES = (
    QUARANTINED,
    WAITING,
    EXCLUDED,
    CHARGED,
    INVOICED,
    QuarantinedItem.State.DISCARDED.value,
    QuarantinedItem.State.REPAIRED.value,
)


@dataclass(frozen=True, slots=True)
class ActionState:
    """The state of an action as a code and a sentence, with the rows behind it."""

    state: str
    message: str
    action: Action | None
    charge: Charge | None
    invoice: Invoice | None  # from issue on
    refusals: list[QuarantinedItem]


def state_of(source: Source, *, lead: str, action: str) -> ActionState | None:
    """Return the state of an action by its source's IDs; None if it was never received."""
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
    return ActionState(*_of_refused(latest), None, None, None, refusals)


def _of_refused(item: QuarantinedItem) -> tuple[str, str]:
    if item.awaited:
        until = f"{item.waits_until:%Y-%m-%d %H:%M} UTC"
        return QUARANTINED, f"In quarantine, waiting for its {item.awaited} until {until}: {item.message}"
    if item.state == QuarantinedItem.State.WAITING:
        return QUARANTINED, f"In quarantine: {item.message}"
    if item.state == QuarantinedItem.State.DISCARDED:
        return item.state, f"Discarded: {item.settled_note}"
    return item.state, "Corrected by a person and stored under another ID."


def _of_stored(action: Action, refusals: list[QuarantinedItem]) -> ActionState:
    charge: Charge | None = getattr(action, "charge", None)
    if charge is None:
        return ActionState(WAITING, _waiting(getattr(action, "unrated", None)), action, None, None, refusals)
    invoice = Invoice.objects.filter(period=action.period, state=Invoice.State.ISSUED).first()
    if charge.reason:
        return ActionState(EXCLUDED, _excluded(charge, action.void_reason), action, charge, invoice, refusals)
    words = _charged(charge) + _since(action, invoice)
    if invoice is None:
        return ActionState(CHARGED, words, action, charge, None, refusals)
    return ActionState(INVOICED, words, action, charge, invoice, refusals)


def told_to_source(found: ActionState, *, with_price: bool) -> str:
    """Return the state as a sentence for the action's source: without the price, unless its key may see prices."""
    if found.charge is None or found.action is None:
        return found.message
    if found.charge.reason:
        return _excluded(found.charge, own_void_reason(found.action))
    rule: Any = found.charge.rule  # a charge without reason has one
    if not with_price:
        return "Charged." + _since(found.action, found.invoice, names_it=False)
    amount = f" {amount_in_words(found.charge)}" if stands_alone(found.charge) else ""
    return f"Charged{amount} by the rule “{rule.name}”." + _since(found.action, found.invoice)


def own_void_reason(action: Action | None) -> str:
    """Return the reason that the source itself gave for voiding; a person's reason is not for the source."""
    return "" if action is None or not action.void_reason or voided_by(action) else action.void_reason


def _since(action: Action, invoice: Invoice | None, *, names_it: bool = True) -> str:
    """Name the invoice and, if the action was voided after its period closed, what happens next."""
    named = f"invoice {invoice.number}" if invoice and names_it else "an issued invoice"
    on = f" It is on {named}." if invoice else ""
    if not action.voided_after_close:
        return on
    next_ = settled_in_words(action, names_it=names_it) if invoice else "regenerate the draft to remove it"
    return f"{on} It was voided after its period closed: {next_}."


def _waiting(unrated: UnratedAction | None) -> str:
    if unrated is None:
        return "Stored, but not rated yet."
    if unrated.code == UnratedAction.Code.UNPRICEABLE:
        return "Stored, but it could not be priced. A person has to look into it."
    return "Stored, but no price rule matches yet."


def _excluded(charge: Charge, why: str) -> str:
    because = f" ({why})" if charge.reason == Charge.Reason.VOIDED and why else ""
    return f"Not charged: {charge.get_reason_display()}{because}."


def _charged(charge: Charge) -> str:
    rule: Any = charge.rule  # a charge without reason has one
    return f"Charged {amount_in_words(charge)} by the rule “{rule.name}”."
