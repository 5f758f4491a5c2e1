"""Record on stored leads and actions what a person changed about them, and who did."""

from leads.domain.identity import external_id
from leads.domain.intake.receipt import CREATED, TEST, UPDATED, Receipt, Result
from leads.domain.quarantine.difference import Changes, of_lead, of_place
from leads.models import Action, Correction, Lead, QuarantineStep

_BY_THE_REPAIR = (CREATED, TEST, UPDATED)


def record_corrections(step: QuarantineStep, receipt: Receipt, changes: Changes) -> None:
    """Record the changes of a repair on what it stored: on the lead if it is new, and on each action it added or voided."""
    result = receipt.results[0]
    lead = Lead.objects.filter(source=step.item.source_id, external_id=result.id or "").first() if changes else None
    if lead is None:
        return
    found = [
        Correction(step=step, lead=lead, action=action, changed=of) for action, of in _actions(lead, result, changes)
    ]
    if lead.delivery_id == receipt.delivery_id and of_lead(changes):
        found.append(Correction(step=step, lead=lead, changed=of_lead(changes)))
    Correction.objects.bulk_create(found)


def record_replacement(step: QuarantineStep) -> None:
    """Record on the stored lead or action of a conflict that a person replaced it with the new version."""
    item = step.item
    if not step.changed:
        return
    if item.stored_action:
        action = item.stored_action
        Correction.objects.create(step=step, lead_id=action.lead_id, action=action, changed=step.changed)
        return
    lead = Lead.objects.get(source=item.source_id, external_id=external_id(item.content["id"]))
    Correction.objects.create(step=step, lead=lead, changed=step.changed)


def _actions(lead: Lead, result: Result, changes: Changes) -> list[tuple[Action, Changes]]:
    concerned = {
        action.id: of
        for place, action in enumerate(result.actions)
        if action.outcome in _BY_THE_REPAIR and (of := of_place(changes, place))
    }
    stored = Action.objects.filter(lead=lead, external_id__in=list(concerned))
    return [(action, concerned[action.external_id]) for action in stored]
