"""Default deny: each address and button states who may use it, the matrix shows it, and everyone else is refused."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import BinaryField, Model
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from rest_framework.views import APIView
from unfold.decorators import action

from billing_engine.core.access.pages import ANYONE_STAFF, needs
from billing_engine.core.admin_kit.pages import Page
from billing_engine.reference.access_matrix import API_KEY, AUDIENCES, CUSTOMER_KEY, access_matrix, lines
from leads.domain.credentials.api_keys import create_key
from leads.models import Product
from tests.factories.leads import CustomerFactory, SourceFactory
from tests.factories.people import UserFactory, superuser, with_role
from tests.house.addresses import methods, pages, path
from tests.house.test_admin_queries import ROWS
from tests.house.tree import text
from tests.portal.api.made import a_key

pytestmark = pytest.mark.django_db

# They refuse a GET that asks nothing: the choices of a field, and the example of a rule, which is posted.
ASKED_FOR_MORE = (
    "/admin/account/provider/failed/",  # says with its status that the log-in failed
    "/admin/autocomplete/",
    "/admin/pricing/pricerule/try/",
    "/admin/pricing/pricerule/<int:object_id>/try/",
    "/admin/pricing/pricerule/weigh/",
    "/admin/pricing/pricerule/<int:object_id>/weigh/",
)


def test_the_matrix_that_is_checked_in_is_the_one_that_holds() -> None:
    assert text(Path("docs/access-matrix.txt")) == access_matrix(), (
        "out of date; update it with `manage.py access_matrix` and review the changes"
    )


def test_every_address_button_and_list_action_states_what_it_needs() -> None:
    assert [line.address for line in lines() if line.needs == "NOTHING STATED"] == []


class Undeclared(Page[Product]):
    """A page whose buttons state nothing, except one."""

    actions = ("act_on_many",)
    actions_detail: Any = ("press", "press_too")
    actions_list: Any = ("press",)
    actions_row: Any = ("press",)

    @admin.action(description="Export")
    def act_on_many(self, request: Any, queryset: Any) -> None:
        """Offered to everyone by Django."""

    press: Any = action(lambda *_, **__: HttpResponse("done"), description="Press")
    press_too: Any = needs("leads.view_product")(action(lambda *_, **__: HttpResponse("done"), description="Press too"))


def test_what_states_nothing_is_neither_offered_nor_answered_not_even_to_a_superuser() -> None:
    product: Any = ROWS["leads.Product"]()
    page = Undeclared(Product, admin.site)
    request = RequestFactory().get("/")
    request.user = superuser()

    assert "act_on_many" not in page.get_actions(request)
    assert (page.get_actions_list(request), page.get_actions_row(request)) == ([], [])
    assert [each.description for each in page.get_actions_detail(request, product.pk)] == ["Press too"]
    with pytest.raises(PermissionDenied):
        admin.site.admin_view(page.press)(request, object_id=str(product.pk))
    assert admin.site.admin_view(page.press_too)(request, object_id=str(product.pk)).content == b"done"


def test_a_page_of_its_own_that_states_nothing_is_closed() -> None:
    request = RequestFactory().get("/")
    request.user = superuser()

    with pytest.raises(PermissionDenied):
        admin.site.admin_view(lambda _: HttpResponse())(request)
    assert admin.site.admin_view(needs(ANYONE_STAFF)(lambda _: HttpResponse()))(request).status_code == 200


def test_a_view_of_the_api_that_names_no_audience_is_closed() -> None:
    class Undecided(APIView):
        authentication_classes = ()

        def get(self, request: Any) -> None:
            raise AssertionError

    request = RequestFactory().get("/")
    request.user = superuser()

    assert Undecided.as_view()(request).status_code == 403


def client_of(audience: str) -> Client:
    if audience in (API_KEY, CUSTOMER_KEY):
        key = a_key(CustomerFactory.create()) if audience == CUSTOMER_KEY else create_key(SourceFactory.create())[1]
        # Wrong keys are counted by the address they come from.
        return Client(headers={"Authorization": f"Bearer {key}"}, REMOTE_ADDR=f"10.3.0.{len(audience)}")
    client = Client()
    if audience == "no role":
        client.force_login(UserFactory.create())
    elif audience != "anonymous":
        client.force_login(superuser() if audience == "superuser" else with_role(audience))
    return client


@pytest.mark.usefixtures("short_menu")
@pytest.mark.parametrize("audience", AUDIENCES)
def test_whom_the_matrix_does_not_name_is_refused(audience: str) -> None:
    client, rows = client_of(audience), dict[str, Model]()
    closed = [line for line in pages() if audience not in line.who and line.address != "/admin/logout/"]

    assert closed
    found = [
        f"{answered} {method} {line.address}"
        for line in closed
        for method in methods(line)
        if (answered := _answer(client, method, line.address, rows)) not in ("refused", "asked to log in")
    ]
    assert found == []


@pytest.mark.usefixtures("short_menu")
@pytest.mark.parametrize("audience", ["no role", "Viewer"])
def test_whom_the_matrix_names_sees_the_page(audience: str) -> None:
    client, rows = client_of(audience), dict[str, Model]()
    of_admin = [line for line in pages() if audience in line.who and line.address.startswith("/admin/")]

    found = [
        line.address
        for line in of_admin
        if "GET" in methods(line) and _answer(client, "GET", line.address, rows) == "refused"
    ]
    assert sorted(set(found) - set(ASKED_FOR_MORE)) == []


def test_the_rules_of_all_customers_are_exported_only_to_people_who_may_see_them() -> None:
    ROWS["pricing.PriceRule"]()
    address = reverse("admin:pricing_pricerule_export_all")

    assert client_of("no role").get(address).status_code == 403
    assert client_of("Viewer").get(address).status_code == 200


def test_somebody_without_a_role_sees_no_figure_no_menu_and_no_result() -> None:
    product: Any = ROWS["leads.Product"]()
    ROWS["leads.QuarantinedItem"]()
    client = client_of("no role")

    page = client.get(reverse("admin:index"))
    found = client.get(reverse("admin:search"), {"s": product.sku}).content.decode()

    shown = {name: page.context[name] for name in ("tasks", "to_rate", "received", "rated", "money")}
    assert shown == {"tasks": [], "to_rate": 0, "received": None, "rated": None, "money": None}
    menu = admin.site.get_sidebar_list(page.wsgi_request)
    assert [item["title"] for section in menu for item in section["items"] if item["has_permission"]] == ["At a glance"]
    assert product.name not in found


def _answer(client: Client, method: str, address: str, rows: dict[str, Model]) -> str:
    asked = path(address, rows)
    answer = client.get(asked) if method == "GET" else client.post(asked)
    if answer.status_code == 302 and answer["Location"].startswith(reverse("admin:login")):
        return "asked to log in"
    return "refused" if answer.status_code in (401, 403) else str(answer.status_code)


@pytest.mark.parametrize("label", sorted(ROWS))
def test_no_list_is_filtered_by_a_secret(label: str) -> None:
    client, model = client_of("superuser"), type(ROWS[label]())
    secrets = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField) or field.name in ("digest", "password", "sealed")
    ]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    lookups = [f"{name}__{how}" for name in secrets for how in ("startswith", "gte", "exact")]
    assert [client.get(address, {lookup: "a"}).status_code for lookup in lookups] == [400] * len(lookups)
