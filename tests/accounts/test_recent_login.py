"""Issuing, voiding, bank details and roles need a recent log-in; after confirming, the person presses again."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from time_machine import travel

from invoices.domain.life.transitions import approve
from invoices.models import Invoice
from leads.models import CompanyDetails
from tests.accounts.conftest import PASSWORD, log_in
from tests.factories.leads import CompanyFactory
from tests.factories.people import superuser, with_role
from tests.invoices.made import NOVEMBER_3, a_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(db: None) -> Invoice:
    return approve(a_draft(), by=superuser(), at=NOVEMBER_3)


def confirm(client: Client, address: str) -> str:
    """Enter the password on the page at the address; return where it leads."""
    return client.post(address, {"password": PASSWORD})["Location"]


def test_issuing_asks_who_it_is_and_the_person_returns_and_presses_again(
    client: Client, frank: User, approved: Invoice
) -> None:
    issue = reverse("admin:invoices_invoice_issue", args=[approved.pk])
    with travel(NOVEMBER_3, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=16))

        asked = client.get(issue)
        sent = client.post(issue, {})
        in_window = client.get(issue, headers={"HX-Request": "true"})

        assert asked["Location"] == sent["Location"] == in_window["HX-Redirect"]
        assert asked["Location"] == f"/admin/account/confirm/?next={issue.replace('/', '%2F')}"
        assert "Confirm that it is you" in client.get(asked["Location"]).content.decode()
        assert confirm(client, asked["Location"]) == issue
        approved.refresh_from_db()
        assert approved.state == Invoice.State.APPROVED  # nothing was sent twice
        assert client.get(issue).status_code == 200
        client.post(issue, {})

    approved.refresh_from_db()
    assert approved.state == Invoice.State.ISSUED


def test_a_wrong_password_confirms_nothing(client: Client, frank: User, approved: Invoice) -> None:
    issue = reverse("admin:invoices_invoice_issue", args=[approved.pk])
    with travel(NOVEMBER_3, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=16))
        answer = client.post(client.get(issue)["Location"], {"password": "wrong"})

        assert (answer.status_code, "The password is wrong." in answer.content.decode()) == (200, True)
        assert client.post(issue, {}).status_code == 302

    approved.refresh_from_db()
    assert approved.state == Invoice.State.APPROVED


def test_issuing_many_from_the_list_asks_too(client: Client, frank: User, approved: Invoice) -> None:
    invoices = reverse("admin:invoices_invoice_changelist")
    with travel(NOVEMBER_3, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=16))
        answer = client.post(invoices, {"action": "issue_chosen", "_selected_action": [approved.pk]})

    assert answer["Location"].startswith("/admin/account/confirm/?next=")
    approved.refresh_from_db()
    assert approved.state == Invoice.State.APPROVED


def test_bank_details_ask_before_anything_is_typed_and_when_they_are_saved(client: Client, frank: User) -> None:
    company = CompanyFactory.create(pay_to="First Example Bank")
    page = reverse("admin:leads_company_change", args=[company.pk])
    change = reverse("admin:leads_company_change_details", args=[company.pk])
    with travel(NOVEMBER_3, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=16))
        asked = client.get(page)
        answers = [client.post(each, {"pay_to": "Bank of Evil", "reason": "Moved"}) for each in (page, change)]
        viewer = with_role("Viewer")
        client.force_login(viewer)
        clock.shift(timedelta(minutes=16))
        assert client.get(page).status_code == 200  # who may not save is not asked

    assert asked["Location"] == answers[0]["Location"]
    assert {each["Location"].partition("?")[0] for each in answers} == {"/admin/account/confirm/"}
    assert [details.pay_to for details in CompanyDetails.objects.all()] == ["First Example Bank"]


def test_these_buttons_need_a_recent_login_and_no_others() -> None:
    found = {
        f"{model.__name__}: {each.description}"
        for model, page in admin.site._registry.items()
        for each in getattr(page, "_get_base_actions_detail", list)()
        if getattr(each.method, "needs_recent_login", False)
    }

    assert found == {
        "ApprovalRequest: Approve",
        "Invoice: Issue",
        "Invoice: Void",
        "BillingCycle: Issue all",
        "CreditNote: Issue",
        "Company: Change details",
        "User: Change roles",
        "User: Deactivate",
        "User: Activate",
        "User: Reset second factor",
        "User: Approve reset",
        "User: End sessions",
        "Invitation: Send again",
        "Invitation: Withdraw",
    }
