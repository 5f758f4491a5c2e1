"""The invariant of proofs: their chains are unbroken, and each is signed."""

from invoices.domain.proof.chain import walked
from reports.queries.sums.invariant import Invariant, Sides


def proven() -> Invariant:
    """6c. Each proof names the one before it in its company's chain, and is signed as it lies there."""
    found = Invariant(
        "6c",
        "proofs of invoices",
        "proofs that are signed and name the one before",
        note="manage.py verify_bundle works out the charges of one bundle.",
    )
    total = fitting = 0
    for pk, breaks in walked():
        total, fitting = total + 1, fitting + (not breaks)
        for words in breaks:
            found.add_breach("invoices.invoice", pk, words)
    found.sides.append(Sides("proofs", total, fitting))
    return found
