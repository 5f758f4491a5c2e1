"""`docs/sources` is correct: each page's example is imported or sent, and counted, stored and refused as printed."""

import csv
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from time_machine import travel
from xlsxwriter import Workbook

from leads.domain.credentials.api_keys import create_key
from leads.domain.hooks.take import sample_records
from leads.domain.mapping.doors import API, FILES
from leads.domain.mapping.mappings import save_mapping
from leads.domain.mapping.ready_made.registry import ReadyMade, ready_made
from leads.domain.mapping.sample import read_sample
from leads.models import Action, Delivery, FileImport, Lead, QuarantinedItem, Source, SourceMapping
from leads.queries.mapping_preview import preview
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role
from tests.house.tree import links
from tests.leads.guide.page import FOLDER, PAGES, Block, Page, without
from tests.leads.hooks.calls import Kind, Sender
from tests.leads.imports.made import imported, tried, uploaded

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
SAMPLE, WRONG, MENDED = "sample", "wrong", "mended"
EACH = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at() -> Iterator[None]:
    with travel(AT, tick=False):
        yield


@pytest.fixture
def operations() -> User:
    return with_role("Operations")


class Room:
    """A source with what the guide says to add first, and with the mapping of a page."""

    def __init__(self, path: Path, by: User) -> None:
        self.page, self.by = Page(path), by
        self.made = template(self.page)
        terrazza = CustomerFactory.create(code="TERRAZZA")
        for sku in ("TZ-101", "TZ-202"):
            ProductFactory.create(sku=sku, customer=terrazza)
        for code in types_of(self.page):
            ActionTypeFactory.create(code=code)
        self.source: Source = SourceFactory.create(code=path.stem, customer=terrazza)
        self.document = self.page.mapping()
        mapping = SourceMapping(source=self.source, name=self.made.name, door=self.made.door)
        save_mapping(mapping, document=self.document, by=by, at=AT)

    def file(self, folder: Path, name: str) -> Path:
        """A file of the page: its example, or other rows below the header of the example."""
        block, example = self.page.block(name), self.page.block(SAMPLE)
        text = block.text if name == SAMPLE or example.kind == "json" else header(example) + block.text
        path = folder / example.words[0]
        write(path, text, example.words[1:])
        return path

    def uploaded(self, folder: Path, name: str) -> FileImport:
        path = self.file(folder, name)
        return uploaded(folder, path.read_bytes(), source=self.source, by=self.by, name=path.name)

    def previewed(self, client: Client, name: str) -> dict[str, Any]:
        """What the editor says of the example as a person pastes it."""
        given = {
            "document": json.dumps(self.document),
            "sample": "\n".join(json.dumps(json.loads(block.text)) for block in self.page.blocks(name)),
            "source": self.source.pk,
            "door": self.made.door,
        }
        return client.post(reverse("admin:leads_sourcemapping_preview"), given).json()

    def send(self, name: str) -> None:
        """Send each block as a request of its own."""
        for block in self.page.blocks(name):
            body = block.text.encode()
            if self.made.door == API:
                _, key = create_key(self.source)
                headers = {"Authorization": f"Bearer {key}"}
                answer = Client().post("/api/v1/deliveries", body, content_type="application/json", headers=headers)
            else:
                sender = Sender(self.source, Kind(self.made.door))
                answer = sender.send(body, headers=sender.signed(body, at=AT))
            assert answer.status_code in (200, 202)


@EACH
def test_the_example_is_counted_and_stored_as_printed(
    path: Path, operations: User, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    room = Room(path, operations)
    if room.made.door == FILES:
        call_command("import_leads", str(room.file(tmp_path, SAMPLE)), source=path.stem, dry_run=True)
        told = re.findall(r"^(?:lines|leads|actions): .*\n", capsys.readouterr().out, re.MULTILINE)
        assert "".join(told) == room.page.block("counts").text
        item = imported(room.uploaded(tmp_path, SAMPLE))
        assert item.result["counts"] == item.dry_run["counts"]
        assert item.dry_run["notices"] == []
    else:
        client.force_login(operations)
        told = room.previewed(client, SAMPLE)
        assert (told["fault"], told["mistakes"]) == ("", [])
        assert summed(told["result"]) == room.page.block("preview").text.strip()
        room.send(SAMPLE)

    columns, rows = room.page.stored()
    assert sorted([cell[name] for name in columns] for cell in stored(room.source)) == sorted(rows)
    assert not QuarantinedItem.objects.exists()


@EACH
def test_what_goes_wrong_is_told_as_printed_and_stored_once_it_is_mended(path: Path, operations: User, tmp_path: Path):
    room = Room(path, operations)
    if room.made.door == FILES:
        assert faults_of_file(tried(room.uploaded(tmp_path, WRONG))) == room.page.faults()
        mended = imported(room.uploaded(tmp_path, MENDED))
        assert mended.dry_run["faults"] == []
        assert mended.dry_run["counts"]["leads_created"] == Lead.objects.count() > 0
        return
    records = sample_records(room.made.door, read_sample(room.page.block(WRONG).text), at=AT)
    shown = preview(room.document, records, source=room.source, at=AT, door=room.made.door)
    assert (
        sorted((fault.code, lead.place + fault.pointer, fault.message) for lead in shown.leads for fault in lead.faults)
        == room.page.faults()
    )
    room.send(WRONG)
    waiting = QuarantinedItem.objects.values_list("code", flat=True)
    assert sorted(set(waiting)) == sorted({code for code, _, _ in room.page.faults()})
    room.send(MENDED)
    assert Action.objects.filter(delivery=Delivery.objects.latest("pk")).exists()


@EACH
def test_the_ready_made_mapping_of_a_page_is_its_mapping_but_for_what_is_yours(path: Path):
    page = Page(path)

    assert page.mapping(is_template=True) == without(template(page).document, page.mapping(is_template=True))


def test_the_eleven_kinds_have_a_page_each_and_the_index_lists_them():
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = [link for link in links(index) if re.fullmatch(r"[\w-]+\.md", link)]

    assert sorted(listed) == [path.name for path in PAGES]
    assert len(PAGES) == 11


def test_every_ready_made_mapping_that_is_not_a_kind_of_sender_is_on_a_page_or_older():
    on_pages = {template(Page(path)).code for path in PAGES}

    assert {made.code for made in ready_made()} - on_pages == {*Kind.values, "contact_list", "google_lead_form"}


def template(page: Page) -> ReadyMade:
    [made] = [each for each in ready_made() if each.name == page.template]
    return made


def types_of(page: Page) -> set[str]:
    """The action types on a page: those in its table of what is stored."""
    columns, rows = page.stored()
    return {row[columns.index("type")] for row in rows} - {""}


def header(block: Block) -> str:
    """The lines of an example down to its header."""
    lines = block.text.splitlines(keepends=True)
    widths = [len(next(csv.reader([line], delimiter=";" if ";" in line else ","))) for line in lines]
    return "".join(lines[: widths.index(max(widths)) + 1])


def write(path: Path, text: str, forms: tuple[str, ...]) -> None:
    """Write a file as the page says: in an encoding, with tabs, or as a workbook."""
    if path.suffix == ".xlsx":
        with Workbook(path) as book:
            sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
            for number, line in enumerate(text.splitlines()):
                for column, cell in enumerate(line.split(",")):
                    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
                        sheet.write_datetime(number, column, datetime.fromisoformat(cell), day)
                    elif cell == "#REF!":
                        sheet.write_formula(number, column, "=A0", None, cell)
                    else:
                        sheet.write(number, column, cell)
        return
    encoding = next((form for form in forms if form != "tab"), "utf-8")
    path.write_bytes((text.replace(",", "\t") if "tab" in forms else text).encode(encoding))


def summed(result: str) -> str:
    """The first line of a preview, as text."""
    [line] = re.findall(r'<p class="lb-inside mapping-sum">([\s\S]*?)</p>', result)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", line)).split())


def faults_of_file(item: FileImport) -> list[tuple[str, str, str]]:
    """Each fault with each of its lines."""
    return sorted(
        (each["code"], f"/{place}{each['field']}", each["message"])
        for each in item.dry_run["faults"]
        for place in each["places"]
    )


def stored(source: Source) -> list[dict[str, str]]:
    """What is stored, as rows: one for each action, and one for a lead without any."""
    rows = list[dict[str, str]]()
    for lead in Lead.objects.filter(source=source).select_related("product").order_by("pk"):
        about = {
            "lead": lead.external_id,
            "product": lead.product.sku,
            "name": lead.name,
            "email": lead.email,
            "phone": lead.phone,
            "company": lead.firm,
            "campaign": lead.campaign,
            "attributes": "; ".join(f"{name}: {value}" for name, value in sorted(lead.attributes.items())),
        }
        actions = list(Action.objects.filter(lead=lead).select_related("action_type").order_by("pk"))
        rows += [about | of_action(action) for action in actions] or [about | of_action(None)]
    return rows


def of_action(action: Action | None) -> dict[str, str]:
    if action is None:
        return dict.fromkeys(("action", "type", "occurred (UTC)", "quantity", "value", "voided"), "")
    return {
        "action": action.external_id,
        "type": action.action_type.code,
        "occurred (UTC)": f"{action.occurred_at:%Y-%m-%d %H:%M:%S}",
        "quantity": f"{action.quantity.normalize():f}",
        "value": "" if action.value is None else f"{action.value.normalize():f}",
        "voided": action.void_reason,
    }
