"""How long reports take beside millions of charges, beside few, and by the usual way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now

from reports.domain.forecast.prepare import prepare
from reports.domain.question.question import Question
from reports.queries.explore.answer import answer_of
from tests.bench.lists.measure import PLAIN_FILES
from tests.bench.measure import say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked as Size
from tests.bench.reports import usual, world
from tests.bench.reports.questions import REACHES, Asked, questions, questions_about_leads
from tests.bench.waiting import Took, opened, p95, timed
from tests.factories.people import with_role

LENGTHS = ("month", "year")
SHOWN = 5  # the slowest of each kind, in the notes
ROLES = ("Finance", "Operations")


@dataclass
class Figures:
    """What was measured beside a number of charges, by what was asked."""

    rows: dict[str, int]
    asked: dict[str, dict[Asked, list[Took]]] = field(default_factory=dict)
    leads: dict[str, dict[Asked, list[Took]]] = field(default_factory=dict)
    pages: dict[str, dict[Asked, list[Took]]] = field(default_factory=dict)
    desks: dict[str, list[Took]] = field(default_factory=dict)


def measure_reports(size: Size) -> Outcome:
    """Few charges, then many."""
    call_command("migrate", verbosity=0)
    world.build()
    few, many = size.sized(2_000, 50_000, 50_000), size.actions or size.sized(5_000, 500_000, 5_000_000)
    beside_few = _measured(few, size.rounds)
    beside_many = _measured(many, size.rounds)
    say("GROUP BY over the charges")
    grouped = {length: _usual(length) for length in LENGTHS}
    return _outcome(beside_few, beside_many, grouped)


def _measured(charges: int, rounds: int) -> Figures:
    found = Figures(world.load(charges))
    for length in LENGTHS:
        say(f"asking about a {length}")
        found.asked[length] = _each(questions(length), rounds, _answered)
        found.leads[length] = _each(questions_about_leads(length), rounds, _answered)
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        for role in ROLES:
            say(f"opening the front page of {role}")
            browser = _browser(role)
            prepare(at=now())  # as beat does every night
            browser.get(reverse("admin:index"))
            found.desks[role] = [opened(browser, reverse("admin:index")) for _ in range(rounds)]
        for length in LENGTHS:
            say(f"opening the explorer about a {length}")
            found.pages[length] = _each(questions(length), rounds, _opens(browser))
    return found


def _each(asked: Iterable[Asked], rounds: int, ask: Callable[[Asked], Took]) -> dict[Asked, list[Took]]:
    return {each: [ask(each) for _ in range(rounds)] for each in asked}


def _answered(asked: Asked) -> Took:
    return timed(lambda: answer_of(asked.question, at=world.AT))


def _opens(browser: Client) -> Callable[[Asked], Took]:
    address = reverse("admin:reports_explorer")
    return lambda asked: opened(browser, f"{address}?{asked.question}")


def _browser(role: str) -> Client:
    browser = Client()
    browser.force_login(with_role(role))
    return browser


def _usual(length: str) -> list[float]:
    days = REACHES[length][0]
    return [1_000 * usual.seconds_of(Question(group=(group,), days=days)) for group in usual.KEYS]


def _times(found: dict[Asked, list[Took]]) -> list[float]:
    return [one.ms for took in found.values() for one in took]


def _outcome(few: Figures, many: Figures, grouped: dict[str, list[float]]) -> Outcome:
    measured = dict[str, Measured]()
    for length in LENGTHS:
        ours, before = _times(many.asked[length]), _times(few.asked[length])
        pages, before_pages = _times(many.pages[length]), _times(few.pages[length])
        measured |= {
            f"A grouped {length}, median": Measured(median(ours)),
            f"A grouped {length}, p95": Measured(p95(ours)),
            f"A grouped {length}, p95, beside few charges": Measured(p95(ours), p95(before)),
            f"A page about a {length}, p95": Measured(p95(pages)),
            f"A page about a {length}, p95, beside few charges": Measured(p95(pages), p95(before_pages)),
            f"A grouped {length} with leads, p95": Measured(p95(_times(many.leads[length]))),
            f"A grouped {length}, compared with GROUP BY over charges": Measured(
                1_000 / median(ours), usual=1_000 / median(grouped[length])
            ),
        }
    for role, took in many.desks.items():
        measured[f"Front page, {role}"] = Measured(p95([one.ms for one in took]))
    return Outcome(_size(few, many), measured, _notes(many))


def _size(few: Figures, many: Figures) -> str:
    counts = [f"{rows:,} {TABLES[table]}" for table, rows in many.rows.items()]
    return (
        f"{', '.join(counts)}, of {len(world.MONTHS)} months and {world.CUSTOMERS} customers; few charges are"
        f" {few.rows['pricing_charge']:,}. {sum(map(len, many.asked.values()))} questions with one to three groups, columns"
        " and filters."
    )


TABLES = {
    "pricing_charge": "charges",
    "pricing_dailyactivity": "rows of daily activity",
    "pricing_monthlyactivity": "rows of monthly activity",
    "invoices_invoiceline": "invoice lines",
}


def _notes(many: Figures) -> list[str]:
    notes = list[str]()
    for length, found in many.asked.items():
        busy = [one.busy for took in found.values() for one in took]
        notes.append(
            f"The processor was busy with a grouped {length} for {median(busy):,.0f} ms, p95 {p95(busy):,.0f} ms."
        )
        slowest = sorted(found, key=lambda each: -median(one.ms for one in found[each]))[:SHOWN]
        for each in slowest:
            ms, busy = (median(values) for values in zip(*found[each], strict=True))
            notes.append(f"The slowest {length}s: {ms:,.0f} ms, of which busy {busy:,.0f} ms: {each}")
    return notes
