"""Simulations compared with the rating function alone, and the pages of the rule book with thousands of rules."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, time
from statistics import median

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Count, F

from leads.models import BillingPeriod, Customer
from pricing.domain.rule_book.rules import revise
from pricing.domain.simulation.simulate import start
from pricing.models import PriceRule, SimulatedCustomer, Simulation
from tests.bench import world
from tests.bench.measure import FEW, execute, say, value
from tests.bench.simulation.function import function_alone
from tests.bench.simulation.pages import Waited, fill_up, measure_pages
from tests.bench.simulation.worker import __name__ as worker_module
from tests.bench.table import MB, setting
from tests.bench.table import _against as against
from tests.bench.worker import AT, Work, share_out, work
from tests.factories.leads import agree_all

OF_THE_FUNCTION = 0.8
DRAFTED = 40  # of the rules, including those open to all


@dataclass
class Figures:
    """The measured values in seconds, one per round."""

    actions: int
    drafts: int = 0
    setting: str = ""
    function: list[float] = field(default_factory=list)
    fetch: list[float] = field(default_factory=list)
    rating: list[float] = field(default_factory=list)
    one: list[Work] = field(default_factory=list)
    two: list[Work] = field(default_factory=list)
    few: list[Work] = field(default_factory=list)
    whole: list[Work] = field(default_factory=list)


def measure_simulation(*, actions: int, rounds: int) -> None:
    """Everything, on the database of the settings."""
    call_command("migrate", verbosity=0)
    logging.getLogger("billing_engine.core.tasks").setLevel(
        logging.ERROR
    )  # no worker listens: the test calls it directly
    say(f"loading {actions:,} actions, and one customer with {FEW:,} and one with {actions:,}")
    here, periods = world.build()
    here.load(periods, actions)
    world.waive_some(actions)
    both = Customer.objects.bulk_create(
        Customer(code=code, name=code, billed_from=world.MONTH.first) for code in ("FEW", "WHOLE")
    )
    agree_all(both)
    few, whole = world.settle(both, here.sources, here.kinds, first_place=1)
    here.load([few], FEW)
    here.load([whole], actions)
    figures = Figures(actions)
    execute("VACUUM ANALYZE")
    say("rating it all: what it costs now")
    figures.rating.append(work([[period.pk for period in periods]]).seconds)
    work([[few.pk, whole.pk]])
    execute("VACUUM ANALYZE")
    person = User.objects.get(username="olga")
    drafts = _drafts(person)
    figures.drafts = len(drafts)
    _rounds(figures, periods, (few, whole), drafts, rounds)
    figures.setting = setting()
    _print(figures)
    say(f"pages with {fill_up(here):,} rules")
    execute("VACUUM ANALYZE")
    _print_pages(measure_pages(), PriceRule.objects.count())


def _drafts(person: User) -> list[PriceRule]:
    """A tenth more for each rule that has a unit price and is open to all, and for some of a single customer."""
    dear = PriceRule.objects.filter(unit_price__isnull=False).order_by(F("customer").asc(nulls_first=True), "pk")
    begin = datetime.combine(world.MONTH.next().first, time.min)
    drafts = [revise(rule, by=person, at=AT, since=begin) for rule in dear[:DRAFTED]]
    chosen = PriceRule.objects.filter(pk__in=[draft.pk for draft in drafts])
    chosen.update(unit_price=F("unit_price") * 11 / 10)
    return list(chosen)


def _rounds(
    figures: Figures,
    periods: list[BillingPeriod],
    sizes: tuple[BillingPeriod, BillingPeriod],
    drafts: list[PriceRule],
    rounds: int,
) -> None:
    person = User.objects.get(username="olga")
    numbers = [period.pk for period in periods]
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: the function alone")
        decided, fetched = function_alone(numbers)
        figures.function.append(decided)
        figures.fetch.append(fetched)
        for workers, works in ((1, figures.one), (2, figures.two)):
            say(f"round {number} of {rounds}: simulating, {workers} worker{'s' if workers > 1 else ''}")
            works.append(_simulated(drafts, [period.customer for period in periods], person, workers))
        for period, works in zip(sizes, (figures.few, figures.whole), strict=True):
            say(f"round {number} of {rounds}: simulating one period of {period.actions.count():,}")
            works.append(_simulated(drafts, [period.customer], person, 1))


def _simulated(drafts: list[PriceRule], customers: list[Customer], person: User, workers: int) -> Work:
    execute("CHECKPOINT")
    simulation = start(drafts, months=[str(world.MONTH)], customers=customers, by=person, at=AT)
    items = list(simulation.customers.order_by("-actions").values_list("pk", flat=True))
    done = share_out([items[place::workers] for place in range(workers)], module=worker_module)
    _check(simulation)
    return done


def _check(simulation: Simulation) -> None:
    """It has finished, it rated every action, and some prices changed."""
    simulation.refresh_from_db()
    rated = sum(simulation.customers.values_list("actions_rated", flat=True))
    customers = simulation.customers.values("customer")
    there = BillingPeriod.objects.filter(customer__in=customers).aggregate(n=Count("actions"))["n"]
    failed = SimulatedCustomer.objects.filter(simulation=simulation).exclude(state="done").count()
    moved = value(
        f"SELECT count(*) FROM pricing_simulatedsum WHERE simulation_id = {simulation.pk} AND now_amount <> then_amount"
    )
    if failed or rated != there or simulation.finished_at is None or not moved:
        raise RuntimeError(f"{failed} failed; rated {rated:,} of {there:,}; {moved} sums moved.")


def _print(figures: Figures) -> None:
    alone = median(figures.function)
    print(f"\n{figures.actions:,} actions of {world.CUSTOMERS} customers, one month, {figures.drafts} drafts beside")
    print(f"2,000 rules in force. {figures.setting}\nMedians of {len(figures.function)} rounds.")
    print(f"\n{'':44}{'of the function':>16}{'actions/s':>12}{'minutes':>9}{'aim':>18}")
    fed = alone + median(figures.fetch)
    for name, seconds, aim in (
        ("the rating function alone, all in memory", alone, None),
        ("the same, its actions fetched", fed, None),
        ("rating and writing charges, one worker", median(figures.rating), None),
        ("simulating, one worker", median(each.seconds for each in figures.one), None),
        ("simulating, two workers", median(each.seconds for each in figures.two), OF_THE_FUNCTION),
    ):
        told = "" if aim is None else against(alone / seconds, aim)
        print(f"{name:44}{alone / seconds:>16.3f}{figures.actions / seconds:>12,.0f}{seconds / 60:>9.2f}{told:>18}")
    one = median(each.seconds for each in figures.one)
    print(f"{'one worker : the function and its fetching':44}{fed / one:>16.3f}")
    _print_memory(figures)


def _print_pages(pages: list[Waited], rules: int) -> None:
    print(f"\n{f'with {rules:,} rules':44}{'median ms':>12}{'worst ms':>12}{'queries':>9}{'aim':>18}")
    for page in pages:
        told = "" if page.aim_ms is None else against(-page.ms, -page.aim_ms)
        print(f"{page.page:44}{page.ms:>12.0f}{page.worst_ms:>12.0f}{page.queries:>9}{told:>18}")


def _print_memory(figures: Figures) -> None:
    peaks = {
        "nothing yet": max(each.at_rest_mb for each in figures.one),
        f"{world.CUSTOMERS} customers, {figures.actions:,} actions": max(each.peak_mb for each in figures.one),
        f"one period of {FEW:,}": max(each.peak_mb for each in figures.few),
        f"one period of {figures.actions:,}": max(each.peak_mb for each in figures.whole),
    }
    print(f"\n{'a worker has simulated':44}{'peak memory':>16}")
    for name, peak in peaks.items():
        print(f"{name:44}{peak:>13,.0f} MB{against(-peak, -MB) if name != 'nothing yet' else '':>39}")
