"""An item that kills its workers does not come back for ever: attempts are counted before they are made."""

import subprocess
import sys

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from leads.domain.quarantine.bulk_retry import start_retry
from leads.models import BulkRetry, QuarantinedItem
from leads.tasks import retry_task
from tests.factories.leads import QuarantinedItemFactory, SourceFactory
from tests.processes import CHECKOUT, environ, kill, until

TAKEN_UP = """
import django; django.setup()
from django.utils.timezone import now
from leads.domain.quarantine.bulk_retry import retry_next
retry_next({}, at=now())
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_an_item_that_kills_every_worker_is_passed_over_after_three_and_waits_for_a_person():
    source = SourceFactory.create()
    QuarantinedItemFactory.create_batch(2, source=source, code="unknown_product")
    retry = start_retry(source, code="unknown_product", by=None, at=now())
    first = QuarantinedItem.objects.order_by("pk").first()

    for attempt in (1, 2, 3):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE leads_quarantinestep")  # as far as it gets before it is killed
            worker = subprocess.Popen(
                [sys.executable, "-c", TAKEN_UP.format(retry.pk)],
                cwd=CHECKOUT,
                env=environ() | {"DJANGO_SETTINGS_MODULE": "billing_engine.settings"},
                start_new_session=True,
            )
            until(lambda: _waiting_for("leads_quarantinestep"))
            kill(worker)
        until(lambda: not _held_by_others(retry))
        assert BulkRetry.objects.get().attempts == attempt
    retry_task(retry_id=retry.pk)

    retry.refresh_from_db()
    assert (retry.refused, retry.stored, retry.finished_at is not None) == (2, 0, True)
    notes = list(first.steps.values_list("note", flat=True))
    assert notes == ["Passed over: 3 attempts ended without an outcome."]
    assert first.state == QuarantinedItem.State.WAITING


def _waiting_for(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_class ON relation = pg_class.oid WHERE relname = %s AND NOT granted",
            [table],
        )
        return bool(cursor.fetchone()[0])


def _held_by_others(retry: BulkRetry) -> bool:
    with transaction.atomic():
        return not BulkRetry.objects.select_for_update(skip_locked=True).filter(pk=retry.pk).exists()
