"""Proofs of issued invoices: their keys, their chain and their bundles."""

from django.db import models
from django.db.models import F, Q

from invoices.models.invoice import Invoice
from leads.models import Company

DIGEST = 64  # hexadecimal digits of SHA-256


class ProofKey(models.Model):
    """A public key that proofs are signed with, and when it was valid; the private key is never stored."""

    public = models.CharField(max_length=DIGEST, unique=True, help_text="Ed25519, in hexadecimal digits.")
    digest = models.CharField(max_length=DIGEST, help_text="SHA-256 of the public key, as printed on invoices.")
    valid_from = models.DateTimeField(help_text="Inclusive.")
    valid_to = models.DateTimeField(null=True, blank=True, help_text="Exclusive. Empty: still in use.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_proof_key_is_in_use", fields=["valid_to"], condition=Q(valid_to=None), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="a_proof_key_ends_after_it_starts", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return self.digest[:16]


class InvoiceProof(models.Model):
    """The proof of an issued invoice: its fingerprint and its signed manifest, which names the one before it."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, primary_key=True, related_name="proof")
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Whose chain it is in. Empty: the seller in the settings.",
    )
    position = models.PositiveIntegerField(help_text="The place in the chain, from 1.")
    key = models.ForeignKey(ProofKey, on_delete=models.PROTECT, related_name="proofs", db_index=False)
    charges = models.PositiveIntegerField(help_text="Number of actions, charged or not.")
    root = models.CharField("fingerprint", max_length=DIGEST, help_text="The root of the tree over all charges.")
    manifest = models.BinaryField(help_text="What is signed, byte for byte.")
    digest = models.CharField(max_length=DIGEST, help_text="SHA-256 of the manifest.")
    previous = models.CharField(
        max_length=DIGEST, blank=True, help_text="The digest of the manifest before it in the chain. Empty: the first."
    )
    signature = models.BinaryField()
    sealed_at = models.DateTimeField()
    size = models.PositiveBigIntegerField(help_text="Of the bundle, in bytes.")
    sha256 = models.CharField("digest of the bundle", max_length=DIGEST)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_chain_of_proofs_has_each_place_once", fields=["seller", "position"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="only_the_first_proof_follows_none",
                condition=Q(position=1, previous="") | Q(position__gt=1) & ~Q(previous=""),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """`INV-2026-000441-proof.zip`."""
        return f"{self.invoice}-proof.zip"


class ProofPart(models.Model):
    """A few megabytes of a proof bundle, in order."""

    proof = models.ForeignKey(InvoiceProof, on_delete=models.PROTECT, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_proof_has_each_part_once", fields=["proof", "number"]),
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of {self.proof}"
