"""Preview a mapping on pasted records: what it finds, what would be stored, and what would be refused and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from leads.domain.body.decode import as_json
from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Malformed
from leads.domain.intake.decide import decide, refuse_other_channels
from leads.domain.intake.items import SentLead
from leads.domain.intake.lookup import look_up
from leads.domain.intake.products import named_product
from leads.domain.intake.read import read_leads
from leads.domain.intake.receipt import DUPLICATE, HELD
from leads.domain.intake.rows import no_delivery
from leads.domain.mapping.language.converter import HAS_NO_MATCH, Converter, Found
from leads.domain.mapping.language.finds import finds
from leads.domain.mapping.language.read import DocumentNotValid, Mistake, read_document
from leads.models import Source

SHOWN = 20  # leads


@dataclass(frozen=True, slots=True)
class PreviewedLead:
    """A lead as it would be stored, or a record as it is, with what would be refused."""

    place: str
    content: Any
    faults: list[Fault]
    is_lead: bool
    is_known: bool  # it is stored already, just so

    @property
    def is_other(self) -> bool:
        """Whether the mapping's condition leaves the record to other mappings."""
        return any(fault.code == HAS_NO_MATCH for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mapping does with some records."""

    records: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    finds: dict[str, Any] = field(default_factory=dict)  # by field: what its expression finds first
    leads: list[PreviewedLead] = field(default_factory=list)

    @property
    def shown(self) -> list[PreviewedLead]:
        """The first leads, those with faults before the others."""
        return sorted(self.leads, key=lambda lead: not lead.faults or lead.is_other)[:SHOWN]

    @property
    def refused(self) -> int:
        """How many leads would go to quarantine, or have an action that would."""
        return sum(bool(lead.faults) and not lead.is_other for lead in self.leads)


def preview(document: Any, records: Sequence[Placed], *, source: Source | None, at: datetime) -> Preview:
    """Try an unsaved document on records; nothing is stored. Without a source, products and types are not looked up."""
    try:
        read = read_document(document)
    except DocumentNotValid as error:
        return Preview(len(records), mistakes=error.mistakes)
    converter = Converter([read])
    placed = [lead for record in records for lead in converter.convert(record.item, place=record.pointer)]
    first: dict[str, Any] = {}
    for record in records:
        if isinstance(record.item, dict):
            first |= {
                pointer: value
                for pointer, value in finds(read, record.item).items()
                if value not in (None, "") and pointer not in first
            }
    return Preview(len(records), [], converter.found, first, _previewed(placed, source, at))


def _previewed(placed: Sequence[Placed], source: Source | None, at: datetime) -> list[PreviewedLead]:
    leads = read_leads(placed, received_at=at, default_country=source.default_country if source else "")
    if source is not None:
        _foresee(source, leads, at)
    return [_lead(one.item, lead) for one, lead in zip(placed, leads, strict=True)]


def _foresee(source: Source, leads: Sequence[SentLead], at: datetime) -> None:
    """Decide as intake would, and store nothing."""
    refuse_other_channels(source, leads, received_at=at)
    readable = [lead for lead in leads if lead.item and not lead.is_refused]
    products = [named_product(lead.item.product) for lead in readable if lead.item and lead.item.product]
    known = look_up(source, products=products, leads=[lead.result.id or "" for lead in readable])
    decide(source, no_delivery(source, received_at=at), leads, known)
    if source.new_products == Source.NewProducts.CREATE:
        for lead in leads:
            if lead.result.fault and lead.result.fault.code == "unknown_product":
                lead.result.fault = None


def _lead(item: Any, lead: SentLead) -> PreviewedLead:
    results = [lead.result, *(action.result for action in lead.actions)]
    faults = [
        one.fault._replace(pointer=(one.pointer + one.fault.pointer).removeprefix(lead.result.pointer))
        for one in results
        if one.fault and one.fault.code != HELD.code
    ]
    content = item.content if isinstance(item, Malformed) else item
    is_known = lead.result.outcome == DUPLICATE and not faults
    return PreviewedLead(lead.result.pointer, content, faults, not isinstance(item, Malformed), is_known)


def as_text(content: Any) -> str:
    """Write a lead or a record as indented JSON, with the digits of its numbers."""
    return msgspec.json.format(as_json(content), indent=2)
