"""Actions are filtered by type within a period, and the list asks for one."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.leads import ActionFactory, ActionTypeFactory
from tests.factories.people import with_role

LIST = reverse("admin:leads_action_changelist")


@pytest.mark.django_db
def test_actions_are_listed_by_type_within_a_period_and_without_one_the_list_asks_for_it(client: Client) -> None:
    client.force_login(with_role("Operations"))
    rare = ActionFactory.create(action_type=ActionTypeFactory.create(code="call"))
    ActionFactory.create(lead=rare.lead, period=rare.period)
    of_type = {"action_type__id__exact": rare.action_type_id}

    within, without = client.get(LIST, of_type | {"period__id__exact": rare.period_id}), client.get(LIST, of_type)

    assert [list(page.context["cl"].result_list) for page in (within, without)] == [[rare], []]
    assert "To filter actions by type, choose a period too." in without.content.decode()
