"""The true floor of rating: the same join copied out in rating order, and the same bytes copied in; nothing is decided."""

import json
import os
import shutil
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.db import connection, transaction

from billing_engine.local_servers.folder import Folder
from pricing.domain.rate.actions import START, StoredActions
from pricing.domain.rate.charges import BYTES_AT_A_TIME, COPY
from pricing.domain.rate.sweep import TOGETHER
from tests.bench.worker import Work, a_share, share_out

WHERE = "BENCH_TRUE_FLOOR"
COLUMNS = COPY.partition("(")[2].partition(")")[0].split(", ")


class TrueFloor:
    """Statements and bytes for each fifty periods, prepared before the clock starts; as many processes as workers."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder.path / "true-floor"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        os.environ[WHERE] = str(self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self._folder)
        del os.environ[WHERE]

    def prepare(self, shares: list[list[int]], *, rated: str) -> None:
        """Write down what rating asks for these periods, and the lines it writes."""
        for share in shares:
            for periods in _together(share):
                at = _place(periods)
                at.with_suffix(".json").write_text(json.dumps(_asked(periods)), encoding="utf-8")
                with at.open("wb") as file, connection.cursor() as cursor:
                    cursor.copy_expert(_lines_of(periods, rated), file)

    def measure(self, shares: list[list[int]]) -> Work:
        return share_out(shares, module=__name__)


class Sink(RawIOBase):
    """Takes everything and keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


def main() -> None:
    """A process: fetch and write for its periods, in transactions of fifty periods, as a worker does."""
    with a_share() as share:
        for periods in _together(share):
            at = _place(periods)
            *settings, select = json.loads(at.with_suffix(".json").read_text(encoding="utf-8"))
            with transaction.atomic(), connection.cursor() as cursor:
                for setting in settings:
                    cursor.execute(setting)
                cursor.copy_expert(f"COPY ({select}) TO STDOUT", Sink(), BYTES_AT_A_TIME)
                with at.open("rb") as file:
                    cursor.copy_expert(COPY, file, BYTES_AT_A_TIME)


def _together(share: list[int]) -> list[list[int]]:
    return [share[start : start + TOGETHER] for start in range(0, len(share), TOGETHER)]


def _place(periods: list[int]) -> Path:
    return Path(os.environ[WHERE]) / "-".join(map(str, (periods[0], periods[-1], len(periods))))


def _asked(periods: list[int]) -> list[str]:
    """What rating executes to fetch these periods: settings first, then the one query."""
    said = list[str]()

    def remember(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        with connection.connection.cursor() as cursor:
            said.append(cursor.mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(remember):
        next(iter(StoredActions(dict.fromkeys(periods, START))), None)
    return said


def _lines_of(periods: list[int], rated: str) -> str:
    """The charges as rating writes them: amounts in millionths."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'numeric'",
            [rated],
        )
        amounts = {name for (name,) in cursor.fetchall()}
    columns = (
        f"(charge.{name} * 1000000)::bigint || 'e-6'" if name in amounts else f"charge.{name}" for name in COLUMNS
    )
    return (
        f"COPY (SELECT {', '.join(columns)} FROM {rated} charge JOIN leads_action action ON action.id = charge.action_id"
        f" WHERE charge.period_id IN ({', '.join(map(str, periods))})"
        " ORDER BY action.period_id, action.occurred_at, action.id) TO STDOUT"
    )
