"""Print the results: ratios first."""

import os
import platform
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from tests.bench.measure import Figures

SETTINGS = ("shared_buffers", "max_wal_size", "fsync", "full_page_writes", "synchronous_commit", "autovacuum")
MB = 300
GROWTH = 1.2


@dataclass(frozen=True)
class Row:
    """One way of writing charges."""

    name: str
    rate: float
    ratio: float
    aim: float | None = None


def print_tables(rows: list[Row], figures: "Figures") -> None:
    """Everything, to standard output."""
    _head(figures)
    print(f"\n{'':44}{'of the floor':>14}{'rows/s':>12}{'aim':>18}")
    for row in rows:
        aim = "" if row.aim is None else _against(row.ratio, row.aim)
        print(f"{row.name:44}{row.ratio:>14.3f}{row.rate:>12,.0f}{aim:>18}")
    one, usual = rows[2].ratio, rows[-1].ratio
    print(f"{'one worker : the usual way':44}{one / usual:>14.1f}{'':12}{_against(one / usual, 15):>18}")
    _memory_and_growth(figures)
    _where_the_time_goes(figures)


def setting() -> str:
    """The machine and its server, on one line each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) name", [list(SETTINGS)])
        settings = ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {version}\n{settings}"


def mix() -> list[str]:
    """The outcome of the actions in the database, and the models that priced them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN reason <> '' THEN reason WHEN cap <> '' THEN 'trimmed ' || cap ELSE 'charged' END, count(*)"
            " FROM pricing_charge GROUP BY 1 UNION ALL SELECT 'unrated', count(*) FROM pricing_unratedaction ORDER BY 2 DESC"
        )
        outcomes = cursor.fetchall()
        cursor.execute(
            "SELECT price_model || CASE WHEN once_per <> '' THEN ' once' WHEN highest_only THEN ' highest only' ELSE '' END,"
            " count(*) FROM pricing_charge JOIN pricing_pricerule rule ON rule.id = rule_id GROUP BY 1 ORDER BY 2 DESC"
        )
        models = cursor.fetchall()
    total = sum(count for _, count in outcomes)
    return [", ".join(f"{name} {count / total:.2%}" for name, count in part) for part in (outcomes, models)]


def _head(figures: "Figures") -> None:
    outcomes, models = figures.mix
    share = sum(figures.sizes[period] for period in figures.foresight) / figures.actions
    sizes = sorted(figures.sizes.values())
    print(f"\n{figures.actions:,} actions of {len(sizes)} customers ({sizes[0]:,} to {sizes[-1]:,} each), 2,000 rules")
    print(f"{figures.setting}\nOutcomes: {outcomes}\nBy model: {models}")
    print(
        f"{len(figures.foresight)} periods ({share:.1%} of the actions) are gone through twice: volume, highest only."
    )
    print(f"Medians of {len(figures.floor)} rounds, each from emptied tables and a checkpoint.")


def _memory_and_growth(figures: "Figures") -> None:
    few, whole = (
        median(each.seconds for each in works) / count * 1e6
        for works, count in ((figures.few, figures.few_actions), (figures.whole, figures.actions))
    )
    peaks = {
        "nothing yet": max(each.at_rest_mb for each in figures.one),
        f"{len(figures.sizes)} periods, {figures.actions:,} actions": max(each.peak_mb for each in figures.one),
        f"one period of {figures.few_actions:,}": max(each.peak_mb for each in figures.few),
        f"one period of {figures.actions:,}": max(each.peak_mb for each in figures.whole),
    }
    print(f"\n{'a worker has rated':44}{'peak memory':>14}")
    for name, peak in peaks.items():
        print(f"{name:44}{peak:>11,.0f} MB{_against(-peak, -MB) if name != 'nothing yet' else '':>30}")
    print(f"\n{'one period':44}{'µs an action':>14}")
    print(f"{f'of {figures.few_actions:,}':44}{few:>14.1f}\n{f'of {figures.actions:,}':44}{whole:>14.1f}")
    print(f"{'ratio':44}{whole / few:>14.2f}{'':12}{_against(-whole / few, -GROWTH):>18}")


def _where_the_time_goes(figures: "Figures") -> None:
    total = median(each.seconds for each in figures.one)
    stages = dict(figures.stages)
    bare, real = stages["COPY into the bare table"], stages.pop("COPY into the real one")
    stages["checks and triggers"] = real - bare
    stages["locks, tally, marks, less what is done at once"] = total - sum(stages.values())
    print(f"\n{'where one worker’s time goes (stages apart)':44}{'share':>14}{'µs an action':>14}")
    for name, seconds in stages.items():
        print(f"{name:44}{seconds / total:>14.1%}{seconds / figures.actions * 1e6:>14.2f}")


def _against(value: float, aim: float) -> str:
    sign = "≥" if aim > 0 else "≤"
    return f"{sign} {abs(aim):g} {'held' if value >= aim else 'MISSED'}"
