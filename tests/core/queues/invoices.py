"""Waiting work of each queue in invoices."""

from typing import Any

from billing_engine.core.calendar.spans import Month
from invoices.domain.mail.request import send
from invoices.domain.month_close.bulk_action import start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.run.billing_run import start
from invoices.models import (
    BillingCycle,
    BillingRun,
    BillingRunItem,
    CycleStep,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceMail,
)
from leads.models import BillingPeriod
from tests.core.queues.case import AMOUNT, NOVEMBER_3, Case
from tests.factories.leads import ActionFactory
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import a_draft, approved, issued, printed


def a_bill() -> None:
    PriceRuleFactory.create()
    ActionFactory.create()
    start(Month(2026, 10), by=None, at=NOVEMBER_3)


def two_bills_at_once() -> None:
    PriceRuleFactory.create()
    ActionFactory.create_batch(2)
    start(Month(2026, 10), by=None, at=NOVEMBER_3)


def bills() -> Any:
    return (
        list(BillingRunItem.objects.values_list("state", "code")),
        list(Invoice.objects.values_list("state", "total")),
        InvoiceLine.objects.count(),
        list(BillingPeriod.objects.values_list("state", flat=True)),
        BillingRun.objects.get().finished_at is not None,
    )


def two_invoices_to_issue() -> None:
    frank = with_role("Finance")
    for name in ("Ash", "Birch"):
        approved(a_draft(name=name), frank)
    create_missing_months()
    start_bulk_action(BillingCycle.objects.get(label="2026-10"), BillingCycle.BulkAction.ISSUE, by=frank, at=NOVEMBER_3)


def bulk_actions() -> Any:
    step = CycleStep.objects.get(kind="issue")
    return (
        list(Invoice.objects.order_by("customer__name").values_list("state", "number")),
        step.done,
        list(step.skipped.order_by("pk").values_list("invoice__customer__name", "code")),
        BillingCycle.objects.get(label="2026-10").bulk_action,
    )


def a_document() -> None:
    issued(a_draft(), with_role("Finance"))


def documents() -> Any:
    return list(InvoiceDocument.objects.values_list("kind", "state", "reason"))


def a_mail() -> None:
    frank = with_role("Finance")
    invoice = issued(a_draft(billing_contacts=["books@ash.example"]), frank)
    printed(invoice)
    send(invoice, by=frank, at=NOVEMBER_3)


def mails() -> Any:
    return list(InvoiceMail.objects.values_list("state", "accepted", "reason"))


CASES = {
    "invoices.bill": Case(
        make=two_bills_at_once,
        facts=bills,
        done=([("billed", "")] * 2, [("draft", AMOUNT)] * 2, 2, ["closed"] * 2, True),
        given_up=([("failed", "given_up")] * 2, [], 0, ["open"] * 2, True),
        deaths=5,  # one together, then two of each alone
    ),
    "invoices.bulk_action": Case(
        make=two_invoices_to_issue,
        facts=bulk_actions,
        done=([("issued", "INV-2026-000001"), ("issued", "INV-2026-000002")], 2, [], ""),
        given_up=([("approved", None)] * 2, 0, [("Ash", "given_up"), ("Birch", "given_up")], ""),
        deaths=6,
    ),
    "invoices.render": Case(
        make=a_document,
        facts=documents,
        done=[("invoice", "kept", "")],
        given_up=[("invoice", "failed", "3 workers ended while making it.")],
    ),
    "invoices.mail": Case(
        make=a_mail,
        facts=mails,
        done=[("sent", ["books@ash.example"], "")],
        given_up=[("failed", [], "5 workers ended while sending it.")],
        deaths=5,
    ),
}
