"""Names, addresses and raw bodies are for the roles that have them; each look at a raw body is recorded."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from leads.domain.access.contacts import masked
from leads.models import Correction, Lead, QuarantineStep
from tests.factories.leads import ActionFactory, DeliveryFactory, LeadFactory, QuarantinedItemFactory
from tests.factories.people import superuser, with_role

pytestmark = pytest.mark.django_db

PERSONAL = ("June Ito", "june.ito@atelier.example", "+14155550123", "likes oak")


def as_(role: str) -> Client:
    client = Client()
    client.force_login(superuser() if role == "superuser" else with_role(role))
    return client


@pytest.fixture
def lead() -> Lead:
    return LeadFactory.create(
        external_id="L-7",
        name=PERSONAL[0],
        email=PERSONAL[1],
        person_key=PERSONAL[1],
        phone=PERSONAL[2],
        attributes={"note": PERSONAL[3]},
    )


def test_a_masked_contact_keeps_what_tells_people_apart_and_no_more() -> None:
    assert [masked(each) for each in (*PERSONAL[:3], "")] == ["•••", "j•••@atelier.example", "•••", ""]


@pytest.mark.parametrize(("role", "sees"), [("Viewer", False), ("Finance", True), ("Operations", True)])
def test_a_lead_shows_its_person_to_the_roles_that_may_see_contacts(lead: Lead, role: str, *, sees: bool) -> None:
    client = as_(role)

    page = client.get(reverse("admin:leads_lead_change", args=[lead.pk])).content.decode()
    listed = client.get(reverse("admin:leads_lead_changelist")).content.decode()

    assert [each in page for each in PERSONAL] == [sees] * 4
    assert (PERSONAL[1] in listed, "j•••@atelier.example" in listed) == (False, True)
    assert Deed.objects.filter(verb="contacts_viewed").count() == sees


@pytest.mark.parametrize(("role", "finds"), [("Viewer", False), ("Operations", True)])
@pytest.mark.parametrize("term", ["june.ito@atelier.example", "june", "+14155550123"])
def test_a_person_is_found_only_by_the_roles_that_may_see_contacts(
    lead: Lead, role: str, term: str, *, finds: bool
) -> None:
    Lead.objects.filter(pk=lead.pk).update(person_key=PERSONAL[2] if term.startswith("+") else PERSONAL[1])
    ActionFactory.create(lead=lead)
    client = as_(role)

    counts = [
        client.get(reverse(f"admin:leads_{name}_changelist"), {"q": term}).context["cl"].result_count
        for name in ("lead", "action")
    ]
    found = client.get(reverse("admin:search"), {"s": term}).content.decode()

    assert counts == [int(finds)] * 2
    assert ("L-7" in found) == finds


def test_a_lead_is_found_by_its_id_by_everyone_who_may_see_leads(lead: Lead) -> None:
    for role, told in (("Viewer", False), ("Operations", True)):
        found = as_(role).get(reverse("admin:search"), {"s": "L-7"}).content.decode()
        assert (found.count(">L-7<"), masked(PERSONAL[1]) in found, PERSONAL[1] in found) == (1, told, False), role


@pytest.mark.parametrize("column", ["email", "name", "phone", "person_key"])
def test_counts_of_a_list_give_no_contact_away(lead: Lead, column: str) -> None:
    asked = {f"{column}__startswith": "j"}
    answers = [
        as_(role).get(reverse("admin:leads_lead_changelist"), asked).status_code for role in ("Viewer", "Finance")
    ]

    assert answers == [400, 200]


@pytest.mark.parametrize(("role", "sees"), [("Viewer", False), ("Finance", False), ("Operations", True)])
def test_each_look_at_a_raw_body_is_recorded_and_only_operations_look(role: str, *, sees: bool) -> None:
    delivery, client = DeliveryFactory.create(), as_(role)

    page = client.get(reverse("admin:leads_delivery_change", args=[delivery.pk])).content.decode()
    downloaded = client.get(reverse("admin:leads_delivery_body", args=[delivery.pk])).status_code

    assert ("As it was received" in page, downloaded) == (sees, 200 if sees else 403)
    deeds = list(Deed.objects.order_by("pk").values_list("verb", "subject_name"))
    told = [("raw_body_viewed", str(delivery)), ("raw_body_downloaded", str(delivery))]
    assert deeds == (told if sees else [])


@pytest.mark.parametrize(("role", "sees"), [("Viewer", False), ("Finance", False), ("Operations", True)])
def test_a_quarantined_item_is_shown_word_for_word_only_to_operations(role: str, *, sees: bool) -> None:
    item = QuarantinedItemFactory.create(content={"id": "L-1", "contact": {"email": PERSONAL[1]}})

    page = as_(role).get(reverse("admin:leads_quarantineditem_change", args=[item.pk])).content.decode()

    assert (PERSONAL[1] in page, item.message in unescape(page)) == (sees, True)


@pytest.mark.parametrize(("role", "sees"), [("Viewer", False), ("Operations", True)])
def test_what_an_action_says_of_a_person_is_for_the_roles_that_may_see_contacts(
    lead: Lead, role: str, *, sees: bool
) -> None:
    action = ActionFactory.create(lead=lead, attributes={"mail": PERSONAL[1]})
    step = QuarantineStep.objects.create(
        item=QuarantinedItemFactory.create(), kind=QuarantineStep.Kind.TOOK_NEW, at=action.occurred_at
    )
    Correction.objects.create(lead=lead, step=step, changed={"email": ["old@atelier.example", PERSONAL[1]]})
    client = as_(role)

    page = client.get(reverse("admin:leads_action_change", args=[action.pk])).content.decode()

    assert (PERSONAL[1] in page, "o•••@atelier.example → j•••@atelier.example" in page) == (sees, True)


@pytest.mark.parametrize(
    "asked",
    ["action/?attributes__icontains=june", "quarantineditem/?content__icontains=june", "erasure/?person__icontains=june",
     "quarantineditem/?content__contact__email__startswith=j", "lead/?consent__icontains=june"],
)  # fmt: skip
def test_no_list_is_filtered_by_what_it_does_not_show(asked: str) -> None:
    assert as_("Viewer").get(f"/admin/leads/{asked}").status_code == 400
