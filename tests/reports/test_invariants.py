"""The invariants hold for what the product stores, and each violation is reported with its row."""

from decimal import Decimal
from html import unescape
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.models import Invoice, InvoiceLine
from leads.models import Action, BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from reports.queries.sums.invariant import Breach, Invariant, Sides
from reports.queries.sums.invariants import invariants
from tests.factories.leads import DeliveryFactory
from tests.factories.people import UserFactory
from tests.invoices.made import (
    IN_SEPTEMBER,
    NOVEMBER_3,
    OCTOBER,
    a_draft,
    a_price,
    an_open_period,
    billed,
    issued,
    received,
)
from tests.reports.broken_sums import broken, by_hand, rows_differ, sides, without

pytestmark = pytest.mark.django_db

MORE_TAX = (
    "UPDATE invoices_invoicetax SET amount = amount + 1;UPDATE invoices_invoice SET tax = tax + 1, total = total + 1"
)


@pytest.fixture
def invoice(accountant: User) -> Invoice:
    """An issued invoice with three samples and three late ones at $2.505, one test and 10% tax; and a delivery."""
    a_price("2.505")
    period = an_open_period(code="ACME", name="Acme", tax_rate=10)
    received(period, 1, 2)
    received(period, 3, at=IN_SEPTEMBER)
    received(period, 1, is_test=True)
    DeliveryFactory.create(
        received_at=NOVEMBER_3,
        leads_received=2,
        leads_created=1,
        leads_duplicate=1,
        actions_received=3,
        actions_created=3,
    )
    return issued(billed(period), accountant)


def test_all_invariants_hold_for_stored_data(invoice: Invoice) -> None:
    assert broken() == {}
    assert sides() == {
        "1": [Sides("leads", 2, 2), Sides("actions", 3, 3), Sides("lines", 0, 0)],
        "2": [Sides("actions", 4, 4)],
        "3a": [Sides("USD", Decimal("15.03"), Decimal("15.03"), "USD")],
        "3b": [Sides("charges", 4, 4)],
        "3c": [Sides("USD", Decimal("16.54"), Decimal("16.54"), "USD")],
        "4": [Sides("Lead Billing Engine, 2026", 1, 1)],
        "5": [Sides("USD", Decimal("16.54"), Decimal("16.54"), "USD")],
        "6a": [Sides("actions", 4, 4), Sides("USD", Decimal("15.03"), Decimal("15.03"), "USD")],
        "6b": [Sides("deeds", 0, 0)],
        "6c": [Sides("proofs", 0, 0)],
    }


def test_the_invariants_hold_for_an_empty_database() -> None:
    assert broken() == {}


def test_a_month_counts_its_own_alone(invoice: Invoice) -> None:
    assert [found.sides for found in invariants(OCTOBER)][1:3] == [sides()["2"], sides()["3a"]]
    september = {found.number: found.sides for found in invariants(Month(2026, 9))}
    assert (september["2"], september["3a"], september["3c"]) == ([Sides("actions", 0, 0)], [], [])
    assert september["4"] == sides()["4"]


def test_drafts_other_currencies_minimums_and_what_waits_for_rating_hold_too(invoice: Invoice) -> None:
    a_draft(3, currency="JPY", monthly_minimum=500)
    waiting = an_open_period()
    received(waiting, 1, 1)
    rate(waiting, at=NOVEMBER_3)
    received(waiting, 1)
    waiting.unrated_marks.create(reason="intake")

    assert broken() == {}
    assert sides()["2"] == [Sides("actions", 8, 8)]
    assert sides()["3c"][0] == Sides("JPY", Decimal(500), Decimal(500), "JPY")


def test_1_an_item_without_an_outcome_is_reported_with_its_delivery(invoice: Invoice) -> None:
    delivery = DeliveryFactory.create(leads_received=1, leads_created=1, actions_received=5, actions_created=5)
    without("leads_delivery", "every_received_action_has_exactly_one_outcome")
    by_hand("UPDATE leads_delivery SET actions_created = 4 WHERE id = %s", delivery.pk)

    assert broken() == {"1": [Breach("leads.delivery", delivery.pk, "5 actions received, 4 with an outcome")]}
    assert sides()["1"][1].difference == 1


def test_1_a_line_of_a_file_without_an_outcome_is_reported_with_its_delivery(invoice: Invoice) -> None:
    without("leads_delivery", "every_line_read_has_exactly_one_outcome")
    delivery = DeliveryFactory.create(lines_read=5, lines_taken=2, lines_blank=1, lines_refused=1)
    assert broken() == {"1": [Breach("leads.delivery", delivery.pk, "5 lines read, 4 with an outcome")]}
    assert sides()["1"][2] == Sides("lines", 5, 4)


def test_2_an_action_that_lost_its_charge_is_reported_with_its_period(invoice: Invoice) -> None:
    charge = Charge.objects.filter(reason="test_lead").get()
    by_hand("DELETE FROM pricing_charge WHERE action_id = %s", charge.pk)

    assert broken() == {
        "2": [
            Breach("leads.billingperiod", invoice.period_id, "4 actions, 3 charged, excluded or unrated"),
            Breach("leads.billingperiod", invoice.period_id, "the tally says 4 = 3 + 1 + 0, the rows 4 = 3 + 0 + 0"),
        ],
        "3b": [Breach("invoices.invoice", invoice.pk, _line(invoice, "not_charged", "1 on the line, 0 charges"))],
        "6a": rows_differ(invoice),
    }


def _line(invoice: Invoice, kind: str, words: str, late_from: str = "") -> str:
    line = InvoiceLine.objects.get(invoice=invoice, kind=kind, late_from=late_from)
    return f"line {line.position} (id {line.pk}): {words}"


def test_2_an_action_both_charged_and_unrated_is_reported(invoice: Invoice) -> None:
    action = Action.objects.earliest("pk")
    by_hand("INSERT INTO pricing_unratedaction (action_id, period_id) VALUES (%s, %s)", action.pk, action.period_id)

    period = invoice.period_id
    assert broken() == {
        "2": [
            Breach("leads.billingperiod", period, "4 actions, 5 charged, excluded or unrated"),
            Breach("leads.billingperiod", period, "1 both charged and unrated"),
            Breach("leads.billingperiod", period, "closed with 1 unrated"),
            Breach("leads.billingperiod", period, "the tally says 4 = 3 + 1 + 0, the rows 4 = 3 + 1 + 1"),
        ]
    }


def test_2_a_charge_with_another_period_is_reported(invoice: Invoice) -> None:
    other = an_open_period()
    by_hand("UPDATE pricing_charge SET period_id = %s WHERE reason = 'test_lead'", other.pk)

    words = "1 charges with a different period than their action"
    assert broken() == {"2": [Breach("leads.billingperiod", invoice.period_id, words)]}


def test_2_a_deleted_action_is_reported(invoice: Invoice) -> None:
    by_hand("DELETE FROM leads_action WHERE id = (SELECT action_id FROM pricing_charge WHERE reason = 'test_lead')")

    words = "the tally says 4 = 3 + 1 + 0, the rows 3 = 3 + 0 + 0"
    assert broken()["2"] == [Breach("leads.billingperiod", invoice.period_id, words)]


def test_3_a_changed_charge_is_reported_with_its_line(invoice: Invoice) -> None:
    late = Charge.objects.get(action__occurred_at=IN_SEPTEMBER)
    by_hand("UPDATE pricing_charge SET amount = 7.516, full_amount = 7.516 WHERE action_id = %s", late.pk)

    words = _line(invoice, "charges", "$7.515 on the line, charges of $7.516", late_from="2026-09-01")
    assert broken() == {"3a": [Breach("invoices.invoice", invoice.pk, words)], "6a": rows_differ(invoice)}


def test_3_a_line_rounded_differently_is_reported_although_all_sides_agree(invoice: Invoice) -> None:
    by_hand("UPDATE invoices_invoiceline SET amount = 7.51 WHERE kind = 'charges' AND late_from = ''")
    by_hand("UPDATE invoices_invoiceline SET amount = 7.53 WHERE kind = 'charges' AND late_from <> ''")

    assert broken() == {
        "3a": [
            Breach("invoices.invoice", invoice.pk, _line(invoice, "charges", "$7.515 is not rounded to $7.51")),
            Breach(
                "invoices.invoice",
                invoice.pk,
                _line(invoice, "charges", "$7.515 is not rounded to $7.53", "2026-09-01"),
            ),
        ]
    }


def test_3_charges_without_their_line_are_reported(invoice: Invoice) -> None:
    by_hand("DELETE FROM invoices_invoiceline WHERE late_from <> ''")

    period = invoice.period_id
    assert broken() == {
        "3a": [Breach("leads.billingperiod", period, "no line: $0.00 on the line, charges of $7.515")],
        "3b": [Breach("leads.billingperiod", period, "no line: 0 on the line, 1 charges")],
        "3c": [Breach("invoices.invoice", invoice.pk, "lines $7.52 + tax $1.50, total $16.54")],
        "5": [Breach("invoices.invoice", invoice.pk, "Acme: issued $9.02, in the ledger $16.54")],
    }


def test_3_a_charge_on_two_lines_is_reported(invoice: Invoice) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; DROP INDEX every_charge_is_on_exactly_one_line")
    copied = (
        "invoice_id, kind, description, product_id, action_type_id, rule_id, reason, late_from, actions, quantity, unit"
    )
    by_hand(
        f"INSERT INTO invoices_invoiceline ({copied}, position, exact_amount, amount, detail)"
        f" SELECT {copied}, 99, exact_amount, amount, detail FROM invoices_invoiceline WHERE late_from <> ''"
    )

    line = InvoiceLine.objects.get(position=99)
    assert {number: found for number, found in broken().items() if number in ("3a", "3b")} == {
        "3a": [Breach("invoices.invoice", invoice.pk, f"line 99 (id {line.pk}): $7.515 on the line, charges of $0.00")],
        "3b": [Breach("invoices.invoice", invoice.pk, f"line 99 (id {line.pk}): 1 on the line, 0 charges")],
    }


def test_3_a_total_that_is_not_lines_plus_tax_is_reported(invoice: Invoice) -> None:
    by_hand("UPDATE invoices_invoice SET subtotal = subtotal + 1, total = total + 1")

    words = "lines $15.04 + tax $1.50, total $17.54"
    assert broken() == {
        "3c": [Breach("invoices.invoice", invoice.pk, words)],
    }


def test_3_a_tax_with_another_rate_is_reported(invoice: Invoice) -> None:
    by_hand(MORE_TAX)

    assert broken() == {
        "3c": [Breach("invoices.invoice", invoice.pk, "Tax $2.50 is not 10% of the lines")],
        "5": [Breach("invoices.invoice", invoice.pk, "Acme: issued $17.54, in the ledger $16.54")],
    }


def test_3_a_tax_that_is_not_the_sum_of_its_rates_is_reported(invoice: Invoice) -> None:
    by_hand("UPDATE invoices_invoice SET tax = tax + 1, total = total + 1")

    words = "lines $15.04 + tax $1.50, total $17.54"
    assert broken() == {
        "3c": [Breach("invoices.invoice", invoice.pk, words)],
        "5": [Breach("invoices.invoice", invoice.pk, "Acme: issued $17.54, in the ledger $16.54")],
    }


def test_4_a_gap_is_reported_with_its_number(invoice: Invoice) -> None:
    by_hand("UPDATE invoices_numberseries SET last = 3")

    assert broken() == {
        "4": [
            Breach("invoices.invoice", None, "Lead Billing Engine, 2026: number 2 was issued, but no invoice has it"),
            Breach("invoices.invoice", None, "Lead Billing Engine, 2026: number 3 was issued, but no invoice has it"),
        ]
    }


def test_4_a_duplicate_number_is_reported_with_both_invoices(invoice: Invoice, accountant: User) -> None:
    other = issued(a_draft(1), accountant)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'invoices_invoice'::regclass AND contype = 'u'"
            " AND pg_get_constraintdef(oid) = 'UNIQUE (number)'"
        )
        [(unique,)] = cursor.fetchall()
    without("invoices_invoice", unique)
    by_hand("UPDATE invoices_invoice SET number = 'INV-2026-000001'")

    assert broken()["4"] == [
        Breach("invoices.invoice", invoice.pk, "INV-2026-000001 is on more than one invoice"),
        Breach("invoices.invoice", other.pk, "INV-2026-000001 is on more than one invoice"),
    ]


@pytest.mark.parametrize("number", ["INV-2026-000009", "INV-2025-000001", "by hand"])
def test_4_a_number_that_no_series_issued_is_reported(invoice: Invoice, number: str) -> None:
    by_hand("UPDATE invoices_invoice SET number = %s", number)

    assert Breach("invoices.invoice", invoice.pk, f"{number} was never issued by its series") in broken()["4"]


def test_5_an_invoice_for_another_customers_period_is_reported(invoice: Invoice) -> None:
    other = an_open_period(name="Other").customer
    by_hand("UPDATE invoices_invoice SET customer_id = %s", other.pk)

    words = "issued to Other, for a billing period of another customer"
    assert broken() == {"5": [Breach("invoices.invoice", invoice.pk, words)]}


def test_only_the_first_hundred_rows_are_kept_and_all_are_counted() -> None:
    found = Invariant("1", "left", "right")
    for row in range(150):
        found.add_breach("leads.delivery", row, "words")

    assert (len(found.breaches), found.broken, found.holds) == (100, 150, False)


# --- The command ------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_invariants", *words, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_the_command_prints_both_sides(invoice: Invoice) -> None:
    code, words = run("--month", "2026-10")

    assert code == 0
    assert "3c. totals of the invoices = sum of their lines + tax + credit: holds\n   USD: $16.54 = $16.54\n" in words


def test_the_command_exits_1_and_names_the_row(invoice: Invoice) -> None:
    by_hand(MORE_TAX)

    code, words = run()

    assert code == 1
    assert "3c. totals of the invoices = sum of their lines + tax + credit: DOES NOT HOLD\n" in words
    assert f"   invoices.invoice {invoice.pk}: Tax $2.50 is not 10% of the lines\n" in words


def test_the_command_exits_2_for_an_invalid_month() -> None:
    assert run("--month", "October") == (2, "'October' is not a month. Use the form 2026-10.")


# --- The page ---------------------------------------------------------------------------------------


def page(browser: Client, month: str = "2026-10") -> str:
    return unescape(browser.get(reverse("admin:reports_invariants"), {"month": month}).content.decode())


def test_the_page_shows_every_sum_with_both_sides(invoice: Invoice, finance: Client) -> None:
    html = page(finance)

    assert "October 2026" in html
    assert "All 10 sums hold, recounted just now." in html
    assert html.count(">holds<") == 10
    assert "$16.54" in html


def test_the_page_links_the_row_that_breaks_a_sum(invoice: Invoice, finance: Client) -> None:
    by_hand(MORE_TAX)

    html = page(finance, "all")

    assert "2 of 10 sums do not hold." in html
    assert f'href="/admin/invoices/invoice/{invoice.pk}/change/">{invoice.pk}</a>' in html
    assert "Tax $2.50 is not 10% of the lines" in html


@pytest.mark.parametrize("month", ["", "nonsense"])
def test_without_a_month_the_page_shows_this_one(finance: Client, month: str) -> None:
    with time_machine.travel(NOVEMBER_3, tick=False):
        assert "November 2026" in page(finance, month)


def test_users_without_access_to_the_rows_do_not_see_their_sums(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(reverse("admin:reports_invariants")).status_code == 403


def test_the_page_asks_as_often_for_many_periods_as_for_one(invoice: Invoice, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(18):
        invariants()
    for _ in range(3):
        a_draft(2)
    assert BillingPeriod.objects.count() == 4
    with django_assert_num_queries(18):
        invariants()
