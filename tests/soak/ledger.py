"""What the engine has acknowledged, recorded outside of it for comparison."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Key(NamedTuple):
    """The ID of an action, as its source knows it."""

    source: str
    lead: str
    action: str


class Sent(NamedTuple):
    """What the source said about an action."""

    kind: str
    quantity: Decimal
    occurred_at: datetime


@dataclass
class Ledger:
    """The acknowledged facts, written by many threads at once."""

    acknowledged: dict[Key, Sent] = field(default_factory=dict)
    created: Counter[Key] = field(default_factory=Counter)  # how often it was reported as new
    voided: set[Key] = field(default_factory=set)
    issued: set[str] = field(default_factory=set)  # invoice numbers shown to a person
    unanswered: list[str] = field(default_factory=list)  # deliveries that were refused, and why
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)  # unexpected errors
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, key: Key, sent: Sent, outcome: str, *, again: bool = False) -> None:
        """Record a response; `again` means that it must equal the earlier one."""
        with self.lock:
            if outcome not in ("created", "duplicate"):
                self.faults.append(f"{key} is well-formed, and its outcome was {outcome}")
                return
            self.acknowledged[key] = sent
            self.created[key] += outcome == "created" and not again

    def acknowledge_void(self, key: Key, outcome: str) -> None:
        with self.lock:
            if outcome not in ("updated", "duplicate"):
                self.faults.append(f"the void of {key} had the outcome {outcome}")
                return
            self.voided.add(key)

    def count(self, what: str, by: int = 1) -> None:
        with self.lock:
            self.done[what] += by

    def refuse(self, what: str, code: str) -> None:
        with self.lock:
            self.refused[f"{what}: {code}"] += 1

    def fail(self, words: str) -> None:
        with self.lock:
            self.faults.append(words)

    def give_up(self, words: str) -> None:
        with self.lock:
            self.unanswered.append(words)

    def issue(self, number: str) -> None:
        with self.lock:
            self.issued.add(number)
