"""`manage.py seal_invoices`: make the proofs of invoices that were issued while proofs were off, or could not be made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from invoices.domain.proof.keys import is_on
from invoices.domain.proof.seal import seal_missing


class Command(BaseCommand):
    """Exits with 1 if an invoice can't be proven, or proofs are off."""

    help = "Make the missing proofs of issued invoices. PDFs that were made before stay without a fingerprint."

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("Proofs are off. Set PROOF_SIGNING_KEY first.")
        failed = 0
        for invoice, proof in seal_missing(at=now()):
            failed += proof is None
            self.stdout.write(f"{invoice}: {'has no proof, see the log' if proof is None else proof.root}")
        if failed:
            raise SystemExit(1)
