"""Unrated actions: grouped by what is missing, priced by a rule created from a group, or waived with a reason."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from leads.models import UnratedMark
from pricing.models import PriceRule, UnratedAction, Waiver
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory
from tests.factories.people import with_role
from tests.factories.pricing import UnratedActionFactory

pytestmark = pytest.mark.django_db


def test_unrated_actions_are_grouped_by_what_is_missing(operations: Client) -> None:
    first = UnratedActionFactory.create()
    second = UnratedActionFactory.create(action__lead=first.action.lead)
    UnratedActionFactory.create(action__action_type=ActionTypeFactory.create(code="quote"))

    response = operations.get(reverse("admin:pricing_unratedaction_changelist"))

    groups = response.context["groups"]
    these = operations.get(groups[0]["these"])
    assert [group["count"] for group in groups] == [2, 1]
    assert set(these.context["cl"].result_list) == {first, second}


def test_a_rule_is_made_from_what_is_missing(operations: Client) -> None:
    customer = CustomerFactory.create(currency="JPY", time_zone="Asia/Tokyo")
    row = UnratedActionFactory.create(
        action__lead__product__customer=customer, action__occurred_at=datetime(2026, 10, 9, 16, 30, tzinfo=UTC)
    )
    UnratedActionFactory.create(action__lead=row.action.lead, action__occurred_at=datetime(2026, 10, 20, tzinfo=UTC))
    (group,) = operations.get(reverse("admin:pricing_unratedaction_changelist")).context["groups"]

    form = operations.get(group["new_rule"]).context["adminform"].form

    product, kind = row.action.lead.product, row.action.action_type
    assert {
        name: form[name].value() for name in ("name", "customer", "product", "source", "action_type", "currency")
    } == {
        "name": None,
        "customer": str(customer.pk),
        "product": str(product.pk),
        "source": None,
        "action_type": str(kind.pk),
        "currency": "JPY",
    }
    # The day on which the oldest of them occurred: the tenth in Tokyo.
    assert form["wall_from"].value() == read("2026-10-10")


@pytest.fixture
def two_products() -> tuple[UnratedAction, UnratedAction]:
    """Sample orders of two products of a customer without a price, from October 9 on, in the same category."""
    customer = CustomerFactory.create(name="Acme Tile")
    kind = ActionTypeFactory.create(code="sample_order", name="Sample order")
    first, second = (
        UnratedActionFactory.create(
            action__action_type=kind,
            action__lead__product=ProductFactory.create(customer=customer, sku=sku, category="tiles"),
            action__occurred_at=datetime(2026, 10, number, 12, tzinfo=UTC),
        )
        for number, sku in ((9, "TILE-1"), (20, "TILE-2"))
    )
    return first, second


def test_one_rule_prices_a_cause_over_several_products(
    operations: Client, two_products: tuple[UnratedAction, UnratedAction]
) -> None:
    first, _ = two_products
    (group,) = operations.get(reverse("admin:pricing_unratedaction_changelist")).context["groups"]
    asked = operations.get(group["new_rule"])
    whole = operations.post(group["new_rule"], {"scope": "all"}, follow=True).context["adminform"].form
    tiles = operations.post(group["new_rule"], {"scope": "category:tiles"}, follow=True).context["adminform"].form

    assert (group["count"], group["products"]) == (2, 2)
    assert [words for _, words in asked.context["form"].fields["scope"].choices] == [
        "A draft for each product chosen here, at one unit price",
        "One rule for the category “tiles” of Acme Tile",
        "One rule for every product of Acme Tile, also later ones",
    ]
    scope = {"customer": str(first.period.customer_id), "action_type": str(first.action.action_type_id)}
    for form, category in ((whole, None), (tiles, "tiles")):
        named = {name: form[name].value() for name in ("customer", "action_type", "product", "category", "wall_from")}
        assert named == scope | {"product": None, "category": category, "wall_from": read("2026-10-09")}


def test_a_draft_for_each_chosen_product_is_made_at_one_price(
    operations: Client, two_products: tuple[UnratedAction, UnratedAction]
) -> None:
    (group,) = operations.get(reverse("admin:pricing_unratedaction_changelist")).context["groups"]
    keys = [str(row.action.lead.product_id) for row in two_products]

    refused = operations.post(group["new_rule"], {"scope": "each"})
    answer = operations.post(group["new_rule"], {"scope": "each", "products": keys, "unit_price": "2.5"}, follow=True)

    assert refused.context["form"].errors == {
        "products": ["Choose at least one product."],
        "unit_price": ["Enter a unit price, which can be 0."],
    }
    drafts = PriceRule.objects.order_by("pk")
    assert [(draft.name, draft.state, draft.unit_price, draft.wall_from) for draft in drafts] == [
        (f"Acme Tile · {sku} · Sample order", "draft", Decimal("2.5"), read("2026-10-09"))
        for sku in ("TILE-1", "TILE-2")
    ]
    assert [deed.verb for deed in Deed.objects.on(drafts[0])] == ["price_rule_drafted"]
    assert set(answer.context["cl"].result_list) == set(drafts)


def test_a_viewer_makes_no_rule_of_a_cause(client: Client, two_products: tuple[UnratedAction, UnratedAction]) -> None:
    first, _ = two_products
    client.force_login(with_role("Viewer"))
    cause = f"?customer={first.period.customer_id}&action_type={first.action.action_type_id}"
    address = reverse("admin:pricing_unratedaction_rule") + cause
    asked = client.post(address, {"scope": "each", "products": [first.action.lead.product_id], "unit_price": "1"})
    assert (asked.status_code, PriceRule.objects.count()) == (403, 0)


def test_a_group_says_how_many_wait_since_when_and_until_when(operations: Client) -> None:
    first = UnratedActionFactory.create(action__occurred_at=datetime(2026, 10, 2, tzinfo=UTC))
    UnratedActionFactory.create(
        action__lead__product=first.action.lead.product, action__occurred_at=datetime(2026, 10, 30, tzinfo=UTC)
    )

    (group,) = operations.get(reverse("admin:pricing_unratedaction_changelist")).context["groups"]

    since = (datetime.now(tz=UTC) - datetime(2026, 10, 2, tzinfo=UTC)).days
    assert (group["count"], group["occurred"], group["days"]) == (2, "Oct 2, 2026 – Oct 30, 2026 UTC", since)


def test_a_whole_group_is_waived_for_a_reason(operations: Client) -> None:
    row = UnratedActionFactory.create()
    same = UnratedActionFactory.create(action__lead=row.action.lead)
    UnratedActionFactory.create()
    group = operations.get(reverse("admin:pricing_unratedaction_changelist")).context["groups"][0]

    asked = operations.get(group["waive"])
    assert (asked.status_code, Waiver.objects.count()) == (200, 0)
    operations.post(group["waive"], {"reason": "A trial month"})

    assert {waiver.action for waiver in Waiver.objects.all()} == {row.action, same.action}


def test_a_viewer_waives_no_group(client: Client) -> None:
    row = UnratedActionFactory.create()
    client.force_login(with_role("Viewer"))
    address = reverse("admin:pricing_unratedaction_waive_group")
    group = f"?customer={row.period.customer_id}&product={row.action.lead.product_id}"
    asked = client.post(f"{address}{group}&action_type={row.action.action_type_id}", {"reason": "x"})
    assert (asked.status_code, Waiver.objects.count()) == (403, 0)


def test_actions_are_waived_for_a_reason_and_only_then(operations: Client) -> None:
    rows = [UnratedActionFactory.create(), UnratedActionFactory.create()]
    address = reverse("admin:pricing_unratedaction_changelist")
    selected = {"action": "waive_selected", "_selected_action": [row.pk for row in rows]}

    asked = operations.post(address, selected)
    assert (asked.status_code, Waiver.objects.count()) == (200, 0)
    operations.post(address, selected | {"reason": "A gift"})

    assert list(Waiver.objects.values_list("note", flat=True)) == ["A gift", "A gift"]
    assert UnratedMark.objects.count() == 2


def test_one_action_is_waived_on_its_own_page(operations: Client) -> None:
    row = UnratedActionFactory.create()
    operations.post(reverse("admin:pricing_unratedaction_waive_action", args=[row.pk]), {"reason": "A gift"})
    assert Waiver.objects.get().action == row.action


def test_a_viewer_waives_nothing(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    row = UnratedActionFactory.create()
    client.post(
        reverse("admin:pricing_unratedaction_changelist"),
        {"action": "waive_selected", "_selected_action": [row.pk], "reason": "A gift"},
    )
    assert Waiver.objects.count() == 0
