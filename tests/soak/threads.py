"""Actors of the soak: threads with their own random choices, all stopped by one event."""

import threading
import traceback
from abc import ABC, abstractmethod
from random import Random

from django.db import Error, InterfaceError, OperationalError, connection

from billing_engine.core.errors import Refused
from tests.soak.ledger import Ledger


class Actor(ABC, threading.Thread):
    """Takes one step after another until it is stopped."""

    def __init__(self, name: str, *, seed: int, ledger: Ledger, pause: tuple[float, float]) -> None:
        super().__init__(name=name, daemon=True)
        self.draw = Random(f"{seed} {name}")  # the same choices for the same seed, whatever other threads do
        self.ledger = ledger
        self._pause = pause
        self._told_to_stop = threading.Event()

    @abstractmethod
    def act(self) -> None:
        """Take one step."""

    def run(self) -> None:
        try:
            while not self._told_to_stop.wait(self.draw.uniform(*self._pause)):
                self._once()
        finally:
            connection.close()

    def stop(self) -> None:
        self._told_to_stop.set()

    def _once(self) -> None:
        try:
            self.act()
        except Refused as refusal:
            self.ledger.refuse(self.name, refusal.code)
        except (OperationalError, InterfaceError):
            connection.close()  # PostgreSQL is down for a moment; a person would see an error and try again
            self.ledger.refuse(self.name, "the database was away")
        except Exception as error:
            if isinstance(error, Error):
                connection.close()
            self.ledger.fail(f"{self.name} met {type(error).__name__}: {error}\n{traceback.format_exc()}")
