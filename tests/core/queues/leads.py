"""Waiting work of each queue in leads."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from billing_engine.core.models import Deed
from leads.domain.archive.bodies import body_of
from leads.domain.archive.moving import start_archiving
from leads.domain.imports.steps import start_import
from leads.domain.people.erase import ask_erasure
from leads.domain.people.person import Person
from leads.domain.quarantine.bulk_retry import start_retry
from leads.models import (
    Action,
    ArchivedBody,
    ArchiveRun,
    BulkRetry,
    Delivery,
    Erasure,
    FileImport,
    FileImportPart,
    Lead,
    Notice,
    Product,
    QuarantinedItem,
    QuarantineStep,
)
from tests.core.queues.case import NOVEMBER_3, Case
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.leads.imports.made import a_source, row, table, tried, uploaded
from tests.leads.quarantine.test_settle import action, lead
from tests.leads.quarantine.test_settle import send as deliver

CONTACT = {"email": "mara@marker.example"}
PASSED_OVER = ("refused_again", "Skipped after 3 attempts without an outcome.")


def a_notice() -> None:
    customer = CustomerFactory.create()
    to, subject = ["books@ash.example"], "Your billing details change"
    Notice.objects.create(
        customer=customer, to=to, subject=subject, body="…", requested_at=NOVEMBER_3, next_attempt_at=NOVEMBER_3
    )


def notices() -> Any:
    return [(notice.settled_at is not None, notice.failure) for notice in Notice.objects.all()]


def two_items_to_retry() -> None:
    ActionTypeFactory.create(code="sample_order")
    source = SourceFactory.create()
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    deliver(source, *(lead(f"L-{number}", action(), sku="NEW") for number in range(2)))
    ProductFactory.create(sku="NEW", customer=Product.objects.get(sku="TILE").customer)
    start_retry(source, code="unknown_product", by=None, at=NOVEMBER_3)


def retries() -> Any:
    return (
        list(BulkRetry.objects.values_list("stored", "refused", "total")),
        BulkRetry.objects.get().finished_at is not None,
        (Lead.objects.count(), Action.objects.count()),
        list(QuarantinedItem.objects.values_list("state", flat=True)),
        list(QuarantineStep.objects.order_by("pk").values_list("kind", "note")),
    )


def two_deliveries() -> None:
    ActionTypeFactory.create(code="sample_order")
    source = SourceFactory.create()
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    for number in range(2):
        deliver(source, lead(f"L-{number}", action(), contact=CONTACT))


def a_person_to_erase() -> None:
    two_deliveries()
    ask_erasure(Person.given(email=CONTACT["email"]), reason="Request 17", by=None, at=NOVEMBER_3)


def erasures() -> Any:
    erasure = Erasure.objects.get()
    left = [CONTACT["email"] in body_of(delivery).decode() for delivery in Delivery.objects.order_by("pk")]
    counts = erasure.bodies, erasure.leads, erasure.failed
    return counts, left, erasure.finished_at is not None, list(Lead.objects.values_list("email", flat=True))


def two_bodies_to_archive() -> None:
    two_deliveries()
    start_archiving(before=datetime(2027, 1, 1, tzinfo=UTC), by=None, at=NOVEMBER_3)


def archived() -> Any:
    run = ArchiveRun.objects.get()
    kept = [CONTACT["email"] in body_of(delivery).decode() for delivery in Delivery.objects.order_by("pk")]
    return (run.moved, run.failed, run.finished_at is not None), kept, ArchivedBody.objects.count()


def a_file_of_two_parts() -> None:
    source = a_source()
    with TemporaryDirectory() as folder:
        item = uploaded(Path(folder), table(*map(row, range(501)), row(501, sku="NONE")), source=source)
    tried(item)
    start_import(item, by=item.uploaded_by, at=NOVEMBER_3)


def file_imports() -> Any:
    item = FileImport.objects.get()
    return (
        (item.state, item.lines_read, item.message),
        item.result.get("counts") == item.dry_run["counts"],
        (Lead.objects.count(), Action.objects.count(), QuarantinedItem.objects.count()),
        (Delivery.objects.count(), FileImportPart.objects.count()),
    )


NEVER_FINISHED = "3 workers ended at the same place of the file, or were stopped there."


def an_action_whose_lead_arrived() -> None:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    source = SourceFactory.create(wait_hours=30 * 24)
    deliver(source, {"id": "L-1", "actions": [action()]})
    deliver(source, lead())


def joins() -> Any:
    return (
        (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()),
        list(QuarantinedItem.objects.values_list("state", flat=True)),
        list(QuarantineStep.objects.values_list("kind", "note")),
        Deed.objects.filter(verb="quarantined_item_joined").count(),
    )


CASES = {
    "leads.import_files": Case(
        make=a_file_of_two_parts,
        facts=file_imports,
        done=(("done", 502, ""), True, (501, 501, 1), (2, 2)),
        given_up=(("failed", 0, NEVER_FINISHED), False, (0, 0, 0), (0, 0)),
    ),
    "leads.erase": Case(
        make=a_person_to_erase,
        facts=erasures,
        done=((2, 2, 0), [False, False], True, ["", ""]),
        given_up=((0, 2, 2), [True, True], True, ["", ""]),
        deaths=6,
    ),
    "leads.archive": Case(
        make=two_bodies_to_archive,
        facts=archived,
        done=((2, 0, True), [True, True], 2),
        given_up=((0, 2, True), [True, True], 0),
        deaths=6,
    ),
    "leads.join": Case(
        make=an_action_whose_lead_arrived,
        facts=joins,
        done=((1, 1, 3), ["repaired"], [("joined", "")], 1),
    ),
    "leads.notice": Case(
        make=a_notice,
        facts=notices,
        done=[(True, "")],
        given_up=[(True, "20 attempts ended without an outcome.")],
        deaths=20,
        least_kills=8,
    ),
    "leads.retry": Case(
        make=two_items_to_retry,
        facts=retries,
        done=([(2, 0, 2)], True, (2, 2), ["repaired"] * 2, [("repaired", "")] * 2),
        given_up=([(0, 2, 2)], True, (0, 0), ["waiting"] * 2, [PASSED_OVER] * 2),
        deaths=6,
    ),
}
