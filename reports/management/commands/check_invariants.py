"""`manage.py check_invariants [--month 2026-10] [--head POSITION:DIGEST]`: recount the invariants."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.deeds.chain import Head
from reports.queries.sums.invariant import Invariant, side_in_words
from reports.queries.sums.invariants import invariants


class Command(BaseCommand):
    """Writes nothing; exits with 0 if every invariant holds, 1 if one doesn't, 2 if the month or the head is invalid."""

    help = "Recount what must add up, from delivery to invoice; exits with 1 if a sum doesn't hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", metavar="2026-10", help="Check only this month. Default: all time.")
        parser.add_argument(
            "--head",
            metavar="POSITION:DIGEST",
            help="A head of the deed log from the log stream: the chain must still contain it.",
        )

    def handle(self, *args: Any, month: str | None = None, head: str | None = None, **options: Any) -> None:
        try:
            chosen = Cycle.parse(month) if month else None
        except ValueError as error:
            raise CommandError(f"{month!r} is not a month. Use the form 2026-10.", returncode=2) from error
        try:
            known = Head.read(head) if head else None
        except ValueError as error:
            words = f"{head!r} is not a head of the deed log. Copy POSITION:DIGEST from the log stream."
            raise CommandError(words, returncode=2) from error
        found = invariants(chosen, known=known)
        for invariant in found:
            self._tell(invariant)
        if not all(invariant.holds for invariant in found):
            raise SystemExit(1)

    def _tell(self, invariant: Invariant) -> None:
        state = "holds" if invariant.holds else "DOES NOT HOLD"
        self.stdout.write(f"{invariant.number}. {invariant.left} = {invariant.right}: {state}")
        for sides in invariant.sides:
            sign = "=" if not sides.difference else "≠"
            left, right = side_in_words(sides.left, sides.currency), side_in_words(sides.right, sides.currency)
            self.stdout.write(f"   {sides.name}: {left} {sign} {right}")
        for breach in invariant.breaches:
            row = f"{breach.model} {breach.row}: " if breach.row else ""
            self.stdout.write(f"   {row}{breach.words}")
        if hidden := invariant.broken - len(invariant.breaches):
            self.stdout.write(f"   … and {hidden:,} more")
        if invariant.note:
            self.stdout.write(f"   {invariant.note}")
