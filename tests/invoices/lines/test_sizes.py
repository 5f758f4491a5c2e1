"""The largest accepted amounts can be rated, summed, billed, printed and exported, to the last digit."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from billing_engine.core import money
from billing_engine.core.tables.csv import lines_of
from billing_engine.core.tables.xlsx import write_workbook
from invoices.domain.document.content import content_of
from invoices.domain.document.detail_table import HEADER, rows_of_invoice
from invoices.domain.document.typeset import preview
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.models import Invoice
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod, Source
from pricing.domain.audit.prove import prove
from pricing.domain.rate.rate import rate_waiting
from pricing.domain.rate.usage import count_uses
from pricing.domain.simulation.simulate import simulate_customers, start
from pricing.models import Charge, PeriodTally, PriceRule, RuleUse, UnratedAction
from reports.domain.question.question import Question
from reports.queries.explore.answer import answer_of
from reports.queries.sums.invariants import invariants
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory, superuser
from tests.factories.pricing import PriceRuleFactory, tiered
from tests.invoices.made import NOVEMBER_3

RECEIVED_AT = datetime(2026, 10, 15, 12, tzinfo=UTC)
MOST = Decimal("999999999999.999999")  # what the form of an action lets in, where its type allows it
PRICE = Decimal("9999999999.999999")
PERCENT = Decimal("9999.999999")
SMALLEST = Decimal("0.000001")

RULES: dict[str, Callable[..., PriceRule]] = {
    "per_unit": lambda **facts: PriceRuleFactory.create(unit_price=PRICE, **facts),
    "per_unit_tiny": lambda **facts: PriceRuleFactory.create(unit_price=SMALLEST, **facts),
    "graduated": lambda **facts: _tiered("graduated", PRICE, **facts),
    "volume": lambda **facts: _tiered("volume", PRICE, **facts),
    "package": lambda **facts: PriceRuleFactory.create(
        price_model="package", unit_price=None, package_size=SMALLEST, package_price=PRICE, **facts
    ),
    "percentage": lambda **facts: PriceRuleFactory.create(
        price_model="percentage", unit_price=None, percent=PERCENT, fixed_fee=PRICE, **facts
    ),
    "graduated_percentage": lambda **facts: _tiered("graduated_percentage", PERCENT, **facts),
}

amounts = st.one_of(
    st.sampled_from([Decimal(0), SMALLEST, Decimal(1), MOST - SMALLEST, MOST]),
    st.decimals(min_value=0, max_value=MOST, places=6),
)


def _tiered(model: str, rate: Decimal, **facts: Any) -> PriceRule:
    return tiered(model, (1, str(rate), str(PRICE)), (None, str(rate), str(PRICE)), **facts)


def received(actions: list[tuple[Decimal, Decimal]], *, currency: str, rate: Decimal) -> BillingPeriod:
    """Sent through the door of every lead, to a type that allows as much as there can be."""
    product = ProductFactory.create(sku="TILE", customer__currency=currency, customer__tax_rate=rate)
    ActionTypeFactory.create(code="sample_order", largest_quantity=MOST, largest_value=MOST)
    did = [
        {
            "id": f"A-{number}",
            "type": "sample_order",
            "occurred_at": f"2026-10-05T10:00:{number:02}Z",
            "quantity": str(quantity),
            "value": str(value),
        }
        for number, (quantity, value) in enumerate(actions)
    ]
    source: Source = SourceFactory.create()
    body = json.dumps({"id": "L-1", "product": {"sku": "TILE"}, "actions": did}).encode()
    receipt = receive(source, body=body, content_type="application/json", received_at=RECEIVED_AT)
    assert [one.outcome for one in receipt.results[0].actions] == ["created"] * len(did)
    return BillingPeriod.objects.get(customer=product.customer)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(sorted(RULES)),
    currency=st.sampled_from(["USD", "JPY", "KWD", "CLF"]),
    tax=st.decimals(min_value=0, max_value=Decimal("99.9999"), places=4),
    actions=st.lists(st.tuples(amounts, amounts), min_size=1, max_size=5),
)
@pytest.mark.django_db
def test_what_the_door_takes_is_charged_billed_printed_and_exported(
    model: str, currency: str, tax: Decimal, actions: list[tuple[Decimal, Decimal]]
):
    with transaction.atomic():
        RULES[model](currency=currency)
        period = received(actions, currency=currency, rate=tax)

        rate_waiting([period.pk], at=RECEIVED_AT)
        exact = sum(Charge.objects.values_list("amount", flat=True), money.ZERO)
        count_uses(period.pk, at=RECEIVED_AT)
        invoice = close(period, at=NOVEMBER_3)

        assert invoice is not None
        assert (Charge.objects.count(), UnratedAction.objects.count()) == (len(actions), 0)
        assert (PeriodTally.objects.get().amount, RuleUse.objects.get().amount) == (exact, exact)
        assert invoice.subtotal == money.rounded(exact, currency)
        assert invoice.total == invoice.subtotal + money.rounded(invoice.subtotal * tax / 100, currency)
        assert prove(period).holds
        assert [one.number for one in invariants() if not one.holds] == []
        answer = answer_of(Question.read({"show": ["amount"], "period": [period.label]}), at=NOVEMBER_3)
        assert answer.by_currency[currency].total.sums["amount"] == exact
        _is_printed(invoice)
        _is_exported(invoice, exact)
        transaction.set_rollback(True)


def _is_printed(invoice: Invoice) -> None:
    """Every amount on the invoice, with all its digits."""
    invoice.refresh_from_db()
    paper = content_of(invoice)
    assert paper.total.value == f"{money.in_words(invoice.total, invoice.currency)} {invoice.currency}"
    digits = "".join(filter(str.isdigit, paper.total.value))
    assert digits == "".join(filter(str.isdigit, str(money.rounded(invoice.total, invoice.currency))))


def _is_exported(invoice: Invoice, exact: Decimal) -> None:
    rows = list(rows_of_invoice(invoice))
    shares, exacts = HEADER.index("Amount"), HEADER.index("Exact amount")
    text = "".join(lines_of(HEADER, rows))
    file = BytesIO()
    write_workbook(file, "Charges", HEADER, rows)
    sheet: Any = load_workbook(file, read_only=True).active
    cells = list(sheet.iter_rows(min_row=2, values_only=True))

    read = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))[1:]
    for found in (read, cells):
        assert sum(Decimal(str(row[exacts])) for row in found) == exact
        assert sum(Decimal(str(row[shares])) for row in found) == invoice.subtotal


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ["USD", "JPY", "CLF"])
def test_the_largest_invoice_has_a_pdf_a_page_and_an_api_answer(client: Client, currency: str):
    RULES["package"](currency=currency)
    period = received([(MOST, MOST)] * 3, currency=currency, rate=Decimal(19))
    invoice = close(period, at=NOVEMBER_3)
    assert invoice is not None
    adjust(invoice, amount=Decimal(-1), text="Goodwill", reason="Agreed", by=UserFactory.create(), at=NOVEMBER_3)
    client.force_login(superuser())

    assert preview(invoice).startswith(b"%PDF")
    charge = Charge.objects.earliest("pk")
    for address in (
        reverse("admin:invoices_invoice_change", args=[invoice.pk]),
        reverse("admin:invoices_invoice_changelist"),
        reverse("admin:pricing_charge_changelist"),
        reverse("admin:pricing_charge_change", args=[charge.pk]),
        reverse("admin:leads_action_change", args=[charge.pk]),
        reverse("admin:leads_billingperiod_changelist"),
        reverse("admin:index"),
        reverse("explanation", args=[charge.pk]),
        f"/api/v1/actions/{charge.action.lead.source.code}/A-0?lead=L-1",
        f"/api/v1/invoices/{invoice.pk}",
        f"/api/v1/charges?customer={invoice.customer.code}&period=2026-10",
    ):
        assert client.get(address).status_code == 200, address


@pytest.mark.django_db
def test_a_simulation_of_the_largest_amounts_comes_to_their_difference():
    RULES["per_unit"](currency="USD")
    period = received([(MOST, MOST)] * 2, currency="USD", rate=Decimal(0))
    rate_waiting([period.pk], at=RECEIVED_AT)
    draft = PriceRuleFactory.create(draft=True, unit_price=PRICE - 1, priority=1)

    simulation = start([draft], months=["2026-10"], by=UserFactory.create(), at=NOVEMBER_3)
    simulate_customers([simulation.customers.get().pk], at=NOVEMBER_3)

    assert (simulation.customers.get().state, simulation.moves.count()) == ("done", 2)
    sums = simulation.sums.values_list("now_amount", "then_amount")
    now, then = (sum(column) for column in zip(*sums, strict=True))
    assert now - then == 2 * MOST
