"""`manage.py prove_period CUSTOMER PERIOD`: rate a closed period again and compare every charge."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing_engine.core.errors import Refused
from billing_engine.core.money import price_in_words
from leads.models import BillingPeriod, Customer
from pricing.domain.audit.prove import Proof, prove
from pricing.models import PeriodTally
from pricing.wording.proof import outcome_in_words

UNKNOWN = 2


class Command(BaseCommand):
    """Writes nothing; exits with 0 if every charge is the same, 1 if any differs, 2 if there is nothing to prove."""

    help = "Rate a closed billing period again and verify every charge to the last digit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer", metavar="CUSTOMER", help="Customer code.")
        parser.add_argument("period", metavar="PERIOD", help="Period label, such as 2026-10.")

    def handle(self, *args: Any, customer: str, period: str, **options: Any) -> None:
        found = _period(customer, period)
        try:
            proof = self._proven(found)
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=UNKNOWN) from refusal
        self._tell(proof)
        if not proof.holds:
            raise SystemExit(1)

    def _proven(self, period: BillingPeriod) -> Proof:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        tally = PeriodTally.objects.filter(period=period).first()
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task(str(period), total=tally.actions if tally else None)
            return prove(period, on_progress=lambda actions: progress.update(bar, completed=actions))

    def _tell(self, proof: Proof) -> None:
        period, currency = proof.period, proof.period.customer.currency
        self.stdout.write(f"{period}, closed {period.closed_at:%Y-%m-%d %H:%M} UTC")
        self.stdout.write(f"actions           {proof.actions:>12,}")
        self.stdout.write(f"charges compared  {proof.charges:>12,}")
        self.stdout.write(f"sum               {price_in_words(proof.amount, currency):>12}")
        for doubt in proof.doubts:
            self.stdout.write(f"Note: {doubt}")
        if proof.holds:
            self.stdout.write("every charge is the same")
            return
        self.stdout.write(f"charges that differ: {proof.differing:,}")
        for one in proof.differences:
            self.stdout.write(f"action {one.action}")
            self.stdout.write(f"  stored  {outcome_in_words(one.stored, currency, beside=one.again)}")
            self.stdout.write(f"  again   {outcome_in_words(one.again, currency, beside=one.stored)}")
        if hidden := proof.differing - len(proof.differences):
            self.stdout.write(f"… and {hidden:,} more")


def _period(code: str, label: str) -> BillingPeriod:
    customer = Customer.objects.filter(code__iexact=code).first()
    if customer is None:
        raise CommandError(f"There is no customer {code!r}.", returncode=UNKNOWN)
    period = BillingPeriod.objects.labeled(label).filter(customer=customer).first()
    if period is None:
        raise CommandError(f"{customer} has no billing period {label!r}.", returncode=UNKNOWN)
    return period
