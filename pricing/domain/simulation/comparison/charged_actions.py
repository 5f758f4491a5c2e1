"""Actions and their current outcomes, read in one statement."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import itemgetter
from typing import ClassVar, Self, TypeVar

from pricing.domain.rate.actions import ACTIONS, COLUMNS, Row, StoredActions
from pricing.rating.values import ActionFacts, KindId, RuleId

T = TypeVar("T")

Outcome = tuple[RuleId | None, str, int]  # the rule, the reason for an exclusion, the amount
Current = tuple[KindId, RuleId | None, str, int]  # the action type (or what else is grouped by) and the outcome

CHARGED_ACTIONS = ACTIONS.format(
    # As text, because the largest amounts do not fit into a bigint and a Decimal takes longer; always six places.
    columns=", charge.rule_id, coalesce(charge.reason, ''), coalesce(charge.amount, 0)::numeric(40, 6)::text",
    joins="LEFT JOIN pricing_charge charge ON charge.action_id = action.id",
)
_OWN = len(COLUMNS)
_FACTS = itemgetter(slice(_OWN))


class Stopped(Exception):
    """The simulation was stopped."""


class ReadAhead:
    """A thread that reads the next actions while some are decided; before each read, `Stopped` may be raised.

    There is one connection: inside the `with` block, only what reads the actions uses it.
    """

    def __init__(self, may_go_on: Callable[[], bool]) -> None:
        self._may_go_on, self._is_open = may_go_on, True
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulation")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._thread.shutdown(wait=True)

    def soon(self, job: Callable[[], T]) -> Callable[[], T]:
        """Do this in the background; it is asked for when the job before is done."""
        if not self._is_open:
            return job
        if not self._may_go_on():
            raise Stopped
        return self._thread.submit(job).result


@dataclass(slots=True)
class ChargedActions(StoredActions):
    """Stored actions; `current` holds the outcomes of those that were read, in their order: take them as you go."""

    query: ClassVar[str] = CHARGED_ACTIONS

    current: deque[Current] = field(default_factory=deque, kw_only=True)
    grouped_by: str = field(default="action_type", kw_only=True)

    # A dataclass with slots has no `super()`.
    def __iter__(self) -> Iterator[ActionFacts]:
        self.current.clear()
        return StoredActions.__iter__(self)

    def made(self, rows: list[Row]) -> Iterator[ActionFacts]:
        current = map(itemgetter(COLUMNS.index(self.grouped_by), _OWN, _OWN + 1, _OWN + 2), rows)
        self.current.extend([(kind, rule, why, int(amount.replace(".", ""))) for kind, rule, why, amount in current])
        return StoredActions.made(self, list(map(_FACTS, rows)))
