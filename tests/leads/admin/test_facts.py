"""The pages of facts: in force now, planned, and past; a change says whether it takes effect or waits."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.models import ApprovalRequest
from leads.models import ActionType, Product, Source
from tests.factories.leads import ActionFactory, ActionTypeFactory, ProductFactory, SourceFactory, from_day
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

FUTURE = "2099-01-01"


@pytest.fixture
def operator(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def operations(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def change(client: Client, subject: Product | Source | ActionType, **answers: str) -> list[str]:
    """Press the button and return what the next page says."""
    name = f"admin:leads_{subject._meta.model_name}_change_facts"
    response = client.post(reverse(name, args=[subject.pk]), answers, follow=True)
    return [str(message) for message in response.context["messages"]]


def rows(client: Client, subject: Product | Source | ActionType) -> list[tuple[str, str]]:
    """Return the revisions on the page, each with its first day and its state."""
    page = client.get(reverse(f"admin:leads_{subject._meta.model_name}_change", args=[subject.pk]))
    [facts, *_] = page.context["inline_admin_formsets"]
    admin = facts.opts
    return [(admin.begins(row), str(admin.state(row))) for row in facts.formset.queryset]


def test_the_page_shows_what_is_in_force_what_is_planned_and_the_past(operations: Client) -> None:
    product = ProductFactory.create(category="tiles")
    from_day(product, date(2026, 1, 1), category="wood")

    assert change(operations, product, category="stone", first_day=FUTURE) == ["In force from January 1, 2099."]

    assert [(begins, state.split(">")[1].split("<")[0]) for begins, state in rows(operations, product)] == [
        ("January 1, 2099", "Planned"),
        ("January 1, 2026", "In force now"),
        ("The beginning", "Past"),
    ]


def test_a_change_of_what_is_priced_waits_and_the_form_is_closed_meanwhile(operations: Client) -> None:
    kind = ActionFactory.create().action_type
    answers = {"unit": "sample", "largest_quantity": "10", "largest_value": "10", "first_day": "2026-10-01"}

    assert change(operations, kind, **answers) == []  # without a reason
    said = change(operations, kind, **answers, reason="Free samples")

    assert said == ["There are actions since that day. Approval was requested, and until then nothing changes."]
    assert "Waiting for approval" in rows(operations, kind)[0][1]
    assert (ActionType.objects.get().facts_on(now().date()).is_billable, ApprovalRequest.objects.count()) == (True, 1)
    dialog = operations.get(reverse("admin:leads_actiontype_change_facts", args=[kind.pk]))
    assert "Another change of these facts waits for approval." in dialog.content.decode()


def test_lists_show_and_filter_by_the_facts_of_today(operations: Client) -> None:
    tile, wood = ProductFactory.create(category="tiles"), ProductFactory.create(category="wood")
    from_day(tile, date(2026, 1, 1), category="wood")
    from_day(wood, date(2099, 1, 1), category="tiles")
    web, fair = SourceFactory.create(channel="website"), SourceFactory.create(channel="event")
    ActionTypeFactory.create(is_billable=False)

    def listed(model: str, **filters: str) -> list[object]:
        page = operations.get(reverse(f"admin:leads_{model}_changelist"), filters)
        return sorted(page.context["cl"].result_list, key=lambda row: row.pk)

    assert listed("product", category="wood") == [tile, wood]
    assert listed("product", category="tiles") == []
    assert (listed("source", channel="event"), listed("source")) == ([fair], [web, fair])
    assert (len(listed("actiontype", is_billable="False")), listed("actiontype", is_billable="True")) == (1, [])


def test_a_viewer_changes_no_facts(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    product = ProductFactory.create(category="tiles")

    answer = client.post(
        reverse("admin:leads_product_change_facts", args=[product.pk]), {"category": "wood", "first_day": FUTURE}
    )

    assert (answer.status_code, product.revisions.count()) == (403, 1)
