"""An invoice's date is today, or one that finance sets: not in the future, not in a closed month, not before what is billed."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.domain.life.issue_date import WrongIssueDate
from invoices.domain.life.transitions import issue
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.models import BillingCycle, CycleStep, Invoice
from receivables.models import Allocation, LedgerDocument
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, approved
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db
OCTOBER_31 = date(2026, 10, 31)


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def test_the_date_of_an_invoice_is_its_day_in_the_books_and_what_its_due_date_counts_from(frank: User) -> None:
    invoice = issue(approved(a_draft(payment_terms_days=14), frank), by=frank, at=NOVEMBER_3, issued_on=OCTOBER_31)

    assert (invoice.issued_on, invoice.due_on, invoice.issued_at) == (OCTOBER_31, date(2026, 11, 14), NOVEMBER_3)
    document = LedgerDocument.objects.get()
    assert (document.posted_on, document.due_on, document.recorded_at) == (OCTOBER_31, date(2026, 11, 14), NOVEMBER_3)


def test_without_a_date_it_is_the_day_of_issue(frank: User) -> None:
    assert issue(approved(a_draft(), frank), by=frank, at=NOVEMBER_3).issued_on == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("day", "state", "words"),
    [
        (date(2026, 11, 4), "open", "The date 2026-11-04 is in the future: today is 2026-11-03 for this customer."),
        (date(2026, 10, 30), "open", "The date 2026-10-30 is before 2026-10-31, the last day of the billing period."),
        (
            OCTOBER_31,
            "locked",
            "An invoice can't be dated 2026-10-31: 2026-10 is locked. A second person can reopen it.",
        ),
        (OCTOBER_31, "closed", "An invoice can't be dated 2026-10-31: 2026-10 is closed for good."),
    ],
)
def test_a_date_that_the_books_do_not_allow_is_refused_and_nothing_is_issued(
    day: date, state: str, words: str, frank: User
) -> None:
    invoice = approved(a_draft(), frank)
    BillingCycle.objects.update_or_create(label="2026-10", defaults={"state": state})

    with pytest.raises(WrongIssueDate) as refused:
        issue(invoice, by=frank, at=NOVEMBER_3, issued_on=day)

    assert [(fault.field, fault.words) for fault in refused.value.faults] == [("issued_on", words)]
    invoice.refresh_from_db()
    assert (invoice.state, invoice.number) == ("approved", None)
    assert not LedgerDocument.objects.exists()


def test_credit_that_is_younger_than_the_date_is_used_on_its_own_day(frank: User) -> None:
    draft = a_draft(name="Ash")
    note = a_document(draft.customer, LedgerDocument.Kind.CREDIT_NOTE, 2, on=date(2026, 11, 2))
    Invoice.objects.filter(pk=draft.pk).update(credit=-2, total=draft.total - 2)
    draft.refresh_from_db()

    issue(approved(draft, frank), by=frank, at=NOVEMBER_3, issued_on=OCTOBER_31)

    assert [(each.credit, each.posted_on) for each in Allocation.objects.select_related("credit")] == [
        (note, date(2026, 11, 2))
    ]


def test_all_invoices_of_a_month_are_issued_under_one_date(frank: User) -> None:
    for name in ("Ash", "Birch"):
        approved(a_draft(name=name), frank)
    create_missing_months()
    october = BillingCycle.objects.get(label="2026-10")
    issuing = BillingCycle.BulkAction.ISSUE
    with pytest.raises(WrongIssueDate):
        start_bulk_action(october, issuing, by=frank, at=NOVEMBER_3, issued_on=date(2026, 11, 4))
    assert not CycleStep.objects.filter(kind="issue").exists()

    start_bulk_action(october, issuing, by=frank, at=NOVEMBER_3, issued_on=OCTOBER_31)
    while BULK_ACTIONS.work(october.pk, at=NOVEMBER_3 + timedelta(days=1)):
        pass

    assert set(Invoice.objects.values_list("state", "issued_on")) == {("issued", OCTOBER_31)}
    october.refresh_from_db()
    assert (october.bulk_action, october.bulk_issued_on) == ("", None)


def test_the_dialog_asks_for_the_date_and_says_why_it_is_refused(client: Client, frank: User) -> None:
    invoice = approved(a_draft(), frank)
    client.force_login(frank)
    address = reverse("admin:invoices_invoice_issue", args=[invoice.pk])

    refused = client.post(address, {"issued_on": "2999-01-01"}).content.decode()
    client.post(address, {"issued_on": "2026-10-31"})

    assert "The date 2999-01-01 is in the future" in refused
    invoice.refresh_from_db()
    assert invoice.issued_on == OCTOBER_31
