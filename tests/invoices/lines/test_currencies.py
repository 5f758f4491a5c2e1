"""Each currency has its ISO 4217 decimal places, from the form to the invoice; codes that are not money are not offered."""

import json
import threading
from decimal import Decimal, getcontext
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core import money
from invoices.domain.document.content import content_of
from invoices.domain.life.adjustments import BadAdjustment, adjust
from invoices.domain.life.close import close
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.totals import taxes_on
from invoices.models import InvoiceLine
from leads.admin.customers import CustomerForm, NewCustomerForm
from leads.domain.customers import add_customer
from leads.models import Customer, CustomerTerms, Tax
from reports.queries.sums.invariants import invariants
from tests.factories.leads import BillingPeriodFactory, CustomerFactory, ProductFactory, agree
from tests.factories.people import UserFactory, superuser
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, received
from tests.shared import BILLING_CASES, needs_cases

PLACES = {"USD": 2, "JPY": 0, "KWD": 3, "RSD": 2, "IQD": 3, "IDR": 2, "HUF": 2, "CLF": 4, "UYW": 4, "UYI": 0, "XOF": 0}


def cases() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((BILLING_CASES / "currencies.json").read_text())
    return found


@pytest.mark.parametrize("currency", PLACES)
def test_a_currency_has_the_places_of_iso_4217(currency: str):
    assert money.places(currency) == PLACES[currency]
    assert money.minor_unit(currency) == Decimal(1).scaleb(-PLACES[currency])


def test_only_money_in_force_is_offered():
    offered = dict(money.currencies())

    gone, no_money, funds = (
        {"DEM", "ITL", "TRL", "HRK", "ADP"},
        {"XAU", "XXX", "XTS", "XDR"},
        {"BOV", "CHW", "USN", "CLF"},
    )
    assert offered.keys().isdisjoint(gone | no_money | funds)
    assert offered.keys() >= {"USD", "EUR", "JPY", "KWD", "UYW", "XOF", "RSD"}
    assert offered["USD"] == "USD · US Dollar"


@pytest.mark.parametrize(
    ("code", "is_one"), [("USD", True), ("CLF", True), ("DEM", False), ("XAU", False), ("usd", False)]
)
def test_a_currency_is_money_in_force(code: str, is_one: bool):
    assert money.is_currency(code) is is_one


def test_what_was_billed_in_a_currency_withdrawn_since_stays_readable():
    assert money.in_words(Decimal("12.5"), "DEM") == "DEM\xa012.50"


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("1234.5", "USD", "$1,234.50"),
        ("1234.5", "JPY", "¥1,235"),
        ("10.45", "RSD", "RSD\xa010.45"),
        ("10.45", "IQD", "IQD\xa010.450"),
        ("-0.00005", "CLF", "-CLF\xa00.0001"),
        ("1" + "0" * 33, "USD", "$1," + ",".join(["000"] * 11) + ".00"),
    ],
)
def test_money_reads_with_the_places_of_its_currency(amount: str, currency: str, words: str):
    assert money.in_words(Decimal(amount), currency) == words


@given(st.decimals(min_value=0, max_value=Decimal(10) ** 33, places=6), st.sampled_from(sorted(PLACES)))
def test_no_digit_of_a_sum_is_lost(amount: Decimal, currency: str):
    unit = money.minor_unit(currency)

    assert abs(money.rounded(amount, currency) - amount) <= unit / 2
    assert sum(money.spread([amount, amount, unit], currency)) == money.rounded(2 * amount + unit, currency)


def test_every_thread_keeps_every_digit():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(getcontext().prec))
    thread.start()
    thread.join()

    assert [getcontext().prec, *seen] == [money.KEPT_DIGITS, money.KEPT_DIGITS]


@needs_cases
@pytest.mark.django_db
@pytest.mark.parametrize("currency", ["RSD", "IQD"])
def test_a_price_of_a_currency_is_billed_with_its_places(currency: str):
    case = cases()[currency]
    a_price(case["price"], currency=currency)
    period = an_open_period(currency=currency)
    received(period, 1)

    invoice = close(period, at=NOVEMBER_3)

    right = Decimal(case["right"].split()[0])
    assert invoice is not None
    assert (invoice.subtotal, invoice.total) == (right, right)
    assert str(money.rounded(invoice.total, currency)) == case["right"].split()[0]
    assert content_of(invoice).lines[0].amount == f"{currency}\xa0{case['right'].split()[0]}"


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ["CLF", "UYW", "KWD", "JPY"])
def test_the_lines_of_an_invoice_add_up_whatever_the_places(currency: str):
    a_price("10.00005", currency=currency)
    period = an_open_period(currency=currency, tax_rate=Decimal("19.1234"))
    for quantity in (1, 1, 3):
        received(period, quantity)

    invoice = close(period, at=NOVEMBER_3)

    assert invoice is not None
    invoice.refresh_from_db()
    assert (
        invoice.subtotal
        == money.rounded(Decimal("50.00025"), currency)
        == sum(line.amount for line in invoice.lines.all())
    )
    assert invoice.tax == money.rounded(invoice.subtotal * Decimal("0.191234"), currency)
    assert [one.number for one in invariants() if not one.holds] == []


@needs_cases
@pytest.mark.django_db
def test_a_minimum_has_the_places_of_its_currency():
    given_, right = Decimal(cases()["KWD minimum"]["given"]), Decimal(cases()["KWD minimum"]["right"])
    form = NewCustomerForm(data=terms(currency="KWD", monthly_minimum=str(given_)))

    assert form.is_valid(), form.errors
    customer = add_customer(form.instance, terms=form.terms(), by=superuser(), at=NOVEMBER_3)
    assert customer.terms.get().monthly_minimum == right
    period = BillingPeriodFactory.create(customer=customer)
    least, _ = minimum_of(period)
    assert least == right
    invoice = close(period, at=NOVEMBER_3)
    assert invoice is not None
    assert invoice.total == right


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "field", "amount", "words"),
    [
        ("JPY", "monthly_minimum", "0.5", "An amount in JPY has no decimal places."),
        ("JPY", "monthly_budget", "1000.5", "An amount in JPY has no decimal places."),
        ("USD", "monthly_minimum", "0.005", "An amount in USD has at most 2 decimal places."),
        ("KWD", "monthly_minimum", "100.1255", "An amount in KWD has at most 3 decimal places."),
    ],
)
def test_a_minimum_and_a_budget_that_cannot_be_paid_are_refused_in_words(
    currency: str, field: str, amount: str, words: str
):
    form = NewCustomerForm(data=terms(currency=currency, **{field: amount}))

    assert form.errors == {field: [words]}


@pytest.mark.django_db
def test_a_hard_budget_below_the_minimum_is_refused_by_form_model_and_database():
    below = {"monthly_minimum": "200", "monthly_budget": "100", "hard_budget": "on"}
    words = (
        "A hard budget of $100.00 is below the monthly minimum of $200.00, which is always due. Raise the budget or"
        " lower the minimum."
    )

    assert NewCustomerForm(data=terms(**below)).errors["monthly_budget"] == [words]
    contradicting = {"monthly_minimum": Decimal(200), "monthly_budget": Decimal(100), "hard_budget": True}
    with pytest.raises(ValidationError) as refused:
        CustomerTerms(customer=Customer(), **contradicting).clean()
    assert refused.value.message_dict == {"monthly_budget": [words]}
    with pytest.raises(IntegrityError, match="a_hard_budget_covers_the_minimum"), transaction.atomic():
        CustomerFactory.create(**contradicting)
    assert NewCustomerForm(data=terms(**below | {"hard_budget": ""})).is_valid()
    assert NewCustomerForm(data=terms(**below | {"monthly_budget": "200"})).is_valid()
    assert not Customer.objects.exists()


@pytest.mark.django_db
def test_a_currency_that_is_not_offered_is_refused_by_the_form_and_stays_where_it_stands():
    stored = CustomerFactory.create(currency="CLF")

    assert "currency" in NewCustomerForm(data=terms(currency="CLF")).errors
    assert "currency" in NewCustomerForm(data=terms(currency="DEM")).errors
    form = CustomerForm(data=terms(currency="CLF", code=stored.code, name="Renamed"), instance=stored)
    assert form.is_valid(), form.errors
    assert form.save().currency == "CLF"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [
        ("JPY", "0.5", "An amount in JPY has no decimal places."),
        ("USD", "0.125", "An amount in USD has at most 2 decimal places."),
        ("USD", "0", "The amount of an adjustment cannot be zero."),
    ],
)
def test_an_adjustment_that_cannot_be_paid_is_refused_in_words(currency: str, amount: str, words: str):
    a_price("2", currency=currency)
    period = an_open_period(currency=currency)
    received(period, 1)
    invoice = close(period, at=NOVEMBER_3)
    assert invoice is not None

    with pytest.raises(BadAdjustment, match=words):
        adjust(invoice, amount=Decimal(amount), text="x", reason="x", by=UserFactory.create(), at=NOVEMBER_3)

    assert invoice.lines.count() == 1


@needs_cases
def test_a_tax_is_rounded_once_per_name_and_rate():
    case = cases()["tax per rate"]
    taxes = [Tax(name=name, rate=Decimal(rate), category=category) for name, rate, category in case["taxes"]]
    lines = [InvoiceLine(amount=Decimal(amount), product_id=n) for n, amount in enumerate(case["lines"])]
    category_of = {n: category for n, (_, _, category) in enumerate(case["taxes"])}

    [tax] = taxes_on(lines, taxes=taxes, category_of=category_of, currency="USD")

    assert tax.amount == Decimal(case["right"].rsplit(" ", 1)[1])
    assert (tax.base, tax.categories) == (
        Decimal("0.06"),
        [{"category": "stone", "base": "0.03"}, {"category": "tiles", "base": "0.03"}],
    )


def test_a_line_bears_a_tax_of_one_name_and_rate_once():
    taxes = [Tax(name="VAT", rate=Decimal(19)), Tax(name="VAT", rate=Decimal("19.0000"), category="stone")]
    lines = [InvoiceLine(amount=Decimal(100), product_id=1), InvoiceLine(amount=Decimal(50))]

    [tax] = taxes_on(lines, taxes=taxes, category_of={1: "stone"}, currency="USD")

    assert (tax.base, tax.amount, tax.categories) == (150, Decimal("28.50"), [])


@pytest.mark.django_db
def test_the_invoice_shows_a_tax_once_with_its_categories_below():
    period = an_open_period()
    taxes = [Tax("VAT", Decimal(19), category) for category in ("stone", "tiles")]
    agree(period.customer, taxes=[tax.as_stored() for tax in taxes])
    for category in ("stone", "tiles"):
        ProductFactory.create(customer=period.customer, name=category, category=category)
        received(period, 1, product=category)
    a_price("0.03")

    invoice = close(period, at=NOVEMBER_3)

    assert invoice is not None
    _, tax = content_of(invoice).subtotals
    assert (tax.label, tax.value) == ("VAT, 19% of $0.06", "$0.01")
    assert tax.notes == ("stone: $0.03", "tiles: $0.03")
    assert [one.number for one in invariants() if not one.holds] == []


def terms(**given_: str) -> dict[str, str]:
    """A new customer's form, filled in."""
    return {
        "name": "Acme",
        "code": "NEW",
        "is_active": "on",
        "currency": "USD",
        "time_zone": "UTC",
        "billed_from": "2026-01-01",
        "cycle": "monthly",
        "payment_terms_days": "30",
        "dispute_days": "30",
        "locale": "en_US",
    } | given_
