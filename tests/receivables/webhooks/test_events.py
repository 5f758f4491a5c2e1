"""Events: what is told, written with what happened, thin, and only while someone is told."""

from datetime import timedelta

import pytest
from django.db import transaction

from billing_engine.core.models import Deed
from invoices.domain.life.reopen import void
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from receivables.domain.disputes.deciding import reject
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.webhooks.outbox import distribute
from receivables.domain.webhooks.unrated import tell_of_unrated
from receivables.models import LedgerDocument, WebhookDelivery, WebhookEvent
from tests.factories.leads import ActionFactory, CustomerFactory
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, issued
from tests.receivables.disputes.made import NOVEMBER_10, a_dispute
from tests.receivables.made import a_document
from tests.receivables.webhooks.made import NOON, a_payment, an_endpoint

pytestmark = pytest.mark.django_db

URL = "https://receiver.example/hooks"
Kind = LedgerDocument.Kind


def told(kind: str = "") -> list[tuple[str, str, dict[str, object]]]:
    found = WebhookEvent.objects.order_by("pk")
    found = found.filter(kind=kind) if kind else found
    return [(event.kind, event.subject, event.data) for event in found]


def an_invoice(quantity: int = 4) -> LedgerDocument:
    """Of 10.00."""
    return issued(a_draft(quantity), with_role("Finance")).ledger_documents.get()


def pay(invoice: LedgerDocument, amount: int, kind: Kind = Kind.PAYMENT) -> None:
    item = a_document(invoice.customer, kind, amount)
    match([Match(item, invoice, item.amount)], on=item.posted_on, at=NOON)


def test_an_issued_invoice_is_told_with_its_ids_and_sums_and_nothing_else() -> None:
    an_endpoint(URL)
    invoice = an_invoice()

    assert told("invoice.issued") == [
        (
            "invoice.issued",
            f"invoices.invoice:{invoice.invoice_id}",
            {
                "invoice": invoice.invoice_id,
                "document": invoice.pk,
                "reference": "INV-2026-000001",
                "amount": "10",
                "currency": "USD",
                "posted_on": invoice.posted_on.isoformat(),
                "due_on": invoice.due_on.isoformat() if invoice.due_on else None,
            },
        )
    ]


def test_nothing_is_written_while_nobody_is_told() -> None:
    an_invoice()

    assert told() == []


def test_what_is_rolled_back_is_never_told() -> None:
    an_endpoint(URL)
    customer = CustomerFactory.create()
    with pytest.raises(RuntimeError), transaction.atomic():
        a_payment(customer)
        raise RuntimeError

    assert told() == []


def test_an_invoice_is_paid_when_an_allocation_leaves_nothing_open() -> None:
    an_endpoint(URL)
    invoice = an_invoice()

    pay(invoice, 4)
    assert told("invoice.paid") == []

    pay(invoice, 1, Kind.CREDIT_NOTE)
    pay(invoice, 5)
    assert told("invoice.paid") == [
        (
            "invoice.paid",
            f"invoices.invoice:{invoice.invoice_id}",
            {
                "invoice": invoice.invoice_id,
                "document": invoice.pk,
                "reference": "INV-2026-000001",
                "amount": "10",
                "currency": "USD",
                "by_payments": "9",
                "by_credit": "1",
            },
        )
    ]


def test_an_invoice_that_is_written_off_is_not_paid() -> None:
    an_endpoint(URL)
    invoice = an_invoice()
    pay(invoice, 4)
    pay(invoice, 6, Kind.WRITE_OFF)

    assert told("invoice.paid") == []


def test_a_void_invoice_is_told_and_is_not_paid() -> None:
    an_endpoint(URL)
    invoice = an_invoice()
    assert invoice.invoice is not None
    void(invoice.invoice, by=with_role("Finance"), reason="Sent twice", at=NOVEMBER_3)

    kinds = [kind for kind, *_ in told()]
    assert kinds == ["period.closed", "invoice.issued", "invoice.voided"]
    assert told("invoice.voided")[0][2]["amount"] == "10"


def test_a_closed_billing_period_is_told_with_its_days() -> None:
    an_endpoint(URL)
    a_draft(1)
    period = BillingPeriod.objects.get()

    assert told() == [
        (
            "period.closed",
            f"leads.billingperiod:{period.pk}",
            {
                "period": period.pk,
                "label": "2026-10",
                "start_at": period.start_at.isoformat(),
                "end_at": period.end_at.isoformat(),
            },
        )
    ]


def test_unrated_actions_are_told_once_for_the_oldest_of_a_customer() -> None:
    an_endpoint(URL, "unrated.waiting", unrated_hours=2)
    an_endpoint(URL, "unrated.waiting", name="Later", unrated_hours=2_000)
    action = ActionFactory.create()
    rate(action.period, at=NOVEMBER_3)

    later = action.delivery.received_at
    assert tell_of_unrated(at=later + timedelta(hours=1)) == 0
    assert [tell_of_unrated(at=later + timedelta(hours=3)) for _ in range(2)] == [1, 0]
    assert [(kind, data["hours"], data["actions"]) for kind, _, data in told()] == [("unrated.waiting", 2, 1)]

    distribute(at=NOON)
    assert [each.endpoint.name for each in WebhookDelivery.objects.all()] == ["Books"]


def test_an_endpoint_of_one_customer_hears_of_that_one_only_and_of_what_it_chose() -> None:
    ash, birch = CustomerFactory.create(name="Ash"), CustomerFactory.create(name="Birch")
    an_endpoint(URL, "payment.received", customer=ash)
    an_endpoint(URL, "credit_note.issued", name="Notes")
    a_payment(ash)
    a_payment(birch)
    distribute(at=NOON)

    assert [(each.endpoint.name, each.customer, each.number) for each in WebhookDelivery.objects.all()] == [
        ("Books", ash, 1)
    ]


def test_events_of_a_customer_are_numbered_by_endpoint_without_a_gap_over_many_passes() -> None:
    ash, birch = CustomerFactory.create(name="Ash"), CustomerFactory.create(name="Birch")
    an_endpoint(URL)
    for _ in range(2):
        a_payment(ash)
        a_payment(birch)
        a_payment(ash)
        distribute(at=NOON)

    numbers = WebhookDelivery.objects.order_by("pk").values_list("customer__name", "number")
    assert list(numbers.filter(customer=ash).values_list("number", flat=True)) == [1, 2, 3, 4]
    assert list(numbers.filter(customer=birch).values_list("number", flat=True)) == [1, 2]


def test_no_deed_holds_a_secret() -> None:
    _, secret = an_endpoint(URL)

    deed = Deed.objects.get(verb="webhook_endpoint_saved")
    assert secret not in str(deed.after)
    assert deed.after["name"] == "Books"


def test_a_dispute_is_told_when_it_is_opened_and_when_it_is_decided() -> None:
    an_endpoint(URL)
    invoice = an_invoice().invoice
    assert invoice is not None
    dispute = a_dispute(invoice)
    reject(dispute, words="They were reached.", by=with_role("Finance"), at=NOVEMBER_10)

    told_of = {"dispute": dispute.pk, "invoice": invoice.pk}
    found = [each for each in told() if each[0].startswith("dispute")]
    assert [(kind, subject) for kind, subject, _ in found] == [
        ("dispute.opened", f"receivables.dispute:{dispute.pk}"),
        ("dispute.decided", f"receivables.dispute:{dispute.pk}"),
    ]
    assert [{name: data[name] for name in told_of} for *_, data in found] == [told_of] * 2
    assert found[1][2]["state"] == "rejected"
