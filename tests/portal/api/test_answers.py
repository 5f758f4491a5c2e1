"""What the API answers: the same figures as the pages, money as strings, days of the customer, and pages by key."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django import DjangoAssertNumQueries

from invoices.models import Invoice
from leads.domain.memberships.portal import portal_of, show_contacts
from leads.models import Customer
from pricing.models import Charge
from receivables.models import LedgerDocument
from receivables.queries.customer_invoices import customer_invoices
from tests.factories.people import superuser
from tests.portal.api.made import Program, a_key
from tests.portal.api.test_isolation import NOT_MADE, requests
from tests.portal.made import an_invoice
from tests.portal.rows import rows_of
from tests.portal.test_isolation import ids_in
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def test_an_invoice_has_the_figures_of_its_page(northlight: Customer) -> None:
    rows = rows_of(northlight)  # $30.00, of which $7.50 is disputed and $1.00 credited
    program, ids = Program(a_key(northlight)), ids_in(northlight, rows)
    [stored] = customer_invoices(northlight, on=northlight.today)

    [listed] = program.read("invoices")["results"]
    whole = program.read(f"invoices/{ids['invoice']}")

    assert listed == {
        "invoice": ids["invoice"],
        "number": stored.invoice.number,
        "state": "open",
        "period": "October 2026",
        "first_day": "2026-10-01",
        "last_day": "2026-10-31",
        "time_zone": "America/Chicago",
        "issued_on": "2026-11-03",
        "due_on": str(stored.invoice.due_on),
        "purchase_order": "",
        "currency": "USD",
        "subtotal": "30.00",
        "tax": "0.00",
        "total": "30.00",
        "credited": "1.00",
        "paid": "0.00",
        "open": "29.00",
        "disputed": "7.50",
        "to_pay": "21.50",
        "replaces": None,
        "replaced_by": None,
    }
    assert {name: whole[name] for name in listed} == listed
    assert [(note["credit_note"], note["total"]) for note in whole["credit_notes"]] == [(ids["note"], "1.00")]
    assert "duplicate" in {each["reason"] for each in whole["disputable"]}
    assert program.read("invoices", state="paid")["results"] == []


def test_lines_and_their_charges_add_up_however_they_are_paged(northlight: Customer) -> None:
    invoice = an_invoice(northlight, 3, 4, 5)
    program = Program(a_key(northlight))
    [listed] = program.read("invoices")["results"]

    lines = program.read(f"invoices/{listed['invoice']}/lines")["results"]
    [charged] = [line for line in lines if line["kind"] == "charges"]
    [uncharged] = [line for line in lines if line["kind"] == "not_charged"]
    pages, path = list[Any](), f"lines/{charged['line']}/charges?limit=2"
    while path:
        page = program.read(path)
        pages += page["results"]
        path = page["next"].removeprefix("/api/v1/customer/") if page["next"] else ""

    assert (charged["amount"], charged["actions"], charged["quantity"]) == ("30.00", 3, "12.000000")
    assert [each["amount"] for each in pages] == ["7.50", "10.00", "12.50"]
    assert sum(Decimal(each["amount"]) for each in pages) == invoice.subtotal
    [test] = program.read(f"lines/{uncharged['line']}/charges")["results"]
    assert (test["reason"], test["reason_name"], test["amount"], test["exact_amount"]) == (
        "test_lead",
        "Test",
        "0.00",
        "0.000000",
    )
    counts = program.read(f"invoices/{listed['invoice']}/not-charged")
    assert counts["received"] == counts["charged"] + counts["included"] + counts["not_charged"] + counts["waiting"] == 4
    assert [(each["reason"], each["actions"]) for each in counts["reasons"]] == [("test_lead", 1)]


def test_a_charge_says_why_it_costs_what_it_costs(northlight: Customer) -> None:
    invoice = an_invoice(northlight, 3)
    program = Program(a_key(northlight))
    own = {row.amount: row for row in Charge.objects.filter(period=invoice.period)}
    [line] = [
        each
        for each in program.read(f"invoices/{_id(northlight, invoice)}/lines")["results"]
        if each["kind"] == "charges"
    ]

    [listed] = program.read(f"lines/{line['line']}/charges")["results"]
    told = program.read(f"charges/{listed['charge']}")

    assert {name: told[name] for name in listed} == listed
    assert (told["exact_amount"], told["amount"]) == (str(own[Decimal("7.500000")].amount), "7.50")
    assert (told["line"], told["invoice"]) == (line["line"], _id(northlight, invoice))
    assert told["contact"] == "m•••@studio-arden.example"
    assert told["occurred_at"].endswith("-05:00")  # in October, in Chicago
    assert "$2.50" in told["why"]["sentence"] + told["why"]["price"]
    show_contacts(northlight, shown=True, by=superuser(), reason="Agreed in the contract")
    assert program.read(f"charges/{listed['charge']}")["contact"] == "maren@studio-arden.example"


def test_activity_is_that_of_the_page_and_its_filters_are_the_customers_own_ids(
    northlight: Customer, rival: Customer
) -> None:
    an_invoice(northlight, 3, 4)
    an_invoice(rival, 100)
    program = Program(a_key(northlight))
    asked = {"days": "2026-10-01..2026-10-31", "show": "amount,actions", "group": "product,outcome"}

    answer = program.read("activity", **asked)
    [dollars] = answer["currencies"]
    product = dollars["subtotals"][0]["keys"][0]
    narrowed = program.read("activity", **asked, product=product["value"])
    rows = program.read("actions", days=asked["days"], limit=2)
    rest = program.read(rows["next"].removeprefix("/api/v1/customer/"))

    assert answer["time_zone"] == "America/Chicago"
    assert dollars["total"]["figures"] == {"amount": "17.500000", "actions": 3}
    names = sorted(row["keys"][1]["name"] for row in dollars["rows"])
    assert names == ["Charged", "Charged", "Test"] or names == ["Charged", "Test"]
    assert narrowed["question"]["filters"] == [{"name": "product", "values": [product["value"]]}]
    assert 0 < narrowed["currencies"][0]["total"]["figures"]["actions"] <= 3
    assert (len(rows["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)
    assert {each["outcome"] for each in rows["results"] + rest["results"]} == {"charged", "test_lead"}
    assert all("•••" in each["contact"] for each in rows["results"])


def test_what_is_owed_is_what_the_statement_closes_with(northlight: Customer) -> None:
    an_invoice(northlight, 4)
    a_document(northlight, LedgerDocument.Kind.PAYMENT, "3.00", reference="ACH 1")
    program = Program(a_key(northlight))

    [owed] = program.read("open-items")["currencies"]
    told = program.read("statement")
    later = program.read("statement", first="2026-11-10", last="2026-11-10")

    assert (owed["open"], owed["credit"], owed["to_pay"], len(owed["items"])) == ("10.00", "3.00", "10.00", 1)
    assert (told["opening"], told["charged"], told["credited"], told["closing"]) == ("0.00", "10.00", "3.00", "7.00")
    assert told["movements"][-1]["balance"] == told["closing"]
    assert [each["currency"] for each in told["accounts"]] == ["USD"]
    assert Decimal(later["opening"]) + Decimal(later["charged"]) - Decimal(later["credited"]) == Decimal("7.00")


def test_prices_are_in_the_buyers_words(northlight: Customer) -> None:
    an_invoice(northlight, 4)
    program = Program(a_key(northlight))

    found = program.read("prices", day="2026-10-05")

    [price] = found["in_force"]
    assert "$2.50" in price["price"]
    assert (price["scope"], price["limits"], price["next_price"]) == ("all products and sources", [], None)
    assert program.get("prices", day="1999-01-01").json()["parameter"] == "day"


def test_no_answer_names_a_rule_another_customer_or_a_masked_address(northlight: Customer, rival: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    program = Program(a_key(northlight))

    for method, route, address in requests(ids):
        if method == "get" and route not in NOT_MADE:
            answer = program.get(address)
            said = b"".join(answer.streaming_content) if answer.streaming else answer.content
            for secret in (b"Internal margin", b"maren@studio-arden", rival.name.encode(), rival.code.encode()):
                assert secret not in said, (route, secret)
            assert answer["Cache-Control"] == "private, no-store", route


def test_every_address_asks_the_database_as_often_for_many_rows_as_for_one(
    northlight: Customer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    program = Program(a_key(northlight))
    program.read("key")

    for method, _, address in requests(ids):
        if method == "get":
            with django_assert_max_num_queries(MOST_QUERIES):
                program.get(address)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("invoices?limit=0", "limit"),
        ("invoices?limit=1001", "limit"),
        ("invoices?state=late", "state"),
        ("invoices?state=%00", "state"),
        ("invoices?after=short", "after"),
        ("activity?group=rule", "group"),
        ("activity?customer=RIVAL", "customer"),
        ("activity?period=2026-10", "period"),
        ("activity?source=web", "source"),
        ("actions?colour=red", "colour"),
        ("statement?last=2027-01-01", "last"),
        ("statement?first=2026-11-11", "first"),
        ("statement?first=0001-01-01", "first"),
        ("statement?currency=XXX", "currency"),
        ("prices?day=never", "day"),
    ],
)
def test_a_refusal_names_the_parameter(northlight: Customer, path: str, parameter: str) -> None:
    an_invoice(northlight, 3)

    answer = Program(a_key(northlight)).get(path)

    assert (answer.status_code, answer["Content-Type"]) in (
        (400, "application/problem+json"),
        (404, "application/problem+json"),
    )
    assert answer.json()["parameter"] == parameter


def test_each_key_has_its_own_rate_limit(northlight: Customer, settings: LazySettings) -> None:
    settings.CUSTOMER_REQUESTS_PER_MINUTE = 2
    one, other = Program(a_key(northlight)), Program(a_key(northlight))

    found = [one.get("key").status_code for _ in range(4)]
    answer = one.get("key")

    assert 429 in found[2:]
    assert (answer.status_code, int(answer["Retry-After"]) > 0, answer.json()["code"]) == (429, True, "throttled")
    assert other.get("key").status_code == 200


def _id(customer: Customer, invoice: Invoice) -> str:
    return ids_in(customer, {"invoice": invoice})["invoice"] if portal_of(customer) else ""
