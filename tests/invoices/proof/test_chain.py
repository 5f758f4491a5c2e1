"""The chain of proofs: append-only, walked by check_invariants, with keys that are replaced and never come back."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from invoices.domain.document.content import content_of
from invoices.domain.life.reopen import void
from invoices.domain.proof.chain import walked
from invoices.domain.proof.keys import KeyIsRetired, trusted
from invoices.domain.proof.seal import seal
from invoices.models import Invoice, InvoiceProof, ProofKey, ProofPart
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_draft, issued, printed
from tests.invoices.proof.conftest import KEY
from tests.invoices.proof.sealed import bundle_of, checked, manifest_of
from tests.reports.broken_sums import broken, by_hand

pytestmark = pytest.mark.django_db

OTHER_KEY = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"


@pytest.fixture
def sealed(frank: User, signing: str) -> list[Invoice]:
    """Three sealed invoices of three customers."""
    found = [issued(a_draft(count), frank) for count in (1, 2, 3)]
    for invoice in found:
        seal(invoice, at=NOVEMBER_3)
    return found


def test_each_proof_names_the_one_before_it(sealed: list[Invoice]) -> None:
    first, second, third = InvoiceProof.objects.order_by("position")

    assert [proof.position for proof in (first, second, third)] == [1, 2, 3]
    assert [proof.previous for proof in (first, second, third)] == ["", first.digest, second.digest]
    assert [words for _, words in walked() if words] == []
    assert broken() == {}


def test_the_worker_that_makes_the_pdf_seals_first_and_prints_the_fingerprint(frank: User, signing: str) -> None:
    invoice = issued(a_draft(3), frank)
    printed(invoice)
    proof = InvoiceProof.objects.get()

    assert (proof.invoice, proof.sealed_at) == (invoice, NOVEMBER_3)
    assert checked(bundle_of(invoice), *trusted()).holds


def test_a_proof_is_made_once(sealed: list[Invoice]) -> None:
    before = list(InvoiceProof.objects.values_list("pk", "digest"))
    seal(sealed[0], at=NOVEMBER_3 + timedelta(days=1))

    assert list(InvoiceProof.objects.values_list("pk", "digest")) == before


def test_a_void_invoice_keeps_its_proof_and_its_successor_says_what_it_replaces(
    sealed: list[Invoice], frank: User
) -> None:
    invoice = sealed[0]
    kept = bundle_of(invoice)
    void(invoice, reason="Wrong", by=UserFactory.create(is_superuser=True), at=NOVEMBER_3 + timedelta(hours=1))

    assert bundle_of(invoice) == kept
    assert checked(kept, *trusted()).holds
    assert (manifest_of(kept)["version"], manifest_of(kept)["replaces"]) == (1, None)


def test_an_invoice_that_is_void_before_it_is_sealed_has_no_proof(frank: User, signing: str) -> None:
    invoice = issued(a_draft(1), frank)
    void(invoice, reason="Wrong", by=UserFactory.create(is_superuser=True), at=NOVEMBER_3 + timedelta(hours=1))

    assert seal(invoice, at=NOVEMBER_3) is None
    assert InvoiceProof.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices_invoiceproof SET root = repeat('0', 64)",
        "DELETE FROM invoices_proofpart",
        "UPDATE invoices_proofpart SET content = ''",
        "DELETE FROM invoices_invoiceproof",
        "UPDATE invoices_proofkey SET public = repeat('0', 64)",
        "DELETE FROM invoices_proofkey",
        "TRUNCATE invoices_invoiceproof, invoices_proofpart",
        "TRUNCATE invoices_proofkey CASCADE",
    ],
)
def test_nothing_in_the_chain_changes(sealed: list[Invoice], statement: str) -> None:
    counts = InvoiceProof.objects.count(), ProofPart.objects.count(), ProofKey.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")

    assert (InvoiceProof.objects.count(), ProofPart.objects.count(), ProofKey.objects.count()) == counts
    assert [words for _, words in walked() if words] == []


def test_a_proof_is_added_at_the_end_only(sealed: list[Invoice], frank: User) -> None:
    other = issued(a_draft(1), frank)
    last = InvoiceProof.objects.get(position=3)
    for position, previous in ((5, last.digest), (4, last.previous), (2, last.digest)):
        again = InvoiceProof.objects.get(position=3)
        again.pk, again.position, again.previous = other.pk, position, previous
        with pytest.raises(IntegrityError, match="A proof follows the last one of its chain"), transaction.atomic():
            again.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ("signature = decode(repeat('00', 64), 'hex')", 2, "its signature does not fit its manifest"),
        ("manifest = manifest || 'x'", 2, "its manifest does not have its digest"),
        ("root = repeat('0', 64)", 2, "its manifest says something else than its row"),
    ],
)
def test_check_invariants_names_the_proof_that_was_changed(
    sealed: list[Invoice], change: str, place: int, words: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE invoices_invoiceproof DISABLE TRIGGER USER")
    by_hand(f"UPDATE invoices_invoiceproof SET {change} WHERE position = {place}")

    [breach] = broken()["6c"]
    assert (breach.model, breach.row, breach.words) == ("invoices.invoice", sealed[1].pk, words)


def test_check_invariants_names_where_a_proof_was_taken_out(sealed: list[Invoice]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE invoices_invoiceproof DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE invoices_proofpart DISABLE TRIGGER USER")
    by_hand("DELETE FROM invoices_proofpart WHERE proof_id = %s", sealed[1].pk)
    by_hand("DELETE FROM invoices_invoiceproof WHERE invoice_id = %s", sealed[1].pk)

    [breach] = broken()["6c"]
    assert (breach.row, breach.words) == (sealed[2].pk, "number 3 of its chain follows number 1")


def test_a_new_key_ends_the_one_before_and_old_bundles_stay_valid(
    sealed: list[Invoice], frank: User, settings: LazySettings
) -> None:
    later = NOVEMBER_3 + timedelta(days=30)
    settings.PROOF_SIGNING_KEY = OTHER_KEY
    newer = issued(a_draft(1), frank)
    bundle = bundle_of(newer, at=later)
    new, old = trusted()

    assert (old.valid_to, new.valid_from, new.valid_to) == ("2026-12-03T12:00:00Z", "2026-12-03T12:00:00Z", None)
    assert checked(bundle, *trusted()).holds
    assert checked(bundle_of(sealed[0]), *trusted()).holds
    assert [words for _, words in walked() if words] == []

    settings.PROOF_SIGNING_KEY = KEY
    with pytest.raises(KeyIsRetired):
        seal(issued(a_draft(1), frank), at=later)
    assert InvoiceProof.objects.count() == 4


def test_what_was_issued_without_proofs_is_sealed_by_a_command(
    frank: User, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    invoices = [issued(a_draft(count), frank) for count in (1, 2)]
    settings.PROOF_SIGNING_KEY = ""
    with pytest.raises(CommandError, match="Proofs are off"):
        call_command("seal_invoices")

    settings.PROOF_SIGNING_KEY = KEY
    call_command("seal_invoices")
    proofs = InvoiceProof.objects.order_by("position")
    assert [proof.invoice for proof in proofs] == invoices
    assert capsys.readouterr().out == "".join(f"{proof.invoice}: {proof.root}\n" for proof in proofs)
    assert all(proof.sealed_at <= now() for proof in proofs)


def test_the_fingerprint_and_the_key_stand_at_the_foot_of_the_paper(frank: User, signing: str) -> None:
    invoice = issued(a_draft(3), frank)
    assert content_of(invoice).proof == ()
    proof = seal(invoice, at=NOVEMBER_3)

    assert proof is not None
    root, key = proof.root, proof.key.digest
    assert content_of(invoice).proof == (
        "Fingerprint of all charges",
        f"{root[:16]} {root[16:32]}",
        f"{root[32:48]} {root[48:]}",
        "Signed with key",
        f"{key[:16]} {key[16:32]}",
    )
