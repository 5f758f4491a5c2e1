"""What the paper says about the proof: the fingerprint and the key, to compare with what the program prints."""

from invoices.models import Invoice, InvoiceProof

DIGITS_OF_A_KEY = 32  # of its digest: more than anyone can find by trying


def printed(invoice: Invoice) -> tuple[str, ...]:
    """The lines at the foot of the invoice; none if it has no proof."""
    proof = InvoiceProof.objects.select_related("key").filter(invoice=invoice).only("root", "key").first()
    if proof is None:
        return ()
    root, key = proof.root, proof.key.digest[:DIGITS_OF_A_KEY]
    return ("Fingerprint of all charges", *_halved(root[:32]), *_halved(root[32:]), "Signed with key", *_halved(key))


def _halved(digits: str) -> tuple[str]:
    return (f"{digits[:16]} {digits[16:]}",)
