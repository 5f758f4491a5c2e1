"""A marker person goes in everywhere, is erased, and is then nowhere: no table, body, export, webhook, log or archive."""

import gzip
import json
import logging
import re
import zlib
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from billing_engine.core.outside.objects import archive
from leads.domain.archive.moving import ARCHIVE_RUNS, remove_what_leaves, start_archiving
from leads.domain.credentials.api_keys import create_key
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from leads.domain.quarantine.settle import repair
from leads.models import BillingPeriod, Lead, QuarantinedItem, Source
from pricing.domain.audit.prove import prove
from receivables.domain.disputes.conversation import answer, ask_for_evidence
from receivables.domain.disputes.deciding import decide
from receivables.domain.disputes.evidence import Evidence
from receivables.models import Dispute, DisputeFile
from reports.domain.exports.ask import ask
from reports.domain.exports.write import EXPORTS
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.factories.people import superuser
from tests.invoices.made import a_price, billed, issued, printed
from tests.leads.people.conftest import MAPPING, MARKER, OTHER, lead, sent
from tests.receivables.disputes.made import CONTACT, a_dispute
from tests.receivables.webhooks.made import an_endpoint

pytestmark = pytest.mark.django_db

MARKS = re.compile(rb"mara\b|kerzinski|marker\.example|415.{0,3}555.{0,3}0123", re.IGNORECASE)
NEVER = (
    "core_deed",
    "receivables_webhookevent",
    "receivables_webhookdelivery",
    "reports_exportpart",
    "invoices_invoicemail",
)
IN_OCTOBER = datetime(2026, 10, 20, 12, tzinfo=UTC)
NOVEMBER_10 = datetime(2026, 11, 10, 12, tzinfo=UTC)
NOVEMBER_20 = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAFF = {"name": "Stan", "email": "stan@staff.example"}
SAID = {
    "consent": {"words": "I, Mara Kerzinski, agree", "ip": "203.0.113.9"},
    "attributes": {"note": "Ask for Mara", "shoe": 41},
}
FIRST = json.dumps({"leads": [lead("L-1", **SAID), lead("L-2", contact=OTHER), lead("L-3", contact=STAFF)]})
COLUMNS = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"


def tables() -> dict[str, bytes]:
    """Every table as text, with each column of bytes also unpacked."""
    found = dict[str, bytes]()
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        columns = cursor.fetchall()
        for name in sorted({table for table, _, _ in columns}):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM \"{name}\" t")
            found[name] = cursor.fetchone()[0].encode()
        for table, column, kind in columns:
            if kind == "bytea":
                cursor.execute(f'SELECT "{column}" FROM "{table}"')
                found[table] += b"\n".join(unpacked(bytes(value)) for (value,) in cursor.fetchall() if value)
    return found


def unpacked(value: bytes) -> bytes:
    try:
        return value + zlib.decompress(value)
    except zlib.error:
        return value


def naming(found: dict[str, bytes]) -> list[str]:
    """The tables that name the marker."""
    return [name for name, text in found.items() if MARKS.search(text)]


@pytest.fixture
def frank(db: None) -> User:
    return superuser()


@pytest.fixture
def source(db: None) -> Source:
    ActionTypeFactory.create(code="sample_order")
    customer = CustomerFactory.create(code="ACME", excluded_domains=["staff.example"])
    ProductFactory.create(sku="TILE", customer=customer)
    a_price("2.505", once_per="person", once_days=30)
    source = SourceFactory.create(code="web")
    SourceMappingFactory.create(source=source, document=MAPPING)
    return source


def deliver(client: Client, key: str, body: bytes, kind: str = "application/json", **headers: str) -> Any:
    return client.post("/api/v1/deliveries", body, kind, headers={"Authorization": f"Bearer {key}", **headers})


def everywhere(source: Source, client: Client, folder: Path, frank: User) -> tuple[Dispute, Any]:
    """Bring the marker in by every way, bill it, and dispute it."""
    an_endpoint("https://books.example/hook")
    key = create_key(source)[1]
    answers = [
        deliver(client, key, FIRST.encode(), **{"Idempotency-Key": "k-1"}),
        deliver(client, key, gzip.compress(sent(lead("L-4"))), **{"Content-Encoding": "gzip"}),
        deliver(client, key, b"\n".join(map(sent_line, ("L-5", "L-6"))), kind="application/x-ndjson"),
        deliver(client, key, sent(lead("L-1"))),  # again: only its body holds it
        deliver(client, key, sent(lead("L-7", product={"sku": "GONE"}))),
        deliver(client, key, b'{"id": "L-8", "contact": {"email": "mara.kerzinski@marker.example", "name": Mara'),
    ]
    assert [each.status_code for each in answers] == [202] * 5 + [400]
    file = folder / "leads.csv"
    file.write_text(
        "Lead,SKU,Name,Mail,Land,When,Memo\n"
        "F-1,TILE,Mara Kerzinski,MARA.KERZINSKI+csv@Marker.example,US,2026-10-06T10:00:00Z,her sister Mara\n"
        'F-2,TILE,"Ander, Otto",otto@other.example,US,2026-10-06T10:00:00Z,"keeps, all"\n',
        encoding="utf-8",
    )
    call_command("import_leads", str(file), source="web", stdout=StringIO())
    item = QuarantinedItem.objects.get(lead_external_id="L-7")
    repair(item, content=item.content | {"product": {"sku": "TILE"}}, by=frank, at=IN_OCTOBER)
    deliver(client, key, sent(lead("L-9", product={"sku": "GONE"})))
    invoice = issued(billed(BillingPeriod.objects.get()), frank)
    printed(invoice)
    dispute = a_dispute(invoice)
    ask_for_evidence(dispute, words="Did Mara Kerzinski answer?", by=frank, at=NOVEMBER_10)
    text = Evidence("mara kerzinski.txt", b"mara.kerzinski@marker.example bounced on +1 415-555-0123")
    answer(dispute, words="Mara Kerzinski never answered.", by=CONTACT, at=NOVEMBER_10, files=[text])
    ask("explorer", "show=actions&group=day&days=2026-10-01..2026-10-31", "csv", by=superuser(), at=NOVEMBER_10)
    return dispute, answers[0].json()


def sent_line(name: str) -> bytes:
    return json.dumps(lead(name)).encode()


def test_a_marker_that_was_everywhere_is_nowhere_after_its_erasure(
    source: Source, client: Client, tmp_path: Path, frank: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cache.clear()
    dispute, receipt = everywhere(source, client, tmp_path, frank)
    for message in EXPORTS.due(at=NOVEMBER_10):
        EXPORTS.work(**message, at=NOVEMBER_10)  # type: ignore[arg-type]  # messages are untyped
    run = start_archiving(before=datetime(2027, 1, 1, tzinfo=UTC), by=frank, at=NOVEMBER_10)
    while ARCHIVE_RUNS.work(run.pk, at=NOVEMBER_10):
        pass
    before = tables()
    assert {"leads_lead", "leads_quarantineditem", "receivables_disputestep", "receivables_disputefile"} <= {
        *naming(before)
    }
    assert [name for name in naming(before) if name in NEVER] == []
    assert MARKS.search(b"".join(zlib.decompress(archive().take(name)) for name in archive().names("bodies/")))

    person = Person.given(email=MARKER["email"])
    erasure = ask_erasure(person, reason="Request 17", by=frank, at=NOVEMBER_10)
    assert erasure.held_until is not None
    assert not ERASURES.work(erasure.pk, at=NOVEMBER_10)
    decide(dispute, accepted=None, verdict=Dispute.State.REJECTED, words="It was answered.", by=frank, at=NOVEMBER_10)
    later = datetime.combine(erasure.held_until, NOVEMBER_20.timetz())
    ERASURES.tidy(at=later)
    while ERASURES.work(erasure.pk, at=later):
        pass
    remove_what_leaves()

    after = tables()
    assert naming(after) == []
    erasure.refresh_from_db()
    assert (erasure.failed, erasure.others) == (0, 3)
    for kept in (
        "pricing_charge",
        "invoices_invoice",
        "invoices_invoiceline",
        "receivables_posting",
        "invoices_invoicedocument",
    ):
        assert after[kept] == before[kept], kept
    assert not MARKS.search(b"".join(unpacked(archive().take(name)) for name in archive().names("")))
    assert not MARKS.search(caplog.text.encode())
    proof = prove(BillingPeriod.objects.get(customer__code="ACME", state="closed"))
    assert (proof.holds, proof.charges > 0) == (True, True)
    again = deliver(client, create_key(source)[1], FIRST.encode(), **{"Idempotency-Key": "k-1"})
    assert again.json() == receipt
    assert Lead.objects.get(external_id="L-2").email == OTHER["email"]
    assert DisputeFile.objects.get().content.tobytes() == b"[erased] bounced on [erased]"
