"""On a customer's page each role edits its own terms; the others are shown, and a forged POST of them changes nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from leads.admin.terms.fields import term_fields
from leads.domain.access.term_owners import CUSTOMER_TERMS, Owner
from leads.domain.customers import IDENTITY
from leads.models import Customer, CustomerTerms
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.leads.terms.made import rated_october

pytestmark = pytest.mark.django_db

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
    "taxes": "VAT 20%",
    "locale": "de_DE",
    "detail_annex": "",
    "electronic_invoice": "on",
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
DIALOGS = {
    Owner.BOTH: "change_commitments",
    Owner.FINANCE: "change_payment",
    Owner.OPERATIONS: "change_exclusions",
}
FORGED = OTHERS | {"first_day": "2030-01-01", "reason": "Forged"}


def owned(*owners: Owner) -> set[str]:
    return {name for name, owner in CUSTOMER_TERMS.items() if owner in owners}


def dialog(owner: Owner) -> str:
    return reverse(f"admin:leads_customer_{DIALOGS[owner]}", args=[Customer.objects.get().pk])


def identity() -> dict[str, Any]:
    row = Customer.objects.get()
    return {name: getattr(row, name) for name in IDENTITY}


def all_terms() -> list[dict[str, Any]]:
    return list(CustomerTerms.objects.order_by("pk").values())


def request_approval(client: Client, address: str, given: dict[str, str]) -> Any:
    """Press the button, look at the effect, and press it again."""
    looked = client.post(address, given)
    return client.post(address, given | {"seen": looked.context["effect"]["mark"]})


@pytest.mark.parametrize(
    ("role", "own"),
    [("Operations", owned(Owner.OPERATIONS, Owner.BOTH)), ("Finance", owned(Owner.BOTH))],
)
def test_the_form_of_a_customer_saves_who_it_is_and_a_forged_post_of_terms_changes_none(
    client: Client, role: str, own: set[str]
) -> None:
    customer = CustomerFactory.create(time_zone="UTC")
    before, terms = identity(), all_terms()
    client.force_login(with_role(role))

    answer = client.post(reverse("admin:leads_customer_change", args=[customer.pk]), FORGED)

    after = identity()
    assert answer.status_code == 302
    assert {name for name in after if after[name] != before[name]} == own & set(IDENTITY)
    assert all_terms() == terms


@pytest.mark.parametrize(
    ("role", "owner"),
    [("Operations", Owner.FINANCE), ("Finance", Owner.OPERATIONS), ("Viewer", Owner.BOTH), ("Viewer", Owner.FINANCE)],
)
def test_the_dialog_of_another_role_is_closed(client: Client, role: str, owner: Owner) -> None:
    CustomerFactory.create()
    terms = all_terms()
    client.force_login(with_role(role))

    assert (client.get(dialog(owner)).status_code, client.post(dialog(owner), FORGED).status_code) == (403, 403)
    assert all_terms() == terms


def test_a_forged_field_of_the_other_role_is_no_field_of_the_dialog(client: Client) -> None:
    CustomerFactory.create(billing_contacts=["old@acme.example"])
    client.force_login(with_role("Operations"))

    request_approval(client, dialog(Owner.BOTH), FORGED | {"hard_budget": ""})

    [first, waiting] = CustomerTerms.objects.order_by("pk")
    assert set(waiting.changed) == {"contract_from", "contract_to", "monthly_minimum", "monthly_budget"}
    assert (waiting.in_force_at, first.in_force_at is None) == (None, False)
    assert waiting.billing_contacts == ["old@acme.example"]


def test_a_change_that_needs_a_second_person_shows_its_effect_and_changes_nothing_until_it_is_pressed_again(
    client: Client,
) -> None:
    period = rated_october()
    client.force_login(with_role("Operations"))
    given = {"first_day": "2026-10-01", "reason": "Forged", "monthly_budget": "0.01", "hard_budget": "on"}

    looked = client.post(dialog(Owner.BOTH), given)

    assert CustomerTerms.objects.count() == 1
    assert [(one.now, one.then) for one in looked.context["effect"]["periods"]] == [("$7.50", "$0.01")]
    assert client.post(dialog(Owner.BOTH), given | {"seen": "another"}).context["effect"]["mark"]
    answer = client.post(dialog(Owner.BOTH), given | {"seen": looked.context["effect"]["mark"]})

    assert answer.status_code == 302
    assert CustomerTerms.objects.count() == 2
    assert Customer.objects.get().terms.on(period.first_day).monthly_budget is None
    page = client.get(reverse("admin:leads_customer_change", args=[period.customer_id])).content.decode()
    assert "Waiting for approval" in page


def test_the_page_of_a_customer_shows_what_is_in_force_what_is_to_come_and_what_was(client: Client) -> None:
    customer, finance = CustomerFactory.create(purchase_order="PO-77", time_zone="UTC"), with_role("Finance")
    client.force_login(finance)
    address = reverse("admin:leads_customer_change_invoice_details", args=[customer.pk])
    for day, order in (("2026-01-01", "PO-78"), ("2100-01-01", "PO-79")):
        given = {"first_day": day, "reason": "", "purchase_order": order, "locale": "en_US", "detail_annex": "on"}
        assert client.post(address, given).status_code == 302, order

    terms = client.get(reverse("admin:leads_customer_change", args=[customer.pk])).context["terms"]

    assert ("PO number", "PO-78") in terms["now"]
    assert [(each["since"], each["changed"], each["author"]) for each in terms["to_come"]] == [
        ("January 1, 2100", [("PO number", "PO-78", "PO-79")], finance)
    ]
    assert [each["changed"] for each in terms["past"]] == [[("PO number", "PO-77", "PO-78")]]


def test_a_viewer_and_a_person_with_djangos_own_permission_change_nothing(client: Client) -> None:
    customer = CustomerFactory.create()
    before = identity(), all_terms()
    person = UserFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_customer", "change_customer"]))
    for who in (with_role("Viewer"), person):
        client.force_login(who)
        assert client.post(reverse("admin:leads_customer_change", args=[customer.pk]), FORGED).status_code == 403

    assert (identity(), all_terms()) == before


def test_operations_adds_a_customer_with_the_usual_payment_terms(client: Client) -> None:
    client.force_login(with_role("Operations"))

    answer = client.post(reverse("admin:leads_customer_add"), OTHERS)

    customer = Customer.objects.get()
    terms = customer.terms.get()
    assert (answer.status_code, customer.name, terms.payment_terms_days, terms.billing_contacts, terms.taxes) == (
        302,
        "Other",
        30,
        [],
        [],
    )
    assert (terms.monthly_minimum, terms.excluded_domains) == (5, ["evil.example"])


def test_taxes_are_written_as_people_say_them() -> None:
    field = term_fields(CustomerTerms, ["taxes"])["taxes"]

    stored = field.clean("Sales tax 8.875%\n\n Levy  3% on stone ")

    assert stored == [
        {"name": "Sales tax", "rate": "8.875", "category": ""},
        {"name": "Levy", "rate": "3", "category": "stone"},
    ]
    assert field.prepare_value(stored) == "Sales tax 8.875%\nLevy 3% on stone"
    with pytest.raises(ValidationError, match="is not a tax"):
        field.clean("eight percent")


def test_finance_alone_changes_no_bank_details_and_its_page_says_that_they_wait(client: Client) -> None:
    company = CompanyFactory.create(pay_to="Good Bank", email="good@bank.example")
    person = UserFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "change_company"]))
    address = reverse("admin:leads_company_change_details", args=[company.pk])
    given = {"first_day": "2026-11-01", "reason": "New bank", "address": "1 Way", "tax_id": ""}
    given |= {"pay_to": "Bank of Evil", "email": "good@bank.example"}

    client.force_login(person)
    assert client.post(address, given).status_code == 403
    client.force_login(with_role("Finance"))
    assert request_approval(client, address, given).status_code == 302

    assert company.details_today.pay_to == "Good Bank"
    page = client.get(reverse("admin:leads_company_change", args=[company.pk]))
    assert page.context["terms"]["waiting"][0]["changed"] == [("How to pay", "Good Bank", "Bank of Evil")]
