"""kill -9 in the middle of an import: another worker continues, and each row is stored once."""

from pathlib import Path

import pytest

from leads.domain.imports.queue import FILE_IMPORTS
from leads.domain.imports.steps import start_import
from leads.models import Action, Delivery, FileImport, Lead
from tests.leads.imports.made import NOVEMBER_3, a_source, counts, row, table, tried, uploaded, worked
from tests.processes import fork, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ROWS, KILLS = 4_000, 3
WORKER = """
from django.utils.timezone import now
from leads.domain.imports.queue import FILE_IMPORTS
FILE_IMPORTS.work({item}, at=now())
"""


def test_an_import_whose_workers_are_killed_is_continued_where_it_was_and_stores_each_row_once(tmp_path: Path):
    content = table(*(row(number) for number in range(ROWS)), row(0), row(1, sku="NONE"))
    item = tried(uploaded(tmp_path, content, source=a_source()))
    start_import(item, by=item.uploaded_by, at=NOVEMBER_3)

    reached = [0]
    for _ in range(KILLS):
        _kill_after(item, reached[-1])
        item.refresh_from_db()
        assert (item.state, Lead.objects.count()) == ("importing", item.lines_read)
        reached.append(item.lines_read)
    until(lambda: FILE_IMPORTS.due(at=NOVEMBER_3) == [{"item_id": item.pk}])
    item = worked(item)

    assert 0 < reached[1] < reached[-1] < ROWS
    assert (item.state, item.message) == ("done", "")
    assert counts(item.result) == counts(item.dry_run)
    assert counts(item.result) == {
        "leads_received": ROWS + 2,
        "leads_created": ROWS,
        "leads_duplicate": 1,
        "leads_quarantined": 1,
        "actions_received": ROWS + 2,
        "actions_created": ROWS,
        "actions_duplicate": 1,
        "actions_quarantined": 1,
    }
    assert (item.lines_read, item.lines_taken) == (ROWS + 2, ROWS + 2)
    assert (Lead.objects.count(), Action.objects.count()) == (ROWS, ROWS)
    assert Delivery.objects.count() == item.parts.count()


def _kill_after(item: FileImport, lines: int) -> None:
    """Let a worker continue with the file, and kill it once it has stored more than so many lines."""
    worker = fork(WORKER.format(item=item.pk))
    until(lambda: FileImport.objects.get(pk=item.pk).lines_read > lines or worker.poll() is not None)
    worker.kill()
