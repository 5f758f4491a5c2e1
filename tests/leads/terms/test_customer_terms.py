"""Terms change by revisions: from a day on, by one writer, and what touches amounts waits for a second person."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing_engine.core.approvals.requests import approve, send_back
from billing_engine.core.errors import HasFaults
from billing_engine.core.models import ApprovalRequest, Deed
from leads.domain.terms.customer_terms import TermsHaveFaults, TwoOwners, first_free_day
from leads.domain.terms.revise import NothingChanges
from leads.models import Customer, CustomerTerms, Source, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.models import PriceRule
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import superuser, with_role
from tests.factories.pricing import PriceCheckFactory
from tests.leads.terms.made import (
    AT,
    DECEMBER_1,
    NOVEMBER_1,
    OCTOBER_1,
    amounts,
    of_day,
    rated_october,
    the_request,
    written,
)

pytestmark = pytest.mark.django_db


def test_a_change_of_one_role_that_touches_nothing_is_in_force_at_once_from_its_day() -> None:
    customer, finance = rated_october().customer, with_role("Finance")

    revision = written(customer, finance, reason="", payment_terms_days=45)

    assert (revision.in_force_at, revision.changed) == (AT, ["payment_terms_days"])
    assert [of_day(customer, day, "payment_terms_days") for day in (NOVEMBER_1, DECEMBER_1)] == [30, 45]
    deed = Deed.objects.get(verb="customer_terms_written")
    assert (deed.person, deed.before, deed.after) == (
        finance,
        {"payment_terms_days": 30},
        {"payment_terms_days": 45},
    )
    assert not ApprovalRequest.objects.exists()


def test_a_change_before_later_terms_is_carried_into_them_unless_they_say_otherwise() -> None:
    customer, finance = CustomerFactory.create(), with_role("Finance")
    written(customer, finance, first_day=DECEMBER_1, payment_terms_days=45)

    written(customer, finance, first_day=NOVEMBER_1, payment_terms_days=14, purchase_order="PO-2")

    assert [of_day(customer, day, "payment_terms_days") for day in (OCTOBER_1, NOVEMBER_1, DECEMBER_1)] == [30, 14, 45]
    assert [of_day(customer, day, "purchase_order") for day in (OCTOBER_1, NOVEMBER_1, DECEMBER_1)] == [
        "",
        "PO-2",
        "PO-2",
    ]


def test_later_terms_that_a_change_would_contradict_refuse_it() -> None:
    customer, root, other = CustomerFactory.create(), superuser(), superuser()
    for first_day, changes in (
        (DECEMBER_1, {"monthly_budget": Decimal(100), "hard_budget": True}),
        (NOVEMBER_1, {"monthly_minimum": Decimal(50)}),
    ):
        written(customer, root, first_day=first_day, **changes)
        approve(ApprovalRequest.objects.waiting().get(), by=other, at=AT)

    with pytest.raises(HasFaults) as refused:
        written(customer, root, first_day=NOVEMBER_1, monthly_minimum=Decimal(500))

    [fault] = refused.value.faults
    assert (fault.field, fault.words) == (
        "monthly_budget",
        "Other terms apply from December 1, 2026: A hard budget of $100.00 is below the monthly minimum of $500.00, which"
        " is always due. Raise the budget or lower the minimum.",
    )


@pytest.mark.parametrize(
    ("role", "changes"),
    [
        ("Operations", {"excluded_domains": ["studio.example"]}),
        ("Finance", {"tax_exempt_reason": "Reverse charge"}),
        ("Finance", {"billing_contacts": ["new@acme.example"]}),
        ("Finance", {"taxes": [{"name": "VAT", "rate": "20", "category": ""}]}),
        ("Operations", {"monthly_minimum": Decimal(500)}),
    ],
    ids=str,
)
def test_what_touches_amounts_or_where_money_goes_or_both_roles_own_waits_and_needs_a_reason(
    role: str, changes: dict[str, Any]
) -> None:
    period = rated_october()
    customer, person = period.customer, with_role(role)
    [name] = changes

    with pytest.raises(TermsHaveFaults, match="Give a reason"):
        written(customer, person, first_day=OCTOBER_1, reason=" ", **changes)
    assert CustomerTerms.objects.count() == 1
    revision = written(customer, person, first_day=OCTOBER_1, **changes)

    assert (revision.in_force_at, the_request().asked_by, the_request().reason) == (None, person, "Agreed by phone")
    assert of_day(customer, OCTOBER_1, name) != changes[name]
    assert not UnratedMark.objects.exists()


def test_the_approver_sees_the_amount_now_and_then_and_which_price_checks_would_fail() -> None:
    period = rated_october()
    check = PriceCheckFactory.create(product=period.customer.products.get(), name="A sample costs $2.50")
    source, rule = Source.objects.get(), PriceRule.objects.get()

    written(period.customer, with_role("Operations"), first_day=OCTOBER_1, monthly_budget=Decimal(1), hard_budget=True)

    assert the_request().differences == [
        ["Monthly budget", "none", "$1.00"],
        ["Hard budget", "no", "yes"],
    ]
    assert the_request().effect == {
        "customers": [{"customer": "Acme, October 2026", "now": "$7.50", "then": "$1.00", "difference": "−$6.50"}],
        "failing_checks": [f"“{check}”: $1.00 for {check.product.sku} from {source}, by “{rule.name}”"],
        "note": "The amounts are charges: minimums and taxes are added when the invoice is drafted.",
    }


def test_an_approved_change_is_in_force_and_the_open_periods_are_rated_by_it() -> None:
    period = rated_october()
    operations, finance = with_role("Operations"), with_role("Finance")
    written(period.customer, operations, first_day=OCTOBER_1, monthly_budget=Decimal(4), hard_budget=True)

    approve(the_request(), by=finance, at=AT, reason="Checked")

    assert of_day(period.customer, OCTOBER_1, "monthly_budget") == 4
    rate(period, at=AT)
    assert amounts() == ["2.500000", "1.500000", "0.000000"]
    deed = Deed.objects.get(verb="customer_terms_approved")
    assert (deed.person, deed.before["hard_budget"], deed.after["hard_budget"]) == (finance, False, True)


def test_what_is_sent_back_is_withdrawn_and_changes_nothing() -> None:
    customer = rated_october().customer
    revision = written(customer, with_role("Operations"), first_day=OCTOBER_1, monthly_budget=Decimal(4))

    send_back(the_request(), by=with_role("Finance"), at=AT, words="Not agreed")

    revision.refresh_from_db()
    assert (revision.withdrawn_at, revision.in_force_at) == (AT, None)
    assert of_day(customer, OCTOBER_1, "monthly_budget") is None


def test_an_older_change_that_is_approved_last_supersedes_and_keeps_what_came_between() -> None:
    customer, finance = CustomerFactory.create(), with_role("Finance")
    written(customer, finance, billing_contacts=["new@acme.example"])
    written(customer, finance, payment_terms_days=45)

    approve(the_request(), by=with_role("Finance"), at=AT + timedelta(minutes=1))

    terms = Customer.objects.get().terms.on(DECEMBER_1)
    assert (terms.billing_contacts, terms.payment_terms_days) == (["new@acme.example"], 45)


def test_a_change_without_a_difference_and_one_of_two_owners_are_refused() -> None:
    customer, root = CustomerFactory.create(), superuser()

    with pytest.raises(NothingChanges):
        written(customer, root, payment_terms_days=30)
    with pytest.raises(TwoOwners):
        written(customer, root, payment_terms_days=31, monthly_minimum=Decimal(5))
    assert CustomerTerms.objects.count() == 1


def test_the_usual_first_day_is_the_first_that_no_action_is_billed_by() -> None:
    period = rated_october()

    assert first_free_day(period.customer) >= NOVEMBER_1


def test_a_period_is_billed_by_the_terms_of_its_first_day() -> None:
    period = rated_october()
    written(period.customer, with_role("Operations"), first_day=date(2026, 10, 2), excluded_domains=["studio.example"])

    rate(period, at=AT)

    assert (amounts(), ApprovalRequest.objects.count()) == (["2.500000"] * 3, 0)


@pytest.mark.parametrize(
    "act",
    [
        lambda: CustomerTerms.objects.update(monthly_budget=1),
        lambda: CustomerTerms.objects.update(first_day=DECEMBER_1),
        lambda: CustomerTerms.objects.update(in_force_at=None),
        lambda: CustomerTerms.objects.all()._raw_delete("default"),
    ],
    ids=["a term", "the first day", "no longer in force", "deleted"],
)
def test_the_database_refuses_to_change_terms_in_force(act: Any) -> None:
    CustomerFactory.create()
    before = CustomerTerms.objects.values().get()

    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        act()

    assert CustomerTerms.objects.values().get() == before


def test_the_database_refuses_to_change_what_waits_for_approval_into_something_else() -> None:
    customer = CustomerFactory.create()
    seller = CompanyFactory.create()
    revision = written(customer, with_role("Finance"), billing_contacts=["new@acme.example"])
    waiting = CustomerTerms.objects.filter(pk=revision.pk)

    for changes in ({"billing_contacts": ["evil@acme.example"]}, {"first_day": NOVEMBER_1}, {"written_by": None}):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            waiting.update(**changes)
    assert waiting.update(seller=seller) == 1  # what it doesn't set is filled in when it is put in force
