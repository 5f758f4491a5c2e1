"""All drafts of a month are approved, and all approved invoices issued, by the workers; it can be stopped and goes on."""

import pytest
from django.contrib.auth.models import User

from invoices.domain.cycle import know_cycles
from invoices.domain.errand import ErrandInProgress, NothingToDo, begin, do_next, stop, waiting_for, without_contacts
from invoices.domain.mail.asked import send
from invoices.models import BillingCycle, Invoice, InvoiceMail
from tests.invoices.made import NOVEMBER_3, a_draft, an_open_period, billed, issued, posted, received
from tests.invoices.post import PostOffice
from tests.processes import at_once

Errand = BillingCycle.Errand


def october() -> BillingCycle:
    know_cycles()
    return BillingCycle.objects.get(label="2026-10")


def work(cycle: BillingCycle) -> None:
    refused = set[int]()
    while do_next(cycle.pk, refused=refused, at=NOVEMBER_3):
        pass


def states() -> list[tuple[str, str]]:
    return list(Invoice.objects.order_by("customer__name").values_list("state", "customer__name"))


@pytest.mark.django_db
def test_all_drafts_are_approved_and_then_issued_in_the_order_of_the_customers_names(frank: User):
    for name in ("Cedar", "Ash", "Birch"):
        a_draft(name=name)

    assert begin(october(), Errand.APPROVE, by=frank) == 3
    work(october())
    assert begin(october(), Errand.ISSUE, by=frank) == 3
    work(october())

    assert list(Invoice.objects.order_by("number").values_list("customer__name", "state", "issued_by")) == [
        ("Ash", "issued", frank.pk),
        ("Birch", "issued", frank.pk),
        ("Cedar", "issued", frank.pk),
    ]
    assert october().errand == ""


@pytest.mark.django_db
def test_all_issued_invoices_are_sent_once_and_who_has_no_address_is_named(frank: User):
    sent = issued(a_draft(name="Ash", billing_contacts=["books@ash.example"]), frank)
    issued(a_draft(name="Birch"), frank)

    assert without_contacts(october()) == ["Birch"]
    assert begin(october(), Errand.SEND, by=frank) == 1
    work(october())

    assert list(InvoiceMail.objects.values_list("invoice", "to")) == [(sent.pk, ["books@ash.example"])]
    assert october().errand == ""
    assert waiting_for(october(), Errand.SEND) == 0  # the one is on its way, the other nobody can be written to
    with pytest.raises(NothingToDo):
        begin(october(), Errand.SEND, by=frank)


@pytest.mark.django_db
def test_send_all_is_what_is_issued_and_not_sent_what_failed_included(frank: User, post_office: PostOffice):
    post_office.refuses = {"old@birch.example": "550 No such box"}
    for name in ("Ash", "Birch"):
        contacts = [f"{'old' if name == 'Birch' else 'books'}@{name.lower()}.example"]
        posted(
            send(issued(a_draft(name=name, billing_contacts=contacts), frank), by=frank, at=NOVEMBER_3), at=NOVEMBER_3
        )
    assert list(InvoiceMail.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "failed"]

    assert begin(october(), Errand.SEND, by=frank) == 1
    work(october())

    assert [mail.to for mail in InvoiceMail.objects.waiting()] == [["old@birch.example"]]


@pytest.mark.django_db
def test_an_errand_is_stopped_between_two_invoices_and_begun_again(frank: User):
    a_draft(name="Ash")
    a_draft(name="Birch")
    begin(october(), Errand.APPROVE, by=frank)

    do_next(october().pk, refused=set(), at=NOVEMBER_3)
    stop(october())
    work(october())

    assert states() == [("approved", "Ash"), ("draft", "Birch")]
    assert begin(october(), Errand.APPROVE, by=frank) == 1
    work(october())
    assert states() == [("approved", "Ash"), ("approved", "Birch")]


@pytest.mark.django_db
def test_one_errand_of_a_month_at_a_time_and_only_where_something_waits(frank: User):
    a_draft()

    with pytest.raises(NothingToDo, match="No invoice of this month waits for that"):
        begin(october(), Errand.ISSUE, by=frank)
    begin(october(), Errand.APPROVE, by=frank)
    with pytest.raises(ErrandInProgress, match="Approving is in progress"):
        begin(october(), Errand.APPROVE, by=frank)


WORK = """
from invoices.domain.errand import do_next
from invoices.models import BillingCycle
import time
refused = set()
deadline = time.monotonic() + 20
while BillingCycle.objects.exclude(errand="").exists() and time.monotonic() < deadline:
    do_next(BillingCycle.objects.get().pk, refused=refused, at=now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_two_workers_at_one_errand_issue_each_invoice_once_and_without_a_gap(frank: User):
    for _ in range(20):
        a_draft()
    begin(october(), Errand.APPROVE, by=frank)
    work(october())
    begin(october(), Errand.ISSUE, by=frank)

    at_once(WORK, WORK)

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-{number[4:8]}-{place:06d}" for place, number in enumerate(numbers, start=1)]
    assert october().errand == ""


@pytest.mark.django_db
def test_a_draft_that_stands_out_is_left_for_a_person_who_looks_at_it(frank: User):
    plain = a_draft(name="Ash")
    empty = an_open_period(name="Birch", excluded_domains=["birch.example"])
    received(empty, 3, email="own@birch.example")
    flagged = billed(empty)

    begin(october(), Errand.APPROVE, by=frank)
    work(october())

    plain.refresh_from_db()
    flagged.refresh_from_db()
    assert (plain.state, flagged.state, flagged.total) == ("approved", "draft", 0)
    assert october().errand == ""
