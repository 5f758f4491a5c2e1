"""Received once, never lost: every item of a delivery gets a result, and the raw body is kept."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from leads.domain import held, store
from leads.domain.body import Parcel, Placed, read_parcel
from leads.domain.faults import Fault
from leads.domain.items import ActionItem, VoidItem
from leads.domain.limits import check_items
from leads.domain.periods import assign, cycle_of, mark_unrated
from leads.domain.products import KnownProducts
from leads.domain.receipt import DUPLICATE, UPDATED, Receipt
from leads.domain.sent import SentAction, SentLead, channel_fault, sent_lead
from leads.domain.voiding import Void, void_sent
from leads.models import ActionType, Customer, Delivery, Source

# For compressing answers: half the time of the usual level, and almost as small.
QUICKLY = 1


def receive(source: Source, *, body: bytes, content_type: str, received_at: datetime, name: str = "") -> Receipt:
    """Store what a request holds; raises BodyNotReadable where it holds nothing that could be an item.

    When this returns, everything is committed: stored, known already, or in quarantine with its reason.
    """
    return receive_parcel(
        source, opened(body, content_type), body=body, content_type=content_type, received_at=received_at, name=name
    )


def opened(body: bytes, content_type: str) -> Parcel:
    """What a request holds, unless it is refused as a whole: unreadable, or more than one may hold."""
    parcel = read_parcel(body, content_type)
    check_items([item for _, item in parcel.items])
    return parcel


def receive_items(
    source: Source, *, items: Sequence[Placed], body: bytes, content_type: str, received_at: datetime, name: str = ""
) -> Receipt:
    """The same for items read from `body` already; what a reader of files could not read comes as `Malformed`."""
    return receive_parcel(
        source, Parcel(list(items)), body=body, content_type=content_type, received_at=received_at, name=name
    )


@transaction.atomic
def receive_parcel(
    source: Source,
    parcel: Parcel,
    *,
    body: bytes,
    content_type: str,
    received_at: datetime,
    name: str = "",
    idempotency_key: str = "",
) -> Receipt:
    """Store what a parcel holds, all of it or nothing; whoever calls this inside a transaction commits it."""
    delivery = store.next_delivery_id()
    leads = [sent_lead(placed, received_at=received_at) for placed in parcel.items]
    for lead in leads:
        lead.default_country = source.default_country
    _check_channels(source, leads)
    _find_products(source, leads)
    owners = _store_leads(source, delivery, received_at, leads)
    actions = [action for lead in leads for action in lead.actions if not action.is_refused]
    _store_actions(delivery, [action for action in actions if isinstance(action.item, ActionItem)], owners)
    _void([action for action in actions if isinstance(action.item, VoidItem)], received_at)
    for lead in leads:
        lead.settle()
    held.keep(source, delivery=delivery, received_at=received_at, leads=leads)
    receipt = Receipt(delivery, [lead.result for lead in leads])
    Delivery.objects.create(
        pk=delivery,
        source=source,
        received_at=received_at,
        name=name,
        content_type=content_type[:100],
        body=zlib.compress(body),
        body_size=len(body),
        body_sha256=digest(body),
        batch_id=parcel.batch_id,
        sent_at=parcel.sent_at,
        idempotency_key=idempotency_key,
        answer=zlib.compress(receipt.as_bytes, QUICKLY),
        **receipt.counts(),
    )
    return receipt


def digest(body: bytes) -> str:
    """What tells one body from another."""
    return hashlib.sha256(body).hexdigest()


def _check_channels(source: Source, leads: Iterable[SentLead]) -> None:
    for lead in leads:
        fault = channel_fault(lead.item, source.channel) if lead.item else None
        if fault:
            lead.refuse(fault)


def _find_products(source: Source, leads: Iterable[SentLead]) -> None:
    asking = [(lead, lead.item.product) for lead in leads if lead.item and lead.item.product and not lead.is_refused]
    products = KnownProducts(source, (product for _, product in asking))
    for lead, item in asking:
        found = products.find(item)
        if isinstance(found, Fault):
            lead.refuse(found)
        else:
            lead.product = found


def _store_leads(source: Source, delivery: int, received_at: datetime, leads: Sequence[SentLead]) -> dict[int, int]:
    """Store the new leads and compare the known ones; answers each stored lead's customer."""
    sound = [lead for lead in leads if not lead.is_refused]
    rows = {row.external_id: row for lead in reversed(sound) if (row := lead.row())}  # of equals, the first one sent
    created = store.store_leads(source.pk, delivery, received_at, list(rows.values()))
    known = store.stored_leads(source.pk, [lead.result.id or "" for lead in sound])
    for lead in sound:
        stored = known.get(lead.result.id or "")
        if stored is None:
            lead.refuse(
                Fault("product_missing", "/product", "This lead is not known yet: say which product it is about.")
            )
            continue
        lead.join(stored)
        if lead.product and stored.external_id in created:
            created.discard(stored.external_id)
            lead.stored()
        else:
            lead.compare(stored)
    return {stored.id: stored.customer for stored in known.values()}


def _store_actions(delivery: int, actions: Sequence[SentAction], owners: dict[int, int]) -> None:
    """Store the new actions, each in its billing period, and compare the known ones."""
    sound = _with_known_types(actions)
    customers = Customer.objects.in_bulk({owners[action.lead] for action in sound})
    cycles = {
        place: cycle_of(customers[owners[action.lead]], action.sound.occurred_at) for place, action in enumerate(sound)
    }
    periods = assign(customers, set(cycles.values()))
    first = {action.key: place for place, action in reversed(list(enumerate(sound)))}  # of equals, the first one sent
    rows = [sound[place].row(periods[cycles[place]].pk) for place in first.values()]
    created = store.store_actions(delivery, rows)
    known = store.stored_actions(
        [action.key for place, action in enumerate(sound) if not _is_new(action, place, first, created)]
    )
    for place, action in enumerate(sound):
        if _is_new(action, place, first, created):
            action.stored()
        else:
            action.compare(known[action.key])
    new = {cycles[first[key]] for key in created}
    mark_unrated({periods[cycle].pk: periods[cycle] for cycle in new}.values(), reason="intake")


def _void(actions: Sequence[SentAction], at: datetime) -> None:
    """Take back what the source takes back, where that is still possible."""
    voids = [
        Void(*action.key, action.item.void.reason.strip()) for action in actions if isinstance(action.item, VoidItem)
    ]
    voided = void_sent(voids, at=at)
    for action in actions:
        fault = voided.faults.get(action.key)
        if fault:
            action.result.refused(fault)
        else:
            action.result.outcome = UPDATED if action.key in voided.now else DUPLICATE
            voided.now.discard(action.key)  # of equals, the first one sent


def _is_new(action: SentAction, place: int, first: dict[tuple[int, str], int], created: set[tuple[int, str]]) -> bool:
    return action.key in created and first[action.key] == place


def _with_known_types(actions: Iterable[SentAction]) -> list[SentAction]:
    types = {code.lower(): pk for code, pk in ActionType.objects.values_list("code", "pk")}
    sound = []
    for action in actions:
        wanted = action.sound.type
        if wanted.lower() in types:
            action.action_type = types[wanted.lower()]
            sound.append(action)
        else:
            action.result.refused(Fault("unknown_action_type", "/type", f"No action type has the code {wanted!r}."))
    return sound
