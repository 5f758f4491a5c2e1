"""The page of a quarantined item: its fault, what it conflicts with, and its history."""

from datetime import UTC, tzinfo
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import NOTHING, page_of, pretty
from billing_engine.core.errors import Refused
from leads.admin.quarantine.fault_places import Difference, differences, faulty_place, lead_differences, marked
from leads.domain.body.decode import BodyNotReadable, decode_json, repeated_in
from leads.domain.identity import external_id
from leads.domain.intake.receipt import CONFLICT, QUARANTINED, Receipt
from leads.domain.quarantine.difference import Changes
from leads.domain.quarantine.review import DifferenceNotSeen
from leads.domain.quarantine.settle import ACTION_CONFLICT, LEAD_CONFLICT, StillRefused
from leads.models import Lead, QuarantinedItem, QuarantineStep


class RepairForm(forms.Form):
    """The content of the item, to be fixed; `seen` names the difference that was shown for it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    content = forms.CharField(
        label="The item", widget=UnfoldAdminTextareaWidget({"class": "lb-area", "rows": 18, "spellcheck": "false"})
    )

    def clean_content(self) -> dict[str, Any]:
        # Read like a delivery, so that exactly what a source may send is accepted.
        try:
            content, has_repeats, _ = decode_json(str(self.cleaned_data["content"]).encode())
        except BodyNotReadable as error:
            raise forms.ValidationError(str(error)) from error
        if not isinstance(content, dict):
            raise forms.ValidationError("A lead must be one JSON object: { … }.")
        if has_repeats and (fault := repeated_in(content)):
            raise forms.ValidationError(f"{fault.message} See {fault.pointer}.")
        return content


def initial_content(item: QuarantinedItem) -> str:
    """Return the initial content of the form: the object or, if it couldn't be read, the text as sent."""
    return item.content if isinstance(item.content, str) else pretty(item.content)


def zone_of(item: QuarantinedItem) -> tzinfo:
    """Return the time zone of the source's customer, if it has one; the item's own customer may be unknown."""
    return item.source.customer.zone if item.source.customer else UTC


def item_context(item: QuarantinedItem) -> dict[str, Any]:
    """Return the template context for an item."""
    place = faulty_place(item)
    stored = item.stored_action or _stored_lead(item)
    return {
        "place": place,
        "lines": marked(item.content, place.pointer),
        "content_in_words": pretty(item.content),
        "stored": stored,
        "stored_address": page_of(f"leads.{stored._meta.model_name}", stored.pk) if stored else "",
        "stored_is_billed": bool(item.stored_action and not item.stored_action.period.is_open),
        "differences": _differences(item, stored),
        "steps": [_step(step) for step in item.steps.select_related("by").order_by("pk")],
    }


def relocated_fault(item: QuarantinedItem, form: forms.Form, refused: Refused | None) -> dict[str, Any]:
    """Return the content as typed, with the place of its current fault, or what was changed."""
    typed = getattr(form, "cleaned_data", {}).get("content")
    if isinstance(refused, DifferenceNotSeen):
        return {"changes": rows_of(refused.changes), "seen": refused.name}
    if typed is not None and isinstance(refused, StillRefused):
        pointer = refused.fault.pointer
        return {"lines": marked(typed, pointer), "pointer": pointer or "/", "fault": refused.fault, "is_typed": True}
    place = faulty_place(item)
    return {"lines": marked(item.content, place.pointer), "pointer": place.pointer, "is_typed": False}


def may_take_new(item: QuarantinedItem) -> bool:
    """Return whether the item has a conflict that can still be resolved, as far as the page knows."""
    if item.code == ACTION_CONFLICT:
        return item.stored_action is not None and item.stored_action.period.is_open
    return item.code == LEAD_CONFLICT


def rows_of(changes: Changes) -> list[dict[str, str]]:
    """Return the rows of the table of changes."""
    return [
        {"where": where or "/", "before": before or "absent", "after": after or "removed"}
        for where, (before, after) in changes.items()
    ]


def _stored_lead(item: QuarantinedItem) -> Lead | None:
    if item.code != LEAD_CONFLICT or not isinstance(item.content, dict):
        return None
    of_source = Lead.objects.select_related("product").filter(source=item.source)
    return of_source.filter(external_id=external_id(item.content.get("id", ""))).first()


def _differences(item: QuarantinedItem, stored: Any) -> list[Difference]:
    if item.state == QuarantinedItem.State.REPAIRED:
        return []  # they are the same now
    if isinstance(stored, Lead):
        return lead_differences(item, stored)
    return differences(item, stored) if stored else []


def _changed(step: QuarantineStep) -> list[str]:
    return [f"{name}: {was or NOTHING} → {now or NOTHING}" for name, (was, now) in step.changed.items()]


def _step(step: QuarantineStep) -> dict[str, Any]:
    return {
        "what": step.get_kind_display(),
        "at": step.at,
        "by": step.by,
        "note": step.note,
        "changed": _changed(step),
        "delivery": step.delivery_id,
        "delivery_address": page_of("leads.delivery", step.delivery_id) if step.delivery_id else "",
    }


def in_words(receipt: Receipt) -> str:
    """Return a sentence such as: Lead L-1 created. Actions: 2 created, 1 duplicate."""
    lead = receipt.results[0]
    outcomes = [action.outcome for action in lead.actions]
    told = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    return f"Lead {lead.id} {lead.outcome}." + (f" Actions: {told}." if told else "")


def is_held(receipt: Receipt) -> bool:
    """Return whether a part of the item still waits."""
    return any(action.outcome in (CONFLICT, QUARANTINED) for lead in receipt.results for action in lead.actions)
