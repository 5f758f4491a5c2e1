"""A person who came by every kind of webhook and in uploaded files: erased, and then in no column and no stored file."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from time_machine import travel

from leads.domain.imports.kept_files import kept
from leads.domain.imports.upload import upload
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from leads.models import Customer, FileImport, Lead, QuarantinedItem, Source
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.factories.people import superuser
from tests.leads.files.workbooks import of_rows
from tests.leads.hooks.calls import AT, BODIES, Kind, Sender
from tests.leads.imports.made import imported, tried
from tests.leads.people.conftest import MAPPING, MARKER, OTHER, lead, sent
from tests.leads.people.test_inventory import MARKS, naming, tables

pytestmark = pytest.mark.django_db

EMAIL, NAME, PHONE = MARKER["email"], MARKER["name"], MARKER["phone"]


def of_marker(kind: Kind) -> Any:
    """A body of this kind about the marker."""
    text = json.dumps(BODIES[kind])
    for theirs, ours in (
        ("ada@studio.example", EMAIL),
        ("jane.doe@example.com", EMAIL),
        ("Ada Architect", NAME),
        ("Jane Doe", NAME),
        ("+12127365000", PHONE),
        ("+18005550123", PHONE),
        ("marketingqualifiedlead", EMAIL),
    ):
        text = text.replace(theirs, ours)
    return json.loads(text)


ROWS = (
    "Lead,SKU,Name,Mail,Land,When,Memo\n"
    "{0}-1,TILE,Mara Kerzinski,mara.kerzinski@marker.example,US,2026-10-06T10:00:00Z,her sister Mara\n"
    '{0}-2,TILE,"Ander, Otto",otto@other.example,US,2026-10-06T10:00:00Z,fine\n'
    "{0}-3,GONE,Mara Kerzinski,MARA.KERZINSKI+x@marker.example,US,mara.kerzinski@marker.example,late\n"
)


@pytest.fixture
def frank(db: None) -> User:
    return superuser()


def inside(name: str) -> Iterator[bytes]:
    """What a kept file holds, readable: workbooks unpacked, UTF-16 converted."""
    with kept().open(name) as file:
        content = file.read()
    yield content.decode("utf-16").encode() if content[:2] == b"\xff\xfe" else content
    if content[:2] == b"PK":
        with ZipFile(io.BytesIO(content)) as book:
            yield from map(book.read, book.namelist())


def everything_kept(files: dict[str, FileImport]) -> list[bytes]:
    """The content of every kept file of these imports."""
    names = [name for item in files.values() for name in (item.kept_as, item.faulty_as) if name]
    return [b"".join(inside(name)) for name in names]


def everyone_came(customer: Customer) -> None:
    """The marker by every kind of webhook: as a lead, in a body that is not JSON, and in one that is refused."""
    for kind in Kind:
        sender = Sender(SourceFactory.create(code=f"by-{kind.value}", customer=customer), kind)
        broken = b'{"mail": "mara.kerzinski@marker.example", "name": Mara Kerzinski'
        found = [sender.send(sender.keyed(of_marker(kind))), sender.send(broken), sender.send(broken, headers={})]
        taken = 400 if kind == Kind.GOOGLE else 204 if kind == Kind.HUBSPOT else 200  # without JSON, Google has no key
        assert [each.status_code for each in found[1:]] == [taken, 400 if kind == Kind.GOOGLE else 401], kind
        assert found[0].status_code < 300, kind


def uploaded(source: Source, folder: Path, by: User, content: str | bytes, name: str) -> FileImport:
    path = folder / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return upload(path, name=name, source=source, by=by, at=AT)


def files_of(source: Source, folder: Path, by: User) -> dict[str, FileImport]:
    """The marker in a file of every kind and in every state."""
    book = of_rows(folder / "b.xlsx", [line.split(",")[:7] for line in ROWS.format("D").replace('"', "").splitlines()])
    many = (
        ROWS.format("E").splitlines()[0]
        + "\n"
        + "".join(f"E-{n},TILE,Otto,otto@other.example,US,2026-10-06T10:00:00Z,x\n" for n in range(30))
    )
    return {
        "looked": uploaded(source, folder, by, ROWS.format("A"), "Mara Kerzinski.csv"),
        "ready": tried(uploaded(source, folder, by, ROWS.format("B"), "ready.csv")),
        "done": imported(uploaded(source, folder, by, ROWS.format("C"), "done.csv")),
        "workbook": uploaded(source, folder, by, book.read_bytes(), "book.xlsx"),
        "lines": uploaded(source, folder, by, "\n".join(json.dumps(lead(f"N-{n}")) for n in range(3)), "l.ndjson"),
        "utf-16": uploaded(source, folder, by, (many + ROWS.format("E").splitlines()[1]).encode("utf-16"), "wide.csv"),
        "others": uploaded(source, folder, by, many, "others.csv"),
    }


SPELLED = (
    {"email": "Mara.Kerzinski+news@MARKER.example", "name": NAME},
    {"email": "Mara <mara.kerzinski@marker.example>", "name": NAME},
    {"phone": "+1 (415) 555-0123", "name": NAME},
    {"phone": "+1.415.555.0123", "name": NAME},
)


def test_who_came_by_webhooks_and_files_is_in_no_column_and_no_file_after_the_erasure(
    frank: User, tmp_path: Path, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    customer = CustomerFactory.create(code="ACME")
    for code in ("sample_order", "lead_form", "contact_creation", "contact_property_change", "sample_ordered"):
        ActionTypeFactory.create(code=code)
    for sku in ("TILE", "172", "12345678901", "3162", "62515", "lT4Z3j", "TZ-101"):
        ProductFactory.create(sku=sku, customer=customer)
    with travel(AT, tick=False):
        everyone_came(customer)
    fair = SourceFactory.create(code="fair", customer=customer)
    SourceMappingFactory.create(source=fair, document=MAPPING)
    files = files_of(fair, tmp_path, frank)
    api = SourceFactory.create(code="api", customer=customer)
    others = [lead(f"Q-{number}", product={"sku": "GONE"}, contact=each) for number, each in enumerate(SPELLED)]
    named = lead("R-1", contact=OTHER, attributes={"told_by": "mara.kerzinski@marker.example"})
    receive(api, body=sent(*others, lead("L-1"), named), content_type="application/json", received_at=AT)
    before = tables()
    came_by = {"leads_action", "leads_delivery", "leads_fileimport", "leads_lead", "leads_quarantineditem"}
    assert set(naming(before)) == came_by
    assert sum(bool(MARKS.search(each)) for each in everything_kept(files)) >= 6

    with django_capture_on_commit_callbacks(execute=True):
        erasure = ask_erasure(Person.given(email=EMAIL), reason="Request 17", by=frank, at=AT)
        while ERASURES.work(erasure.pk, at=AT):
            pass

    after = tables()
    assert naming(after) == []
    assert [name for name in kept().listdir("imports")[1] if MARKS.search(b"".join(inside(f"imports/{name}")))] == []
    assert not MARKS.search(caplog.text.encode())
    assert {name: FileImport.objects.get(pk=item.pk).state for name, item in files.items()} == {
        "looked": "discarded", "ready": "discarded", "done": "done", "workbook": "discarded", "lines": "discarded",
        "utf-16": "discarded", "others": "looked",
    }  # fmt: skip
    assert [bool(FileImport.objects.get(pk=item.pk).kept_as) for item in files.values()] == [False] * 6 + [True]
    other = Lead.objects.get(external_id="R-1")
    assert (other.email, other.name, other.attributes) == (OTHER["email"], OTHER["name"], {})
    assert before["leads_fileimportpart"] == after["leads_fileimportpart"]
    assert QuarantinedItem.objects.filter(lead_external_id__startswith="Q-", digest=None).count() == len(SPELLED)
