"""`manage.py reapply_erasures`: after a restore, erase again who was erased since the backup."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from billing_engine.core.errors import Refused
from leads.domain.people.find import need_key
from leads.domain.people.reapply import reapply_erasures


class Command(BaseCommand):
    """Exits with 1 if an erasure failed or is deferred."""

    help = "Erase again, after a restore, every person in the ledger of erasures whose data is back."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            need_key()
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        left = 0
        for erasure in reapply_erasures(at=now()):
            left += erasure.finished_at is None or bool(erasure.failed)
            state = "deferred" if erasure.held_until else "erased" if erasure.finished_at else "not finished"
            self.stdout.write(f"{erasure}: {state}, leads {erasure.leads}, raw bodies {erasure.bodies}")
        self.stdout.write("Everyone in the ledger is erased." if not left else f"Not finished: {left}")
        if left:
            raise SystemExit(1)
