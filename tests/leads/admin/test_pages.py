"""The admin pages of leads."""

import json
import re
import zlib
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import travel

from leads.domain.credentials.api_keys import create_key, usable_key
from leads.domain.intake.receive import receive
from leads.models import Action, ApiKey, Customer, Delivery, QuarantinedItem, Source
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    ApiKeyFactory,
    BillingPeriodFactory,
    DeliveryFactory,
    LeadFactory,
    ProductFactory,
    QuarantinedItemFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)


def page(client: Client, name: str, *arguments: object, **asked: object) -> str:
    response = client.get(reverse(f"admin:{name}", args=arguments), asked)
    assert response.status_code == 200
    return response.content.decode()


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def press(client: Client, name: str, row: Any, **answers: object) -> Any:
    return client.post(reverse(f"admin:{name}", args=[row.pk]), answers, follow=True)


def test_a_new_key_is_shown_once_and_works(operations: Client) -> None:
    source = SourceFactory.create()

    shown = press(operations, "leads_source_new_key", source, scopes=["send", "read"])

    key = ApiKey.objects.get()
    whole = shown.context["plaintext"]
    assert whole in shown.content.decode()
    assert usable_key(whole, at=RECEIVED) == key
    assert "no-store" in shown["Cache-Control"]
    assert whole not in page(operations, "leads_source_change", source.pk)
    assert f"lbe_{key.prefix}_…" in page(operations, "leads_source_change", source.pk)


def test_opening_the_dialog_creates_no_key(operations: Client) -> None:
    source = SourceFactory.create()
    page(operations, "leads_source_new_key", source.pk)
    assert ApiKey.objects.count() == 0


def test_a_viewer_makes_no_key(viewer: Client) -> None:
    source = SourceFactory.create()
    assert press(viewer, "leads_source_new_key", source).status_code == 403
    assert ApiKey.objects.count() == 0


def test_a_revoked_key_is_refused(operations: Client) -> None:
    key, whole = create_key(SourceFactory.create())

    response = press(operations, "leads_apikey_revoke", key)

    assert told(response) == [f"The key lbe_{key.prefix}_… is revoked."]
    assert usable_key(whole, at=RECEIVED) is None


def test_a_refusal_of_the_domain_is_shown_in_the_dialog(operations: Client) -> None:
    key = ApiKeyFactory.create(revoked_at=RECEIVED)

    response = press(operations, "leads_apikey_revoke", key)

    assert response.context["form"].non_field_errors() == ["This key is already revoked."]
    key.refresh_from_db()
    assert key.revoked_at == RECEIVED


def test_the_code_of_a_source_is_stored_in_lowercase(operations: Client) -> None:
    facts = {"name": "Fair", "code": "FAIR-26", "channel": "trade_show", "is_active": "on", "time_zone": "UTC"}
    facts |= {"new_products": "quarantine", "wait_hours": "24"}
    operations.post(reverse("admin:leads_source_add"), facts)
    assert list(Source.objects.values_list("code", flat=True)) == ["fair-26"]


@pytest.mark.parametrize("model", ["customer", "product", "source", "actiontype", "lead", "action", "delivery"])
def test_nothing_with_a_history_is_deleted(operations: Client, model: str) -> None:
    action = ActionFactory.create()
    rows = {
        "customer": action.period.customer,
        "product": action.lead.product,
        "source": action.lead.source,
        "actiontype": action.action_type,
        "lead": action.lead,
        "action": action,
        "delivery": action.delivery,
    }
    address = reverse(f"admin:leads_{model}_delete", args=[rows[model].pk])
    assert operations.post(address, {"post": "yes"}).status_code == 403


CUSTOMER = {
    "name": "Acme",
    "code": "ACME",
    "is_active": "on",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "cycle": "monthly",
    "payment_terms_days": "30",
    "dispute_days": "30",
    "locale": "de_DE",
    "excluded_domains": "Acme.example, rival.example",
    "billing_contacts": "",
}


def test_a_customer_is_added_and_its_domains_are_stored_in_lowercase(operations: Client) -> None:
    operations.post(reverse("admin:leads_customer_add"), CUSTOMER)
    customer = Customer.objects.get()
    assert (customer.currency, customer.terms.get().excluded_domains) == ("EUR", ["acme.example", "rival.example"])


def test_currency_and_time_zone_are_fixed_once_there_are_periods(operations: Client) -> None:
    customer = BillingPeriodFactory.create().customer

    operations.post(reverse("admin:leads_customer_change", args=[customer.pk]), CUSTOMER)

    customer.refresh_from_db()
    assert (customer.name, customer.currency, customer.time_zone) == ("Acme", "USD", "UTC")


def test_a_change_of_the_billing_cycle_says_when_it_takes_effect_and_its_first_period(operations: Client) -> None:
    customer = BillingPeriodFactory.create(customer__billed_from=date(2026, 10, 1)).customer
    address = reverse("admin:leads_customer_change", args=[customer.pk])

    with travel(datetime(2026, 10, 20, tzinfo=UTC), tick=False):
        response = operations.post(address, CUSTOMER | {"cycle": "weekly"}, follow=True)

    customer.refresh_from_db()
    assert (customer.name, customer.cycle) == ("Acme", "weekly")
    assert told(response)[0] == (
        "The customer is billed weekly from November 1, 2026 on, when the last billing period ends. The first new period ends on"
        " November 2, 2026."
    )
    change = customer.cycle_changes.get()
    assert (change.cycle_before, change.changed_by.groups.get().name) == ("monthly", "Operations")
    assert told(operations.post(address, CUSTOMER | {"cycle": "weekly"}, follow=True))[0].startswith("The customer")


def test_a_hard_budget_without_amount_is_refused_next_to_the_amount(operations: Client) -> None:
    response = operations.post(reverse("admin:leads_customer_add"), CUSTOMER | {"hard_budget": "on"})
    assert response.context["adminform"].form.errors == {"monthly_budget": ["A hard budget needs an amount."]}
    assert Customer.objects.count() == 0


def test_a_deliverys_counts_visibly_add_up(operations: Client) -> None:
    delivery = DeliveryFactory.create(
        leads_received=5, leads_created=2, leads_duplicate=2, leads_quarantined=1, actions_received=3, actions_created=3
    )
    shown = page(operations, "leads_delivery_change", delivery.pk)
    cells = [cell.split(">", 1)[1].split("<")[0] for cell in shown.split('<td class="lb-')[1:]]
    leads = ["5", "=", "2", "+", "0", "+", "2", "+", "0", "+", "1", "+", "0"]
    assert cells == [*leads, "3", "=", "3", "+", "0", "+", "0", "+", "0", "+", "0", "+", "0"]


def test_a_delivery_leads_to_what_was_refused_of_it_also_when_that_waited_already(operations: Client):
    source = SourceFactory.create()
    for _ in range(2):
        receive(source, body=b'[{"id": 1, "colour": "red"}, 7]', content_type="application/json", received_at=RECEIVED)
    second = Delivery.objects.order_by("pk")[1]

    shown = page(operations, "leads_delivery_change", second.pk)

    [address] = re.findall(r'href="([^"]*quarantineditem[^"]*id__in[^"]*)"', shown)
    listed = operations.get(unescape(address)).context["cl"].result_list
    assert set(listed) == set(QuarantinedItem.objects.all())
    assert len(listed) == 2


def delivered(body: bytes) -> Delivery:
    return DeliveryFactory.create(body=zlib.compress(body), body_size=len(body))


def test_a_body_is_shown_indented_with_its_numbers_as_they_were_sent(operations: Client) -> None:
    delivery = delivered(b'[{"value":0.10}]')
    assert "&quot;value&quot;: 0.10" in page(operations, "leads_delivery_change", delivery.pk)


def test_the_bytes_are_downloaded_as_they_were_received(operations: Client) -> None:
    delivery = delivered(b"\xff not JSON")
    response = operations.get(reverse("admin:leads_delivery_body", args=[delivery.pk]))
    assert (response.content, response["Content-Type"]) == (b"\xff not JSON", "application/octet-stream")


def test_of_a_long_body_only_the_beginning_is_shown(operations: Client) -> None:
    delivery = delivered(b"x" * 300_000)
    shown = page(operations, "leads_delivery_change", delivery.pk)
    assert (shown.count("x" * 200_000), shown.count("x" * 200_001)) == (1, 0)


@pytest.fixture
def refused() -> QuarantinedItem:
    """An action of a known type with a negative quantity."""
    product = ProductFactory.create(sku="TILE", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order")
    action = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z", "quantity": -4}
    lead = {"id": "L-1", "product": {"sku": "TILE", "customer": "ACME"}, "actions": [action]}
    body = json.dumps([lead]).encode()
    receive(SourceFactory.create(), body=body, content_type="application/json", received_at=RECEIVED)
    assert product.leads.count() == 1
    return QuarantinedItem.objects.get()


def mended(item: QuarantinedItem, quantity: object) -> str:
    action = item.content["actions"][0] | {"quantity": quantity}
    return json.dumps(item.content | {"actions": [action]})


def test_the_page_names_the_place_at_fault_within_the_item(operations: Client, refused: QuarantinedItem) -> None:
    response = operations.get(reverse("admin:leads_quarantineditem_change", args=[refused.pk]))
    place = response.context["place"]
    assert (refused.pointer, place.pointer, place.found) == ("/0/actions/0/quantity", "/actions/0/quantity", "is -4")


def test_a_fixed_item_is_stored_and_the_result_is_shown(operations: Client, refused: QuarantinedItem) -> None:
    asked = press(operations, "leads_quarantineditem_retry", refused, content=mended(refused, 4))
    seen = asked.context["seen"]
    response = press(operations, "leads_quarantineditem_retry", refused, content=mended(refused, 4), seen=seen)

    refused.refresh_from_db()
    assert told(response) == ["Lead L-1 updated. Actions: 1 created."]
    assert (refused.state, Action.objects.get().quantity) == (QuarantinedItem.State.REPAIRED, 4)


def test_an_item_still_at_fault_stays_and_keeps_what_was_typed(operations: Client, refused: QuarantinedItem) -> None:
    asked = press(operations, "leads_quarantineditem_retry", refused, content=mended(refused, -5))
    seen = asked.context["seen"]
    response = press(operations, "leads_quarantineditem_retry", refused, content=mended(refused, -5), seen=seen)

    refused.refresh_from_db()
    form = response.context["form"]
    assert len(form.non_field_errors()) == 1
    assert json.loads(form["content"].value())["actions"][0]["quantity"] == -5
    assert (refused.state, Action.objects.count()) == (QuarantinedItem.State.WAITING, 0)


def test_invalid_json_is_reported_and_nothing_is_sent(operations: Client, refused: QuarantinedItem) -> None:
    response = press(operations, "leads_quarantineditem_retry", refused, content="{")
    assert list(response.context["form"].errors) == ["content"]
    assert Delivery.objects.count() == 1


def test_a_viewer_retries_nothing(viewer: Client, refused: QuarantinedItem) -> None:
    assert press(viewer, "leads_quarantineditem_retry", refused, content=mended(refused, 4)).status_code == 403
    assert Action.objects.count() == 0


def test_nothing_is_discarded_without_a_reason(operations: Client, refused: QuarantinedItem) -> None:
    response = press(operations, "leads_quarantineditem_discard_item", refused, reason=" ")
    refused.refresh_from_db()
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert refused.state == QuarantinedItem.State.WAITING


def test_a_discarded_item_says_why(operations: Client, refused: QuarantinedItem) -> None:
    press(operations, "leads_quarantineditem_discard_item", refused, reason="Sent by mistake")
    refused.refresh_from_db()
    assert (refused.state, refused.settled_note) == (QuarantinedItem.State.DISCARDED, "Sent by mistake")


def test_many_are_retried_at_once_and_each_refusal_is_shown(operations: Client) -> None:
    product = ProductFactory.create(sku="TILE-X")
    content = {"id": "L-9", "product": {"sku": "TILE-X", "customer": product.customer.code}}
    good, bad = QuarantinedItemFactory.create(content=content), QuarantinedItemFactory.create(content={"id": "L-1"})

    response = operations.post(
        reverse("admin:leads_quarantineditem_changelist"),
        {"action": "retry_selected", "_selected_action": [good.pk, bad.pk]},
        follow=True,
    )

    assert told(response)[-1] == "Stored: 1"
    assert len(told(response)) == 2
    assert list(QuarantinedItem.objects.waiting()) == [bad]


def test_quarantine_lists_what_waits_unless_asked_for_more(viewer: Client) -> None:
    waiting = QuarantinedItemFactory.create()
    settled = QuarantinedItemFactory.create(state="repaired", settled_at=RECEIVED)

    def listed(**asked: object) -> set[QuarantinedItem]:
        response = viewer.get(reverse("admin:leads_quarantineditem_changelist"), asked)
        return set(response.context["cl"].result_list)

    assert (listed(), listed(state="repaired"), listed(state="all")) == ({waiting}, {settled}, {waiting, settled})


def test_a_conflict_is_shown_beside_what_is_stored(viewer: Client) -> None:
    stored = ActionFactory.create(quantity=1)
    sent = {"id": stored.external_id, "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", "quantity": 9}
    item = QuarantinedItemFactory.create(
        kind="action", pointer="/0/actions/3", code="action_conflict", content={"actions": [sent]}, stored_action=stored
    )

    response = viewer.get(reverse("admin:leads_quarantineditem_change", args=[item.pk]))

    differing = [(row.name, row.stored, row.sent) for row in response.context["differences"] if row.differs]
    assert differing == [("quantity", "1", "9")]


@pytest.mark.parametrize("term", ["LEAD-77", "LEAD-7", "ann@studio.example", "Ann+news@Studio.example", "ann@"])
def test_a_lead_is_found_by_its_id_its_person_or_the_beginning_of_either(operations: Client, term: str) -> None:
    found = LeadFactory.create(external_id="LEAD-77")
    LeadFactory.create(external_id="OTHER", email="bob@studio.example")

    response = operations.get(reverse("admin:leads_lead_changelist"), {"q": term})

    assert list(response.context["cl"].result_list) == [found]


def test_a_lead_that_is_known_by_phone_is_found_by_the_number_however_it_is_written(operations: Client) -> None:
    found = LeadFactory.create(email="", person_key="+12127365000")
    LeadFactory.create(external_id="OTHER")

    response = operations.get(reverse("admin:leads_lead_changelist"), {"q": "+1 (212) 736-5000"})

    assert list(response.context["cl"].result_list) == [found]


def test_an_action_is_voided_for_a_reason(operations: Client) -> None:
    action = ActionFactory.create()

    press(operations, "leads_action_void_action", action, reason="Order canceled")

    action.refresh_from_db()
    assert (action.void_reason, action.voided_at is None) == ("Order canceled", False)


def test_an_action_that_is_billed_is_voided_too_and_says_so(operations: Client) -> None:
    action = ActionFactory.create()
    action.period.state, action.period.closed_at = "closed", RECEIVED
    action.period.save()
    assert "Void" in [button["title"] for button in _buttons(operations, action)]

    press(operations, "leads_action_void_action", action, reason="Order canceled")

    action.refresh_from_db()
    assert (action.void_reason, action.voided_after_close) == ("Order canceled", True)
    assert "Void" not in [button["title"] for button in _buttons(operations, action)]
    page = operations.get(reverse("admin:leads_action_change", args=[action.pk])).content.decode()
    assert "Voided: Order canceled (after its period was closed)" in page


def _buttons(client: Client, action: Action) -> list[dict[str, Any]]:
    response = client.get(reverse("admin:leads_action_change", args=[action.pk]))
    return list(response.context["actions_detail"])
