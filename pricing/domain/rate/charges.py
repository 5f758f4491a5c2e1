"""Decisions become charges by COPY, in the order of their actions."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from io import StringIO
from types import TracebackType
from typing import Self

from django.db import DataError, IntegrityError, connection, transaction

from pricing.rating.caps import CAPS
from pricing.rating.values import ActionId, Cuts, Decision

# Large enough that a COPY's own cost vanishes, small enough that memory stays flat.
CHARGES_AT_A_TIME = 10_000
NULL = r"\N"
NO_CUTS = "\t".join([NULL] * len(CAPS))
REFUSED = (DataError, IntegrityError)  # for what the charges are, not for the state the database is in

COPY = (
    "COPY pricing_charge (action_id, period_id, rule_id, reason, amount, full_amount, cut_per_lead, cut_per_period,"
    " cut_by_budget, quantity_before, value_before, paid_by_id) FROM STDIN"
)
# The thread that copies gives way to the one that decides as seldom as it can.
BYTES_AT_A_TIME = 1 << 22


class ChargeWriter:
    """Writes charges in the transaction in progress; while PostgreSQL stores some, the next ones are decided.

    There is one connection: who wants to use it meanwhile waits first (`wait`). Leaving the `with` block writes the rest.
    """

    def __init__(self) -> None:
        self._lines = list[str]()
        self._count = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charges")
        self._writing: Future[None] | None = None
        # Both taken here: to another thread Django would give another connection.
        self._cursor, self._errors = connection.cursor(), connection.wrap_database_errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._thread.shutdown(wait=True)
        with self._cursor:
            if kind is None:
                self.wait()
                self._copy(self._taken())

    def write(self, period: int, decisions: list[Decision]) -> None:
        """Charges of one period, none of them unrated."""
        self._lines.append(charge_lines(period, decisions))
        self._count += len(decisions)
        if self._count >= CHARGES_AT_A_TIME:
            self.wait()
            self._writing = self._thread.submit(self._copy, self._taken())

    def wait(self) -> None:
        """Until nothing is being written; raises what PostgreSQL refused."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _taken(self) -> str:
        lines, self._lines, self._count = self._lines, [], 0
        return "".join(lines)

    def _copy(self, lines: str) -> None:
        if lines:
            with self._errors:
                self._cursor.copy_expert(COPY, StringIO(lines), BYTES_AT_A_TIME)


class FaultFinder:
    """Tries which charges PostgreSQL takes; stands in for a `ChargeWriter` whose charges it refused.

    What it writes is thrown away by whoever uses it. The halves of a batch that is refused are tried, and their halves.
    """

    def __init__(self) -> None:
        self.refused: dict[ActionId, str] = {}  # why, by action

    def write(self, period: int, decisions: list[Decision]) -> None:
        """Charges of one period, none of them unrated."""
        try:
            with transaction.atomic(), connection.cursor() as cursor, connection.wrap_database_errors:
                cursor.copy_expert(COPY, StringIO(charge_lines(period, decisions)))
        except REFUSED as error:
            if len(decisions) == 1:
                self.refused[decisions[0].action] = f"Its charge can't be stored. {str(error).partition(chr(10))[0]}"
                return
            half = len(decisions) // 2
            self.write(period, decisions[:half])
            self.write(period, decisions[half:])

    def wait(self) -> None:
        """Nothing is written in the background."""


def charge_lines(period: int, decisions: Iterable[Decision]) -> str:
    """What COPY reads. To it 2500000e-6 is 2.500000: no number is divided on the way."""
    return "".join(
        [
            f"{action}\t{period}\t{NULL if rule is None else rule}\t{reason}\t"
            f"{amount}e-6\t{full_amount}e-6\t{_columns(cuts) if cuts else NO_CUTS}\t{quantity}e-6\t"
            f"{f'{value}e-6' if value else NULL}\t{NULL if paid_by is None else paid_by}\n"
            for action, rule, reason, amount, full_amount, cuts, quantity, value, paid_by in decisions
        ]
    )


def _columns(cuts: Cuts) -> str:
    """What each cap cut off, a column each."""
    cut = dict(cuts)
    return "\t".join(f"{cut[cap]}e-6" if cap in cut else NULL for cap in CAPS)


def in_units(micro_units: int) -> Decimal:
    """An integer of micro-units as a Decimal of six places."""
    return Decimal(micro_units).scaleb(-6)
