"""Seal an issued invoice: build its bundle, sign it, add it to the chain, and keep it."""

import logging
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction

from billing_engine.core.errors import Refused
from invoices.domain.proof.bundle import DoesNotProve, Folder, build
from invoices.domain.proof.chain import last_of, last_of_customer, lock
from invoices.domain.proof.keys import Signer, is_on, signer
from invoices.domain.proof.verifier.bundle import FORMAT
from invoices.domain.proof.verifier.container import MANIFEST, SIGNATURE, SIGNED
from invoices.domain.proof.writing import as_json, time_in_utc
from invoices.models import Invoice, InvoiceProof, ProofPart

PART_BYTES = 4 * 1024 * 1024
BUNDLE = "bundle.zip"

logger = logging.getLogger(__name__)


class NoProof(Refused):
    """An invoice issued while proofs were off, or voided before it was sealed, has none."""

    code = "invoice_has_no_proof"
    http_status = 404
    message = "This invoice has no proof."


def seal(invoice: Invoice, *, at: datetime) -> InvoiceProof | None:
    """Return the proof of the invoice, which is made if there is none yet; None if proofs are off or there can be none.

    What does not prove is logged and left without a proof: the invoice still goes out. Safe to run twice, and to kill.
    """
    if not is_on():
        return None
    found = InvoiceProof.objects.filter(invoice=invoice).first()
    if found is not None:
        return found
    with TemporaryDirectory(prefix="proof-") as place:
        folder = Folder(Path(place))
        try:
            about = build(invoice, folder)
        except DoesNotProve:
            logger.exception("Invoice %s has no proof: its files do not give its charges.", invoice.number)
            return None
        if about is None:
            return None
        folder.pack(folder.path / BUNDLE, *SIGNED)
        return _append(invoice, about, folder, at)


@transaction.atomic
def _append(invoice: Invoice, about: dict[str, Any], folder: Folder, at: datetime) -> InvoiceProof:
    seller = None if invoice.series is None else invoice.series.seller_id
    lock(seller)
    found = InvoiceProof.objects.filter(invoice=invoice).first()
    if found is not None:  # another worker was quicker
        return found
    last, signing = last_of(seller), signer(at=at)
    position, previous = (last.position + 1, last.digest) if last else (1, "")
    manifest = as_json(_manifest(invoice, about, signing, at) | {"chain": {"position": position, "previous": previous}})
    signature = signing.sign(manifest)
    folder.write(MANIFEST, manifest)
    folder.write(SIGNATURE, signature)
    bundle = folder.path / BUNDLE
    folder.pack(bundle, MANIFEST, SIGNATURE)
    proof = InvoiceProof.objects.create(
        invoice=invoice,
        seller_id=seller,
        position=position,
        key=signing.key,
        charges=about["charges"],
        root=about["root"],
        manifest=manifest,
        digest=sha256(manifest).hexdigest(),
        previous=previous,
        signature=signature,
        sealed_at=at,
        size=bundle.stat().st_size,
        sha256=_digest(bundle),
    )
    for number, part in enumerate(_parts(bundle), start=1):
        ProofPart.objects.create(proof=proof, number=number, content=part)
    return proof


def _manifest(invoice: Invoice, about: dict[str, Any], signing: Signer, at: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        **about,
        "sealed_at": time_in_utc(at),
        "key": {"public": signing.key.public, "digest": signing.key.digest},
        "customer_previous": last_of_customer(invoice),
    }


def _digest(bundle: Path) -> str:
    with bundle.open("rb") as file:
        digest = sha256()
        while chunk := file.read(PART_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _parts(bundle: Path) -> Iterator[bytes]:
    with bundle.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def proof_of(invoice: Invoice) -> InvoiceProof:
    """The proof of the invoice; raises NoProof."""
    found = InvoiceProof.objects.select_related("invoice", "key").filter(invoice=invoice).first()
    if found is None:
        raise NoProof
    return found


def content_of(proof: InvoiceProof) -> Iterator[bytes]:
    """The bundle, part by part, so that a large one needs the memory of one."""
    numbers = list(proof.parts.order_by("number").values_list("number", flat=True))
    for number in numbers:
        yield bytes(proof.parts.get(number=number).content)


def seal_missing(*, at: datetime) -> Iterator[tuple[Invoice, InvoiceProof | None]]:
    """Seal every issued invoice that has no proof, in the order of their issue; yield each with its proof, or None."""
    missing = Invoice.objects.filter(state=Invoice.State.ISSUED, proof=None).order_by("issued_at", "number")
    for invoice in missing.select_related("series"):
        yield invoice, seal(invoice, at=at)
