"""`manage.py backtest_forecast [--months 6] [--days 5,10,15,20,25]`: how good the forecast would have been."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from billing_engine.core.read_replica import from_copy
from reports.domain.forecast.back_test import Errors, at_rank, tested
from reports.domain.forecast.trials import PARTS
from reports.queries.back_test import late_share, months_before, past_months

MOST_MONTHS = 60
HEAD = "after day    forecasts   by weekday: median    90%    run rate: median    90%    in range"


class Command(BaseCommand):
    """Writes nothing to the database."""

    help = "Forecast months that are over as of some of their days, and print how far off both methods were."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--months", type=int, default=6, help="How many of the latest months that are over.")
        parser.add_argument("--days", type=_days, default="5,10,15,20,25", help="After which days: 5,10,15.")

    @from_copy
    def handle(self, *args: Any, months: int, days: list[int], **options: Any) -> None:
        if not 1 <= months <= MOST_MONTHS:
            raise CommandError(f"--months is a number from 1 to {MOST_MONTHS}.", returncode=2)
        asked = months_before(now(), months)
        found = past_months(asked)
        if not any(found):
            raise CommandError(f"Nothing was charged from {asked[0]} to {asked[-1]}.")
        self.stdout.write(f"Months {asked[0]} to {asked[-1]}, each customer's days in its own time zone.")
        results = [(day, *tested(found, day)) for day in days]
        self._tell("Customers, one by one", [(day, errors) for day, errors, _ in results])
        for currency in results[0][2]:
            self._tell(f"Total {currency}", [(day, totals[currency]) for day, _, totals in results])
        for currency, share in late_share(asked).items():
            self.stdout.write(
                f"{currency}: {share * 100:.1f}% of it was billed in a later period than it occurred in. It counts on the day"
                " it occurred, although it was not known then."
            )

    def _tell(self, title: str, results: list[tuple[int, Errors]]) -> None:
        self.stdout.write(f"\n{title}\n{HEAD}")
        for day, errors in results:
            method, run_rate = errors.method, errors.run_rate
            held = f"{errors.held} of {errors.ranges}" if errors.ranges else "no range"
            self.stdout.write(
                f"{day:>9}{len(method):>13}{_percent(method, 50):>21}{_percent(method, 90):>7}"
                f"{_percent(run_rate, 50):>20}{_percent(run_rate, 90):>7}{held:>12}"
            )
        if left_out := results[0][1].without_history:
            self.stdout.write(f"Left out, with less than four weeks of history: {left_out}.")


def _days(text: str) -> list[int]:
    days = [int(day) if day.strip().isdecimal() else 0 for day in text.split(",")]
    if not all(1 <= day <= 28 for day in days):
        raise ArgumentTypeError("days of a month from 1 to 28, such as 5,10,15")
    return days


def _percent(parts: list[int], rank: int) -> str:
    found = at_rank(parts, rank)
    return "–" if found is None else f"{found * 100 / PARTS:.1f}%"
