"""Waiting work of each queue in leads."""

from typing import Any

from billing_engine.core.models import Deed
from leads.domain.quarantine.bulk_retry import start_retry
from leads.models import Action, BulkRetry, Delivery, Lead, Notice, Product, QuarantinedItem, QuarantineStep
from tests.core.queues.case import NOVEMBER_3, Case
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.leads.quarantine.test_settle import action, lead
from tests.leads.quarantine.test_settle import send as deliver

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
