"""The files with every charge: they add up to the lines, to the cent; nothing in them computes; memory stays flat."""

import csv
import tracemalloc
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from tempfile import TemporaryFile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from billing_engine.core.tables.csv import csv_response
from billing_engine.core.tables.xlsx import write_workbook
from invoices.domain.document import detail_table
from invoices.domain.document.detail_table import HEADER, rows_of_invoice
from invoices.domain.lines.detail import ROWS_AT_A_TIME
from invoices.models import Invoice
from pricing.domain.rate.rate import rate
from tests.factories.leads import ActionFactory
from tests.invoices.lines.test_detail import a_mixed_invoice
from tests.invoices.made import IN_OCTOBER, a_draft, a_price, an_open_period, billed, issued, received

pytestmark = pytest.mark.django_db


def of_invoice(invoice: Invoice, form: str) -> str:
    return reverse("admin:invoices_detail_of_invoice", args=[invoice.pk, form])


def of_month(label: str, form: str) -> str:
    return reverse("admin:invoices_detail_of_month", args=[label, form])


def content_of(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def read_csv(response: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content_of(response).decode("utf-8-sig"))))


def read_xlsx(response: HttpResponse) -> list[dict[str, Any]]:
    book = load_workbook(BytesIO(content_of(response)))
    header, *rows = book["Charges"].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def summed(rows: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[int, Decimal, Decimal]]:
    """By invoice and line: charges, exact sum, amount."""
    sums: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for row in rows:
        line = sums[row["Invoice"], int(row["Line"])]
        line[0] += 1 if row["Action number"] else 0
        line[1] += Decimal(str(row["Exact amount"]))
        line[2] += Decimal(str(row["Amount"]))
    return {line: (actions, exact, amount) for line, (actions, exact, amount) in sums.items()}


def lines_of(*invoices: Invoice) -> dict[tuple[str, int], tuple[int, Decimal, Decimal]]:
    return {
        (str(invoice), line.position): (line.actions, line.exact_amount, line.amount)
        for invoice in invoices
        for line in invoice.lines.all()
    }


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_the_detail_adds_up_to_every_line_to_the_cent(finance: Client, currency: str) -> None:
    invoice = a_mixed_invoice(currency)

    as_csv, as_xlsx = (read(finance.get(of_invoice(invoice, form))) for form, read in READ.items())

    assert summed(as_csv) == lines_of(invoice)
    assert summed(as_xlsx) == lines_of(invoice)
    assert sum(Decimal(row["Amount"]) for row in as_csv) == invoice.subtotal


READ = {"csv": read_csv, "xlsx": read_xlsx}


def test_a_charge_s_row_says_everything_that_is_asked_of_it(finance: Client, frank: User) -> None:
    a_price("0.333", name="Samples")
    period = an_open_period(code="ACME", name="Acme", time_zone="Europe/Berlin")
    received(period, "1.5", at=datetime(2026, 9, 30, 21, 30, tzinfo=UTC), external_id="L-1")
    invoice = issued(billed(period), frank)

    [row] = read_csv(finance.get(of_invoice(invoice, "csv")))

    action = period.actions.get()
    assert row == {
        "Invoice": "INV-2026-000001",
        "Customer code": "ACME",
        "Customer": "Acme",
        "Period": period.label,
        "Line": "1",
        "Line description": "Oak veneer · Sample order",
        "Late activity from": "September 2026",
        "Outcome": "charged",
        "Reason": "",
        "Action number": str(action.pk),
        "Action": action.external_id,
        "Action type": "Sample order",
        "Lead": "L-1",
        "Source": action.lead.source.name,
        "SKU": action.lead.product.sku,
        "Product": "Oak veneer",
        "Occurred at": "2026-09-30 23:30:00+02:00",
        "Time zone": "Europe/Berlin",
        "Quantity": "1.5",
        "Unit": "sample",
        "Value": "",
        "Rule": "Samples",
        "Rule revision": str(action.charge.rule_id),
        "Cut by the limit per lead": "",
        "Cut by the limit per period": "",
        "Cut by the budget": "",
        "Full price": "0.499500",
        "Corrected": "",
        "Exact amount": "0.499500",
        "Amount": "0.50",
        "Currency": "USD",
    }


def test_what_is_not_charged_is_there_with_its_reason_at_zero(finance: Client) -> None:
    rows = read_csv(finance.get(of_invoice(a_mixed_invoice(), "csv")))

    uncharged = [(row["Outcome"], row["Reason"], row["Amount"]) for row in rows if row["Outcome"] == "not charged"]
    assert uncharged == [("not charged", "Test lead", "0.00")] * 2


def test_a_month_is_all_customers_and_what_is_not_billed_yet(finance: Client) -> None:
    first, second = a_draft(1, 2), a_draft(4)
    waiting = an_open_period()
    received(waiting, 1)
    rate(waiting, at=IN_OCTOBER)

    rows = read_csv(finance.get(of_month(waiting.label, "csv")))

    billed_rows = [row for row in rows if row["Invoice"]]
    [unbilled] = [row for row in rows if not row["Invoice"]]
    assert summed(billed_rows) == lines_of(first, second)
    told = (unbilled["Customer code"], unbilled["Line"], unbilled["Exact amount"], unbilled["Amount"])
    assert told == (waiting.customer.code, "", "2.500000", "")
    assert len(read_xlsx(finance.get(of_month(waiting.label, "xlsx")))) == len(rows)


def test_nothing_that_a_source_wrote_is_computed(finance: Client) -> None:
    a_price()
    period = an_open_period()
    received(period, 1, external_id='=HYPERLINK("http://a.example")')
    lead = period.actions.get().lead
    ActionFactory.create(
        lead=lead,
        period=period,
        occurred_at=IN_OCTOBER,
        external_id="=1+1\x08",
        action_type=period.actions.get().action_type,
    )
    invoice = billed(period)

    as_csv = read_csv(finance.get(of_invoice(invoice, "csv")))
    book = load_workbook(BytesIO(content_of(finance.get(of_invoice(invoice, "xlsx")))))

    assert {row["Lead"] for row in as_csv} == {'\'=HYPERLINK("http://a.example")'}
    assert as_csv[1]["Action"].startswith("'=1+1")
    kinds = {cell.data_type for row in book["Charges"].iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["Charges"].cell(3, HEADER.index("Action") + 1).value == "=1+1\N{REPLACEMENT CHARACTER}"


def test_a_workbook_goes_on_in_a_second_sheet() -> None:
    file = BytesIO()

    write_workbook(file, "Charges", ["Number"], ([number] for number in range(5)), a_sheet=3)

    book = load_workbook(file)
    found = {sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert found == {"Charges": ["Number", 0, 1], "Charges 2": ["Number", 2, 3], "Charges 3": ["Number", 4]}


def test_too_many_charges_for_a_workbook_are_refused_on_the_page(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail_table, "WORKBOOK_ROWS", 2)
    invoice = a_draft(1, 1, 1)

    answer = finance.get(of_invoice(invoice, "xlsx"), follow=True)

    assert answer.redirect_chain == [(reverse("admin:invoices_invoice_change", args=[invoice.pk]), 302)]
    assert b"Download the CSV, which has no limit." in answer.content
    assert len(read_csv(finance.get(of_invoice(invoice, "csv")))) == 3


def test_the_month_is_for_finance_and_an_invoice_for_everybody_who_sees_charges(viewer: Client) -> None:
    invoice = a_draft()

    assert viewer.get(of_month(invoice.period.label, "csv")).status_code == 403
    assert viewer.get(of_invoice(invoice, "csv")).status_code == 200
    assert Client().get(of_invoice(invoice, "csv")).status_code == 302


@pytest.mark.parametrize("address", [of_month("2026-13", "csv"), of_month("%00", "csv")])
def test_an_unknown_month_is_not_found(finance: Client, address: str) -> None:
    assert finance.get(address).status_code == 404


def test_there_are_no_other_forms(finance: Client) -> None:
    assert finance.get(of_invoice(a_draft(), "pdf")).status_code == 404


ACTIONS = """
    INSERT INTO leads_action (lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,
                              attributes, void_reason)
    SELECT lead_id, 'many-' || number, action_type_id, period_id, delivery_id, occurred_at, 1 + number %% 7, '{}', ''
      FROM leads_action, generate_series(1, %s) number WHERE period_id = %s
"""
FEW, MANY = 2 * ROWS_AT_A_TIME + 500, 5 * ROWS_AT_A_TIME  # two pieces are held while the next one comes
A_MEGABYTE = 1_000_000


def an_invoice_of(charges: int) -> Invoice:
    period = an_open_period()
    received(period, 1)
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, [charges - 1, period.pk])
    return billed(period)


@pytest.mark.parametrize("form", READ)
def test_memory_stays_flat_however_many_charges_there_are(form: str) -> None:
    a_price("0.333")
    peaks = {}
    for charges in (FEW, MANY):
        invoice = an_invoice_of(charges)
        tracemalloc.start()
        rows = _drained(form, invoice)
        peaks[charges] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == charges

    assert peaks[MANY] - peaks[FEW] < A_MEGABYTE / 2, peaks


def _drained(form: str, invoice: Invoice) -> int:
    counted = 0

    def rows() -> Any:
        nonlocal counted
        for row in rows_of_invoice(invoice):
            counted += 1
            yield row

    if form == "csv":
        for _ in csv_response("a.csv", HEADER, rows()):
            pass
    else:
        with TemporaryFile() as file:
            write_workbook(file, "Charges", HEADER, rows())
    return counted
