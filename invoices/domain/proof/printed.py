"""What the paper says about the proof: the fingerprint and the key, to compare with what the program prints."""

from invoices.domain.proof.verifier.difference import spaced
from invoices.models import Invoice, InvoiceProof

DIGITS_OF_A_KEY = 32  # of its digest: more than anyone can find by trying


def printed(invoice: Invoice) -> tuple[str, ...]:
    """The lines at the foot of the invoice; none if it has no proof."""
    proof = InvoiceProof.objects.select_related("key").filter(invoice=invoice).only("root", "key").first()
    if proof is None:
        return ()
    root, key = proof.root, proof.key.digest
    return (
        "Fingerprint of all charges",
        *(f"{root[place : place + 16]} {root[place + 16 : place + 32]}" for place in (0, 32)),
        f"Key {spaced(key[:DIGITS_OF_A_KEY])}",
    )
