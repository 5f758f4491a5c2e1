"""Real data as daily amounts for the back-test; as a program, print how good the forecasts of both methods are on it.

Neither set has months of its own, so each is given what it lacks, and keeps the irregularity that it has:

- otto: 20 real shop sessions over four weeks. Eight customers, each with 22 months of these weeks in random order.
- jumps: made up, for what neither shows. Eight customers whose amounts double or halve every other month.
- x_education: 9,240 real leads without times, but with numbers in order of arrival. The numbers are spread over 22 months,
  so a day has as many leads as the export has in its part of the numbers; each source is a customer.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from billing_engine.core.calendar.spans import Month
from reports.domain.forecast.back_test import PastMonth, at_rank, tested
from reports.domain.forecast.trials import HISTORY, PARTS
from tests.shared import OTTO, X_EDUCATION

FIRST, LAST = date(2025, 1, 1), date(2026, 10, 31)
DAYS = (LAST - FIRST).days + 1
MONTHS = [Month(2026, number) for number in range(3, 11)]
WEEK, CUSTOMERS = 7, 8
OTTO_MONDAY = date(2022, 8, 1)
# Micro-units, as the sample company charges for a page view, a download, a sample and a quote.
OTTO_PRICES = {"clicks": 50_000, "carts": 750_000, "orders": 2_500_000}
LEAD, VISIT, CONVERTED = 2_500_000, 50_000, 18_000_000
WEEKDAYS = (*[1_300_000] * 5, *[250_000] * 2)
ACTIVE_DAYS = DAYS // 4  # of a source that counts as a customer

Series = list[int]


def otto() -> list[Series]:
    """Bursts: its busiest day has eighty times the events of its quietest."""
    by_day = defaultdict[date, int](int)
    for line in OTTO.read_text().splitlines():
        for event in json.loads(line)["events"]:
            by_day[datetime.fromtimestamp(event["ts"] / 1000, tz=UTC).date()] += OTTO_PRICES[event["type"]]
    weeks = [[by_day[OTTO_MONDAY + timedelta(days=WEEK * week + day)] for day in range(WEEK)] for week in range(4)]
    return [_drawn(weeks, Random(seed)) for seed in range(CUSTOMERS)]


def x_education() -> list[Series]:
    """Quiet stretches and busy ones, as leads really arrived; nothing is known of weekdays."""
    leads = list(_leads())
    least, most = min(number for number, *_ in leads), max(number for number, *_ in leads)
    found = defaultdict[str, Series](lambda: [0] * DAYS)
    for number, source, visits, is_converted in leads:
        day = (number - least) * DAYS // (most - least + 1)
        found[source][day] += LEAD + VISIT * visits + CONVERTED * is_converted
    return [series for series in found.values() if sum(map(bool, series)) > ACTIVE_DAYS]


def jumps() -> list[Series]:
    """The same week again and again, a fifth up or down each day; the level changes every other month."""
    return [
        [_jumping(FIRST + timedelta(days=day), Random(f"{seed} {day}")) for day in range(DAYS)]
        for seed in range(CUSTOMERS)
    ]


def months_of(customers: Iterable[Sequence[int]]) -> list[list[PastMonth]]:
    """The months of these customers as the back-test takes them."""
    return [[_month(series, month) for series in customers] for month in MONTHS]


def _month(series: Sequence[int], month: Month) -> PastMonth:
    first, after = (month.first - FIRST).days, (month.next().first - FIRST).days
    charged = series[first:after]
    return PastMonth("USD", series[max(0, first - HISTORY) : first], charged, charged, after - first)


def _jumping(day: date, random: Random) -> int:
    level = 2 if day.month % 4 in (0, 1) else 1
    return WEEKDAYS[day.weekday()] * level * random.randrange(80, 121) // 100


def _drawn(weeks: list[Series], random: Random) -> Series:
    until_monday = -FIRST.weekday() % WEEK
    series = random.choice(weeks)[WEEK - until_monday :]
    while len(series) < DAYS:
        series += random.choice(weeks)
    return series[:DAYS]


def _leads() -> Iterator[tuple[int, str, int, int]]:
    """Number, source, visits and conversion; some rows of the export are quoted whole."""
    for line in X_EDUCATION.read_text().splitlines()[1:]:
        (row,) = csv.reader([line])
        if len(row) == 1:
            (row,) = csv.reader(row)
        yield int(row[1]), row[3].lower(), int(float(row[7] or 0)), int(row[6] == "1")


def main() -> None:
    """Print the errors of both methods."""
    for name, customers in (("otto", otto()), ("x_education", x_education()), ("jumps", jumps())):
        months = months_of(customers)
        print(f"{name}: {len(customers)} customers, {len(months)} months")
        for day in (5, 10, 15, 20, 25):
            errors, totals = tested(months, day)
            for title, each in (("customers", errors), ("total", totals["USD"])):
                parts = (at_rank(found, rank) or 0 for found in (each.method, each.run_rate) for rank in (50, 90))
                words = " ".join(f"{part * 100 / PARTS:6.1f}%" for part in parts)
                print(
                    f"  day {day:2} {title:9} by weekday, run rate (median, 90%): {words}  in range {each.held}/{each.ranges}"
                )


if __name__ == "__main__":
    main()
