"""`manage.py rebuild_rollups [--verify] [--customer CODE] [--month 2026-10]`: add up the roll-up from the charges again."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing_engine.core.calendar.spans import Cycle
from leads.models import BillingPeriod, Customer
from pricing.domain.audit.activity import Difference, Sums, differences
from pricing.domain.rate.activity import rebuild_activity

UNKNOWN, STOPPED = 2, 130
ROWS_SHOWN = 100  # of a period


class Command(BaseCommand):
    """Exits with 0 if all periods are done, 1 if one differs, 2 if the selection is invalid, 130 if stopped."""

    help = "Add up the roll-up of activity again from the charges, period by period, or verify it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--verify", action="store_true", help="Write nothing; list the rows that differ.")
        parser.add_argument("--customer", metavar="CODE", help="Only this customer's periods.")
        parser.add_argument("--month", metavar="2026-10", help="Only the periods that end in this month.")
        parser.add_argument("--after", metavar="PERIOD", type=int, default=0, help="Continue after this period's ID.")

    def handle(self, *args: Any, verify: bool, after: int, **options: Any) -> None:
        periods = _periods(options["customer"], options["month"])
        last, done, differing = after, 0, 0
        try:
            with _progress(periods.filter(pk__lte=after).count(), periods.count()) as advance:
                for period in periods.filter(pk__gt=after).iterator():
                    if verify:
                        differing += self._verify(period)
                    else:
                        rebuild_activity(period)
                    last, done = period.pk, done + 1
                    advance()
        except KeyboardInterrupt:
            self.stdout.write(f"Stopped. To continue, add --after {last}.")
            raise SystemExit(STOPPED) from None
        self.stdout.write(f"{'Verified' if verify else 'Rebuilt'}: {done:,} billing period{'s' * (done != 1)}.")
        if differing:
            self.stdout.write(f"Periods that differ from their charges: {differing:,}.")
            raise SystemExit(1)

    def _verify(self, period: BillingPeriod) -> bool:
        found = list(differences(period))
        if not found:
            return False
        if period.unrated_marks.exists():
            self.stdout.write(f"{period}: about to be rated again, so its {len(found):,} different rows don't count.")
            return False
        self.stdout.write(f"{period} (ID {period.pk}): {len(found):,} rows differ.")
        for each in found[:ROWS_SHOWN]:
            self.stdout.write(f"  {_row(each)}")
            self.stdout.write(f"    stored   {_sums(each.stored)}")
            self.stdout.write(f"    charges  {_sums(each.again)}")
        if hidden := len(found) - len(found[:ROWS_SHOWN]):
            self.stdout.write(f"  … and {hidden:,} more")
        return True


def _row(row: Difference) -> str:
    when = f"{row.day:%Y-%m}" if row.form == "monthly" else f"{row.day}"
    rule = f"rule {row.rule}" if row.rule else "no rule"
    return f"{row.form} {when}, {row.product}, {row.source}, {row.action_type}, {rule}, {row.outcome}"


def _sums(sums: Sums | None) -> str:
    if sums is None:
        return "no such row"
    return f"{sums.actions:,} actions, quantity {sums.quantity:f}, {sums.amount:f}, before caps {sums.full_amount:f}"


def _periods(customer: str | None, month: str | None) -> QuerySet[BillingPeriod]:
    periods = BillingPeriod.objects.select_related("customer").order_by("pk")
    if customer:
        found = Customer.objects.filter(code__iexact=customer).first()
        if found is None:
            raise CommandError(f"There is no customer {customer!r}.", returncode=UNKNOWN)
        periods = periods.filter(customer=found)
    if month:
        try:
            periods = periods.filter(label__in=Cycle.parse(month).labels)
        except ValueError as error:
            raise CommandError(f"{month!r} is not a month. Use the form 2026-10.", returncode=UNKNOWN) from error
    return periods


@contextmanager
def _progress(done: int, total: int) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Billing periods", total=total, completed=done)
        yield lambda: progress.advance(bar)
