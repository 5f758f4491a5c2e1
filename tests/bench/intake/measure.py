"""The measurements of intake, in order, and their table."""

from dataclasses import dataclass, field

from django.core.management import call_command

from billing_engine.local_servers.folder import Folder
from leads.models import Action, Lead
from tests.bench.intake.company import ACTIONS, Company, store
from tests.bench.intake.cores import Cores
from tests.bench.intake.floor import Rows, empty
from tests.bench.intake.load import Load, send
from tests.bench.intake.server import Server, server
from tests.bench.intake.table import print_figures
from tests.bench.measure import execute, say
from tests.bench.table import setting

OURS, USUAL, EMPTY = "/api/v1/deliveries", "/bench/usual", "/bench/empty"
SIZES = (1, 10, 100, 1_000)
SAMPLES = 10


@dataclass(frozen=True)
class Amounts:
    """How many leads are sent; each measurement should take some seconds."""

    ours: dict[int, int]
    usual: dict[int, int]
    empty: int
    stored_actions: int
    deliveries: int  # for the memory


QUICK = Amounts(
    ours={1: 2_000, 10: 10_000, 100: 20_000, 1_000: 24_000},
    usual={1: 240, 10: 480, 100: 800, 1_000: 2_000},
    empty=4_000,
    stored_actions=400_000,
    deliveries=5_000,
)
FULL = Amounts(
    ours={1: 8_000, 10: 40_000, 100: 60_000, 1_000: 64_000},
    usual={1: 1_000, 10: 2_000, 100: 2_400, 1_000: 4_000},
    empty=16_000,
    stored_actions=5_000_000,
    deliveries=100_000,
)


@dataclass
class Figures:
    """The measured values, one per round; leads by batch size."""

    amounts: Amounts
    setting: str = ""
    floor: list[float] = field(default_factory=list)  # leads a second
    empty: list[Load] = field(default_factory=list)
    ours: dict[int, list[Load]] = field(default_factory=lambda: {size: [] for size in SIZES})
    usual: dict[int, list[Load]] = field(default_factory=lambda: {size: [] for size in SIZES})
    full: dict[int, list[Load]] = field(default_factory=lambda: {size: [] for size in SIZES})
    cores: dict[int, tuple[float, float]] = field(default_factory=dict)  # seconds a lead: web, PostgreSQL
    half: list[Load] = field(default_factory=list)
    memory: list[tuple[int, float]] = field(default_factory=list)  # after that many deliveries, MB


def measure_intake(folder: Folder, *, quick: bool, rounds: int) -> None:
    """Everything, on the database of the settings."""
    call_command("migrate", verbosity=0)
    figures = Figures(QUICK if quick else FULL)
    company = Company()
    execute("VACUUM ANALYZE")
    with server(folder) as web:
        bench = Bench(company, web, figures)
        bench.warm_up()
        for number in range(1, rounds + 1):
            bench.side_by_side(f"round {number} of {rounds}")
        bench.half_load(rounds)
        bench.memory()
        bench.full_tables(rounds)
    figures.setting = setting()
    print_figures(figures)


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
        for size in SIZES:
            self._send(OURS, 16 * size, size)
        self._send(USUAL, 16, 1)
        self._send(EMPTY, 200, 1)
        empty()
        self._send(OURS, self.amounts.ours[100], 100)
        self.rows = Rows.stored()

    def side_by_side(self, words: str) -> None:
        assert self.rows
        figures = self.figures
        say(f"{words}: the floor")
        empty()
        figures.floor.append(self.rows.leads / self.rows.copy_back())
        say(f"{words}: an empty view")
        figures.empty.append(self._send(EMPTY, self.amounts.empty, 1))
        for size in SIZES:
            say(f"{words}: ours, {size:,} at a time")
            empty()
            figures.ours[size].append(self._ours(size))
            say(f"{words}: the usual way, {size:,} at a time")
            empty()
            figures.usual[size].append(self._send(USUAL, self.amounts.usual[size], size))

    def half_load(self, rounds: int) -> None:
        """Single leads at half the maximum rate."""
        rate = sorted(load.rate for load in self.figures.ours[1])[len(self.figures.ours[1]) // 2] / 2
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}: single leads at half of the top load")
            empty()
            deliveries = self.company.deliveries(self.amounts.ours[1] // 2, size=1)
            self.figures.half.append(send(self.web.port, OURS, deliveries, rate=rate))

    def memory(self) -> None:
        empty()
        self.figures.memory.append((0, self.web.memory_mb()))
        step = self.amounts.deliveries // SAMPLES
        for sample in range(1, SAMPLES + 1):
            say(f"memory over {self.amounts.deliveries:,} deliveries, {sample * step:,}")
            self._send(OURS, step, 1)
            self.figures.memory.append((sample * step, self.web.memory_mb()))

    def full_tables(self, rounds: int) -> None:
        """The same with many stored actions, and with a database that was just empty."""
        empty()
        say(f"storing {self.amounts.stored_actions:,} actions")
        store(self.amounts.stored_actions)
        for number in range(1, rounds + 1):
            for size in SIZES:
                say(f"round {number} of {rounds}: beside the stored ones, {size:,} at a time")
                execute("CHECKPOINT")
                self.figures.full[size].append(self._send(OURS, self.amounts.ours[size], size))

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
