"""Each term has an owner: finance, operations, or both, which then agree."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from billing_engine.core.errors import HasFaults
from leads.domain.access.term_owners import CUSTOMER_TERMS, Owner, may_agree, may_change
from leads.domain.terms.company_details import write_details
from leads.domain.terms.customer_terms import write_terms
from leads.models import CompanyDetails, Customer, CustomerTerms
from leads.models.terms import TERMS
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import UserFactory, superuser, with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
NOT_TERMS = {"id", "created_at"}


def written(customer: Customer, changes: dict[str, Any], by: User) -> CustomerTerms:
    return write_terms(customer, changes=changes, first_day=date(2026, 12, 1), reason="Agreed", by=by, at=NOW)


def refused_fields(act: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(HasFaults) as refusal:
        act()
    return [(fault.field, fault.words) for fault in refusal.value.faults]


def test_every_column_of_a_customer_is_a_term_with_an_owner() -> None:
    columns = {field.name for field in Customer._meta.concrete_fields}

    assert set(CUSTOMER_TERMS) == columns - NOT_TERMS | set(TERMS)


@pytest.mark.parametrize(
    ("role", "owners"),
    [
        ("Operations", {Owner.OPERATIONS, Owner.BOTH}),
        ("Finance", {Owner.FINANCE, Owner.BOTH}),
        ("Viewer", set()),
    ],
)
def test_a_role_changes_its_own_terms_and_proposes_what_both_own(role: str, owners: set[Owner]) -> None:
    person = with_role(role)

    assert {term for term in CUSTOMER_TERMS if may_change(person, term)} == {
        term for term, owner in CUSTOMER_TERMS.items() if owner in owners
    }


def test_nobody_who_is_logged_out_changes_a_term() -> None:
    assert [term for term in CUSTOMER_TERMS if may_change(AnonymousUser(), term)] == []


def test_what_both_own_is_approved_by_a_person_of_the_other_role() -> None:
    operations, finance = with_role("Operations"), with_role("Finance")

    def agrees(person: User, *authors: User) -> bool:
        return may_agree(person, "monthly_budget", authors=authors)

    assert (agrees(finance, operations), agrees(operations, finance)) == (True, True)
    assert (agrees(with_role("Operations"), operations), agrees(with_role("Finance"), finance)) == (False, False)
    assert (agrees(operations, operations), agrees(with_role("Viewer"), operations)) == (False, False)
    assert (agrees(finance, operations, finance), agrees(superuser(), operations)) == (False, True)
    assert agrees(finance, operations, with_role("Finance"))


def test_what_one_role_owns_is_approved_by_another_person_of_that_role() -> None:
    author, other = with_role("Finance"), with_role("Finance")

    assert may_agree(other, "billing_contacts", authors=[author])
    assert not may_agree(author, "billing_contacts", authors=[author])
    assert not may_agree(with_role("Operations"), "billing_contacts", authors=[author])


@pytest.mark.parametrize(
    ("role", "facts", "says"),
    [
        ("Operations", {"payment_terms_days": 90}, "Only finance can change this."),
        ("Operations", {"billing_contacts": ["a@evil.example"]}, "Only finance can change this."),
        ("Operations", {"tax_exempt_reason": "None"}, "Only finance can change this."),
        ("Finance", {"excluded_domains": ["acme.example"]}, "Only operations can change this."),
        ("Viewer", {"monthly_budget": Decimal("0.01")}, "Only finance and operations can change this."),
        ("Viewer", {"contract_to": date(2026, 11, 1)}, "Only finance and operations can change this."),
    ],
)
def test_a_term_of_another_role_is_refused_whatever_the_door(role: str, facts: dict[str, Any], says: str) -> None:
    customer = CustomerFactory.create()
    before = CustomerTerms.objects.values().get()

    act = lambda: written(customer, facts, with_role(role))  # noqa: E731 -- called by refused_fields

    assert refused_fields(act) == [(name, says) for name in facts]
    assert CustomerTerms.objects.values().get() == before


def test_a_seller_of_another_role_is_refused_and_so_are_taxes() -> None:
    customer, seller, operations = CustomerFactory.create(tax_rate=20), CompanyFactory.create(), with_role("Operations")

    for changes in ({"seller": seller}, {"taxes": []}):
        act = lambda changes=changes: written(customer, changes, operations)  # noqa: E731 -- called by refused_fields
        assert [words for _, words in refused_fields(act)] == ["Only finance can change this."]
    assert CustomerTerms.objects.count() == 1


def test_bank_details_change_only_with_a_permission_of_their_own() -> None:
    company = CompanyFactory.create(pay_to="Good Bank", email="good@bank.example")
    person = UserFactory.create()
    changes = {"pay_to": "Bank of Evil"}

    act = lambda: write_details(company, changes=changes, first_day=NOW.date(), reason="New", by=person, at=NOW)  # noqa: E731 -- called by refused_fields

    assert refused_fields(act) == [("pay_to", "Only a person with permission to change bank details can change this.")]
    assert CompanyDetails.objects.get().pay_to == "Good Bank"
