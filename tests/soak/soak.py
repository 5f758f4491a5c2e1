"""The steps of a soak: build the data, run all actors while processes are killed, wait until no work is left, check."""

import time
from collections.abc import Sequence

from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from billing_engine.sample.company import SELLER
from tests.invoices.post import PostOffice
from tests.soak import world
from tests.soak.chaos import Killer
from tests.soak.engine import Engine
from tests.soak.held import held
from tests.soak.ledger import Ledger
from tests.soak.people import Finance, Operations
from tests.soak.quiet import wait_until_quiet
from tests.soak.sources import PATIENCE_SECONDS, Sender
from tests.soak.table import print_tables, say
from tests.soak.threads import Actor

STEP_SECONDS = 5
ACTOR_SECONDS = 60  # to finish its current step


def soak(engine: Engine, office: PostOffice, *, seconds: float, seed: int) -> bool:
    """Return whether every check held."""
    ledger = Ledger()
    say(f"seed {seed}: migrating, and making the company")
    call_command("migrate", verbosity=0)
    here = world.build(at=now())
    say("starting gunicorn, two Celery workers and beat")
    engine.start(SELLER | {"LOG_LEVEL": "INFO"})
    busy: list[Actor] = [
        *(Sender(source, address=engine.address, world=here, seed=seed, ledger=ledger) for source in here.keys),
        Finance(world=here, seed=seed, ledger=ledger),
        Operations(world=here, seed=seed, ledger=ledger),
    ]
    killer = Killer(engine, seed=seed, ledger=ledger)
    try:
        _let_them([*busy, killer], engine, ledger, seconds=seconds)
        say("no more kills; waiting until nothing is left to do")
    finally:
        _end([killer])  # first, and also on Ctrl-C, so that nothing is restarted while stopping
    _end(busy, seconds=PATIENCE_SECONDS)
    connection.close()  # the connection may have been broken by a restart
    took = wait_until_quiet(ledger, check=engine.children.check, told=_Told())
    say(f"quiet after {took} seconds; checking")
    found = held(ledger, office.arrived)
    print_tables(ledger, found, seed=seed)
    return not any(one.faults for one in found)


def _let_them(actors: Sequence[Actor], engine: Engine, ledger: Ledger, *, seconds: float) -> None:
    for actor in actors:
        actor.start()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(STEP_SECONDS, left))
        engine.children.check()
        done = dict(ledger.done)
        kills = sum(count for what, count in done.items() if what.startswith(("kills", "restarts")))
        say(
            f"{max(0, end - time.monotonic()):4.0f} s left: {done.get('deliveries', 0):,} deliveries, "
            f"{len(ledger.acknowledged):,} actions, {done.get('billing runs', 0)} runs, {kills} kills"
        )


def _end(actors: Sequence[Actor], *, seconds: float = ACTOR_SECONDS) -> None:
    for actor in actors:
        actor.stop()
    deadline = time.monotonic() + seconds
    for actor in actors:
        actor.join(max(0, deadline - time.monotonic()))
        if actor.is_alive():
            actor.ledger.fail(f"{actor.name} was not done {seconds:.0f} seconds after it was told to stop")


class _Told:
    """Print what is waiting, whenever it changes."""

    def __init__(self) -> None:
        self._before = ""

    def __call__(self, waiting: dict[str, int]) -> None:
        left = ", ".join(f"{name} {count}" for name, count in waiting.items() if count)
        if left and left != self._before:
            say(f"  {left}")
        self._before = left
