"""Tell what `receive` would answer, and store nothing.

The parts of a file follow each other: what an earlier part would have stored counts as stored for the later ones.
"""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic

from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from leads.domain.body.decode import is_plain
from leads.domain.body.parcel import Parcel
from leads.domain.imports.content import opened, progress_in
from leads.domain.imports.faulty import faults_on_disk
from leads.domain.imports.kept_files import forget
from leads.domain.imports.tally import Tally
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
from leads.domain.intake.receipt import DUPLICATE, UPDATED, Receipt, Result
from leads.domain.intake.rows import no_delivery
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.mappings import sample_faults
from leads.domain.voiding import UNKNOWN_ACTION
from leads.models import Action, FileImport, Source

REMEMBERED = 500_000  # leads, and as many actions: about 300 MB; later ones count as new even if they repeat


class DryRun:
    """Reads parcels in order, as if each were stored."""

    def __init__(self, source: Source, *, at: datetime) -> None:
        self._source, self._at = source, at
        self._leads = dict[str, StoredLead]()
        self._actions = dict[tuple[int, str], StoredAction]()
        self._voided = set[tuple[int, str]]()
        self._customers = dict[int, KnownCustomer]()
        self._products = dict[tuple[int, str], KnownProduct]()
        self.remembers_all = True

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
            earlier=self._actions,
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
        again = {id_: self._leads[id_] for id_ in ids if id_ in self._leads}
        known.lead_by_id.update(again)
        there = {customer.id for customer in known.customers}
        known.customers += [self._customers[id_] for id_ in {lead.customer for lead in again.values()} - there]
        there = {product.id for product in known.products}
        for product in self._products.values():
            if product.id not in there:
                known.products_by_sku[product.sku].append(product)
        for customer, sku in missing_products(self._source, items, known):
            added = KnownProduct(id=-len(self._products) - 1, customer_id=customer, sku=sku)
            self._products[customer, sku] = added
            known.products_by_sku[sku].append(added)
        return known

    def _void(self, decided: Decided) -> None:
        """Give each void the result that it would get."""
        voids = decided.voids
        if not voids:
            return
        stored = set(look_up_actions([action.key for action in voids]).actions) | set(self._actions)
        stored.update((row.lead_id, row.external_id) for row in decided.actions)
        voided = self._voided | _voided_before(voids)
        for action in voids:
            if action.key not in stored:
                action.result.refuse(UNKNOWN_ACTION)
                continue
            action.result.outcome = DUPLICATE if action.key in voided else UPDATED
            voided.add(action.key)
            self._voided.add(action.key)

    def _remember(self, decided: Decided, known: Known) -> None:
        if len(self._leads) > REMEMBERED or len(self._actions) > REMEMBERED:
            self.remembers_all = False
            return
        for row in decided.leads:
            self._leads[row.external_id] = known.lead_by_id[row.external_id]
        self._customers.update({customer.id: customer for customer in known.customers})
        for action in decided.actions:
            self._actions[action.lead_id, action.external_id] = StoredAction(
                id=None,
                action_type=action.action_type_id,
                occurred_at=action.occurred_at,
                quantity=action.quantity,
                value=action.value,
            )


def _voided_before(voids: Sequence[SentAction]) -> set[tuple[int, str]]:
    keys = {action.key for action in voids}
    found = Action.objects.filter(lead__in={lead for lead, _ in keys}, external_id__in={id_ for _, id_ in keys})
    return {key for key in found.exclude(voided_at=None).values_list("lead_id", "external_id") if key in keys}


SECONDS_BETWEEN_COUNTS = 1
SECONDS_AT_MOST = 25 * 60  # before the worker's own time limit

FORGETS = "The file has so many leads that some that repeat are counted as new."


class DryRunTooLong(Refused):
    """A dry run has a time limit."""

    code = "dry_run_too_long"
    message = f"The dry run was stopped after {SECONDS_AT_MOST // 60} minutes. Split the file into smaller ones."


def rehearse(item: FileImport, *, at: datetime) -> bool:
    """Read all of the file as if it were stored, and keep what was found. Raises FileNotReadable or DryRunTooLong."""
    tally, run, began = Tally(), DryRun(item.source, at=at), monotonic()
    told_at = began
    with opened(item) as file, faults_on_disk() as faults:
        for part in file.parts():
            results = run.results(Parcel(part.items, lines=part.lines))
            faults.add(part.items, results)
            tally.add(part.items, results, counts=Receipt(0, results).counts(), lines=part.lines)
            if monotonic() - told_at > SECONDS_BETWEEN_COUNTS:
                told_at = monotonic()
                if not _progress(item, progress_in(file, part)):
                    return False
            if monotonic() - began > SECONDS_AT_MOST:
                raise DryRunTooLong
        notices, faulty_as = file.notices.in_words(), faults.keep_rows_of(item)
        notices += never_found(file.converter)
    if not run.remembers_all:
        notices.append(FORGETS)
    if not _finish(item, tally, notices, faulty_as):
        forget(faulty_as)
    return False


def never_found(converter: Converter | None) -> list[str]:
    """Name the expressions of the mapping that found nothing in any row."""
    return [fault.words for fault in sample_faults(converter.found)] if converter else []


def _progress(item: FileImport, percent: int) -> bool:
    """Note how far it has come; return whether it is still wanted."""
    running = FileImport.objects.filter(pk=item.pk, state=FileImport.State.DRY_RUNNING)
    return bool(running.update(percent=percent))


@transaction.atomic
def _finish(item: FileImport, tally: Tally, notices: list[str], faulty_as: str) -> bool:
    """Note what was found; return False if the dry run was stopped."""
    found = FileImport.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if found.state != FileImport.State.DRY_RUNNING:  # stopped
        return False
    before = values_of(found)
    found.dry_run = {**tally.as_json(), "notices": notices}
    found.state, found.attempts, found.message = FileImport.State.READY, 0, ""
    found.faulty_as = faulty_as
    save_changes(found, since=before)
    return True
