"""A source that takes files, and files for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from leads.domain.imports.queue import FILE_IMPORTS
from leads.domain.imports.steps import start_dry_run, start_import
from leads.domain.imports.upload import upload
from leads.models import FileImport, Source
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.factories.people import UserFactory

NOVEMBER_3 = datetime(2026, 11, 3, 12, tzinfo=UTC)
MAPPING: dict[str, Any] = {
    "fields": {"id": "Lead", "product.sku": "SKU", "contact.email": "Mail"},
    "actions": [{"fields": {"id": "Action", "type": "Type", "occurred_at": "When"}}],
}
WITH_VOIDS = MAPPING | {
    "actions": [
        MAPPING["actions"][0] | {"when": "Type != 'void'"},
        {"when": "Type == 'void'", "fields": {"id": "Action", "void.reason": "When"}},
    ]
}
HEAD = "Lead,SKU,Mail,Action,Type,When"


def a_source(document: dict[str, Any] | None = None) -> Source:
    """A source whose leads are about one product of one customer."""
    ActionTypeFactory.create(code="sample_order")
    customer = CustomerFactory.create(code="ACME")
    ProductFactory.create(sku="TILE", customer=customer)
    source = SourceFactory.create(code="fair", customer=customer)
    SourceMappingFactory.create(source=source, document=document or MAPPING)
    return source


def row(number: int, *, sku: str = "TILE", type: str = "sample_order", when: str = "2026-10-05T10:00:00Z") -> str:  # noqa: A002 -- as the column
    """A row with one lead and its action."""
    return f"L-{number},{sku},p{number}@example.com,A-{number},{type},{when}"


def table(*rows: str) -> str:
    return "\n".join((HEAD, *rows)) + "\n"


def uploaded(
    folder: Path, content: str | bytes, *, source: Source, by: User | None = None, name: str = "fair.csv"
) -> FileImport:
    """The file as a person uploads it."""
    path = folder / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return upload(path, name=name, source=source, by=by or UserFactory.create(), at=NOVEMBER_3)


def worked(item: FileImport) -> FileImport:
    """The import once the workers have done what was asked for."""
    while FILE_IMPORTS.work(item.pk, at=NOVEMBER_3):
        pass
    item.refresh_from_db()
    return item


def tried(item: FileImport) -> FileImport:
    start_dry_run(item, by=item.uploaded_by)
    return worked(item)


def imported(item: FileImport) -> FileImport:
    """The import after its dry run, and stored."""
    tried(item)
    start_import(item, by=item.uploaded_by, at=NOVEMBER_3)
    return worked(item)


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in told["counts"].items() if count}


def told_faults(told: dict[str, Any]) -> list[tuple[str, str, int, list[str]]]:
    return [(each["code"], each["field"], each["count"], each["places"]) for each in told["faults"]]
