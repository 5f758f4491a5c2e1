"""Write decisions as charges with COPY, in the order of their actions."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from io import StringIO
from types import TracebackType
from typing import Self, TypeVar

from django.db import DataError, Error, IntegrityError, connection, transaction

from pricing.rating.caps import CAPS
from pricing.rating.values import ActionId, Cuts, Decision

T = TypeVar("T")

# Large enough that a COPY's own cost vanishes, small enough that memory stays flat.
CHARGES_AT_A_TIME = 10_000
WRITTEN_LATER = 4  # so many times as many may wait while the next actions are read
NULL = r"\N"
NO_CUTS = "\t".join([NULL] * len(CAPS))
REFUSED = (DataError, IntegrityError)  # errors caused by the charges, not by the state of the database

COPY = (
    "COPY pricing_charge (action_id, period_id, rule_id, reason, amount, full_amount, cut_per_lead, cut_per_period,"
    " cut_by_budget, quantity_before, value_before, paid_by_id) FROM STDIN"
)
# The copying thread yields to the deciding one as rarely as possible.
BYTES_AT_A_TIME = 1 << 22


class ChargeWriter:
    """Write charges in the current transaction; while PostgreSQL works, the next ones are decided.

    There is one connection. Until the `with` block is left, a thread uses it, one job after another.
    """

    def __init__(self) -> None:
        self._lines = list[str]()
        self._count = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charges")
        self._writing = deque[Future[None]]()
        self._is_open = True
        # Both are created here because another thread would get its own Django connection.
        self._cursor, self._errors = connection.cursor(), connection.wrap_database_errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._is_open = False
        with self._cursor:
            if kind is None:
                self._write_soon()
            self._thread.shutdown(wait=True)
            if kind is None:
                self._wait(0)

    def write(self, period: int, decisions: list[Decision]) -> None:
        """Write charges of one period, none of them unrated; may raise what PostgreSQL refused of earlier ones."""
        self._lines.append(charge_lines(period, decisions))
        self._count += len(decisions)
        if self._count >= CHARGES_AT_A_TIME:
            self._wait(WRITTEN_LATER - 1)
            self._write_soon()

    def soon(self, job: Callable[[], T]) -> Callable[[], T]:
        """Do this after what was asked for before; the result raises what PostgreSQL refused of earlier charges."""
        if not self._is_open:
            return job
        doing = self._thread.submit(copy_context().run, job)  # its statements belong to the span of this thread

        def result() -> T:
            try:
                return doing.result()
            except Error:
                self._wait(0)  # it may have failed only because a charge was refused
                raise

        return result

    def _write_soon(self) -> None:
        lines, self._lines, self._count = self._lines, [], 0
        self._writing.append(self._thread.submit(self._copy, "".join(lines)))

    def _wait(self, left: int) -> None:
        """Wait until at most so many writes are left; raises what PostgreSQL refused."""
        while len(self._writing) > left:
            self._writing.popleft().result()

    def _copy(self, lines: str) -> None:
        if lines:
            with self._errors:
                self._cursor.copy_expert(COPY, StringIO(lines), BYTES_AT_A_TIME)


class FaultFinder:
    """Find which charges PostgreSQL accepts, after it refused a `ChargeWriter`'s.

    The caller rolls back what it writes. A refused batch is split in halves until the refused charges are found.
    """

    def __init__(self) -> None:
        self.refused: dict[ActionId, str] = {}  # message by action

    def write(self, period: int, decisions: list[Decision]) -> None:
        """Try the charges of one period, none of them unrated."""
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

    def soon(self, job: Callable[[], T]) -> Callable[[], T]:
        """Nothing is done in the background."""
        return job


def charge_lines(period: int, decisions: Iterable[Decision]) -> str:
    """The line that COPY reads. It accepts 2500000e-6 for 2.500000, so no number is divided on the way."""
    return "".join(
        [
            f"{action}\t{period}\t{NULL if rule is None else rule}\t{reason}\t"
            f"{amount}e-6\t{full_amount}e-6\t{_columns(cuts) if cuts else NO_CUTS}\t{quantity}e-6\t"
            f"{f'{value}e-6' if value else NULL}\t{NULL if paid_by is None else paid_by}\n"
            for action, rule, reason, amount, full_amount, cuts, quantity, value, paid_by in decisions
        ]
    )


def _columns(cuts: Cuts) -> str:
    """What each cap cut off, one column per cap."""
    cut = dict(cuts)
    return "\t".join(f"{cut[cap]}e-6" if cap in cut else NULL for cap in CAPS)


def to_decimal(micro_units: int) -> Decimal:
    """Convert an integer of micro-units to a Decimal with six places."""
    return Decimal(micro_units).scaleb(-6)
