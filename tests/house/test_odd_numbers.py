"""No number that a person types causes a server error: the page says what is wrong with it, or takes it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.db import transaction
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse

from tests.factories.people import superuser
from tests.factories.pricing import PriceRuleFactory
from tests.house.test_admin_queries import ROWS
from tests.house.test_buttons import ANSWERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_menu")]

TOGETHER = ("1e99999999", "-1e999999", "sNaN")  # refused by a field itself
ALONE = ("1e30", "9" * 40)  # a field may take them, and what comes after may not: such a field gets them alone, too
EVERY_PAGE = sorted(model._meta.label for model in admin.site._registry)
OF_NUMBERS = (forms.DecimalField, forms.IntegerField, forms.FloatField)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(superuser())
    client.raise_request_exception = False
    return client


def statuses(
    client: Client, address: str, answers: dict[str, Any], names: list[str], alone: tuple[str, ...] = ALONE
) -> Iterator[str]:
    for number in (*TOGETHER, *alone) if names else ():
        together = dict.fromkeys(names, number)
        page = posted(client, address, answers | together)
        yield from refused(page, address, together)
        for name in taken(page, names) if number in alone else ():
            yield from refused(posted(client, address, answers | {name: number}), address, {name: number})


def posted(client: Client, address: str, answers: dict[str, Any]) -> Any:
    before = transaction.savepoint()
    page = client.post(address, answers)
    transaction.savepoint_rollback(before)
    return page


def refused(page: Any, address: str, numbers: dict[str, str]) -> Iterator[str]:
    if page.status_code >= 500:
        yield f"{page.status_code} {address} {numbers}"


def taken(page: Any, names: list[str]) -> list[str]:
    """Return the fields that found no fault with the number themselves."""
    faulty = {bound.html_name for form in forms_of(page) for bound in form if bound.errors}
    return [name for name in names if name not in faulty]


def form_of(page: Any) -> tuple[dict[str, Any], list[str]]:
    """Return what the page's form would send as it is, and its fields for numbers."""
    sent: dict[str, Any] = {}
    numbers = list[str]()
    for form in forms_of(page):
        for bound in form:
            sent[bound.html_name] = "" if bound.value() is None else bound.value()
            numbers += [bound.html_name] if isinstance(bound.field, OF_NUMBERS) else []
    return sent, numbers


def forms_of(page: Any) -> list[BaseForm]:
    """Return the forms of a page; of several equal rows, the first."""
    if page.context is None:
        return []
    contexts = page.context if isinstance(page.context, list) else [page.context]
    told = {key: value for context in contexts for layer in context for key, value in layer.items()}
    shown: list[BaseForm] = [told["adminform"].form] if "adminform" in told else []
    for inline in told.get("inline_admin_formsets", ()):
        shown += [inline.formset.management_form, *inline.formset.forms[:1]]
    return shown + ([told["form"]] if isinstance(told.get("form"), BaseForm) else [])


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_form_of_the_admin_takes_any_number(staff: Client, label: str) -> None:
    row = ROWS[label]()
    name, alone = f"admin:{row._meta.app_label}_{row._meta.model_name}", ALONE
    for address in (reverse(f"{name}_change", args=[row.pk]), reverse(f"{name}_add")):
        shown = staff.get(address)
        if shown.status_code == 200:
            sent, numbers = form_of(shown)
            assert list(statuses(staff, address, sent, numbers, alone)) == []
            alone = () if numbers else ALONE  # the form to add has the same fields


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_dialog_of_the_admin_takes_any_number(staff: Client, label: str) -> None:
    row = ROWS[label]()
    page = admin.site._registry[type(row)]
    for button in page._extract_action_names(page.actions_detail):
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{button}", args=[row.pk])
        shown = staff.get(address)
        if shown.status_code == 200:
            _, numbers = form_of(shown)
            assert list(statuses(staff, address, ANSWERS, numbers)) == []


@pytest.mark.parametrize(
    "field", ["try-quantity", "try-value", "try-counted", "priority", "unit_price", "cap_per_lead"]
)
def test_an_example_of_a_price_rule_takes_any_number(staff: Client, field: str) -> None:
    row = PriceRuleFactory.create(draft=True)
    address = reverse("admin:pricing_pricerule_try", args=[row.pk])
    assert list(statuses(staff, address, {}, [field])) == []
