"""What a queue's test needs: waiting work, and its state once it is done exactly once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

NOVEMBER_3 = datetime(2026, 11, 3, 12, tzinfo=UTC)
AMOUNT = Decimal("2.5")
NEVER_FINISHED = "Started 3 times and never finished: the file takes too long, or the worker died."


@dataclass(frozen=True, kw_only=True)
class Case:
    """A piece of work, its result once done, and what users see once every worker has died over it."""

    make: Callable[[], object]
    facts: Callable[[], Any]
    done: Any
    doubted: Any = None  # once a worker was killed in the act, if a person then decides
    given_up: Any = None  # work without attempts is repeated until done
    deaths: int = 3
    least_kills: int = 10  # a way of fewer statements was not walked to its end
