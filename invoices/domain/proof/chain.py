"""The chain of proofs: each manifest names the one before it, of the same company and of the same customer."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from typing import Any

import msgspec
from django.db import connection

from invoices.domain.proof.verifier.signature import is_signed
from invoices.models import Invoice, InvoiceProof

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('chain of proofs ' || COALESCE(%s::bigint, 0), 0))"


def lock(seller: int | None) -> None:
    """Wait for who else adds to this chain, until the transaction ends; the trigger of the table takes the same lock."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [seller])


def last_of(seller: int | None) -> InvoiceProof | None:
    """The end of a company's chain."""
    return InvoiceProof.objects.filter(seller=seller).order_by("-position").first()


def last_of_customer(invoice: Invoice) -> dict[str, str] | None:
    """The customer's proof before this one, as the manifest names it; None if this is the first."""
    found = InvoiceProof.objects.filter(invoice__customer=invoice.customer_id).select_related("invoice__period")
    last = found.order_by("-sealed_at", "-position").first()
    if last is None:
        return None
    period = last.invoice.period.label
    return {"invoice": str(last.invoice), "period": period, "root": last.root, "manifest": last.digest}


def walked() -> Iterator[tuple[int, list[str]]]:
    """Walk every chain from its first proof; yield each proof's invoice, and what does not fit."""
    proofs = InvoiceProof.objects.select_related("key").order_by("seller", "position")
    for _, chain in groupby(proofs.iterator(chunk_size=500), key=lambda proof: proof.seller_id):
        position, before = 0, ""
        for proof in chain:
            position += 1
            yield proof.pk, list(_breaks_of(proof, position, before))
            position, before = proof.position, proof.digest


def _breaks_of(proof: InvoiceProof, position: int, before: str) -> Iterator[str]:
    raw = bytes(proof.manifest)
    if proof.position != position:
        yield f"number {proof.position} of its chain follows number {position - 1}"
    elif proof.previous != before:
        yield "it does not name the proof before it"
    if sha256(raw).hexdigest() != proof.digest:
        yield "its manifest does not have its digest"
        return
    if not is_signed(raw, bytes(proof.signature), bytes.fromhex(proof.key.public)):
        yield "its signature does not fit its manifest"
    said: dict[str, Any] = msgspec.json.decode(raw)
    chain = said["chain"]
    if (chain["position"], chain["previous"], said["root"], said["charges"]) != (
        proof.position,
        proof.previous,
        proof.root,
        proof.charges,
    ):
        yield "its manifest says something else than its row"
