"""What people changed about stored actions and their leads, in words and per billing period."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db.models import QuerySet

from billing_engine.core.calendar.instants import instant_in_words
from leads.domain.access.contacts import masked
from leads.domain.people.clear import is_contact
from leads.models import Action, BillingPeriod, Correction, QuarantineStep

CHANGES_TOLD = 5
Changes = dict[str, list[str]]


def corrections_of(action: Action) -> list[Correction]:
    """Return what was changed about the action, or about its lead by other steps, oldest first."""
    of_lead = _with_step(Correction.objects.filter(lead=action.lead_id))
    own = [one for one in of_lead if one.action_id == action.pk]
    steps = {one.step_id for one in own}
    return [one for one in of_lead if one in own or (one.action_id is None and one.step_id not in steps)]


def corrections_in(period: BillingPeriod) -> dict[int, str]:
    """Return who changed something and when, by action, for a billing period; corrections are few."""
    found: dict[int, list[Correction]] = defaultdict(list)
    for one in _with_step(Correction.objects.filter(action__period=period)):
        found[one.action_id or 0].append(one)
    for one in _with_step(Correction.objects.filter(action=None, lead__actions__period=period).distinct()):
        for key in Action.objects.filter(lead=one.lead_id, period=period).values_list("pk", flat=True):
            if one.step_id not in {other.step_id for other in found[key]}:
                found[key].append(one)
    return {key: "; ".join(map(by_whom, sorted(each, key=lambda one: one.pk))) for key, each in found.items()}


def by_whom(correction: Correction) -> str:
    """`Repaired by anna on 2026-11-03 12:00 UTC`."""
    step = correction.step
    did = "Replaced with a new version" if step.kind == QuarantineStep.Kind.TOOK_NEW else "Repaired"
    return f"{did} by {step.by or 'a former user'} on {instant_in_words(step.at, UTC)}"


def correction_in_words(correction: Correction) -> str:
    """`Repaired by anna on 2026-11-03 12:00 UTC; the source sent /actions/0/quantity as -3, stored as 3.`"""
    changed = _without_contacts(correction.changed)
    told = [_change_in_words(where, both) for where, both in changed.items()]
    if correction.step.kind == QuarantineStep.Kind.TOOK_NEW:
        told = [f"{where}: {was or 'none'} → {now or 'none'}" for where, (was, now) in changed.items()]
    more = f"; and {len(told) - CHANGES_TOLD:,} more changes" if len(told) > CHANGES_TOLD else ""
    return f"{by_whom(correction)}; {'; '.join(told[:CHANGES_TOLD])}{more}."


def correction_facts(corrections: Iterable[Correction]) -> list[dict[str, Any]]:
    """Return corrections as data: who, when, and each changed place."""
    return [
        {
            "kind": one.step.kind,
            "by": str(one.step.by) if one.step.by else None,
            "at": one.step.at.isoformat(),
            "changes": changes_as_data(_without_contacts(one.changed)),
        }
        for one in corrections
    ]


def changes_as_data(changes: Changes) -> list[dict[str, str | None]]:
    """Return each changed place with the JSON received and stored; null is an absent member."""
    return [{"pointer": where, "received": was or None, "stored": now or None} for where, (was, now) in changes.items()]


def _without_contacts(changes: Changes) -> Changes:
    """Mask what may say who a person is: explanations are read by people who may not see contacts."""
    return {where: [masked(each) for each in both] if is_contact(where) else both for where, both in changes.items()}


def _change_in_words(where: str, both: list[str]) -> str:
    was, now = (_shortened(each) for each in both)
    place = where or "the whole item"
    if not was:
        return f"the source did not send {place}, stored as {now}"
    return f"the source sent {place} as {was}, {f'stored as {now}' if now else 'which was removed'}"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _with_step(corrections: QuerySet[Correction]) -> QuerySet[Correction]:
    return corrections.select_related("step__by").order_by("pk")
