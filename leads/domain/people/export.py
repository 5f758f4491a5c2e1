"""Export what is held of a person, for the person: as data, and as text to read."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.archive.bodies import BodyNotInArchive, body_of
from leads.domain.people.erase import NoSuchPerson
from leads.domain.people.find import Found, found_of
from leads.domain.people.person import Person
from leads.domain.people.sent import sent_about
from leads.models import Action, Delivery, Lead, QuarantinedItem

PERSON_EXPORTED = Verb("person_exported", "Exported a person's data")
BODIES_AT_MOST = 500


@transaction.atomic
def export_person(person: Person, *, by: User, at: datetime) -> dict[str, Any]:
    """Return everything that is held of a person, and record that it was exported. Raises NoSuchPerson."""
    if not person:
        raise NoSuchPerson
    found = found_of(person)
    record(PERSON_EXPORTED, on=by, by=by, after={"leads": len(found.leads)}, also=[*found.leads, *found.items])
    return {
        "exported_at": at.isoformat(),
        "person": {"emails": sorted(found.person.emails), "phones": sorted(found.person.phones)},
        "leads": [_lead(lead) for lead in found.leads],
        "sent": _bodies(found),
        "refused": [_item(item) for item in found.items],
        "elsewhere": {name: [each.content for each in held] for name, held in found.others if held},
    }


def as_file(exported: dict[str, Any]) -> bytes:
    """Return the export as JSON, for a program."""
    return json.dumps(exported, ensure_ascii=False, indent=2, default=str).encode() + b"\n"


def as_text(exported: dict[str, Any]) -> bytes:
    """Return the export as text, for a person."""
    lines = [f"What we hold about you, {exported['exported_at'][:10]}", ""]
    titles = {
        "leads": "Your requests",
        "sent": "As they were sent to us",
        "refused": "What we could not store",
        "elsewhere": "Elsewhere",
    }
    for name, title in titles.items():
        if exported[name]:
            lines += [title, "-" * len(title), *_lines(exported[name], 0), ""]
    if len(lines) == 2:
        lines.append("Nothing.")
    return "\n".join(lines).encode()


def _lead(lead: Lead) -> dict[str, Any]:
    told = {
        "source": lead.source.name,
        "lead": lead.external_id,
        "product": lead.product.name,
        "company": lead.product.customer.name,
        "name": lead.name,
        "email": lead.email,
        "phone": lead.phone,
        "firm": lead.firm,
        "country": lead.country,
        "region": lead.region,
        "campaign": lead.campaign,
        "consent": lead.consent,
        "attributes": lead.attributes,
        "received": lead.received_at.isoformat(),
    }
    actions = Action.objects.filter(lead=lead).select_related("action_type").order_by("occurred_at", "pk")
    told["actions"] = [
        {"what": each.action_type.name, "when": each.occurred_at.isoformat(), **_if_any("attributes", each.attributes)}
        for each in actions
    ]
    return {name: value for name, value in told.items() if value not in ("", {}, [])}


def _if_any(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def _item(item: QuarantinedItem) -> dict[str, Any]:
    return {"source": item.source.name, "received": item.received_at.isoformat(), "content": item.content}


def _bodies(found: Found) -> list[dict[str, Any]]:
    """The person's items in the raw bodies: never those of others, which came in the same body."""
    ids = {(lead.source_id, lead.external_id) for lead in found.leads}
    deliveries = Delivery.objects.filter(pk__in=found.deliveries[:BODIES_AT_MOST]).select_related("source")
    sent = []
    for delivery in deliveries.order_by("pk"):
        own = {name for source, name in ids if source == delivery.source_id}
        try:
            items = sent_about(found.person, body_of(delivery), delivery.content_type, leads=own)
        except BodyNotInArchive as refusal:
            items = [str(refusal)]
        if items:
            sent.append({"source": delivery.source.name, "received": delivery.received_at.isoformat(), "items": items})
    return sent


def _lines(value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        return [line for name, each in value.items() for line in _named(str(name), each, depth)]
    if isinstance(value, list):
        return [line for each in value for line in (*_lines(each, depth), *([""] if depth == 0 else []))]
    return [f"{indent}{value}"]


def _named(name: str, value: Any, depth: int) -> list[str]:
    label = name.replace("_", " ").capitalize()
    if isinstance(value, dict | list):
        return [f"{'  ' * depth}{label}:", *_lines(value, depth + 1)]
    return [f"{'  ' * depth}{label}: {value}"]
