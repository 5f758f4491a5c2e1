"""Actions and their current outcomes, read in one statement."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import ClassVar

from pricing.domain.rate.actions import ACTIONS, COLUMNS, Row, StoredActions
from pricing.rating.values import ActionFacts, KindId, RuleId

Outcome = tuple[RuleId | None, str, int]  # the rule, the reason for an exclusion, the amount
Current = tuple[KindId, RuleId | None, str, int]  # the action type and the outcome

CHARGED_ACTIONS = ACTIONS.format(
    # As text, because the largest amounts do not fit into a bigint and a Decimal takes longer; always six places.
    columns=", charge.rule_id, coalesce(charge.reason, ''), coalesce(charge.amount, 0)::numeric(40, 6)::text",
    joins="LEFT JOIN pricing_charge charge ON charge.action_id = action.id",
)
_KIND, _OWN = COLUMNS.index("action_type"), len(COLUMNS)
_FACTS = itemgetter(slice(_OWN))
_CURRENT = itemgetter(_KIND, _OWN, _OWN + 1, _OWN + 2)


@dataclass(slots=True)
class ChargedActions(StoredActions):
    """Stored actions; `current` holds the outcomes of those that were read, in their order: take them as you go."""

    query: ClassVar[str] = CHARGED_ACTIONS

    current: deque[Current] = field(default_factory=deque, kw_only=True)

    # A dataclass with slots has no `super()`.
    def __iter__(self) -> Iterator[ActionFacts]:
        self.current.clear()
        return StoredActions.__iter__(self)

    def made(self, rows: list[Row]) -> Iterator[ActionFacts]:
        current = map(_CURRENT, rows)
        self.current.extend([(kind, rule, why, int(amount.replace(".", ""))) for kind, rule, why, amount in current])
        return StoredActions.made(self, list(map(_FACTS, rows)))
