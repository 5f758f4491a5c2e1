"""Clear contact data: of leads, raw bodies and quarantined items, each noted with the digest of what it held."""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leads.domain.archive.bodies import BodyNotInArchive, body_of, packed
from leads.domain.archive.moving import let_leave
from leads.domain.body.decode import as_json
from leads.domain.people.person import ERASED
from leads.domain.people.places import note_redaction
from leads.domain.people.redact import Redactor
from leads.domain.pseudonyms import pseudonym
from leads.models import Action, ArchivedBody, Correction, Delivery, Erasure, Lead, QuarantinedItem, QuarantineStep

CLEARED = ("name", "email", "phone", "firm", "consent", "attributes", "person_key")
EMPTY = b""
CONTACTS = (
    "name",
    "email",
    "phone",
    "firm",
    "person_key",
)  # members of a lead, as a conflict settled by hand names them


def clear_leads(erasure: Erasure, leads: Sequence[Lead]) -> None:
    """Clear the contact data of leads, of their actions and of corrections; a pseudonym stands for each person."""
    note_redaction(erasure, "lead", [(lead.pk, "") for lead in leads])
    for lead in leads:
        lead.name = lead.email = lead.phone = lead.firm = ""
        lead.consent, lead.attributes = {}, {}
        lead.person_key = pseudonym(lead.person_key)
    Lead.objects.bulk_update(leads, CLEARED)
    numbers = [lead.pk for lead in leads]
    Action.objects.filter(lead__in=numbers).exclude(attributes={}).update(attributes={})
    for correction in Correction.objects.filter(lead__in=numbers):
        correction.changed = without_contacts(correction.changed)
        correction.save(update_fields=["changed"])


def redact_leads(erasure: Erasure, leads: Sequence[Lead], names: re.Pattern[str]) -> None:
    """Clear what names a person in leads that are not the person's, and in their actions: a field, attributes, consent."""
    note_redaction(erasure, "lead", [(lead.pk, "") for lead in leads])
    for lead in leads:
        for field in ("name", "email", "phone", "firm"):
            setattr(lead, field, "" if names.search(getattr(lead, field)) else getattr(lead, field))
        for field in ("consent", "attributes"):
            setattr(lead, field, {} if names.search(as_json(getattr(lead, field))) else getattr(lead, field))
    Lead.objects.bulk_update(leads, CLEARED)
    actions = Action.objects.filter(lead__in=[lead.pk for lead in leads]).exclude(attributes={})
    naming = [action.pk for action in actions if names.search(as_json(action.attributes))]
    Action.objects.filter(pk__in=naming).update(attributes={})


def redact_body(erasure: Erasure, delivery: Delivery, redactor: Redactor, *, at: datetime) -> bool:
    """Redact a person in a raw body and its receipt; return whether there was anything to redact.

    A body from the archive comes back to the database, and the object leaves the archive.
    """
    answer = zlib.decompress(delivery.answer) if delivery.answer else EMPTY
    told = redactor.text_of_item(answer.decode()).encode() if answer else EMPTY
    try:
        body = body_of(delivery)
    except BodyNotInArchive:  # a restore brought the row back, but not the object that an erasure removed
        _write_body(erasure, delivery, EMPTY, told, digest=delivery.body_sha256, at=at)
        return True
    left = redactor.body(body, delivery.content_type)
    if left == body and told == answer:
        return False
    _write_body(erasure, delivery, left, told, digest=hashlib.sha256(body).hexdigest(), at=at)
    return True


def clear_body(erasure: Erasure, delivery: Delivery, *, at: datetime) -> None:
    """Clear a whole raw body whose time is over; its receipt still answers, and its digest stays."""
    note_redaction(erasure, "body", [(delivery.pk, delivery.body_sha256)])
    Delivery.objects.filter(pk=delivery.pk).update(body=packed(EMPTY))
    for archived in ArchivedBody.objects.filter(delivery=delivery):
        let_leave(archived, at=at)


def _write_body(erasure: Erasure, delivery: Delivery, body: bytes, answer: bytes, *, digest: str, at: datetime) -> None:
    note_redaction(erasure, "body", [(delivery.pk, digest)])
    written = {"body": packed(body), "answer": packed(answer) if answer else EMPTY}
    Delivery.objects.filter(pk=delivery.pk).update(**written)
    for archived in ArchivedBody.objects.filter(delivery=delivery):
        let_leave(archived, at=at)


def redact_item(erasure: Erasure, item: QuarantinedItem, redactor: Redactor) -> None:
    """Redact a quarantined item and its history. Stored later, it still counts as the same person, by pseudonym."""
    note_redaction(erasure, "item", [(item.pk, hashlib.sha256(as_json(item.content).encode()).hexdigest())])
    QuarantinedItem.objects.filter(pk=item.pk).update(
        content=redactor.content(item.content),
        digest=None,
        message=redactor.words(item.message),
        settled_note=redactor.words(item.settled_note),
    )
    for step in QuarantineStep.objects.filter(item=item):
        step.changed, step.note = without_contacts(step.changed), redactor.words(step.note)
        step.save(update_fields=["changed", "note"])


def without_contacts(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return which members a person changed, without what they held if that was contact data."""
    return {name: [ERASED, ERASED] if is_contact(name) else both for name, both in changed.items()}


def is_contact(member: str) -> bool:
    """Whether a member may hold contact data: everything that is not known to hold something else."""
    steps = member.strip("/").split("/")
    last = steps[-1]
    return member in CONTACTS or last not in (
        *("id", "type", "occurred_at", "quantity", "value", "action_type", "product", "sku", "customer", "category"),
        *("is_test", "channel", "campaign", "country", "region"),
    )
