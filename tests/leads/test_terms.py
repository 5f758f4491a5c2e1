"""Terms and catalog are validated when saved: any caller gets the same refusals as the form, and nothing changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.errors import HasFaults
from leads.domain.catalog.sources import save_source
from leads.domain.catalog.subjects import save_action_type, save_product
from leads.domain.companies import save_company
from leads.domain.customers import save_customer
from leads.models import ActionType, BillingPeriod, Company, Customer, CustomerTax, Product, Source, UnratedMark
from tests.factories.invoices import BillingCycleFactory
from tests.factories.leads import (
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def operator(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def accountant(db: None) -> User:
    return with_role("Finance")


def faults_of(act: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the faults by field and code, and check that nothing was changed."""
    before = everything()
    with pytest.raises(HasFaults) as refusal:
        act()
    assert everything() == before
    return [(fault.field, fault.code) for fault in refusal.value.faults]


def everything() -> list[list[dict[str, Any]]]:
    models = (Customer, CustomerTax, Product, Source, ActionType, Company, UnratedMark)
    return [list(model.objects.order_by("pk").values()) for model in models]


def marks() -> list[tuple[int, str]]:
    return list(UnratedMark.objects.order_by("period").values_list("period", "reason"))


def changed(row: Any, **facts: Any) -> Any:
    for name, value in facts.items():
        setattr(row, name, value)
    return row


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"contract_from": date(2026, 12, 1), "contract_to": date(2026, 11, 1)}, "contract_to ends_before_it_begins"),
        ({"billed_from": None, "monthly_minimum": Decimal(500)}, "billed_from missing"),
        ({"billed_from": date(2026, 10, 31)}, "billed_from first_day_refused"),
        ({"billed_from": date(2026, 11, 1), "hard_budget": True}, "monthly_budget invalid"),
        ({"billed_from": date(2026, 11, 1), "currency": "XAU"}, "currency invalid"),
        ({"billed_from": date(2026, 11, 1), "name": ""}, "name blank"),
    ],
)
def test_a_customer_whose_terms_contradict_what_is_locked_or_each_other_is_refused(
    operator: User, facts: dict[str, Any], fault: str
) -> None:
    BillingCycleFactory.create(label="2026-10", state="locked")
    customer = Customer(**{"code": "ACME", "name": "Acme"} | facts)

    assert faults_of(lambda: save_customer(customer, by=operator, at=NOW)) == [tuple(fault.split())]


def test_a_first_day_is_not_moved_into_a_locked_month_as_long_as_it_can_be_moved(operator: User) -> None:
    BillingCycleFactory.create(label="2026-10", state="closed")
    customer = CustomerFactory.create(billed_from=date(2026, 11, 1))

    moved = changed(customer, billed_from=date(2026, 10, 15))

    assert faults_of(lambda: save_customer(moved, by=operator, at=NOW)) == [("billed_from", "first_day_refused")]


@pytest.mark.parametrize(
    "facts", [{"currency": "EUR"}, {"time_zone": "Asia/Tokyo"}, {"billed_from": date(2026, 9, 1)}], ids=str
)
def test_what_billing_periods_fix_never_changes(operator: User, facts: dict[str, Any]) -> None:
    customer = BillingPeriodFactory.create(customer__billed_from=date(2026, 10, 1)).customer

    act = lambda: save_customer(changed(customer, **facts), by=operator, at=NOW)  # noqa: E731 -- called by faults_of

    assert faults_of(act) == [(*facts, "fixed_by_periods")]


@pytest.mark.parametrize(
    ("facts", "is_rated_again"),
    [
        ({"name": "Other"}, False),
        ({"contract_to": date(2026, 12, 31)}, True),
        ({"excluded_domains": ["acme.example"]}, True),
        ({"monthly_budget": Decimal(9), "hard_budget": True}, True),
    ],
    ids=str,
)
def test_terms_that_prices_depend_on_have_the_open_periods_of_this_customer_rated_again(
    operator: User, facts: dict[str, Any], *, is_rated_again: bool
) -> None:
    period, _ = BillingPeriodFactory.create(), BillingPeriodFactory.create()

    saved = save_customer(changed(period.customer, **facts), by=operator, at=NOW)

    assert (saved.has_new_cycle, marks()) == (False, [(period.pk, "customer changed")] * is_rated_again)
    assert Customer.objects.filter(pk=saved.customer.pk, **facts).exists()


def test_a_new_cycle_starts_where_the_last_period_ends_for_any_caller(operator: User) -> None:
    customer = BillingPeriodFactory.create(customer__billed_from=date(2026, 10, 1)).customer

    saved = save_customer(changed(customer, cycle="weekly"), by=operator, at=NOW)

    assert (saved.has_new_cycle, saved.cycle_begins, saved.customer.cycle) == (
        True,
        datetime(2026, 12, 1, tzinfo=UTC),
        "weekly",
    )
    stored = Customer.objects.get()
    assert (stored.cycle, stored.cycle_changes.get().changed_by) == ("weekly", operator)
    assert sorted(BillingPeriod.objects.values_list("label", flat=True)) == ["2026-10", "2026-11"]


def test_taxes_are_stored_with_their_customer_or_not_at_all(accountant: User) -> None:
    customer = CustomerFactory.create()
    old = customer.taxes.create(name="Old", rate=5)

    save_customer(customer, taxes=[CustomerTax(name="VAT", rate=20)], removed_taxes=[old], by=accountant, at=NOW)
    assert list(customer.taxes.values_list("name", "rate")) == [("VAT", 20)]

    wrong = changed(customer, currency="XAU")
    tax = CustomerTax(name="More", rate=1)
    assert faults_of(lambda: save_customer(wrong, taxes=[tax], by=accountant, at=NOW)) == [("currency", "invalid")]


def test_a_product_stays_its_customers() -> None:
    product = ProductFactory.create(sku="TILE-9")

    save_product(changed(product, name="Tile", sku=" TILE-9 "), by=None, at=NOW)
    assert (Product.objects.get().sku, Product.objects.get().name, marks()) == ("TILE-9", "Tile", [])

    other = CustomerFactory.create()
    for facts, fault in (
        ({"sku": "TI\x07LE"}, ("sku", "unseen_characters")),
        ({"sku": "TILE-9", "customer": other}, ("customer", "fixed")),
        ({"customer": product.customer, "list_price": Decimal(-1)}, ("", "invalid")),
    ):
        act = lambda facts=facts: save_product(changed(product, **facts), by=None, at=NOW)  # noqa: E731 -- called by faults_of
        assert faults_of(act) == [fault]


def test_what_is_new_in_the_catalog_has_its_facts_from_the_beginning_or_is_not_stored(operator: User) -> None:
    customer = CustomerFactory.create()
    save_product(Product(customer=customer, sku="A", name="A"), facts={"category": "wood"}, by=operator, at=NOW)
    save_source(Source(code="fair", name="Fair"), facts={"channel": "event"}, by=operator, at=NOW)
    save_action_type(ActionType(code="view", name="View"), facts={"is_billable": False}, by=operator, at=NOW)

    product, source, kind = Product.objects.get(), Source.objects.get(), ActionType.objects.get()
    assert product.facts_on(date.min).category == "wood"
    assert source.facts_on(date.min).channel == "event"
    assert (kind.facts_on(date.min).is_billable, kind.facts_on(date.min).unit) == (False, "action")
    assert faults_of(
        lambda: save_source(Source(code="mail", name="Mail"), facts={"channel": "pigeon"}, by=operator, at=NOW)
    ) == [("channel", "invalid_choice")]
    assert faults_of(
        lambda: save_action_type(
            ActionType(code="x", name="X"), facts={"largest_value": Decimal(-1)}, by=operator, at=NOW
        )
    ) == [("", "invalid")]
    assert faults_of(lambda: save_action_type(changed(kind, code=""), by=operator, at=NOW)) == [("code", "blank")]


def test_a_source_has_a_code_of_its_own_and_is_not_asked_for_signatures_it_cannot_make() -> None:
    SourceFactory.create(code="web")
    source = SourceFactory.create(code="fair")

    save_source(changed(source, code="FAIR-2"), by=None, at=NOW)
    assert (Source.objects.get(pk=source.pk).code, marks()) == ("fair-2", [])

    for facts, fault in (
        ({"code": "WEB"}, ("code", "code_taken")),
        ({"code": "fair", "signature_required": True}, ("signature_required", "no_signing_secret")),
    ):
        act = lambda facts=facts: save_source(changed(source, **facts), by=None, at=NOW)  # noqa: E731 -- called by faults_of
        assert faults_of(act) == [fault]


def test_a_company_does_not_take_a_prefix_that_makes_anothers_numbers(accountant: User) -> None:
    facts = {"code": "B", "name": "B", "address": "1 Way", "email": "b@studio.example", "pay_to": "Bank"}

    assert faults_of(lambda: save_company(Company(**facts, number_prefix="inv-{year}-"), by=accountant)) == [
        ("number_prefix", "number_prefix_taken")
    ]
    assert faults_of(lambda: save_company(Company(**facts, number_prefix="B-"), by=accountant)) == [
        ("number_prefix", "invalid")
    ]
    assert save_company(Company(**facts, number_prefix="B-{year}-"), by=accountant).pk
