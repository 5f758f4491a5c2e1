"""Stream the actions of one or more periods in rating order."""

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, ClassVar

from django.db import connection

from pricing.rating.instants import instant
from pricing.rating.values import ActionFacts, ActionId

ROWS_AT_A_TIME = 25_000  # two of these are in memory: one is decided while the next is read
KEPT_AT_MOST = 100_000

Place = tuple[int, int]  # position in rating order: when the action occurred, in microseconds since 1970, and its id
Row = tuple[Any, ...]
START: Place = (0, 0)  # actions that occurred before the year 2000 are refused

period_of = attrgetter("period")
COLUMNS = ActionFacts._fields  # noqa: SLF001 -- a named tuple has no public name for it
_PERIOD = COLUMNS.index("period")
_period_of_row = itemgetter(_PERIOD)

ACTIONS = """
    SELECT action.id, action.lead_id, lead.person_key, lead.product_id, lead.source_id, action.action_type_id,
           (extract(epoch FROM action.occurred_at) * 1000000)::bigint, (action.quantity * 1000000)::bigint,
           (action.value * 1000000)::bigint, lead.is_test,
           action.voided_at IS NOT NULL AND NOT action.voided_after_close, waiver.is_dispute IS FALSE,
           waiver.is_dispute IS TRUE, action.period_id{columns}
      FROM unnest(%(periods)s::bigint[], %(instants)s::timestamptz[], %(actions)s::bigint[])
           AS asked (period_id, occurred_at, action_id)
      JOIN leads_action action ON action.period_id = asked.period_id
           AND (action.occurred_at, action.id) > (asked.occurred_at, asked.action_id)
      JOIN leads_lead lead ON lead.id = action.lead_id
      LEFT JOIN pricing_waiver waiver ON waiver.action_id = action.id
           {joins}
     ORDER BY action.period_id, action.occurred_at, action.id
"""
# A cursor is planned for a few rows soon, but all rows are needed (half the time); sort in memory.
ALL_ROWS_SOON = "SET LOCAL cursor_tuple_fraction = 1; SET LOCAL work_mem = '64MB'"


def number_of(action: ActionId) -> int:
    """The id as stored in the database."""
    assert isinstance(action, int), "stored actions have numbers"  # noqa: S101 -- for mypy
    return action


@dataclass(frozen=True, slots=True)
class Without(Iterable[ActionFacts]):
    """The actions except those set aside; can be iterated repeatedly."""

    actions: Iterable[ActionFacts]
    aside: Container[ActionId]

    def __iter__(self) -> Iterator[ActionFacts]:
        return (action for action in self.actions if action.id not in self.aside)


@dataclass(slots=True)
class StoredActions(Iterable[ActionFacts]):
    """The actions of these periods, each after a given position, grouped by period; can be iterated repeatedly.

    `soon` may fetch rows in the background, in turn with what else uses the connection; it returns how to get them. When
    iteration ends, `last` holds the position of each period's last action. Use only inside a transaction in which the
    periods' locks keep other workers from rating them.
    """

    query: ClassVar[str] = ACTIONS.format(columns="", joins="")

    after: Mapping[int, Place]
    soon: Callable[[Callable[[], Any]], Callable[[], Any]] = lambda job: job
    last: dict[int, Place] = field(default_factory=dict, init=False)
    _kept: list[Row] | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[ActionFacts]:
        if self._kept is not None:
            return self.made(self._kept)
        return self._stream()

    def made(self, rows: list[Row]) -> Iterator[ActionFacts]:
        """The actions of these rows."""
        return map(ActionFacts._make, rows)

    def remember(self) -> "StoredActions":
        """Read all actions and keep them if there are few enough, for callers that iterate more than once."""
        rows = list[Row]()
        for some in self._fetched():
            rows += some
            if len(rows) > KEPT_AT_MOST:
                return self
        self._kept = rows
        return self

    def _stream(self) -> Iterator[ActionFacts]:
        for rows in self._fetched():
            yield from self.made(rows)

    def _fetched(self) -> Iterator[list[Row]]:
        self.last = dict(self.after)
        self.soon(_nothing)()
        with connection.cursor() as cursor:
            cursor.execute(ALL_ROWS_SOON)
        with connection.chunked_cursor() as cursor:
            cursor.execute(self.query, self._asked())
            fetch = partial(cursor.fetchmany, ROWS_AT_A_TIME)
            upcoming = self.soon(fetch)
            try:
                while rows := upcoming():
                    upcoming = self.soon(fetch)
                    self._note_last(rows)
                    yield rows
            finally:
                self.soon(_nothing)()

    def _asked(self) -> dict[str, Any]:
        periods = sorted(self.after)
        places = [self.after[period] for period in periods]
        return {
            "periods": periods,
            "instants": [instant(at) for at, _ in places],
            "actions": [i for _, i in places],
        }

    def _note_last(self, rows: list[Row]) -> None:
        end = 0
        while end < len(rows):
            period = rows[end][_PERIOD]
            end = bisect_right(rows, period, lo=end, key=_period_of_row)
            self.last[period] = rows[end - 1][6], rows[end - 1][0]


def _nothing() -> None:
    """Once this had its turn, nothing uses the connection."""
