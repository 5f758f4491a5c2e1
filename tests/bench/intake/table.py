"""Print the results of intake: ratios first, with the targets."""

from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.intake.company import ACTIONS
from tests.bench.intake.load import CONNECTIONS, Load
from tests.bench.intake.server import WORKERS
from tests.bench.table import _against as against

if TYPE_CHECKING:
    from tests.bench.intake.measure import Figures

# By leads per delivery; from the issue that asked for the endpoint.
OF_THE_USUAL = {1: 4.0, 10: 10.0, 100: 15.0}
OF_THE_FLOOR = {10: 0.4, 100: 0.75, 1_000: 0.9}
OF_THE_EMPTY = 0.25
ACTIONS_A_SECOND = 10_000
OF_AN_EMPTY_DATABASE = 0.8
P95 = 0.050
GROWTH = 1.05


def print_figures(figures: "Figures") -> None:
    """Everything, to standard output."""
    print(
        f"\nLeads with {ACTIONS} actions each; gunicorn with {WORKERS} workers, a sender with {CONNECTIONS} connections"
    )
    print(figures.setting)
    print(f"Medians of {len(figures.floor)} rounds, each from emptied tables and a checkpoint.")
    _rates(figures)
    _ratios(figures)
    _full_tables(figures)
    _memory(figures)
    _cores(figures)


def _rates(figures: "Figures") -> None:
    print(f"\n{'':44}{'leads/s':>10}{'actions/s':>11}{'p50 ms':>9}{'p95 ms':>9}")
    floor = median(figures.floor)
    print(f"{'the floor: COPY of the same rows':44}{floor:>10,.0f}{floor * ACTIONS:>11,.0f}")
    for name, loads in (("ours", figures.ours), ("the usual way", figures.usual)):
        for size, each in loads.items():
            rate = _rate(each) * size
            print(f"{f'{name}, {size:,} a delivery':44}{rate:>10,.0f}{rate * ACTIONS:>11,.0f}{_times(each)}")
    print(f"{'an empty view (requests)':44}{_rate(figures.empty):>10,.0f}{'':>11}{_times(figures.empty)}")
    print(f"{'ours, single, at half of its top load':44}{_rate(figures.half):>10,.0f}{'':>11}{_times(figures.half)}")


def _ratios(figures: "Figures") -> None:
    print(f"\n{'':44}{'ratio':>10}{'aim':>20}")
    floor = median(figures.floor)
    for size, each in figures.ours.items():
        usual, rate = _rate(figures.usual[size]) * size, _rate(each) * size
        _line(f"{size:,} a delivery : the usual way", rate / usual, OF_THE_USUAL.get(size))
        _line(f"{size:,} a delivery : the floor", rate / floor, OF_THE_FLOOR.get(size))
    _line("single : an empty view", _rate(figures.ours[1]) / _rate(figures.empty), OF_THE_EMPTY)
    tens = _rate(figures.ours[10]) * 10 * ACTIONS
    print(f"{'tens, actions a second':44}{tens:>10,.0f}{against(tens, ACTIONS_A_SECOND):>20}")
    p95 = median(load.p95 for load in figures.half)
    print(
        f"{'p95 of single leads at half of the top load':44}{p95 * 1e3:>7.1f} ms{against(-p95 * 1e3, -P95 * 1e3):>20}"
    )


def _full_tables(figures: "Figures") -> None:
    print(f"\n{f'with {figures.amounts.stored_actions:,} actions stored':44}{'leads/s':>10}{'ratio':>10}{'aim':>16}")
    for size, each in figures.full.items():
        rate, fresh = _rate(each) * size, _rate(figures.ours[size]) * size
        aim = against(rate / fresh, OF_AN_EMPTY_DATABASE)
        print(f"{f'{size:,} a delivery : on an empty database':44}{rate:>10,.0f}{rate / fresh:>10.3f}{aim:>16}")


def _memory(figures: "Figures") -> None:
    print(f"\n{'the larger worker after':44}{'memory':>10}")
    for deliveries, memory in figures.memory:
        print(f"{f'{deliveries:,} deliveries':44}{memory:>7,.1f} MB")
    # The first tenth fills what every process fills once.
    growth = figures.memory[-1][1] / figures.memory[1][1]
    _line("last : first tenth", growth, -GROWTH)


def _cores(figures: "Figures") -> None:
    print(f"\n{'processor time, µs a lead':44}{'gunicorn':>10}{'PostgreSQL':>12}")
    for size, (web, postgres) in figures.cores.items():
        print(f"{f'{size:,} a delivery':44}{web * 1e6:>10,.0f}{postgres * 1e6:>12,.0f}")


def _line(name: str, ratio: float, aim: float | None) -> None:
    held = "" if aim is None else against(ratio if aim > 0 else -ratio, aim)
    print(f"{name:44}{ratio:>10.3f}{held:>20}")


def _rate(loads: Iterable[Load]) -> float:
    return median(load.rate for load in loads)


def _times(loads: list[Load]) -> str:
    p50, p95 = (median(getattr(load, name) for load in loads) * 1e3 for name in ("p50", "p95"))
    return f"{p50:>9.1f}{p95:>9.1f}"
