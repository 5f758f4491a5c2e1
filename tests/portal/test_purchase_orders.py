"""PO numbers: the customer asks, finance confirms or declines, and the next invoice says it."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.approvals.inbox import to_decide
from billing_engine.core.approvals.people import MayNotDecide
from billing_engine.core.approvals.requests import approve, send_back
from billing_engine.core.models import ApprovalRequest, Deed
from invoices.domain.life.transitions import issue
from invoices.models import Invoice
from leads.domain.terms.customer_terms import write_terms
from leads.domain.terms.purchase_orders import (
    NoWaitingPurchaseOrder,
    PurchaseOrderHasFaults,
    ask_for_purchase_order,
    waiting_purchase_order,
    withdraw_purchase_order,
)
from leads.domain.terms.revise import NothingChanges
from leads.models import Customer, CustomerTerms, MemberRole, PurchaseOrderRequest
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import UserFactory, superuser, with_role
from tests.invoices.made import a_price, approved, billed, received
from tests.portal.made import a_person, home, logged_in
from tests.portal.test_pages import words_of

pytestmark = pytest.mark.django_db
BILLING = MemberRole.BILLING
ADDRESS = "settings/company/po-number/"


def an_invoice_issued_today(customer: Customer) -> Invoice:
    a_price()
    period = BillingPeriodFactory.create(customer=customer)
    received(period, 1)
    return issue(approved(billed(period), superuser()), by=superuser(), at=now())


def test_a_billing_contact_asks_finance_confirms_and_the_next_invoice_says_it(northlight: Customer) -> None:
    person, finance = a_person(northlight, role=BILLING), with_role("Finance")
    client = logged_in(person)

    answer = client.post(home(northlight) + ADDRESS, {"number": " PO-4711 ", "first_day": ""})

    assert answer.status_code == 302
    assert "PO-4711 from the next invoice on Imo Farrowgate Nov 10, 2026 Waiting" in words_of(
        client, f"{home(northlight)}settings/company/"
    )
    [request] = to_decide(finance)
    assert (request.subject_name, request.differences) == (
        f"PO number PO-4711 of {northlight}",
        [["PO number", "", "PO-4711"], ["Printed", "", "from the next invoice on"]],
    )
    assert northlight.terms.on(date(2026, 11, 10)).purchase_order == ""

    approve(request, by=finance, at=now())

    revision = CustomerTerms.objects.get(customer=northlight, purchase_order="PO-4711")
    assert (revision.first_day, revision.written_by, revision.changed) == (
        date(2026, 11, 10),
        finance,
        ["purchase_order"],
    )
    said = words_of(client, f"{home(northlight)}settings/company/")
    assert "Invoices issued today say PO-4711 ." in said
    assert "on invoices issued from November 10, 2026 on Imo Farrowgate Nov 10, 2026 Confirmed" in said
    assert an_invoice_issued_today(northlight).bill_to["purchase_order"] == "PO-4711"
    verbs = Deed.objects.about(northlight).order_by("pk").values_list("verb", "actor_name")
    assert [each for each in verbs if each[0].startswith(("purchase", "customer_terms"))] == [
        ("purchase_order_asked", "Imo Farrowgate"),
        ("customer_terms_written", str(finance)),
        ("purchase_order_confirmed", str(finance)),
    ]


def test_a_number_asked_for_from_a_later_day_begins_then(northlight: Customer) -> None:
    finance, person = with_role("Finance"), a_person(northlight)
    ask_for_purchase_order(northlight, number="PO-2", first_day=date(2026, 12, 1), by=person, at=now())

    approve(to_decide(finance).get(), by=finance, at=now())

    found = [northlight.terms.on(date(2026, month, 1)).purchase_order for month in (11, 12)]
    assert found == ["", "PO-2"]


def test_finance_declines_with_a_reason_that_the_customer_reads(northlight: Customer) -> None:
    client, finance = logged_in(a_person(northlight, role=BILLING)), with_role("Finance")
    client.post(home(northlight) + ADDRESS, {"number": "PO-1", "first_day": "2026-12-01"})

    send_back(to_decide(finance).get(), by=finance, at=now(), words="PO-1 belongs to another contract.")

    said = words_of(client, f"{home(northlight)}settings/company/")
    assert "Declined Nov 10, 2026 PO-1 belongs to another contract." in said
    assert "Your invoices have no PO number." in said
    assert northlight.terms.count() == 1


def test_who_may_not_change_finance_terms_confirms_none(northlight: Customer) -> None:
    operations = with_role("Operations")
    ask_for_purchase_order(northlight, number="PO-1", first_day=None, by=a_person(northlight), at=now())
    request = ApprovalRequest.objects.get()

    with pytest.raises(MayNotDecide):
        approve(request, by=operations, at=now())

    assert not to_decide(operations).exists()
    assert (northlight.terms.count(), PurchaseOrderRequest.objects.get().state) == (1, "waiting")


def test_a_new_request_replaces_one_that_waits_and_another_colleague_may_withdraw_it(northlight: Customer) -> None:
    first, second = (a_person(northlight, role=BILLING, email=f"{name}@northlight.example") for name in ("a", "b"))
    ask_for_purchase_order(northlight, number="PO-1", first_day=None, by=first, at=now())
    ask_for_purchase_order(northlight, number="PO-2", first_day=None, by=second, at=now())
    assert list(PurchaseOrderRequest.objects.order_by("pk").values_list("number", "state")) == [
        ("PO-1", "withdrawn"),
        ("PO-2", "waiting"),
    ]

    client = logged_in(first)
    assert client.post(home(northlight) + ADDRESS, {"act": "remove"}).status_code == 302

    assert waiting_purchase_order(northlight) is None
    assert set(ApprovalRequest.objects.values_list("state", flat=True)) == {"replaced"}
    with pytest.raises(NoWaitingPurchaseOrder):
        withdraw_purchase_order(northlight, by=first, at=now())


def test_a_number_that_finance_wrote_meanwhile_is_confirmed_without_another_revision(northlight: Customer) -> None:
    finance, today = with_role("Finance"), northlight.today
    ask_for_purchase_order(northlight, number="PO-1", first_day=None, by=a_person(northlight), at=now())
    changes = {"purchase_order": "PO-1"}
    write_terms(northlight, changes=changes, first_day=today, reason="By phone", by=finance, at=now())

    approve(to_decide(finance).get(), by=finance, at=now())

    assert (northlight.terms.count(), PurchaseOrderRequest.objects.get().state) == (2, "confirmed")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"number": "  "}, "missing", id="no number"),
        pytest.param({"number": "P" * 61}, "bad_purchase_order", id="too long"),
        pytest.param({"number": "PO\n1"}, "bad_purchase_order", id="two lines"),
        pytest.param({"first_day": date(2026, 11, 9)}, "bad_first_day", id="past"),
        pytest.param({"first_day": date(2029, 1, 1)}, "bad_first_day", id="far away"),
    ],
)
def test_what_cannot_be_printed_is_not_asked_for(northlight: Customer, given: dict[str, object], code: str) -> None:
    asked = {"number": "PO-1", "first_day": None} | given

    with pytest.raises(PurchaseOrderHasFaults) as refused:
        ask_for_purchase_order(northlight, **asked, by=a_person(northlight), at=now())  # type: ignore[arg-type]  # of one wrong value

    assert [fault.code for fault in refused.value.faults] == [code]
    assert not PurchaseOrderRequest.objects.exists()


def test_the_number_in_force_is_not_asked_for_again_and_a_viewer_asks_for_none(northlight: Customer) -> None:
    changes = {"purchase_order": "PO-1"}
    write_terms(northlight, changes=changes, first_day=northlight.today, reason="", by=with_role("Finance"), at=now())
    client = logged_in(a_person(northlight))
    asking = logged_in(a_person(northlight, role=BILLING, email="b@northlight.example"))

    with pytest.raises(NothingChanges):
        ask_for_purchase_order(northlight, number="PO-1", first_day=None, by=UserFactory.create(), at=now())
    faults = asking.post(home(northlight) + ADDRESS, {"number": "PO-2", "first_day": "2026-01-01"})

    assert client.get(home(northlight) + ADDRESS).status_code == 404
    assert client.post(home(northlight) + ADDRESS, {"number": "PO-2"}).status_code == 404
    assert (faults.status_code, "Choose a day from today on" in faults.content.decode()) == (400, True)
    assert "Ask for a PO number" not in words_of(client, f"{home(northlight)}settings/company/")
    assert not PurchaseOrderRequest.objects.exists()


def test_the_customers_page_of_staff_says_what_waits(client: Client, northlight: Customer) -> None:
    finance = with_role("Finance")
    ask_for_purchase_order(northlight, number="PO-1", first_day=None, by=a_person(northlight), at=now())
    client.force_login(finance)

    page = client.get(reverse("admin:leads_customer_change", args=[northlight.pk])).content.decode()

    assert reverse("admin:core_approvalrequest_change", args=[ApprovalRequest.objects.get().pk]) in page


def test_the_database_keeps_one_waiting_request_and_whole_answers(northlight: Customer) -> None:
    asked = {"customer": northlight, "number": "PO-1", "asked_by": a_person(northlight), "asked_at": now()}
    PurchaseOrderRequest.objects.create(**asked)

    for wrong in ({}, {"state": "declined", "decided_at": now()}, {"number": "", "state": "withdrawn"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PurchaseOrderRequest.objects.create(**asked | wrong)
