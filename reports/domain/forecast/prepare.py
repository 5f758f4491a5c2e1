"""Keep what the month's forecasts start from, so that pages need only the days of the month itself."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from billing_engine.core.calendar import spans
from leads.models import Customer
from reports.domain.forecast.commitments import commitments_of
from reports.domain.forecast.daily_amounts import daily_amounts
from reports.domain.forecast.outlook import Outlook, add_up, outlook_of, spreads_of
from reports.domain.forecast.profile import Profile
from reports.domain.forecast.trials import Spread, Trial
from reports.models import ForecastBasis

UTC_ZONE = ZoneInfo("UTC")
ROWS_AT_A_TIME = 1_000


@transaction.atomic
def prepare(*, at: datetime) -> int:
    """Replace the bases of all months with those of the current one (by UTC); return how many there are."""
    month = spans.Month.containing(at, UTC_ZONE)
    rows = list(_bases(month, at))
    ForecastBasis.objects.all().delete()
    ForecastBasis.objects.bulk_create(rows, batch_size=ROWS_AT_A_TIME)
    return len(rows)


def outlook_in(basis: ForecastBasis, elapsed: int) -> Outlook:
    """Read a kept basis as of that many elapsed days."""
    found = basis.profile
    spread = spread_in(basis, elapsed)
    return Outlook(
        Profile(tuple(found["sums"]), tuple(found["bounds"]), found["weeks"]), {elapsed: spread} if spread else {}
    )


def spread_in(basis: ForecastBasis, elapsed: int) -> Spread | None:
    """Read only its spread; None if too few past forecasts tell one, or the month is over."""
    parts = basis.spreads.get(str(elapsed))
    return Spread(*parts) if parts else None


def _bases(month: spans.Month, at: datetime) -> Iterator[ForecastBasis]:
    days = (month.next().first - month.first).days
    customers = {each.pk: each for each in Customer.objects.all()}
    commitments = commitments_of(list(customers.values()), month)
    totals = defaultdict[str, dict[int, list[Trial]]](dict)
    for pk, amounts in daily_amounts(list(customers.values()), month, commitments).items():
        outlook, trials = outlook_of(amounts.history, days, range(days))
        add_up(totals[customers[pk].currency], trials)
        yield ForecastBasis(
            month=month.first,
            currency=customers[pk].currency,
            customer_id=pk,
            profile=asdict(outlook.profile),
            spreads=_kept(outlook.spreads),
            made_at=at,
        )
    for currency, trials in totals.items():
        yield ForecastBasis(month=month.first, currency=currency, spreads=_kept(spreads_of(trials)), made_at=at)


def _kept(spreads: Mapping[int, Spread]) -> dict[int, tuple[int, int]]:
    return {elapsed: (spread.low, spread.high) for elapsed, spread in spreads.items()}
