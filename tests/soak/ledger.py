"""What the engine has said yes to, kept outside of it: the other side of every check."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Key(NamedTuple):
    """An action as its source names it."""

    source: str
    lead: str
    action: str


class Sent(NamedTuple):
    """What was said of it."""

    kind: str
    quantity: Decimal
    occurred_at: datetime


@dataclass
class Ledger:
    """Written by many threads at once."""

    acknowledged: dict[Key, Sent] = field(default_factory=dict)
    created: Counter[Key] = field(default_factory=Counter)  # how often the answer was that it is new
    voided: set[Key] = field(default_factory=set)
    issued: set[str] = field(default_factory=set)  # numbers that were answered to a person
    unanswered: list[str] = field(default_factory=list)  # deliveries that nothing came of, and why
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)  # what no part of it should ever meet
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, key: Key, sent: Sent, outcome: str, *, again: bool = False) -> None:
        """`again` where it is the answer of before, word for word."""
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
