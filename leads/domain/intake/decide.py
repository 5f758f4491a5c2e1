"""Decide the outcome of each sent lead and action: new row, duplicate, conflict or refusal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.domain.early_actions import BEFORE_ITS_LEAD, is_early
from leads.domain.faults import Fault
from leads.domain.identity import in_utc
from leads.domain.intake.assign import PeriodAssignment
from leads.domain.intake.items import SentAction, SentLead
from leads.domain.intake.lookup import Known, StoredAction, StoredLead, implausible, look_up_actions
from leads.domain.intake.products import find_product
from leads.domain.intake.receipt import STORED_OUTCOMES
from leads.domain.intake.rows import NewAction, NewDelivery, NewLead
from leads.domain.intake.schema import ActionItem, VoidItem
from leads.domain.intake.write import next_action_id
from leads.models import Source
from leads.models.revision import in_force_on

Key = tuple[int, str]  # a lead's ID and the external ID of an action


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The rows to store; the outcome of each item is in its result."""

    leads: list[NewLead]
    actions: list[NewAction]
    periods: PeriodAssignment
    early: set[tuple[int, str]]  # actions before their lead
    voids: list[SentAction]

    @property
    def touched(self) -> set[int]:
        """The IDs of the billing periods that get new actions."""
        return {row.period_id for row in self.actions}


def refuse_other_channels(source: Source, leads: Iterable[SentLead], *, received_at: datetime) -> None:
    """Refuse the leads that name another channel than the source had on their own day."""
    naming = [lead for lead in leads if lead.named_channel]
    if not naming:
        return
    revisions = list(source.revisions.all())
    for lead in naming:
        at = (lead.item and lead.item.occurred_at) or received_at
        lead.refuse_other_channel(in_force_on(revisions, in_utc(at).date()).channel)


def decide(
    source: Source,
    delivery: NewDelivery,
    leads: Sequence[SentLead],
    known: Known,
    *,
    earlier: Callable[[Sequence[Key]], Mapping[Key, StoredAction]] | None = None,
) -> Decided:
    """Compare known items, refuse what can't be stored, and create rows for what is new.

    `earlier` finds actions that would be stored by now, if this were not a dry run.
    """
    new_leads = _decide_leads(source, delivery, leads, known)
    actions = [action for lead in leads for action in lead.actions if not action.is_refused]
    periods = PeriodAssignment(known)
    new_actions = _decide_actions(
        delivery,
        [action for action in actions if isinstance(action.item, ActionItem)],
        known,
        periods,
        {row.id: row.occurred_at for row in new_leads},
        earlier,
    )
    return Decided(
        leads=new_leads,
        actions=new_actions,
        periods=periods,
        early={action.key for action in actions if action.result.flags and action.result.outcome in STORED_OUTCOMES},
        voids=[action for action in actions if isinstance(action.item, VoidItem)],
    )


def _decide_leads(source: Source, delivery: NewDelivery, leads: Sequence[SentLead], known: Known) -> list[NewLead]:
    """Compare known leads; return the rows of new ones."""
    rows = _new_leads(source, delivery, leads, known)
    new = {row.external_id for row in rows}
    for lead in leads:
        if lead.is_refused:
            continue
        stored = known.lead_by_id.get(lead.result.id or "")
        if stored is None:
            if not lead.has_refusals:
                lead.result.waits_for = ""
            words = "This lead is not known yet. Name the product it is about."
            lead.refuse(Fault("product_missing", "/product", words))
            continue
        lead.attach_actions(stored)
        if lead.product and stored.external_id in new:
            new.discard(stored.external_id)
            lead.mark_created()
        else:
            lead.compare(stored)
    return rows


def _new_leads(source: Source, delivery: NewDelivery, leads: Iterable[SentLead], known: Known) -> list[NewLead]:
    """Find or refuse each lead's product; return the rows of leads with a new ID, each once."""
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
        if id_ not in known.lead_by_id:  # of duplicates, the first one sent
            item, contact = lead.item, lead.item.contact
            row = NewLead(
                id=next(numbers),
                source_id=source.pk,
                delivery_id=delivery.id,
                received_at=delivery.received_at,
                external_id=id_,
                product_id=product.id,
                name=contact.name,
                email=contact.email,
                person_key=known.stored_as(lead.person),
                phone=contact.phone,
                firm=contact.firm,
                country=contact.country,
                region=contact.region,
                campaign=item.campaign,
                is_test=item.is_test,
                occurred_at=item.occurred_at and in_utc(item.occurred_at),
                consent=item.consent,
                attributes=item.attributes,
            )
            rows.append(row)
            known.lead_by_id[id_] = StoredLead(
                id=row.id,
                external_id=id_,
                product=product.id,
                customer=product.customer_id,
                person_key=row.person_key,
                is_test=row.is_test,
            )
    return rows


def _decide_actions(
    delivery: NewDelivery,
    actions: Sequence[SentAction],
    known: Known,
    periods: PeriodAssignment,
    new_times: Mapping[int, datetime | None],
    earlier: Callable[[Sequence[Key]], Mapping[Key, StoredAction]] | None,
) -> list[NewAction]:
    """Compare known actions; return the rows of new ones, each in its billing period.

    `new_times` are the times of the new leads; known leads keep theirs.
    """
    owners = {lead.id: lead.customer for lead in known.lead_by_id.values()}
    zones = {customer.id: customer.time_zone for customer in known.customers}
    typed = [action for action in actions if _finds_type(action, known)]
    keys = [action.key for action in typed if action.lead not in new_times]
    stored, known_times = look_up_actions(keys)
    if earlier:
        stored |= earlier(keys)
    times = {lead: at for lead, at in {**new_times, **known_times}.items() if at}  # usually none has a time
    rows = dict[tuple[int, str], NewAction]()
    for action in typed:
        key, item = action.key, action.action
        if times and is_early(item.occurred_at, times.get(action.lead)):
            action.result.flags = (BEFORE_ITS_LEAD,)
        if key in stored:
            action.compare(stored[key])
        elif key in rows:  # of duplicates, the first one sent
            _compare_within(action, rows[key])
        elif fault := implausible(known.type_by_number[action.action_type], item, zone=zones[owners[action.lead]]):
            action.result.refuse(fault)
        else:
            rows[key] = NewAction(
                lead_id=action.lead,
                external_id=key[1],
                action_type_id=action.action_type,
                period_id=periods.of(owners[action.lead], item.occurred_at),
                delivery_id=delivery.id,
                occurred_at=in_utc(item.occurred_at),
                quantity=item.quantity,
                value=item.value,
                void_reason="",
                attributes=item.attributes,
            )
            action.mark_created()
    return list(rows.values())


def _compare_within(action: SentAction, first: NewAction) -> None:
    """Compare with an action of the same delivery."""
    action.compare(
        StoredAction(
            id=first.id,
            action_type=first.action_type_id,
            occurred_at=first.occurred_at,
            quantity=first.quantity,
            value=first.value,
        )
    )
    if action.is_refused:
        first.id = first.id or next_action_id()
        action.conflicts_with = first.id


def _finds_type(action: SentAction, known: Known) -> bool:
    wanted = action.action.type
    kind = known.type_by_code.get(wanted.lower())
    action.action_type = kind.id if kind else 0
    if kind is None:
        action.result.refuse(Fault("unknown_action_type", "/type", f"No action type has the code {wanted!r}."))
    return kind is not None
