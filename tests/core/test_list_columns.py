"""A list shows the columns that its reader chose, and its file holds what it shows."""

import csv
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html

from billing_engine.core.admin_kit.cells import NOTHING, link_to, number, shortened
from billing_engine.core.admin_kit.lists.chosen import title_of
from billing_engine.core.admin_kit.lists.file import text_of
from billing_engine.core.models import ListColumns
from tests.factories.invoices import InvoiceLineFactory
from tests.factories.leads import CustomerFactory, LeadFactory
from tests.factories.people import superuser, with_role
from tests.factories.pricing import ChargeFactory
from tests.house.test_admin_queries import EVERY_PAGE, ROWS

pytestmark = pytest.mark.django_db
LONG = "Gesellschaft für nachhaltige Oberflächen und keramische Bautechnik"
LEADS = ["Lead", "Person", "Firm", "Product", "Source", "Test", "Received"]


@pytest.fixture
def reader(client: Client) -> User:
    person = with_role("Viewer")
    client.force_login(person)
    return person


def heads(client: Client, name: str, **asked: str) -> list[str]:
    """The heads of a list."""
    shown = client.get(reverse(f"admin:{name}_changelist"), asked).context["cl"]
    return [title_of(shown.model_admin, each) for each in shown.named]


def choose(client: Client, name: str, *columns: str, query: str = "") -> Any:
    return client.post(reverse(f"admin:{name}_columns") + query, {"columns": columns})


def file_of(client: Client, name: str, query: str = "") -> list[list[str]]:
    response: Any = client.get(reverse(f"admin:{name}_export_list") + query)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def test_a_person_chooses_the_columns_of_a_list_and_finds_them_again(client: Client, reader: User) -> None:
    LeadFactory.create()
    assert heads(client, "leads_lead") == LEADS

    answer = choose(client, "leads_lead", "received", "campaign", query="?is_test__exact=0&o=2&p=3")

    assert answer["Location"] == reverse("admin:leads_lead_changelist") + "?is_test__exact=0"
    assert heads(client, "leads_lead") == ["Lead", "Received", "Campaign"]
    client.force_login(with_role("Viewer"))
    assert heads(client, "leads_lead") == LEADS


def test_the_first_column_always_stays_because_it_names_the_row(client: Client, reader: User) -> None:
    LeadFactory.create()

    choose(client, "leads_lead")

    assert heads(client, "leads_lead") == ["Lead"]


def test_choosing_the_usual_columns_is_no_choice(client: Client, reader: User) -> None:
    choose(client, "leads_lead", "received")
    assert ListColumns.objects.count() == 1

    choose(client, "leads_lead", "shown_person", "firm", "shown_product", "shown_source", "shown_test", "received")

    assert ListColumns.objects.count() == 0


def test_a_column_that_the_list_does_not_offer_is_refused(client: Client, reader: User) -> None:
    answer = choose(client, "leads_lead", "shown_email", "body")

    assert answer.status_code == 200
    assert "is not one of the available choices" in answer.content.decode()
    assert ListColumns.objects.count() == 0


def test_a_choice_in_one_state_keeps_the_columns_that_only_others_have(client: Client, reader: User) -> None:
    InvoiceLineFactory.create()

    choose(client, "invoices_invoice", "shown_total", query="?state__exact=draft")

    assert heads(client, "invoices_invoice") == ["Invoice", "Total", "Outstanding", "Issued", "Due", "Sent"]
    assert heads(client, "invoices_invoice", state__exact="draft") == ["Invoice", "Total"]


def test_the_file_has_every_row_that_is_found_with_the_columns_shown(client: Client, reader: User) -> None:
    CustomerFactory.create(name="Terrazza Stoneworks", code="TERRAZZA")
    CustomerFactory.create(name="Fjord Acoustics", code="FJORD")
    choose(client, "leads_customer", "code")

    rows = file_of(client, "leads_customer", "?q=terrazza")

    assert rows[:-1] == [["Name", "Code"], ["Terrazza Stoneworks", "TERRAZZA"]]
    assert rows[-1][0] == "Rows: 1 of 1"
    assert rows[-1][1].startswith("Question: q=terrazza; Made at: ")


def test_money_is_a_plain_number_with_its_currency_beside_it(client: Client, reader: User) -> None:
    charge = ChargeFactory.create(amount="1234.5", full_amount="1234.5")
    choose(client, "pricing_charge", "shown_full_amount")

    head, row, _ = file_of(client, "pricing_charge")

    currency = charge.action.period.customer.currency
    assert (head[1:], row[1:]) == (["Before any cap", "Before any cap: currency"], ["1234.500000", currency])


def test_what_a_spreadsheet_would_evaluate_is_text(client: Client, reader: User) -> None:
    CustomerFactory.create(name="=HYPERLINK(0)", code="EVIL")
    choose(client, "leads_customer", "code")

    assert file_of(client, "leads_customer")[1] == ["'=HYPERLINK(0)", "EVIL"]


def test_a_file_is_only_for_people_who_see_the_list_and_masks_what_the_list_masks(client: Client, reader: User) -> None:
    LeadFactory.create(email="perrin@studio.example")

    assert "perrin@studio.example" not in str(file_of(client, "leads_lead"))
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(reverse("admin:leads_lead_export_list")).status_code == 403
    assert client.get(reverse("admin:leads_lead_columns")).status_code == 403


def test_lists_with_a_file_of_their_own_have_no_second_one(client: Client, reader: User) -> None:
    assert client.get(reverse("admin:pricing_pricerule_export_list")).status_code == 404
    assert (
        reverse("admin:pricing_pricerule_export_list")
        not in client.get(reverse("admin:pricing_pricerule_changelist")).content.decode()
    )


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(1_234_567), "1234567"),
        (NOTHING, None),
        (shortened(LONG), LONG),
        (link_to("/a/", "Ash & Oak"), "Ash & Oak"),
        (format_html("{}<small>{}</small>", "Ash", "ASH-1"), "Ash ASH-1"),
        ("<b>typed by a person</b>", "<b>typed by a person</b>"),
    ],
)
def test_a_cell_is_the_text_of_what_is_shown(shown: Any, text: str | None) -> None:
    assert text_of(shown) == text


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_every_list_has_a_file_of_its_rows_down_to_the_last_line(client: Client, label: str) -> None:
    row = ROWS[label]()
    client.force_login(superuser())
    listed = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")

    answer = client.get(f"{listed}export.csv")

    if answer.status_code == 200:  # it has such a file
        assert b"Rows: " in b"".join(answer.streaming_content)
