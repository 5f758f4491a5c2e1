"""Workers on a second host against one database, with and without a slower network; and a streaming replica."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from billing_engine.local_servers.errors import LocalServerError
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres as LocalPostgres
from tests.bench.growth.deliveries import ACTIONS_A_LEAD, LEADS_A_BODY, align_sequences, forget_later
from tests.bench.hosts.lag import Lag
from tests.bench.hosts.relay import relay
from tests.bench.hosts.second_host import HERE, NETWORK, NotPermitted, SecondHost, at, second_host
from tests.bench.intake.cores import Postgres
from tests.bench.measure import empty, execute, peak, say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.run.company import ACTIONS_EACH, EvenWorld, build
from tests.bench.run.measure import forget
from tests.bench.run.worker import AT
from tests.bench.worker import HERE as BESIDE
from tests.bench.worker import Place, Work, share_out, work
from tests.bench.world import MONTH
from tests.replica import NoReplica, a_replica

WORKERS = {  # beside the database, on the second host
    "1 worker on the second host": (0, 1),
    "2 workers on the second host": (0, 2),
    "1 worker on each host": (1, 1),
    "2 workers on each host": (2, 2),
}
ALONE = {1: "1 worker", 2: "2 workers"}  # what each is compared with
DELAYS = (0, 1, 5)


@dataclass
class Found:
    """Units a second, by the measurement's words; and what the processors did."""

    rates: dict[str, float] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=dict)  # of all cores
    trips: dict[str, float] = field(default_factory=dict)  # a unit


@dataclass
class Company:
    """What is rated, billed and ingested, and how."""

    world: EvenWorld
    numbers: list[int]
    bodies: int
    rounds: int
    found: Found = field(default_factory=Found)

    @property
    def works(self) -> dict[str, tuple[float, Callable[[list[Place]], Work]]]:
        """Each work with its units."""
        customers = len(self.numbers)
        leads = self.bodies * LEADS_A_BODY
        return {
            "Rate": (customers * ACTIONS_EACH, self.rate),
            "Bill": (customers, self.bill),
            "Ingest": (leads * ACTIONS_A_LEAD, self.ingest),
        }

    def rate(self, places: list[Place]) -> Work:
        empty("pricing_charge")
        return work([self.numbers[n :: len(places)] for n in range(len(places))], places)

    def bill(self, places: list[Place]) -> Work:
        from invoices.domain.run.billing_run import start  # noqa: PLC0415 -- models load after the settings

        items = list(start(MONTH, by=None, at=AT).items.order_by("pk").values_list("pk", flat=True))
        shares = [[0, *items[n :: len(places)]] for n in range(len(places))]
        done = share_out(shares, module="tests.bench.run.worker", places=places)
        forget()
        return done

    def ingest(self, places: list[Place]) -> Work:
        align_sequences()
        shares = [[n, len(range(n, self.bodies, len(places)))] for n in range(len(places))]
        done = share_out(shares, module="tests.bench.hosts.ingest_worker", places=places)
        forget_later(self.world)
        return done

    def measure(self, words: str, places: list[Place], *, only: str = "") -> None:
        """Every work, as the median of the rounds."""
        for name, (units, act) in self.works.items():
            if only not in ("", name):
                continue
            say(f"{name}, {words}")
            postgres, rates = Postgres(), list[float]()
            for _ in range(self.rounds):
                used = postgres.seconds()
                done = act(places)
                rates.append(units / done.seconds)
                busy = (postgres.seconds() - used + done.cpu) / done.seconds / (os.cpu_count() or 1)
                self.found.busy[f"{name}, {words}"] = busy
                self.found.works.append(done)
            self.found.rates[f"{name}, {words}"] = median(rates)


def measure_hosts(asked: Asked) -> Outcome:
    """Everything; refused where network namespaces are."""
    call_command("migrate", verbosity=0)
    User.objects.create(username="olga")
    customers = asked.sized(4, 100, 400)
    say(f"loading {customers:,} customers")
    world, periods = build(customers)
    world.load_evenly(periods)
    execute("VACUUM ANALYZE")
    company = Company(world, [each.pk for each in periods], asked.sized(4, 40, 200), asked.rounds)
    company.rate([BESIDE])
    execute("VACUUM ANALYZE")
    try:
        with second_host() as host, _within_reach(asked.folder) as (database_url, redis_url):
            _near(company, host, database_url, redis_url)
            _far(company, host, database_url, redis_url)
        lag = _beside_a_replica(company)
    except (NotPermitted, NoReplica) as error:
        raise LocalServerError(f"The bench of two hosts can't run here: {error}") from error
    return _outcome(company, lag)


@contextmanager
def _within_reach(folder: Folder) -> Iterator[tuple[str, str]]:
    """The database listens on the cable, too; Redis, which workers only leave messages in, is reached by a relay."""
    url = os.environ["DATABASE_URL"]
    connection.close()
    server = LocalPostgres(folder, durable=True)
    with (server.home / "data" / "pg_hba.conf").open("a", encoding="utf-8") as rules:
        rules.write(f"host all all {NETWORK}.0/24 scram-sha-256\n")
    server.down()
    server._settings = server._settings | {"listen_addresses": f"127.0.0.1,{HERE}"}
    server.up()
    redis = os.environ["REDIS_URL"]
    with relay(HERE, to_port=urlsplit(redis).port or 0, milliseconds=0) as messages:
        yield at(url, HERE, urlsplit(url).port or 0), at(redis, HERE, messages.port)


def _near(company: Company, host: SecondHost, database_url: str, redis_url: str) -> None:
    there = host.place(database_url, redis_url)
    company.measure("1 worker beside", [BESIDE])
    company.measure("2 workers beside", [BESIDE] * 2)
    for words, (here, away) in WORKERS.items():
        company.measure(words, [BESIDE] * here + [there] * away)


def _far(company: Company, host: SecondHost, database_url: str, redis_url: str) -> None:
    """Through a relay that needs processor time of its own, so the comparison is with one that does not delay."""
    port = urlsplit(database_url).port or 0
    for delay in DELAYS:
        for name, (units, _) in company.works.items():
            with relay(HERE, to_port=port, milliseconds=delay) as far:
                place = host.place(at(database_url, HERE, far.port), redis_url)
                company.measure(f"delay {delay}", [place] * 2, only=name)
            company.found.trips[name] = far.requests / units / company.rounds


def _beside_a_replica(company: Company) -> list[float]:
    """Rate once more, with a replica that streams; return its lags in milliseconds."""
    say("copying the database to a replica")
    with a_replica(connection.settings_dict) as replica, Lag(replica) as lag:
        company.measure("replica", [BESIDE] * 2, only="Rate")
    return lag.milliseconds


def _outcome(company: Company, lag: list[float]) -> Outcome:
    found, rates = company.found, company.found.rates
    measured = {
        f"{name}, {words}": Measured(rates[f"{name}, {words}"], rates[f"{name}, {ALONE[away]} beside"])
        for name in company.works
        for words, (_, away) in WORKERS.items()
    }
    for name in company.works:
        for delay in DELAYS[1:]:
            measured[f"{name}, 2 workers on the second host, round trips of {delay} ms more"] = Measured(
                rates[f"{name}, delay {delay}"], rates[f"{name}, delay 0"]
            )
    measured |= {
        "Rate, 2 workers beside a streaming replica": Measured(rates["Rate, replica"], rates["Rate, 2 workers beside"]),
        "Lag of the replica while rating, median": Measured(median(lag)),
        "Lag of the replica while rating, worst": Measured(max(lag)),
        "Memory of a worker": Measured(peak(found.works)),
    }
    return Outcome(_size(company), measured, _notes(found))


def _size(company: Company) -> str:
    customers = len(company.numbers)
    return f"{customers:,} customers with {ACTIONS_EACH:,} actions each; {company.bodies:,} bodies of {LEADS_A_BODY} leads."


def _notes(found: Found) -> list[str]:
    def told(*words: str) -> str:
        return ", ".join(f"{name} {found.busy[f'{name}, {each}']:.0%}" for each in words for name in found.trips)

    trips = ", ".join(f"{name} {each:.3g}" for name, each in found.trips.items())
    return [
        "The second host is a network namespace with its own cable to the database's address; both share the same cores, so "
        "more workers help only while a core is idle.",
        f"Cores busy with workers and PostgreSQL: one worker beside: {told('1 worker beside')}; two: "
        f"{told('2 workers beside')}; two on each host: {told('2 workers on each host')}.",
        f"Round trips to the database for one unit (action, customer, action): {trips}.",
        "Longer round trips are made by a relay, which needs processor time itself; they are compared with the relay without a "
        "delay.",
        "Lag: the time until the replica has replayed what the primary had written down.",
    ]
