"""Tell what `receive` would answer, and store nothing.

The parts of a file follow each other: what an earlier part would have stored counts as stored for the later ones.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from leads.domain.body.decode import is_plain
from leads.domain.body.parcel import Parcel
from leads.domain.imports.dry_run.remembered import Key, OnDisk, Remembered
from leads.domain.intake.decide import Decided, decide, refuse_other_channels
from leads.domain.intake.items import SentAction, SentLead
from leads.domain.intake.lookup import (
    Known,
    KnownCustomer,
    KnownProduct,
    StoredAction,
    StoredLead,
    look_up,
    look_up_actions,
)
from leads.domain.intake.products import missing_products, named_product
from leads.domain.intake.read import read_leads
from leads.domain.intake.receipt import DUPLICATE, UPDATED, Result
from leads.domain.intake.rows import no_delivery
from leads.domain.intake.schema import ProductItem
from leads.domain.voiding import UNKNOWN_ACTION
from leads.models import Action, Source


class DryRun:
    """Reads parcels in order, as if each were stored."""

    def __init__(self, source: Source, *, at: datetime) -> None:
        self._source, self._at = source, at
        on_disk = OnDisk()
        self._leads = Remembered[StoredLead](on_disk, "lead", StoredLead)
        self._actions = Remembered[StoredAction](on_disk, "action", StoredAction)
        self._voided = Remembered[bool](on_disk, "void", bool)
        self._products = Remembered[list[KnownProduct]](on_disk, "product", list[KnownProduct])
        self._customers = dict[int, KnownCustomer]()
        self._products_added = 0

    def results(self, parcel: Parcel) -> list[Result]:
        """Return the result that each lead of the parcel would get."""
        plain = is_plain([item for _, item in parcel.items]) if parcel.plain is None else parcel.plain
        source = self._source
        leads = read_leads(parcel.items, received_at=self._at, plain=plain, default_country=source.default_country)
        refuse_other_channels(source, leads, received_at=self._at)
        known = self._look_up(leads)
        decided = decide(
            source,
            no_delivery(source, received_at=self._at, number=known.delivery),
            leads,
            known,
            earlier=self._actions.find,
        )
        self._remember(decided, known)
        self._void(decided)
        for lead in leads:
            lead.mark_updated()
        return [lead.result for lead in leads]

    def _look_up(self, leads: Sequence[SentLead]) -> Known:
        """Look up what is stored, and add what earlier parts would have stored."""
        readable = [lead for lead in leads if lead.item and not lead.is_refused]
        items = [lead.item.product for lead in readable if lead.item and lead.item.product]
        ids = [lead.result.id or "" for lead in readable]
        known = look_up(self._source, products=[named_product(item) for item in items], leads=ids)
        again = {id_: lead for (_, id_), lead in self._leads.find(_keys(ids)).items()}
        known.lead_by_id.update(again)
        there = {customer.id for customer in known.customers}
        known.customers += [self._customers[id_] for id_ in {lead.customer for lead in again.values()} - there]
        self._add_products(items, known)
        return known

    def _add_products(self, items: Sequence[ProductItem], known: Known) -> None:
        """Add the products that would be added now, or would have been by an earlier part."""
        added = self._products.find(_keys(named_product(item).sku for item in items))
        for (_, sku), products in added.items():
            known.products_by_sku[sku] += products
        missing = missing_products(self._source, items, known)
        for customer, sku in missing:
            self._products_added += 1
            product = KnownProduct(id=-self._products_added, customer_id=customer, sku=sku)
            known.products_by_sku[sku].append(product)
            added.setdefault((0, sku), []).append(product)
        if missing:
            self._products.add({(0, sku): added[0, sku] for _, sku in missing})

    def _void(self, decided: Decided) -> None:
        """Give each void the result that it would get."""
        voids = decided.voids
        if not voids:
            return
        keys = [action.key for action in voids]
        stored = {*look_up_actions(keys).actions, *self._actions.find(keys)}
        voided, now = {*self._voided.find(keys), *_voided_before(voids)}, dict[Key, bool]()
        for action in voids:
            if action.key not in stored:
                action.result.refuse(UNKNOWN_ACTION)
                continue
            action.result.outcome = DUPLICATE if action.key in voided else UPDATED
            voided.add(action.key)
            now[action.key] = True
        self._voided.add(now)

    def _remember(self, decided: Decided, known: Known) -> None:
        self._leads.add({(0, row.external_id): known.lead_by_id[row.external_id] for row in decided.leads})
        self._customers.update({customer.id: customer for customer in known.customers})
        self._actions.add(
            {
                (action.lead_id, action.external_id): StoredAction(
                    id=None,
                    action_type=action.action_type_id,
                    occurred_at=action.occurred_at,
                    quantity=action.quantity,
                    value=action.value,
                )
                for action in decided.actions
            }
        )


def _keys(ids: Iterable[str]) -> list[Key]:
    return [(0, id_) for id_ in ids]


def _voided_before(voids: Sequence[SentAction]) -> set[Key]:
    keys = {action.key for action in voids}
    found = Action.objects.filter(lead__in={lead for lead, _ in keys}, external_id__in={id_ for _, id_ in keys})
    return {key for key in found.exclude(voided_at=None).values_list("lead_id", "external_id") if key in keys}
