"""Received once, never lost: every item of a delivery gets a result, and the raw body is kept."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from leads.domain import held, store
from leads.domain.items import Fault, Placed, read_body
from leads.domain.periods import Cycle, assign, cycle_of, mark_unrated
from leads.domain.products import KnownProducts
from leads.domain.receipt import CREATED, Receipt
from leads.domain.sent import SentAction, SentLead, sent_lead
from leads.models import ActionType, BillingPeriod, Customer, Delivery, Source


def receive(source: Source, *, body: bytes, content_type: str, received_at: datetime, name: str = "") -> Receipt:
    """Store what a request holds; raises BodyNotReadable where it holds nothing that could be an item.

    When this returns, everything is committed: stored, known already, or in quarantine with its reason.
    """
    return receive_items(
        source, items=read_body(body), body=body, content_type=content_type, received_at=received_at, name=name
    )


@transaction.atomic
def receive_items(
    source: Source, *, items: Sequence[Placed], body: bytes, content_type: str, received_at: datetime, name: str = ""
) -> Receipt:
    """The same for items read from `body` already; what a reader of files could not read comes as `Malformed`."""
    delivery = store.next_delivery_id()
    leads = [sent_lead(placed, received_at=received_at) for placed in items]
    for lead in leads:
        lead.default_country = source.default_country
    _find_products(source, leads)
    owners = _store_leads(source, delivery, received_at, leads)
    actions = [action for lead in leads for action in lead.actions if not action.is_refused]
    _store_actions(delivery, actions, owners)
    for lead in leads:
        lead.settle()
    receipt = Receipt(delivery, [lead.result for lead in leads])
    Delivery.objects.create(
        pk=delivery,
        source=source,
        received_at=received_at,
        name=name,
        content_type=content_type[:100],
        body=zlib.compress(body),
        body_size=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
        **receipt.counts(),
    )
    held.keep(source, delivery=delivery, received_at=received_at, leads=leads)
    return receipt


def _find_products(source: Source, leads: Iterable[SentLead]) -> None:
    asking = [(lead, lead.item.product) for lead in leads if lead.item and lead.item.product]
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
        for action in lead.actions:
            action.lead = stored.id
        if lead.product and stored.external_id in created:
            created.discard(stored.external_id)
            lead.result.outcome = CREATED
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
            action.result.outcome = CREATED
        else:
            action.compare(known[action.key])
    _mark(sound, cycles, periods)


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


def _mark(actions: Sequence[SentAction], cycles: dict[int, Cycle], periods: dict[Cycle, BillingPeriod]) -> None:
    new = {cycles[place] for place, action in enumerate(actions) if action.result.outcome == CREATED}
    touched = {period.pk: period for period in (periods[cycle] for cycle in new)}
    mark_unrated(touched.values(), reason="intake")
