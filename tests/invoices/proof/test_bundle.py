"""A sealed bundle proves; whatever is changed in it is named."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from invoices.domain.proof.keys import trusted
from invoices.domain.proof.seal import content_of, seal
from invoices.domain.proof.verifier.bundle import Key, linked
from invoices.models import Invoice, InvoiceProof
from leads.models import Lead
from pricing.files.charges import price_files
from pricing.models import PriceRule
from tests.invoices.made import NOVEMBER_3, a_draft, issued
from tests.invoices.proof.sealed import bundle_of, changed, checked, files_of, manifest_of, october, packed

pytestmark = pytest.mark.django_db

ROWS = ["signature", "7 files", "invoice", "8 actions", "8 charges", "6 lines", "total", "chain"]


@pytest.fixture
def invoice(frank: User, signing: str) -> Invoice:
    return october(frank)


@pytest.fixture
def bundle(invoice: Invoice) -> bytes:
    """October's."""
    return bundle_of(invoice)


def test_a_bundle_proves(bundle: bytes) -> None:
    report = checked(bundle, *trusted())

    assert report.differences == []
    assert [(subject, ok) for subject, ok, _ in report.rows] == [(subject, True) for subject in ROWS]
    assert report.fingerprint == InvoiceProof.objects.get().root
    words = {subject: text for subject, _, text in report.rows}
    assert words["8 actions"] == "5 priced, 3 not charged, none left over"
    assert words["6 lines"] == "47.02 USD, rounded once per line"
    assert words["total"] == "51.72 USD with tax 4.70 USD"


def test_the_price_command_gives_every_charge_from_its_files(bundle: bytes, tmp_path: Path) -> None:
    files = files_of(bundle)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = price_files(tmp_path / "rules.json", tmp_path / "actions.ndjson", carried=tmp_path / "carried.json")

    assert b"".join(found) == files["charges.ndjson"]
    charges = [json.loads(line) for line in files["charges.ndjson"].splitlines()]
    assert {charge["reason"] for charge in charges} == {None, "already_charged", "excluded_contact", "test_lead"}
    assert {charge["full_amount"] == charge["amount"] for charge in charges} == {True, False}


def text_of(bundle: bytes) -> str:
    """Everything in it about the customer."""
    left_out = ("verify.py", "leaves.bin", "manifest.sig")
    return b"".join(content for name, content in files_of(bundle).items() if name not in left_out).decode()


def test_persons_and_our_own_names_are_not_in_it(bundle: bytes) -> None:
    text = text_of(bundle)

    names = [rule.name for rule in PriceRule.objects.all()]
    private = ["ann@studio.example", "studio.example", "+12127365000", "eve@", *names]
    assert [each for each in private if each in text] == []
    assert text.count("@acme.example") == 1  # excluded by the customer, so its price depends on it


def test_a_bundle_holds_nothing_of_another_customer(invoice: Invoice, frank: User) -> None:
    issued(a_draft(7, code="OTHER", name="Other"), frank)

    assert "OTHER" not in text_of(bundle_of(invoice))


def test_an_erasure_changes_no_bundle(invoice: Invoice, bundle: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_lead DISABLE TRIGGER USER")
    Lead.objects.update(email="", person_key="", phone="", name="")
    proof = seal(invoice, at=NOVEMBER_3 + timedelta(days=1))

    assert proof is not None
    assert b"".join(content_of(proof)) == bundle
    assert (proof.sha256, proof.size) == (sha256(bundle).hexdigest(), len(bundle))


Change = Callable[[bytes], bytes]


def swap(old: str, new: str) -> Change:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("rules.json", swap('"18.005000"', '"17.005000"'), "rule 1.1: it is not the rule that was signed"),
        ("rules.json", swap('"18.005000"', '"17.005000"'), "by rule 1.1: amount '18.005000', worked out '17.005000'"),
        ("rules.json", swap('"days":30', '"days":31'), "rules.json: it is not the file that was signed"),
        ("actions.ndjson", swap('"quantity":"4.000000"', '"quantity":"5.000000"'), "worked out"),
        ("actions.ndjson", swap('"channel":"', '"channel":"x'), "it is not the line of actions.ndjson that was signed"),
        ("charges.ndjson", swap('"amount":"18.005000"', '"amount":"18.000000"'), "amount '18.000000', worked out '18.005000'"),
        ("charges.ndjson", lambda content: content[: content.rindex(b'{"action"')], "charges.ndjson does not have it"),
        ("charges.ndjson", lambda content: content * 2, "more charges than there are actions"),
        ("actions.ndjson", lambda content: b"".join(content.splitlines(keepends=True)[:-1]), "7 actions, 8 were signed"),
        ("carried.json", swap('"person",', '"lead",'), "reason 'already_charged', worked out None"),
        ("invoice.json", swap('"amount": "18.01', '"amount": "18.00'), "amount 18.00"),
        ("invoice.json", swap('"total": "51.72', '"total": "44.98'), "invoice.json: total 44.98"),
        ("invoice.json", swap('"rate": "10', '"rate": "11'), "tax Tax: 4.70 on 47.02, worked out 5.17"),
        ("verify.py", lambda content: content + b"#", "verify.py: it is not the file that was signed"),
        ("manifest.json", swap('"version": 1', '"version": 2'), "manifest.sig: it is not the signature of manifest.json"),
        ("manifest.sig", lambda content: bytes([content[0] ^ 1]) + content[1:], "manifest.sig: it is not the signature"),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(bundle: bytes, name: str, change: Change, found: str) -> None:
    report = checked(changed(bundle, name, change), *trusted())

    assert not report.holds
    assert [words for words in report.differences if found in words] != []


def test_actions_that_change_places_are_named(bundle: bytes) -> None:
    def turned(content: bytes) -> bytes:
        first, second, *rest = content.splitlines(keepends=True)
        return b"".join([second, first, *rest])

    report = checked(changed(bundle, "actions.ndjson", turned))
    assert [words for words in report.differences if "it is not number 000001" in words] != []


def test_a_file_of_another_bundle_is_named(bundle: bytes, frank: User) -> None:
    other = bundle_of(issued(a_draft(7, code="OTHER"), frank))
    replayed = packed(files_of(bundle) | {name: files_of(other)[name] for name in ("manifest.json", "manifest.sig")})

    report = checked(replayed, *trusted())
    assert "invoice.json: it is not the invoice that manifest.json names" in report.differences
    assert [words for words in report.differences if words.startswith("fingerprint: ")] != []


def test_a_key_that_came_along_proves_nothing(bundle: bytes) -> None:
    [key] = trusted()
    assert checked(bundle, key).holds
    assert checked(bundle, Key(key.digest[:32])).holds  # as it stands on the PDF
    assert "compare with the key on the PDF" in checked(bundle).rows[0][2]
    [words] = checked(bundle, Key("0" * 64)).differences
    assert words.endswith("it is not one of the keys you trust")


def test_a_key_counts_as_of_the_moment_of_signing(bundle: bytes) -> None:
    [key] = trusted()
    assert key.valid_from == "2026-11-03T12:00:00Z"
    assert checked(bundle, key._replace(valid_to="2026-11-03T12:00:00.000001Z")).holds
    for late in (key._replace(valid_to=key.valid_from), key._replace(valid_from="2026-11-03T12:00:00.000001Z")):
        [words] = checked(bundle, late).differences
        assert words.endswith("it was not valid at 2026-11-03T12:00:00Z, when this was signed")


def test_a_bundle_names_the_customers_bundle_before_it(invoice: Invoice) -> None:
    september = Invoice.objects.exclude(pk=invoice.pk).get()
    first, second = bundle_of(september), bundle_of(invoice)

    assert manifest_of(second)["customer_previous"]["invoice"] == september.number
    assert linked([checked(first), checked(second)]) == []
    assert linked([checked(second), checked(first)]) == [
        f"{september.number} does not follow {invoice.number} as it is in this file"
    ]


def test_without_a_key_there_are_no_proofs(invoice: Invoice, settings: pytest.FixtureRequest) -> None:
    settings.PROOF_SIGNING_KEY = ""  # type: ignore[attr-defined]  # pytest-django's

    assert seal(invoice, at=NOVEMBER_3) is None
    assert InvoiceProof.objects.count() == 0
