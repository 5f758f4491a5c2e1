"""Explanations of charges over HTTP, for the source of the action and for staff."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from leads.models import Source
from pricing.domain.audit.explain import explain
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionFactory, LeadFactory, SourceFactory
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


def test_a_source_is_told_why_its_own_action_is_charged(client: Client, charge: Charge):
    _, key = create_key(Source.objects.get())

    status, answer = ask(client, charge, key)

    explanation = explain(Charge.objects.get())
    assert (status, answer) == (
        200,
        {"action": charge.pk, "sentences": explanation.sentences, "facts": explanation.facts},
    )


def test_another_source_is_told_nothing(client: Client, charge: Charge):
    _, key = create_key(SourceFactory.create())

    status, answer = ask(client, charge, key)

    assert (status, answer["code"]) == (404, "not_found")


def test_staff_who_may_see_charges_are_told_and_nobody_else(client: Client, charge: Charge):
    assert ask(client, charge)[0] == 401
    user = User.objects.create_user("olga")
    client.force_login(user)
    assert ask(client, charge)[0] == 404
    user.user_permissions.add(Permission.objects.get(codename="view_charge"))
    assert ask(client, charge)[0] == 200


def test_a_source_is_not_told_of_another_sources_charge_that_pays_for_its_own(client: Client):
    PriceRuleFactory.create(once_per="person", once_days=30)
    paying = ActionFactory.create()
    other = LeadFactory.create(product=paying.lead.product, person_key=paying.lead.person_key)
    action = ActionFactory.create(lead=other, period=paying.period)
    rate(paying.period, at=datetime(2026, 11, 2, tzinfo=UTC))
    covered = Charge.objects.get(pk=action.pk)
    assert (covered.reason, covered.paid_by) == ("already_charged", paying)

    _, answer = ask(client, covered, create_key(other.source)[1])

    facts = answer["facts"]
    assert isinstance(facts, dict)
    assert facts["paid_by"] is None
    assert isinstance(answer["sentences"], list)
    assert (
        answer["sentences"][-1] == "Not charged: a charge of the same person, from another source, already paid for it."
    )
