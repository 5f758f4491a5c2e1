"""Bank details and contacts: a second person approves, and the customer hears of it at the address it had."""

from typing import Any

import pytest
from django.core import mail

from billing_engine.core.approvals.requests import AuthorApproves, approve
from leads.domain.terms.company_details import write_details
from leads.domain.terms.notices import NOTICES, PAUSE
from leads.models import Company, CompanyDetails, Notice
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import superuser, with_role
from tests.leads.terms.made import AT, DECEMBER_1, of_day, the_request, written

pytestmark = pytest.mark.django_db


def sent() -> list[tuple[list[str], str]]:
    for notice in Notice.objects.all():
        NOTICES.work(notice.pk, attempt=notice.attempts, at=AT)
    return [(message.to, message.subject) for message in mail.outbox]


def moved(company: Company, by: Any, **changes: Any) -> CompanyDetails:
    return write_details(company, changes=changes, first_day=AT.date(), reason="New bank", by=by, at=AT)


def test_other_bank_details_wait_and_the_customers_of_this_seller_hear_of_them_when_they_are_approved() -> None:
    company = CompanyFactory.create(name="Ours, Inc.", pay_to="Good Bank", email="a@ours.example")
    CustomerFactory.create(seller=company, billing_contacts=["old@acme.example"])
    CustomerFactory.create(billing_contacts=["other@studio.example"])

    moved(company, with_role("Finance"), pay_to="Bank of Evil, account 667")
    assert (Company.objects.get().details_on(AT.date()).pay_to, sent()) == ("Good Bank", [])
    approve(the_request(), by=with_role("Finance"), at=AT)

    assert Company.objects.get().details_on(AT.date()).pay_to == "Bank of Evil, account 667"
    assert sent() == [(["old@acme.example"], "Ours, Inc.: changed payment details")]
    assert "Bank of Evil, account 667" in mail.outbox[0].body
    assert Notice.objects.get().settled_at == AT


def test_an_address_on_the_invoice_changes_at_once() -> None:
    company = CompanyFactory.create(pay_to="Good Bank", email="a@ours.example")

    moved(company, with_role("Finance"), address="2 Way")

    assert Company.objects.get().details_on(AT.date()).address == "2 Way"


def test_other_contacts_wait_and_the_old_ones_hear_of_it() -> None:
    customer, author = CustomerFactory.create(billing_contacts=["old@acme.example"]), with_role("Finance")
    written(customer, author, first_day=AT.date(), billing_contacts=["new@acme.example"])
    with pytest.raises(AuthorApproves):
        approve(the_request(), by=author, at=AT)
    assert of_day(customer, AT.date(), "billing_contacts") == ["old@acme.example"]

    approve(the_request(), by=with_role("Finance"), at=AT)

    assert of_day(customer, AT.date(), "billing_contacts") == ["new@acme.example"]
    assert sent() == [(["old@acme.example"], "Your billing details change")]


def test_a_superuser_does_not_approve_an_own_change_either() -> None:
    customer, root = CustomerFactory.create(), superuser()
    written(customer, root, first_day=DECEMBER_1, billing_contacts=["new@acme.example"])

    with pytest.raises(AuthorApproves):
        approve(the_request(), by=root, at=AT)
    assert of_day(customer, DECEMBER_1, "billing_contacts") == []


def test_a_notice_whose_server_fails_is_sent_later(settings: Any) -> None:
    customer = CustomerFactory.create(billing_contacts=["old@acme.example"])
    written(customer, with_role("Finance"), first_day=AT.date(), billing_contacts=["new@acme.example"])
    approve(the_request(), by=with_role("Finance"), at=AT)
    notice = Notice.objects.get()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )

    NOTICES.work(notice.pk, attempt=0, at=AT)

    notice.refresh_from_db()
    assert (notice.settled_at, notice.next_attempt_at) == (None, AT + PAUSE)
    assert notice.failure
