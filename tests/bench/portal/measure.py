"""How long a customer with many charges waits for each page of the portal, on a phone too, and for a month's proof."""

from collections import defaultdict
from statistics import median

from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from tests.bench.lists.measure import PLAIN_FILES
from tests.bench.measure import say
from tests.bench.portal import world
from tests.bench.portal.pages import PAGES, Address, addresses, ask_the_floor
from tests.bench.portal.paint import Painted, painted
from tests.bench.portal.proof import Proven, proof_of
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.waiting import Took, opened, p95, timed
from tests.portal.made import logged_in

TIMES = 7  # a round


def measure_portal(asked: Asked) -> Outcome:
    """The pages, each with its floor; then the proof; then a phone."""
    call_command("migrate", verbosity=0)
    there = world.build(asked.actions or asked.sized(4_000, 100_000, 1_000_000))
    found, floors = defaultdict[Address, list[Took]](list), dict[str, float]()
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        browser = logged_in(there.person)
        for address in addresses(there):
            say(f"opening {address.page.lower()}")
            opened(browser, address.path)
            found[address] = [opened(browser, address.path) for _ in range(TIMES * asked.rounds)]
        for page in PAGES:
            ask_the_floor(there, page)
            took = [timed(lambda page=page: ask_the_floor(there, page)) for _ in range(TIMES)]  # type: ignore[misc]  # mypy can't infer it
            floors[page] = median(one.ms for one in took)
    say("sealing a month")
    proven = proof_of(there.invoice)
    say("opening pages on a phone")
    return _outcome(there, found, floors, proven, painted(asked.folder, there, browser, times=asked.rounds))


def _outcome(
    there: world.World,
    found: dict[Address, list[Took]],
    floors: dict[str, float],
    proven: Proven,
    paints: list[Painted],
) -> Outcome:
    of_page = defaultdict[str, list[Took]](list)
    for address, took in found.items():
        of_page[address.page] += took
    slowest = max(paints, key=lambda each: each.ms)
    return Outcome(
        f"{there.charges:,} charges of one customer in {world.MONTHS} months; the proof of a month with {proven.charges:,}.",
        {
            **{f"{page}, p95": Measured(p95([one.ms for one in took]), floors[page]) for page, took in of_page.items()},
            "First paint on a slow phone, the slowest page": Measured(slowest.ms / 1_000),
            "Seal the proof of a month": Measured(proven.seal_s),
            "Memory that sealing needed": Measured(proven.grown_mb),
            "Verify it with verify.py": Measured(proven.verify_s),
            "Memory of verify.py": Measured(proven.verify_mb),
        },
        [
            "The floor: the rows that a page could not do without, asked for in one statement, median. Through all of Django"
            " without a web server.",
            f"Processor time of a page and its queries, ms, median: {_busy(of_page)}.",
            f"Seconds of the processor: {proven.seal_busy_s:.1f} to seal, {proven.verify_busy_s:.1f} to verify."
            f" The bundle has {proven.bundle_mb:.1f} MB.",
            "The phone: 390 px, 1.6 Mbps with 150 ms of latency, a processor slowed down four times, nothing in its cache; ms: "
            + ", ".join(f"{each.page.lower()} {each.ms:,.0f}" for each in paints)
            + ".",
        ],
    )


def _busy(of_page: dict[str, list[Took]]) -> str:
    return ", ".join(f"{page.lower()} {median(one.busy for one in took):,.0f}" for page, took in of_page.items())
