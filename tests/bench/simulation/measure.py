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
from tests.bench.measure import empty, execute, peak, say, seconds, value
from tests.bench.reading import reading
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.simulation.function import function_alone
from tests.bench.simulation.pages import Waited, fill_up, measure_pages
from tests.bench.simulation.worker import __name__ as worker_module
from tests.bench.worker import AT, Work, share_out, work
from tests.factories.leads import agree_all

DRAFTED = 40  # of the rules, including those open to all


@dataclass
class Figures:
    """The measured values in seconds, one per round."""

    actions: int
    drafts: int = 0
    read_whole: str = ""
    function: list[float] = field(default_factory=list)
    fetch: list[float] = field(default_factory=list)
    rating_one: list[Work] = field(default_factory=list)
    rating_two: list[Work] = field(default_factory=list)
    one: list[Work] = field(default_factory=list)
    two: list[Work] = field(default_factory=list)
    whole: list[Work] = field(default_factory=list)


def measure_simulation(asked: Asked) -> Outcome:
    """Everything, on the database of the settings."""
    call_command("migrate", verbosity=0)
    actions = asked.actions or asked.sized(4_000, 100_000, 1_000_000)
    logging.getLogger("billing_engine.core.tasks").setLevel(
        logging.ERROR
    )  # no worker listens: the test calls it directly
    say(f"loading {actions:,} actions, and one customer with as many")
    here, periods = world.build()
    here.load(periods, actions)
    world.waive_some(actions)
    large = Customer.objects.bulk_create([Customer(code="WHOLE", name="WHOLE", billed_from=world.MONTH.first)])
    agree_all(large)
    [whole] = world.settle(large, here.sources, here.kinds, first_place=1)
    here.load([whole], actions)
    figures = Figures(actions)
    execute("VACUUM ANALYZE")
    say("rating it all: what it costs now")
    _rate(figures, [period.pk for period in periods], asked.rounds)
    work([[whole.pk]])
    execute("VACUUM ANALYZE")
    person = User.objects.get(username="olga")
    drafts = _drafts(person)
    figures.drafts = len(drafts)
    _rounds(figures, periods, whole, drafts, asked.rounds)
    say(f"pages with {fill_up(here, asked.sized(2_100, 5_000, 5_000)):,} rules")
    execute("VACUUM ANALYZE")
    return _outcome(figures, measure_pages(asked.sized(3, 25, 25)))


def _rate(figures: Figures, periods: list[int], rounds: int) -> None:
    """What a simulation is compared with: rating the same from scratch; the charges stay."""
    for _ in range(rounds):
        for shares, works in (([periods], figures.rating_one), ([periods[::2], periods[1::2]], figures.rating_two)):
            empty("pricing_charge")
            works.append(work(shares))


def _drafts(person: User) -> list[PriceRule]:
    """A tenth more for each rule that has a unit price and is open to all, and for some of a single customer."""
    dear = PriceRule.objects.filter(unit_price__isnull=False).order_by(F("customer").asc(nulls_first=True), "pk")
    begin = datetime.combine(world.MONTH.next().first, time())  # by the customers' clocks
    drafts = [revise(rule, by=person, at=AT, since=begin) for rule in dear[:DRAFTED]]
    chosen = PriceRule.objects.filter(pk__in=[draft.pk for draft in drafts])
    chosen.update(unit_price=F("unit_price") * 11 / 10)
    return list(chosen)


def _rounds(
    figures: Figures,
    periods: list[BillingPeriod],
    whole: BillingPeriod,
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
            with reading() as read:
                works.append(_simulated(drafts, [period.customer for period in periods], person, workers))
            figures.read_whole = read.words()
        say(f"round {number} of {rounds}: simulating one large period")
        figures.whole.append(_simulated(drafts, [whole.customer], person, 1))


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


def _outcome(figures: Figures, pages: list[Waited]) -> Outcome:
    def rate(taken: float) -> float:
        return figures.actions / taken

    decided, fetched = median(figures.function), median(figures.fetch)
    one, two = rate(seconds(figures.one)), rate(seconds(figures.two))
    return Outcome(
        f"{figures.actions:,} actions of {world.CUSTOMERS} customers, one month; {figures.drafts} drafts beside 2,000 rules "
        f"in force; pages with {PriceRule.objects.count():,} rules.",
        {
            "Simulate, one worker, compared with rating": Measured(one, rate(seconds(figures.rating_one))),
            "Simulate, two workers, compared with rating": Measured(two, rate(seconds(figures.rating_two))),
            "Simulate, one worker, compared with deciding and fetching": Measured(one, rate(decided + fetched)),
            "Memory of a worker that simulated all customers": Measured(peak(figures.one + figures.two)),
            "Memory of a worker that simulated one large period": Measured(peak(figures.whole)),
            **{page.page: Measured(page.ms) for page in pages},
        },
        [
            "The floor is rating the same actions from scratch with as many workers; of the third line, the rating function "
            f"alone ({rate(decided):,.0f} actions/s) with fetching.",
            figures.read_whole,
            "Pages: medians; the slowest took "
            + ", ".join(f"{page.worst_ms:.0f} ms with {page.queries} queries" for page in pages)
            + ".",
        ],
    )
