"""Kills only what does the work: gunicorn workers, Celery children, and all of PostgreSQL at once."""

from billing_engine.local_servers.errors import LocalServerError
from tests.soak.engine import RESTARTS, VICTIMS, Engine
from tests.soak.ledger import Ledger
from tests.soak.threads import Actor

# Shuffled round by round, so that each kind of kill happens, however short the soak is.
BAG = ("web", "web", "worker", "worker", "worker", "outgoing", "web", "postgres")


class Killer(Actor):
    """Kills one process after another."""

    def __init__(self, engine: Engine, *, seed: int, ledger: Ledger) -> None:
        super().__init__("kills", seed=seed, ledger=ledger, pause=(0.8, 3))
        self._engine = engine
        self._bag: list[str] = []

    def act(self) -> None:
        self._bag = self._bag or self.draw.sample(BAG, len(BAG))
        victim = self._bag.pop()
        if victim == "postgres":
            self._restart()
        elif self._engine.kill_one(victim, self.draw):
            self.ledger.count(f"kills of {VICTIMS[victim]}")

    def _restart(self) -> None:
        try:
            self._engine.restart_postgres()
        except LocalServerError as error:
            self.ledger.fail(f"PostgreSQL did not come back: {error}")
        else:
            self.ledger.count(RESTARTS)
