"""Whether the customer's people see lead contacts is decided by staff with the right, for a reason, on record."""

import pytest
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from leads.domain.memberships.portal import ContactsUnchanged, show_contacts, shows_contacts
from leads.models import Customer
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db


def titles(client: Client, customer: Customer) -> list[str]:
    """The buttons of the customer's page, those of the menu too."""
    shown = client.get(reverse("admin:leads_customer_change", args=[customer.pk])).context["actions_detail"]
    return [
        item["title"] for each in shown for item in (each["items"] if isinstance(each.get("items"), list) else [each])
    ]


def pressed(client: Client, name: str, customer: Customer) -> int:
    address = reverse(f"admin:leads_customer_{name}", args=[customer.pk])
    return client.post(address, {"reason": "Agreed in the contract"}).status_code


def test_staff_show_and_mask_contacts_for_a_reason_and_on_record(client: Client, northlight: Customer) -> None:
    staff = with_role("Operations")
    client.force_login(staff)
    offered = [titles(client, northlight)]
    assert pressed(client, "show_lead_contacts", northlight) == 302
    assert shows_contacts(northlight)
    offered.append(titles(client, northlight))
    assert pressed(client, "mask_lead_contacts", northlight) == 302
    assert not shows_contacts(northlight)

    both = {"Show lead contacts", "Mask lead contacts"}
    assert [both & set(each) for each in offered] == [{"Show lead contacts"}, {"Mask lead contacts"}]
    deeds = Deed.objects.filter(verb="portal_contacts_changed").order_by("pk")
    assert list(deeds.values_list("person", "reason", "before", "after")) == [
        (staff.pk, "Agreed in the contract", {"shown": False}, {"shown": True}),
        (staff.pk, "Agreed in the contract", {"shown": True}, {"shown": False}),
    ]


def test_others_have_no_such_button_and_nothing_changes_twice(client: Client, northlight: Customer) -> None:
    finance = with_role("Finance")
    client.force_login(finance)

    assert "Show lead contacts" not in titles(client, northlight)
    assert pressed(client, "show_lead_contacts", northlight) == 403
    with pytest.raises(ContactsUnchanged):
        show_contacts(northlight, shown=False, by=finance, reason="Again")
    assert not Deed.objects.filter(verb="portal_contacts_changed").exists()
