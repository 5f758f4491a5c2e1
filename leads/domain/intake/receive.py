"""Receive deliveries: every item gets a result, nothing is lost, and the raw body is kept.

Read it from the top: `receive` reads the body and handles a repeated key; `_store` looks up, decides and writes, and
retries after a concurrent write.
"""

import hashlib
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction

from billing_engine.core import log_context
from billing_engine.core.deeds.record import columns_of
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models.deed import reference, reference_to
from billing_engine.core.tasks import after_commit
from leads.domain.body.decode import is_plain
from leads.domain.body.parcel import Parcel
from leads.domain.body.parse import open_parcel
from leads.domain.early_actions import keep_early
from leads.domain.intake.decide import Decided, decide, refuse_other_channels
from leads.domain.intake.idempotency import check_key, earlier_receipt
from leads.domain.intake.items import SentAction, SentLead
from leads.domain.intake.keep_refused import keep_refused
from leads.domain.intake.lookup import Known, look_up
from leads.domain.intake.products import add_products, named_product
from leads.domain.intake.read import read_leads
from leads.domain.intake.receipt import DUPLICATE, UPDATED, Receipt
from leads.domain.intake.rows import NewDelivery
from leads.domain.intake.schema import VoidItem
from leads.domain.intake.write import Overtaken, overtaken, store, store_delivery
from leads.domain.pseudonyms import has_key, pseudonym
from leads.domain.voiding import Void, void_all
from leads.models import Action, Delivery, Source
from leads.models.delivery import delivery_name

# After a lost race, part of the delivery is usually stored, so less is left. After this many attempts, the sender is told
# that the server is busy and retries.
ATTEMPTS = 10
# Compression level: a third of the default's time for a fifth more bytes.
QUICKLY = 1
# Waiting items that one message names; the sweep finds the rest.
JOINED_AT_ONCE = 1_000

DELIVERY_RECEIVED = Verb("delivery_received", "Delivery received")


def receive(
    source: Source,
    *,
    body: bytes,
    content_type: str,
    received_at: datetime,
    parcel: Parcel | None = None,
    idempotency_key: str | None = None,
    name: str = "",
    is_deed: bool = True,
    is_test: bool = False,
) -> Receipt:
    """Store the content of a body, all or nothing, and return its receipt; a repeated key gets the same receipt.

    With `is_test`, every lead is a test, whatever it says.
    `parcel` is the content, if the caller has already read it (part of a file, a corrected item); `is_deed` is false if the
    caller records the deed. On return, everything is
    committed, unless the caller is inside a transaction: each item is stored, already known, or in quarantine with a reason.
    Raises Refused if the request is refused as a whole, and OperationalError after losing every race.
    """
    if idempotency_key is not None:
        check_key(idempotency_key)
    if parcel is None:
        parcel = open_parcel(body, content_type)
    if is_test:
        parcel.mark_as_test()
    body_sha256 = hashlib.sha256(body).hexdigest()
    with nullcontext() if idempotency_key is None else transaction.atomic():
        if idempotency_key and (
            earlier := earlier_receipt(source, idempotency_key, body_sha256=body_sha256, is_test=is_test)
        ):
            return earlier
        delivery = NewDelivery(
            source_id=source.pk,
            received_at=received_at,
            name=name[:200],
            content_type=content_type[:100],
            body=zlib.compress(body, QUICKLY),
            body_size=len(body),
            body_sha256=body_sha256,
            batch_id=parcel.batch_id,
            sent_at=parcel.sent_at,
            idempotency_key=idempotency_key or "",
            is_test=is_test,
            lines_read=parcel.lines.read,
            lines_taken=parcel.lines.taken,
            lines_blank=parcel.lines.blank,
            lines_refused=parcel.lines.refused,
        )
        return _store(source, delivery, parcel, is_deed=is_deed)


def _store(source: Source, delivery: NewDelivery, parcel: Parcel, *, is_deed: bool) -> Receipt:
    """Look up, decide and write until no concurrent write interferes."""
    plain = is_plain([item for _, item in parcel.items]) if parcel.plain is None else parcel.plain
    for _ in range(ATTEMPTS):
        leads = read_leads(
            parcel.items, received_at=delivery.received_at, plain=plain, default_country=source.default_country
        )
        refuse_other_channels(source, leads, received_at=delivery.received_at)
        try:
            receipt = _attempt(source, delivery, leads, is_deed=is_deed)
        except Overtaken:
            continue
        log_context.follow(delivery=receipt.delivery_id)
        return receipt
    raise OperationalError("Concurrent deliveries kept interfering.")


def _attempt(source: Source, delivery: NewDelivery, leads: Sequence[SentLead], *, is_deed: bool) -> Receipt:
    """Look up and write once; a change in between raises Overtaken, and nothing is stored."""
    known = _look_up(source, delivery, leads)
    delivery.id = known.delivery
    decided = decide(source, delivery, leads, known)
    if decided.periods.open_missing():
        raise Overtaken
    if decided.voids or decided.early or any(lead.has_refusals for lead in leads):
        receipt = _write_in_steps(source, delivery, leads, decided, is_deed=is_deed)
    else:
        receipt = _receipt(source, delivery, leads, is_deed=is_deed)
        store(leads=decided.leads, actions=decided.actions, periods=decided.touched, delivery=delivery)
    if known.awaited and (decided.leads or decided.actions):
        after_commit("leads.join", item_ids=known.awaited[:JOINED_AT_ONCE])
    return receipt


def _look_up(source: Source, delivery: NewDelivery, leads: Sequence[SentLead]) -> Known:
    """Look up what the items refer to, after adding products if the source is allowed to."""
    readable = [lead for lead in leads if lead.item and not lead.is_refused]
    items = [lead.item.product for lead in readable if lead.item and lead.item.product]
    named, ids = [named_product(item) for item in items], [lead.result.id or "" for lead in readable]
    persons = [pseudonym(lead.person) for lead in readable if lead.person] if has_key() else []
    known = look_up(source, products=named, leads=ids, persons=persons)
    if not (added := add_products(source, items, known, at=delivery.received_at)):
        return known
    delivery.products_added = [*delivery.products_added, *added]
    return look_up(source, products=named, leads=ids, persons=persons)


def _write_in_steps(
    source: Source, delivery: NewDelivery, leads: Sequence[SentLead], decided: Decided, *, is_deed: bool
) -> Receipt:
    """Store the rows first, because voids and refused items need them, and the delivery last, with all its results."""
    with overtaken(), transaction.atomic():
        store(leads=decided.leads, actions=decided.actions, periods=decided.touched)
        keep_early(decided.early)
        delivery.voided = _void(decided.voids, delivery.received_at)
        keep_refused(source, delivery, leads)
        receipt = _receipt(source, delivery, leads, is_deed=is_deed)
        store_delivery(delivery)
    return receipt


def _void(actions: Sequence[SentAction], at: datetime) -> list[int]:
    """Void the actions that the source voids; return their IDs."""
    voids = [
        Void(*action.key, action.item.void.reason.strip()) for action in actions if isinstance(action.item, VoidItem)
    ]
    voided = void_all(voids, at=at)
    for action in actions:
        fault = voided.faults.get(action.key)
        if fault:
            action.result.waits_for = action.key[1]
            action.result.refuse(fault)
        else:
            action.result.outcome = UPDATED if action.key in voided.now else DUPLICATE
            voided.now.discard(action.key)  # of duplicates, the first one sent
    return voided.ids


def _receipt(source: Source, delivery: NewDelivery, leads: Sequence[SentLead], *, is_deed: bool) -> Receipt:
    """Create the receipt and keep it with the delivery, with the deed."""
    for lead in leads:
        lead.mark_updated()
    receipt = Receipt(delivery.id, [lead.result for lead in leads], is_test=delivery.is_test, voided=delivery.voided)
    delivery.counts = receipt.counts()
    delivery.answer = zlib.compress(receipt.as_bytes, QUICKLY)
    if is_deed:
        told: dict[str, Any] = {name: count for name, count in delivery.counts.items() if count}
        if delivery.products_added:
            told["products_added"] = delivery.products_added
        # Named without their rows: making a model of a row costs more than storing it.
        touched = [
            reference_to(Delivery, delivery.id),
            *(reference_to(Action, action) for action in delivery.voided),
            reference(source),
        ]
        name = delivery_name(delivery.id)
        delivery.deed = columns_of(DELIVERY_RECEIVED, touched=touched, name=name, by=source, after=told)
    return receipt
