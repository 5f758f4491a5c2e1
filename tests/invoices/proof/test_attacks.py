"""A bundle made by someone else, to mislead the person who checks it or to fill their memory."""

import io
import json
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from invoices.domain.proof.verifier import charges, container, content
from invoices.domain.proof.verifier.container import LIMITS, Container, read
from invoices.domain.proof.verifier.content import decoded
from invoices.domain.proof.verifier.difference import NotABundle, Report
from invoices.domain.proof.verifier.one_charge import verify_charge
from invoices.domain.proof.verifier.program import run
from tests.invoices.proof.sealed import bundle_of, changed, checked, files_of, october, packed, written

Change = Callable[[dict[str, Any]], object]
TOO_LATE = "\x1b[2J\r\nfingerprint ok\u202e"


@pytest.fixture
def bundle(frank: User, signing: str) -> bytes:
    return bundle_of(october(frank))


def with_change(bundle: bytes, name: str, change: Change) -> bytes:
    """The bundle in which something of a JSON file is another value."""

    def rewritten(content: bytes) -> bytes:
        value = json.loads(content)
        change(value)
        return json.dumps(value).encode()

    return changed(bundle, name, rewritten)


ODD: list[tuple[str, Change]] = [
    ("invoice.json", lambda invoice: invoice.update(subtotal="1e99999999")),
    ("invoice.json", lambda invoice: invoice.update(total="NaN")),
    ("invoice.json", lambda invoice: invoice.update(places=999_999_999)),
    ("invoice.json", lambda invoice: invoice.update(places="2")),
    ("invoice.json", lambda invoice: invoice.update(lines=5)),
    ("invoice.json", lambda invoice: invoice.update(salt=[])),
    ("manifest.json", lambda manifest: manifest.pop("files")),
    ("manifest.json", lambda manifest: manifest.update(files=[{}])),
    ("manifest.json", lambda manifest: manifest.pop("root")),
    ("manifest.json", lambda manifest: manifest.update(rules=[])),
    ("manifest.json", lambda manifest: manifest.update(customer_previous="none")),
    ("manifest.json", lambda manifest: manifest.update(customer=[])),
    ("rules.json", lambda rules: rules["rules"][0]["once"].update(days=10**15)),
    ("rules.json", lambda rules: rules.update(rules=5)),
]


@pytest.mark.django_db
def test_a_value_of_another_kind_is_refused_and_fills_no_memory(bundle: bytes) -> None:
    read = list[int]()
    for place, (name, change) in enumerate(ODD):
        with suppress(NotABundle):
            checked(with_change(bundle, name, change))
            read.append(place)

    assert read == []
    for proof in ({}, {"manifest": 5}, {"manifest": files_of(bundle)["manifest.json"].decode(), "signature": "00"}):
        with pytest.raises(NotABundle, match="unexpected value"):
            verify_charge(json.dumps({"format": "lead-billing-charge-proof-1", **proof}).encode())


@pytest.mark.django_db
def test_a_name_in_a_bundle_writes_no_line_of_the_report_and_hides_none(bundle: bytes, tmp_path: Path) -> None:
    forged = with_change(bundle, "manifest.json", lambda manifest: manifest["company"].update(name=f"Acme{TOO_LATE}"))
    said = list[str]()

    code = run([written(forged, tmp_path)], keys=(), write=said.append)

    text = "".join(said)
    assert code == 1
    assert [each for each in text if not each.isprintable() and each != "\n"] == []
    assert not any(line.startswith("fingerprint ok") for line in text.splitlines())
    assert "NO   Acme" in text
    report = Report()
    report.differs("x" * 10_000_000)
    assert [len(each) for each in report.differences] == [1_000]


@pytest.mark.django_db
def test_the_report_says_whose_invoice_it_is_so_that_another_one_under_its_name_is_seen(bundle: bytes) -> None:
    number = json.loads(files_of(bundle)["manifest.json"])["invoice"]

    assert ("invoice", True, f"{number} of ACME, 2026-10") in checked(bundle).rows


def deflated(content: bytes) -> bytes:
    return packed({name: content if name == "carried.json" else b"x" for name in LIMITS})


def test_a_file_whose_last_bytes_are_unpacked_only_after_all_was_read_is_read_to_its_end() -> None:
    for more in range(20, 280, 20):
        content = b"x" * (container.AT_A_TIME + more)
        assert read(Container(io.BytesIO(deflated(content))), "carried.json") == content


def test_what_follows_the_end_of_packed_content_is_not_collected() -> None:
    tail = b"\0" * (8 * container.AT_A_TIME)
    pressed = zlib.compress(b"x", wbits=-15)

    class Counted(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            self.taken += len(found)
            return found

    file = Counted(pressed + tail)
    member = container.Member("carried.json", container.DEFLATED, zlib.crc32(b"x"), len(pressed + tail), 1, 0)
    with pytest.raises(NotABundle, match="does not end where its entry says"):
        list(container._unpacked(file, member))
    assert file.taken <= container.AT_A_TIME


CROWDED: list[tuple[str, Change, str]] = [
    ("manifest.json", lambda manifest: manifest.update(charges=10**12), "at most the 5,000,000 that are read"),
    ("manifest.json", lambda manifest: manifest.update(charges=True), "does not name a number of charges"),
    ("carried.json", lambda carried: carried.update(paid=[0] * 4_000_000), "more than the 4,000,000 values"),
    ("rules.json", lambda rules: rules.update(more=[[] for _ in range(4_000_000)]), "more than the 4,000,000 values"),
]


@pytest.mark.django_db
def test_more_than_any_invoice_has_is_refused_before_it_fills_memory(
    bundle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, change, words in CROWDED:
        with pytest.raises(NotABundle, match=words):
            checked(with_change(bundle, name, change))

    for module, name, words in (
        (content, "MOST_NAMES", "products or sources that are read"),
        (charges, "MOST_NAMES", "lines that are read"),
        (content, "MOST_ACTIONS", "actions that are read"),
    ):
        with monkeypatch.context() as patch, pytest.raises(NotABundle, match=words):
            patch.setattr(module, name, 0)
            checked(bundle)


def test_a_crafted_bundle_of_a_few_kilobytes_takes_no_gigabytes(tmp_path: Path) -> None:
    """A file of the largest size, packed a thousand times smaller, is read and refused in little more than its own size."""
    for name, filler in (("carried.json", b"[{},"), ("rules.json", b"[[],"), ("invoice.json", b'["a",')):
        crafted = packed(
            {each: (filler * (LIMITS[each] // len(filler)) if each == name else b"{}") for each in LIMITS}
            | {"manifest.json": b'{"format":"lead-billing-proof-1","charges":1}'}
        )
        assert len(crafted) < LIMITS[name] / 100
        (tmp_path / "crafted.zip").write_bytes(crafted)
        tracemalloc.start()
        with pytest.raises(NotABundle), (tmp_path / "crafted.zip").open("rb") as file:
            decoded(read(Container(file), name), name)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 3 * LIMITS[name]
