"""The invoices API: permissions, filters, pages; and the examples in `docs/invoices-api.md`."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing_engine.core.api.filters import BadFilter
from invoices.domain.lines.detail import detail_of
from invoices.models import Invoice
from leads.domain.credentials.api_keys import create_key
from leads.models import Action, Product, Source
from pricing.models import Charge, PriceRule
from tests.factories.leads import ActionFactory, ActionTypeFactory, LeadFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.house.tree import ROOT, codes, table
from tests.invoices.lines.test_detail import a_mixed_invoice
from tests.invoices.made import IN_OCTOBER, a_draft, a_price, an_open_period, billed, issued

pytestmark = pytest.mark.django_db

PAGE = (ROOT / "docs" / "invoices-api.md").read_text(encoding="utf-8")


def read(browser: Client, address: str, status: int = 200) -> Any:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content
    return answer.json()


def everything(browser: Client, address: str | None) -> list[dict[str, Any]]:
    """All pages, in order."""
    found = []
    while address:
        page = read(browser, address)
        found += page["results"]
        address = page["next"]
    return found


def test_every_request_on_the_page_is_answered_as_printed(finance: Client, frank: User) -> None:
    invoice = issued(the_printed_draft(), frank)
    line = invoice.lines.get()
    numbers = {"invoices": invoice.pk, "lines": line.pk}
    asked = re.findall(r"https://billing\.example(/[^']*)'", PAGE)
    printed = [json.loads(block) for block in re.findall(r"^```json answer\n([\s\S]*?)^```$", PAGE, re.MULTILINE)]

    real = [re.sub(r"(invoices|lines)/1", lambda found: f"{found[1]}/{numbers[found[1]]}", path) for path in asked]

    assert len(asked) == len(printed) == 3
    assert [as_printed(read(finance, path), invoice) for path in real] == printed


def the_printed_draft() -> Invoice:
    a_price("0.335")
    period = an_open_period(code="ACME")
    lead = LeadFactory.create(
        product=ProductFactory.create(customer=period.customer, name="Oak veneer", sku="OAK-1"),
        source=SourceFactory.create(code="web"),
        external_id="L-1",
    )
    kind = ActionTypeFactory.create(code="sample_order")
    for number in range(1, 5):
        ActionFactory.create(
            lead=lead, action_type=kind, period=period, occurred_at=IN_OCTOBER, external_id=f"A-{number}"
        )
    return billed(period)


def as_printed(answer: Any, invoice: Invoice) -> Any:
    """Replace the ids with the printed ones, which cannot be known in advance."""
    actual = {
        f'"invoice": {invoice.pk},': '"invoice": 1,',
        f'"line": {invoice.lines.get().pk},': '"line": 1,',
        f'"rule": {PriceRule.objects.get().pk},': '"rule": 1,',
        f'"action": {Action.objects.earliest("pk").pk},': '"action": 1,',
        f"after={Action.objects.earliest('pk').pk}": "after=1",
        f"invoices/{invoice.pk}/": "invoices/1/",
        f"lines/{invoice.lines.get().pk}/": "lines/1/",
        f"charges/{Action.objects.earliest('pk').pk}/": "charges/1/",
    }
    text = json.dumps(answer)
    for number, shown in actual.items():
        text = text.replace(number, shown)
    return json.loads(text)


def test_the_refusals_on_the_page_are_those_of_the_program(finance: Client) -> None:
    rows = table(PAGE, "status", "code", "what to do")

    assert {codes(row[1])[0]: int(row[0]) for row in rows} == {
        BadFilter.code: BadFilter.http_status,
        read(Client(), "/api/v1/invoices", 401)["code"]: 401,
        read(source_with_a_key(), "/api/v1/invoices", 403)["code"]: 403,
        read(finance, "/api/v1/invoices/999999", 404)["code"]: 404,
    }


def source_with_a_key() -> Client:
    _, key = create_key(SourceFactory.create())
    return Client(headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize("path", ["/invoices", "/invoices/1", "/invoices/1/lines", "/lines/1/charges", "/charges"])
def test_only_staff_who_may_see_invoices_read_them(client: Client, path: str) -> None:
    client.force_login(UserFactory.create())

    assert read(client, f"/api/v1{path}", 403)["code"] == "permission_denied"
    assert read(source_with_a_key(), f"/api/v1{path}", 403)["code"] == "permission_denied"
    assert read(Client(), f"/api/v1{path}", 401)["code"] == "not_authenticated"


def test_every_charge_is_read_once_and_its_shares_are_its_line(viewer: Client) -> None:
    invoice = a_mixed_invoice()
    expected = [(one.action, str(share)) for _, one, share in detail_of(invoice)]

    found = []
    for line in everything(viewer, f"/api/v1/invoices/{invoice.pk}/lines?limit=2"):
        charges = everything(viewer, line["charges"] and f"{line['charges']}?limit=2")
        found += [(charge["action"], charge["amount"]) for charge in charges]
        if line["charges"]:
            assert sum(Decimal(charge["amount"]) for charge in charges) == Decimal(line["amount"])

    assert found == expected
    of_period = f"/api/v1/charges?customer={invoice.customer.code.lower()}&period={invoice.period.label}&limit=3"
    whole = everything(viewer, of_period)
    assert sorted(each["action"] for each in whole) == sorted(Charge.objects.values_list("pk", flat=True))


def test_filters_narrow_down(viewer: Client, frank: User) -> None:
    first, second = issued(a_draft(1, code="ONE"), frank), a_draft(2, code="TWO")

    def numbers(asked: str) -> list[int]:
        return [each["invoice"] for each in everything(viewer, f"/api/v1/invoices?limit=1&{asked}")]

    assert numbers("") == [second.pk, first.pk]
    assert numbers("customer=one") == [first.pk]
    assert numbers("state=draft") == [second.pk]
    assert numbers("period=2026-10") == [second.pk, first.pk]
    assert numbers("period=2026-09") == []
    assert numbers("issued_from=2026-11-03&issued_to=2026-11-04") == [first.pk]
    assert numbers("issued_to=2026-11-03") == []


def test_lines_and_charges_are_filtered_by_product_type_and_reason(viewer: Client) -> None:
    invoice = a_mixed_invoice()
    felt = Product.objects.get(name="Felt panel")

    def found(address: str, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(each[name] for name in names) for each in everything(viewer, address)]

    lines = f"/api/v1/invoices/{invoice.pk}/lines"
    charges = f"/api/v1/charges?customer={invoice.customer.code}&period={invoice.period.label}"
    assert found(f"{lines}?product={felt.sku}", "product", "actions") == [(felt.sku, 1)]
    assert found(f"{lines}?reason=test_lead", "kind", "actions") == [("not_charged", 2)]
    assert found(f"{lines}?kind=minimum", "kind", "charges") == [("minimum", None)]
    assert found(f"{lines}?type=nothing", "kind") == []
    assert found(f"{charges}&product={felt.sku}", "product", "quantity") == [(felt.sku, "3.000000")]
    assert found(f"{charges}&reason=test_lead", "reason") == [("test_lead",)] * 2
    assert len(found(f"{charges}&type=sample_order", "type")) == Charge.objects.count()


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ("invoices?state=paid", "state"),
        ("invoices?issued_from=yesterday", "issued_from"),
        ("invoices?limit=0", "limit"),
        ("invoices?limit=1001", "limit"),
        ("invoices?after=-1", "after"),
        ("invoices?after=99999999999999999999", "after"),
        ("invoices?customer=%00", "customer"),
        ("charges?customer=A&period=2026-10&reason=nothing", "reason"),
    ],
)
def test_an_invalid_filter_is_refused_by_name(viewer: Client, asked: str, parameter: str) -> None:
    answer = read(viewer, f"/api/v1/{asked}", 400)

    assert (answer["code"], answer["parameter"]) == ("bad_filter", parameter)


def test_charges_are_asked_for_by_customer_and_cycle(viewer: Client) -> None:
    assert read(viewer, "/api/v1/charges?customer=ACME", 400)["code"] == "bad_filter"
    assert read(viewer, "/api/v1/charges?customer=ACME&period=2026-10", 404)["code"] == "not_found"


@pytest.mark.parametrize("path", ["/invoices", "/invoices/{invoice}/lines", "/lines/{line}/charges"])
def test_a_page_asks_the_database_as_often_for_many_as_for_few(viewer: Client, path: str) -> None:
    invoice = a_mixed_invoice()
    address = f"/api/v1{path.format(invoice=invoice.pk, line=invoice.lines.get(position=2).pk)}?limit="
    a_draft(1), a_draft(1)

    def asked(limit: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(read(viewer, f"{address}{limit}")["results"]) <= limit
        return len(queries)

    read(viewer, f"{address}1")
    assert asked(1) == asked(3)


def test_times_are_in_utc(viewer: Client) -> None:
    invoice = a_mixed_invoice()
    line = invoice.lines.get(position=2)

    charge = read(viewer, f"/api/v1/lines/{line.pk}/charges")["results"][0]

    occurred = Action.objects.get(pk=charge["action"]).occurred_at
    assert charge["occurred_at"] == f"{occurred.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert isinstance(occurred, datetime)
    assert charge["source"] == Source.objects.get(code=charge["source"]).code
