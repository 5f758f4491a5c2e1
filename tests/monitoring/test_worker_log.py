"""What a real worker and beat log."""

import json
from pathlib import Path
from typing import Any

import pytest

from billing_engine.core import log_context
from billing_engine.core.tasks import after_commit
from tests.processes import empty_broker, until, worker

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_a_worker_tells_of_each_task_in_one_line_with_the_request_that_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOG_FORMAT", "json")
    empty_broker()
    log_context.begin(request="4bf92f3577b34da6")
    after_commit("pricing.rate_periods", period_ids=[])
    after_commit("invoices.render", item_id="none", attempt=0)
    log_context.end()
    log = tmp_path / "one.log"

    with worker(tmp_path, "one"):
        until(lambda: log.exists() and log.read_text().count('"logger":"billing_engine.tasks"') >= 2)

    lines = _lines(log)
    tasks = {line["task"]: line for line in lines if line["logger"] == "billing_engine.tasks"}
    assert {name: (line["state"], line["request"]) for name, line in tasks.items()} == {
        "pricing.rate_periods": ("success", "4bf92f3577b34da6"),
        "invoices.render": ("failure", "4bf92f3577b34da6"),
    }
    [fault] = [line for line in lines if line["level"] == "error"]
    assert (fault["task_id"], fault["exception"][0]["exc_type"]) == (
        tasks["invoices.render"]["task_id"],
        "ValueError",
    )


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
