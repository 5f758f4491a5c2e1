"""The measurements of intake, in order."""

from dataclasses import dataclass, field
from statistics import median

from django.core.management import call_command

from leads.models import Action, Lead
from pricing.models import Charge
from tests.bench.intake.company import ACTIONS, Company, store
from tests.bench.intake.cores import Cores
from tests.bench.intake.floor import Rows, empty
from tests.bench.intake.load import LAP, Load, send
from tests.bench.intake.rating_beside import rating_beside
from tests.bench.intake.server import Server, server
from tests.bench.measure import execute, say
from tests.bench.report.lines import Outcome
from tests.bench.report.registry import BODIES, FULL, QUICK, TINY, Asked

OURS, USUAL, EMPTY = "/api/v1/deliveries", "/bench/usual", "/bench/empty"
SAMPLES = 10


@dataclass(frozen=True)
class Amounts:
    """How many leads are sent; each measurement should take some seconds."""

    ours: dict[int, int]
    usual: dict[int, int]
    empty: int
    stored: tuple[int, int]  # actions in the database: some, and very many
    deliveries: int  # for the memory
    held_seconds: float  # for each size of body, with rating beside it


AMOUNTS = {
    TINY: Amounts(
        ours={1: 40, 10: 200, 100: 400, 1_000: 2_000},
        usual={1: 16, 10: 40, 100: 100, 1_000: 1_000},
        empty=40,
        stored=(4_000, 8_000),
        deliveries=40,
        held_seconds=1,
    ),
    QUICK: Amounts(
        ours={1: 2_000, 10: 10_000, 100: 20_000, 1_000: 24_000},
        usual={1: 240, 10: 480, 100: 800, 1_000: 2_000},
        empty=4_000,
        stored=(400_000, 1_200_000),
        deliveries=5_000,
        held_seconds=20,
    ),
    FULL: Amounts(
        ours={1: 8_000, 10: 40_000, 100: 60_000, 1_000: 64_000},
        usual={1: 1_000, 10: 2_000, 100: 2_400, 1_000: 4_000},
        empty=16_000,
        stored=(400_000, 10_000_000),
        deliveries=100_000,
        held_seconds=300,
    ),
}


def _by_size() -> dict[int, list[Load]]:
    return {size: [] for size in BODIES}


@dataclass
class Figures:
    """The measured values, one per round; by leads in a body."""

    amounts: Amounts
    floor: list[float] = field(default_factory=list)  # leads a second
    empty: list[Load] = field(default_factory=list)
    ours: dict[int, list[Load]] = field(default_factory=_by_size)
    usual: dict[int, list[Load]] = field(default_factory=_by_size)
    half: dict[int, list[Load]] = field(default_factory=_by_size)
    full: list[dict[int, list[Load]]] = field(default_factory=list)  # beside some actions, and beside very many
    held: dict[int, Load] = field(default_factory=dict)
    rated: dict[int, float] = field(default_factory=dict)  # the share of what arrived meanwhile that was rated
    cores: dict[int, tuple[float, float]] = field(default_factory=dict)  # seconds a lead: web, PostgreSQL
    memory: list[float] = field(default_factory=list)  # MB, at the beginning and after each sample
    peak_mb: float = 0.0


def measure_intake(asked: Asked) -> Outcome:
    """Everything, on the database of the settings."""
    from tests.bench.intake.table import outcome_of  # noqa: PLC0415 -- it reads `Figures`

    call_command("migrate", verbosity=0)
    figures = Figures(AMOUNTS[asked.size])
    company = Company()
    execute("VACUUM ANALYZE")
    with server(asked.folder) as web:
        bench = Bench(company, web, figures)
        bench.warm_up()
        bench.floors(asked.floors)
        for number in range(1, asked.rounds + 1):
            bench.side_by_side(f"round {number} of {asked.rounds}")
        bench.half_load(asked.rounds)
        bench.memory()
        bench.hold()
        bench.full_tables(asked.rounds)
        figures.peak_mb = web.peak_mb()
    return outcome_of(figures)


class Bench:
    """One company, one web server, and their measurements."""

    def __init__(self, company: Company, web: Server, figures: Figures) -> None:
        self.company, self.web, self.figures = company, web, figures
        self.amounts = figures.amounts
        self.cores = Cores(web)
        self.rows: Rows | None = None

    def warm_up(self) -> None:
        """Every worker has loaded what it needs, and the lower bound uses the rows that the endpoint stored."""
        say("once to warm up")
        for size in BODIES:
            self._send(OURS, 16 * size, size)
        self._send(USUAL, 16, 1)
        self._send(EMPTY, 200, 1)
        empty()
        self._send(OURS, self.amounts.ours[100], 100)
        self.rows = Rows.stored()

    def floors(self, times: int) -> None:
        assert self.rows
        for _ in range(times):
            empty()
            self.figures.floor.append(self.rows.leads / self.rows.copy_back())
            self.figures.empty.append(self._send(EMPTY, self.amounts.empty, 1))

    def side_by_side(self, words: str) -> None:
        for size in BODIES:
            say(f"{words}: ours, {size:,} at a time")
            empty()
            self.figures.ours[size].append(self._ours(size))
            say(f"{words}: the usual way, {size:,} at a time")
            empty()
            self.figures.usual[size].append(self._send(USUAL, self.amounts.usual[size], size))

    def half_load(self, rounds: int) -> None:
        """Each size of body at half of its maximum rate."""
        for size, loads in self.figures.half.items():
            rate = median(load.rate for load in self.figures.ours[size]) / 2
            for number in range(1, rounds + 1):
                say(f"round {number} of {rounds}: {size:,} at a time at half of the top load")
                empty()
                deliveries = self.company.deliveries(self.amounts.ours[size] // 2, size=size)
                loads.append(send(self.web.port, OURS, deliveries, rate=rate))

    def hold(self) -> None:
        """For minutes, with a worker that rates what arrives."""
        seconds = self.amounts.held_seconds
        for size in BODIES[1:]:
            say(f"holding {size:,} at a time for {seconds:.0f} s, with rating beside")
            empty()
            deliveries = self.company.deliveries(self.amounts.ours[size], size=size, lap=LAP.decode())
            with rating_beside():
                self.figures.held[size] = send(self.web.port, OURS, deliveries, lasting=seconds)
                self.figures.rated[size] = Charge.objects.count() / Action.objects.count()

    def memory(self) -> None:
        empty()
        self.figures.memory.append(self.web.memory_mb())
        step = self.amounts.deliveries // SAMPLES
        for sample in range(1, SAMPLES + 1):
            say(f"memory over {self.amounts.deliveries:,} deliveries, {sample * step:,}")
            self._send(OURS, step, 1)
            self.figures.memory.append(self.web.memory_mb())

    def full_tables(self, rounds: int) -> None:
        """The same with many stored actions, and with a database that was just empty."""
        empty()
        there = 0
        for actions in self.amounts.stored:
            say(f"storing {actions:,} actions")
            store(actions - there)
            there, loads = actions, _by_size()
            for number in range(1, rounds + 1):
                for size in BODIES:
                    say(f"round {number} of {rounds}: beside the stored ones, {size:,} at a time")
                    execute("CHECKPOINT")
                    loads[size].append(self._send(OURS, self.amounts.ours[size], size))
            self.figures.full.append(loads)

    def _ours(self, size: int) -> Load:
        with self.cores.watch():
            load = self._send(OURS, self.amounts.ours[size], size)
        leads = self.amounts.ours[size]
        self.figures.cores[size] = self.cores.web / leads, self.cores.postgres / leads
        if (Lead.objects.count(), Action.objects.count()) != (leads, leads * ACTIONS):
            raise RuntimeError("Not everything that was sent is there.")
        return load

    def _send(self, path: str, leads: int, size: int) -> Load:
        return send(self.web.port, path, self.company.deliveries(leads, size=size))
