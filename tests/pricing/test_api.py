"""Explanations of charges over HTTP, for the source of the action and for staff."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from pricing.domain.audit.explain import explain
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionFactory, SourceFactory
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def charge() -> Charge:
    PriceRuleFactory.create(name="Samples")
    action = ActionFactory.create(quantity=2)
    rate(action.period, at=datetime(2026, 11, 2, tzinfo=UTC))
    return Charge.objects.get()


def ask(client: Client, charge: Charge, key: str | None = None) -> tuple[int, dict[str, object]]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    answer = client.get(f"/api/v1/charges/{charge.pk}/explanation", headers=headers)
    return answer.status_code, answer.json()


def test_another_source_is_told_nothing(client: Client, charge: Charge):
    _, key = create_key(SourceFactory.create())

    status, answer = ask(client, charge, key)

    assert (status, answer["code"]) == (404, "not_found")


def test_staff_who_may_see_charges_are_told_and_nobody_else(client: Client, charge: Charge):
    assert ask(client, charge)[0] == 401
    user = UserFactory.create(is_staff=False)
    client.force_login(user)
    user.user_permissions.add(Permission.objects.get(codename="view_charge"))
    assert ask(client, charge)[0] == 403
    client.force_login(UserFactory.create())
    assert ask(client, charge)[0] == 403
    client.force_login(with_role("Viewer"))

    explanation = explain(Charge.objects.get())
    assert ask(client, charge) == (
        200,
        {"action": charge.pk, "sentences": explanation.sentences, "facts": explanation.facts},
    )
