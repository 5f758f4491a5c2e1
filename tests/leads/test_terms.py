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
from leads.domain.companies import add_company
from leads.domain.customers import add_customer, save_customer
from leads.models import (
    ActionType,
    BillingPeriod,
    Company,
    CompanyDetails,
    Customer,
    CustomerTerms,
    Product,
    Source,
    UnratedMark,
)
from leads.models.terms import TERMS
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
    models = (Customer, CustomerTerms, Product, Source, ActionType, Company, CompanyDetails, UnratedMark)
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
        (
            {
                "billed_from": date(2026, 11, 1),
                "contract_from": date(2026, 12, 1),
                "contract_to": date(2026, 11, 1),
            },
            "contract_to invalid",
        ),
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
    terms = {name: facts[name] for name in TERMS if name in facts}
    customer = Customer(**{"code": "ACME", "name": "Acme"} | {name: facts[name] for name in facts if name not in terms})

    assert faults_of(lambda: add_customer(customer, terms=terms, by=operator, at=NOW)) == [tuple(fault.split())]


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
    facts = {"code": "B", "name": "B"}
    details = {"address": "1 Way", "email": "b@studio.example", "pay_to": "Bank"}

    def added(prefix: str) -> Company:
        company = Company(**facts, number_prefix=prefix)
        return add_company(company, details=details, by=accountant, at=NOW)

    assert faults_of(lambda: added("inv-{year}-")) == [("number_prefix", "number_prefix_taken")]
    assert faults_of(lambda: added("B-")) == [("number_prefix", "invalid")]
    assert added("B-{year}-").details_on(NOW.date()).pay_to == "Bank"
