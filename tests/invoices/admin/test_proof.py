"""The Prove button on a billing period's page."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from invoices.admin import periods
from leads.models import BillingPeriod
from pricing.models import Charge
from tests.invoices.made import a_draft, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db


def page(period: BillingPeriod, act: str = "change") -> str:
    return reverse(f"admin:leads_billingperiod_{act}", args=[period.pk])


def said(response: HttpResponse) -> str:
    """The text of the dialog."""
    assert response.status_code == 200
    dialog = response.content.decode().partition('id="dialog"')[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", dialog)))


def test_a_closed_period_is_proven_on_its_page(finance: Client) -> None:
    period = a_draft(3, 4, code="ACME").period
    before = list(Charge.objects.order_by("pk").values())

    words = said(finance.post(page(period, "prove")))

    assert "Every charge is the same, to the last digit. Actions rated again 2 Charges compared 2" in words
    assert "Exact sum of the charges $17.50" in words
    assert list(Charge.objects.order_by("pk").values()) == before


def test_what_differs_is_shown_with_its_action(finance: Client) -> None:
    period = a_draft(3).period
    charge = Charge.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE pricing_charge SET amount = 7, full_amount = 7")

    response = finance.post(page(period, "prove"))

    assert "1 of 1 action comes out differently." in said(response)
    assert f"{charge.pk} $7.00 by rule {charge.rule_id}, of $7.00 $7.50 by rule {charge.rule_id}, of $7.50" in said(
        response
    )
    assert f'href="/admin/leads/action/{charge.pk}/change/"' in response.content.decode()


def test_asking_first_rates_nothing(finance: Client) -> None:
    assert "Every charge is the same" not in said(finance.get(page(a_draft().period, "prove")))


def test_an_open_period_has_no_such_button(finance: Client) -> None:
    shut, opened = a_draft().period, an_open_period()

    assert page(opened, "prove") not in finance.get(page(opened)).content.decode()
    assert page(shut, "prove") in finance.get(page(shut)).content.decode()
    assert "This period is still open and is rated again with every change. Close it first, then prove it." in said(
        finance.post(page(opened, "prove"))
    )


def test_who_sees_no_charges_has_none_proven(client: Client, finance: Client) -> None:
    period = a_draft().period
    stranger = User.objects.create_user("stranger", is_staff=True)
    browser = Client()
    browser.force_login(stranger)

    assert browser.post(page(period, "prove")).status_code == 403


def test_a_period_too_large_for_a_page_names_the_command(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "MAX_ACTIONS", 1)
    a_price()
    period = an_open_period(code="ACME")
    received(period, 1, 2)
    billed(period)

    words = said(finance.post(page(period, "prove")))

    assert "This period has 2 actions" in words
    assert "manage.py prove_period ACME 2026-10" in words
