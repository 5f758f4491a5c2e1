"""No time without its zone: each list of the admin in any column, with the customer's zone if it concerns a customer."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from leads.models import Customer
from tests.factories.people import superuser
from tests.house.test_admin_queries import EVERY_PAGE, ROWS

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\b\d{1,2}:\d{2}\b(?! UTC)|\b\d{1,2} [ap]\.m\.|, (?:noon|midnight)\b")
# The format of times: date and time, and the zone.
WITH_ITS_ZONE = re.compile(
    r'<time class="lb-instant"[^>]*>[A-Z][a-z]{2} \d{1,2}, \d{4}, \d\d:\d\d <span class="lb-quiet">([A-Z]+[-+\d]*)</span></time>'
)
# A list shows times of a customer's rows in its zone; of sources, users and the machine in UTC.
OF_CUSTOMERS = (
    "leads.Action",
    "leads.BillingPeriod",
    "leads.Lead",
    "leads.Product",
    "pricing.Charge",
    "pricing.UnratedAction",
    "invoices.InvoiceMail",
)


def cells(client: Client, model: Any) -> list[str]:
    response = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert response.status_code == 200
    table = response.content.decode().partition('id="result_list"')[2].partition("</table>")[0]
    return re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", table, re.DOTALL)


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_every_time_in_every_list_carries_its_zone(client: Client, label: str) -> None:
    client.force_login(superuser())
    row = ROWS[label]()
    Customer.objects.update(time_zone="Asia/Tokyo")

    shown = cells(client, type(row))
    zones = [zone for cell in shown for zone in WITH_ITS_ZONE.findall(cell)]
    bare = [cell for cell in shown if TIME.search(re.sub(r"<[^>]+>", " ", WITH_ITS_ZONE.sub("", cell)))]

    assert bare == []
    own = {"EST"} if label == "reports.ReportSchedule" else set()  # it has a time zone of its own
    assert set(zones) <= ({"JST"} if label in OF_CUSTOMERS else {"UTC", "JST"} | own)
    if label in OF_CUSTOMERS:
        assert zones


def test_no_list_leaves_an_instant_to_djangos_own_words() -> None:
    """Django formats a column that is a model field, and Django adds no zone."""
    offenders = [
        f"{model._meta.label}.{name}"
        for model, page in admin.site._registry.items()
        for name in page.list_display
        if isinstance(name, str) and not hasattr(page, name) and isinstance(_field(model, name), models.DateTimeField)
    ]

    assert offenders == []


def _field(model: Any, name: str) -> Any:
    return next((field for field in model._meta.get_fields() if field.name == name), None)
