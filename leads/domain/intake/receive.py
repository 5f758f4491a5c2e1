"""Received once, never lost: every item of a delivery gets a result, and the raw body is kept."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from billing_engine.core import log_context
from leads.domain.early_actions import BEFORE_ITS_LEAD, is_early, keep_early
from leads.domain.faults import Fault
from leads.domain.intake import keep_refused
from leads.domain.intake.decide import SentAction, SentLead, channel_fault, sent_lead
from leads.domain.intake.fast_path import are_plain
from leads.domain.intake.lookup import Known, look
from leads.domain.intake.parse import Lines, Parcel, Placed, is_lines, read_parcel
from leads.domain.intake.plausibility import implausible
from leads.domain.intake.receipt import DUPLICATE, NEWS, UPDATED, Receipt
from leads.domain.intake.rows import NewAction, NewLead, StoredLead
from leads.domain.intake.schema import ActionItem, VoidItem
from leads.domain.intake.write import Overtaken, next_action_id, overtaken, store, store_delivery, stored_actions
from leads.domain.limits import check_items, check_values
from leads.domain.periods import Periods
from leads.domain.products import add_products, find_product
from leads.domain.voiding import Void, void_sent
from leads.models import Delivery, Source

# Mostly somebody else has stored some of it each time, so that less is left. Who is overtaken more often than this
# hears that the server is busy, and sends it again.
LOOKS = 10
# For compressing: a third of the usual level's time, a fifth more bytes.
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
    check_values(body, is_lines=is_lines(content_type))
    parcel = read_parcel(body, content_type)
    check_items([item for _, item in parcel.items])
    return parcel


def receive_items(
    source: Source,
    *,
    items: Sequence[Placed],
    body: bytes,
    content_type: str,
    received_at: datetime,
    name: str = "",
    lines: Lines | None = None,
) -> Receipt:
    """The same for items read from `body` already; what a reader of files could not read comes as `Malformed`."""
    return receive_parcel(
        source,
        Parcel(list(items), lines=lines or Lines()),
        body=body,
        content_type=content_type,
        received_at=received_at,
        name=name,
    )


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
    """Store what a parcel holds, all of it or nothing; whoever calls this inside a transaction commits it.

    Raises OperationalError where it was overtaken again and again.
    """
    delivery = Delivery(
        source=source,
        received_at=received_at,
        name=name[:200],
        content_type=content_type[:100],
        body=zlib.compress(body, QUICKLY),
        body_size=len(body),
        body_sha256=digest(body),
        batch_id=parcel.batch_id,
        sent_at=parcel.sent_at,
        idempotency_key=idempotency_key,
        lines_read=parcel.lines.read,
        lines_taken=parcel.lines.taken,
        lines_blank=parcel.lines.blank,
        lines_refused=parcel.lines.refused,
    )
    plain = are_plain([item for _, item in parcel.items]) if parcel.plain is None else parcel.plain
    for _ in range(LOOKS):
        try:
            receipt = _receive(source, delivery, parcel.items, plain=plain)
        except Overtaken:
            continue
        log_context.follow(delivery=receipt.delivery_id)
        return receipt
    raise OperationalError("Other deliveries were faster again and again.")


def digest(body: bytes) -> str:
    """What tells one body from another."""
    return hashlib.sha256(body).hexdigest()


def _receive(source: Source, delivery: Delivery, items: Sequence[Placed], *, plain: bool) -> Receipt:
    """Look, decide, store: what has changed between the look and the storing raises Overtaken, and nothing is stored."""
    leads = [
        sent_lead(placed, received_at=delivery.received_at, plain=plain, default_country=source.default_country)
        for placed in items
    ]
    _check_channels(source, leads)
    known = _known(source, leads)
    delivery.pk = known.delivery
    new_leads = _sort_leads(source, delivery, leads, known)
    actions = [action for lead in leads for action in lead.actions if not action.is_refused]
    times = {row.id: row.occurred_at for row in new_leads}
    new_actions, periods = _sort_actions(
        delivery, [action for action in actions if isinstance(action.item, ActionItem)], known, times
    )
    if periods.open_missing():
        raise Overtaken
    voids = [action for action in actions if isinstance(action.item, VoidItem)]
    touched = {row.period_id for row in new_actions}
    early = {action.key for action in actions if action.result.flags and action.result.outcome in NEWS}
    if not (voids or early) and not any(lead.has_refusals for lead in leads):
        receipt = _settle(delivery, leads)
        store(leads=new_leads, actions=new_actions, periods=touched, delivery=delivery)
        return receipt
    with overtaken(), transaction.atomic():
        store(leads=new_leads, actions=new_actions, periods=touched)
        keep_early(early)
        _void(voids, delivery.received_at)
        keep_refused.keep(source, delivery=delivery.pk, received_at=delivery.received_at, leads=leads)
        receipt = _settle(delivery, leads)
        store_delivery(delivery)
    return receipt


def _settle(delivery: Delivery, leads: Sequence[SentLead]) -> Receipt:
    """The receipt, and the delivery that keeps it."""
    for lead in leads:
        lead.settle()
    receipt = Receipt(delivery.pk, [lead.result for lead in leads])
    for name, count in receipt.counts().items():
        setattr(delivery, name, count)
    delivery.answer = zlib.compress(receipt.as_bytes, QUICKLY)
    return receipt


def _check_channels(source: Source, leads: Iterable[SentLead]) -> None:
    for lead in leads:
        fault = channel_fault(lead.item, source.channel) if lead.item else None
        if fault:
            lead.refuse(fault)


def _known(source: Source, leads: Sequence[SentLead]) -> Known:
    """What the items refer to, with the products that the source may add."""
    sound = [lead for lead in leads if lead.item and not lead.is_refused]
    products = [lead.item.product for lead in sound if lead.item and lead.item.product]
    ids = [lead.result.id or "" for lead in sound]
    found = look(source, products=products, leads=ids)
    return look(source, products=products, leads=ids) if add_products(source, products, found) else found


def _sort_leads(source: Source, delivery: Delivery, leads: Sequence[SentLead], known: Known) -> list[NewLead]:
    """Compare the known ones; answers the rows of the new ones."""
    rows = _new_leads(source, delivery, leads, known)
    new = {row.external_id for row in rows}
    for lead in leads:
        if lead.is_refused:
            continue
        stored = known.lead_by_id.get(lead.result.id or "")
        if stored is None:
            words = "This lead is not known yet: say which product it is about."
            lead.refuse(Fault("product_missing", "/product", words))
            continue
        lead.join(stored)
        if lead.product and stored.external_id in new:
            new.discard(stored.external_id)
            lead.stored()
        else:
            lead.compare(stored)
    return rows


def _new_leads(source: Source, delivery: Delivery, leads: Iterable[SentLead], known: Known) -> list[NewLead]:
    """The rows of those whose id is new, each once; what they say of their product is found or refused."""
    numbers = iter(known.lead_ids)
    rows = list[NewLead]()
    for lead in leads:
        if lead.is_refused or lead.item is None or lead.item.product is None:
            continue
        product = find_product(source, lead.item.product, known)
        if isinstance(product, Fault):
            lead.refuse(product)
            continue
        lead.product = product
        id_ = lead.result.id or ""
        if id_ not in known.lead_by_id:  # of equals, the first one sent
            row = lead.row(
                next(numbers),
                product=product.pk,
                source=source.pk,
                delivery=delivery.pk,
                received_at=delivery.received_at,
            )
            rows.append(row)
            known.lead_by_id[id_] = StoredLead(
                row.id, id_, product.pk, product.customer_id, row.person_key, row.is_test
            )
    return rows


def _sort_actions(
    delivery: Delivery, actions: Sequence[SentAction], known: Known, times: Mapping[int, datetime | None]
) -> tuple[list[NewAction], Periods]:
    """Compare the known ones; answers the rows of the new ones, each in its billing period.

    `times` are those of the new leads; one that is known keeps its own.
    """
    new_leads = set(known.lead_ids)
    owners = {lead.id: lead.customer for lead in known.lead_by_id.values()}
    sound = [action for action in actions if _finds_type(action, known)]
    stored, known_times = stored_actions([action.key for action in sound if action.lead not in new_leads])
    times = {lead: at for lead, at in {**times, **known_times}.items() if at}  # mostly none has one
    periods = Periods(known)
    rows = dict[tuple[int, str], NewAction]()
    for action in sound:
        key = action.key
        if times and is_early(action.sound.occurred_at, times.get(action.lead)):
            action.result.flags = (BEFORE_ITS_LEAD,)
        if key in stored:
            action.compare(stored[key])
        elif key in rows:  # of equals, the first one sent
            _compare_within(action, rows[key])
        elif fault := implausible(action.sound, known.type_by_number[action.action_type]):
            action.result.refused(fault)
        else:
            period = periods.of(owners[action.lead], action.sound.occurred_at)
            rows[key] = action.row(period=period, delivery=delivery.pk)
            action.stored()
    return list(rows.values()), periods


def _compare_within(action: SentAction, first: NewAction) -> None:
    """Both came in the same delivery."""
    action.compare(first.as_stored())
    if action.is_refused:
        first.id = first.id or next_action_id()
        action.conflicts_with = first.id


def _finds_type(action: SentAction, known: Known) -> bool:
    wanted = action.sound.type
    kind = known.type_by_code.get(wanted.lower())
    action.action_type = kind.pk if kind else 0
    if kind is None:
        action.result.refused(Fault("unknown_action_type", "/type", f"No action type has the code {wanted!r}."))
    return kind is not None


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
