"""What the paper says about the proof: the fingerprint and the key, to compare with what the program prints."""

from invoices.domain.proof.verifier.difference import spaced
from invoices.models import Invoice, InvoiceProof

DIGITS_OF_A_KEY = 32  # of its digest: more than anyone can find by trying


def printed(invoice: Invoice) -> tuple[str, ...]:
    """The lines at the foot of the invoice; none if it has no proof."""
    proof = InvoiceProof.objects.select_related("key").filter(invoice=invoice).only("root", "key").first()
    if proof is None:
        return ()
    return (
        f"Fingerprint of all charges: {spaced(proof.root)}",
        f"Signed with key {spaced(proof.key.digest[:DIGITS_OF_A_KEY])}. The proof bundle works out every amount again.",
    )
