"""Preview a mapping on pasted records: what it finds, what would be stored, and what would be refused and why.

The preview is the dry run of these records.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from leads.domain.body.decode import as_json
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.faults import Fault, Malformed
from leads.domain.hooks.kinds.registry import KINDS
from leads.domain.imports.dry_run.run import DryRun
from leads.domain.intake.read import read_leads
from leads.domain.intake.receipt import DUPLICATE, HELD, Result
from leads.domain.mapping.language.converter import HAS_NO_MATCH, Converter, Found
from leads.domain.mapping.language.finds import finds
from leads.domain.mapping.language.read import DocumentNotValid, Mistake, read_document
from leads.domain.mapping.webhooks import leads_of
from leads.models import Source

SHOWN = 20  # leads


@dataclass(frozen=True, slots=True)
class PreviewedLead:
    """A lead as it would be stored, or a record as it is, with what would be refused."""

    content: Any
    faults: list[Fault]
    result: Result  # that the dry run gives it; without an outcome as long as there is no source
    is_lead: bool

    @property
    def place(self) -> str:
        """Where it was found in the sample."""
        return self.result.pointer

    @property
    def is_known(self) -> bool:
        """Whether it is stored already, just so."""
        return self.result.outcome == DUPLICATE and not self.faults

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


def preview(
    document: Any, records: Sequence[Placed], *, source: Source | None, at: datetime, door: str = ""
) -> Preview:
    """Try an unsaved document on records of a door, as `sample_records` returns them; nothing is stored.

    Without a source, products and types are not looked up.
    """
    try:
        read = read_document(document)
    except DocumentNotValid as error:
        return Preview(len(records), mistakes=error.mistakes)
    converter = Converter([read])
    placed = [lead for record in records for lead in converted(converter, record, door=door)]
    first: dict[str, Any] = {}
    for record in records:
        if isinstance(record.item, dict):
            first |= {
                pointer: value
                for pointer, value in finds(read, record.item).items()
                if value not in (None, "") and pointer not in first
            }
    return Preview(len(records), [], converter.found, first, _previewed(placed, source, at))


def converted(converter: Converter, record: Placed, *, door: str) -> list[Placed]:
    """Convert a record as its door would."""
    return leads_of(converter, record) if door in KINDS else converter.convert(record.item, place=record.pointer)


def _previewed(placed: Sequence[Placed], source: Source | None, at: datetime) -> list[PreviewedLead]:
    if source is None:
        results = [lead.result for lead in read_leads(placed, received_at=at)]
    else:
        results = DryRun(source, at=at).results(Parcel(list(placed)))
    return [_lead(one.item, result) for one, result in zip(placed, results, strict=True)]


def _lead(item: Any, result: Result) -> PreviewedLead:
    faults = [
        one.fault._replace(pointer=(one.pointer + one.fault.pointer).removeprefix(result.pointer))
        for one in (result, *result.actions)
        if one.fault and one.fault.code != HELD.code
    ]
    content = item.content if isinstance(item, Malformed) else item
    return PreviewedLead(content, faults, result, is_lead=not isinstance(item, Malformed))


def as_text(content: Any) -> str:
    """Write a lead or a record as indented JSON, with the digits of its numbers."""
    return msgspec.json.format(as_json(content), indent=2)
