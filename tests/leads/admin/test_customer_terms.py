"""On a customer's page each role edits its own terms; the others are shown, and a forged POST of them changes nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from leads.domain.access.term_owners import CUSTOMER_TERMS, Owner
from leads.models import Customer, CustomerTax
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import UserFactory, with_role

pytestmark = pytest.mark.django_db

NO_TAXES = {"taxes-TOTAL_FORMS": "0", "taxes-INITIAL_FORMS": "0"}
NEW_TAX = {
    "taxes-TOTAL_FORMS": "1",
    "taxes-INITIAL_FORMS": "0",
    "taxes-0-name": "VAT",
    "taxes-0-rate": "20",
    "taxes-0-category": "",
}
# Another value for every term.
OTHERS = {
    "name": "Other",
    "code": "OTHER",
    "is_active": "",
    "currency": "EUR",
    "time_zone": "Asia/Tokyo",
    "billed_from": "2026-12-01",
    "cycle": "weekly",
    "payment_terms_days": "90",
    "dispute_days": "5",
    "billing_contacts": "a@evil.example",
    "tax_exempt_reason": "Because",
    "locale": "de_DE",
    "detail_annex": "",
    "monthly_minimum": "5",
    "monthly_budget": "6",
    "hard_budget": "on",
    "contract_from": "2026-12-02",
    "contract_to": "2026-12-03",
    "excluded_domains": "evil.example",
    "legal_name": "Evil Inc.",
    "tax_id": "666",
    "address": "1 Evil Way",
    "purchase_order": "PO-666",
}
OF_OPERATIONS = {name for name, owner in CUSTOMER_TERMS.items() if owner is Owner.OPERATIONS}
OF_FINANCE = {name for name, owner in CUSTOMER_TERMS.items() if owner is Owner.FINANCE} - {"taxes"}
OF_BOTH = {name for name, owner in CUSTOMER_TERMS.items() if owner is Owner.BOTH}


def values() -> dict[str, Any]:
    row = Customer.objects.get()
    return {name: getattr(row, name) for name in CUSTOMER_TERMS if name != "taxes"}


def posted(client: Client, taxes: dict[str, str], **given: Any) -> int:
    address = reverse("admin:leads_customer_change", args=[Customer.objects.get().pk])
    return client.post(address, given | taxes).status_code


@pytest.mark.parametrize(
    ("role", "own", "gets_taxes"),
    [("Operations", OF_OPERATIONS | OF_BOTH, False), ("Finance", OF_FINANCE | OF_BOTH, True)],
)
def test_a_role_changes_its_own_terms_and_no_others(
    client: Client, role: str, own: set[str], *, gets_taxes: bool
) -> None:
    CustomerFactory.create(time_zone="UTC")
    seller = CompanyFactory.create()
    before = values()
    client.force_login(with_role(role))

    assert posted(client, NEW_TAX, **OTHERS, seller=str(seller.pk)) == 302

    after = values()
    assert {name for name in after if after[name] != before[name]} == own
    assert CustomerTax.objects.exists() is gets_taxes


@pytest.mark.parametrize("role", ["Operations", "Finance"])
def test_a_term_of_another_role_is_shown_and_is_no_field(client: Client, role: str) -> None:
    customer = CustomerFactory.create(purchase_order="PO-77", name="Acme Tile")
    client.force_login(with_role(role))

    page = client.get(reverse("admin:leads_customer_change", args=[customer.pk])).content.decode()

    fields = {name for name in CUSTOMER_TERMS if f'name="{name}"' in page}
    own = OF_OPERATIONS if role == "Operations" else OF_FINANCE
    assert fields == own | OF_BOTH
    assert ("PO-77" in page, "Acme Tile" in page, 'name="_save"' in page) == (True, True, True)


def test_a_viewer_and_a_person_with_djangos_own_permission_change_no_term(client: Client) -> None:
    CustomerFactory.create()
    before = values()
    person = UserFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_customer", "change_customer"]))
    for who in (with_role("Viewer"), person):
        client.force_login(who)
        assert posted(client, NEW_TAX, **OTHERS) == 403

    assert (values(), CustomerTax.objects.exists()) == (before, False)


def test_operations_adds_a_customer_with_the_usual_payment_terms(client: Client) -> None:
    client.force_login(with_role("Operations"))

    answer = client.post(reverse("admin:leads_customer_add"), OTHERS | NEW_TAX)

    customer = Customer.objects.get()
    assert (answer.status_code, customer.name, customer.payment_terms_days, customer.billing_contacts) == (
        302,
        "Other",
        30,
        [],
    )
    assert not CustomerTax.objects.exists()


def test_bank_details_are_fields_only_for_people_with_their_permission(client: Client) -> None:
    company = CompanyFactory.create(pay_to="Good Bank", email="good@bank.example")
    person = UserFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "change_company"]))
    forged = {
        "name": "New name",
        "code": company.code,
        "address": company.address,
        "number_prefix": company.number_prefix,
        "number_digits": "6",
        "tax_id": "",
        "pay_to": "Bank of Evil",
        "email": "evil@bank.example",
    }
    address = reverse("admin:leads_company_change", args=[company.pk])

    client.force_login(person)
    assert client.post(address, forged).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.pay_to, company.email) == ("New name", "Good Bank", "good@bank.example")

    client.force_login(with_role("Finance"))
    assert client.post(address, forged).status_code == 302
    company.refresh_from_db()
    assert (company.pay_to, company.email) == ("Bank of Evil", "evil@bank.example")
