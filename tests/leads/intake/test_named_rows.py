"""Leads and actions refer to existing rows, which can't be deleted, without foreign keys."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from leads.models import Action, ActionType, BillingPeriod, Lead, Product, Source
from tests.factories.leads import ActionFactory, ActionTypeFactory, LeadFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

NOWHERE = 999_999_999


def refused(change: Callable[[], object]) -> str:
    """Return the name of the violated constraint."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change()
    return str(error.value.__cause__.diag.constraint_name)


@pytest.mark.parametrize("column", ["source_id", "product_id"])
def test_a_lead_names_a_source_and_a_product_that_are_there(column: str):
    lead = LeadFactory.create()
    before = list(Lead.objects.values())

    assert refused(lambda: Lead.objects.filter(pk=lead.pk).update(**{column: NOWHERE})) == "leads_name_what_is_there"
    lead.pk, lead.external_id = None, "another"
    setattr(lead, column, NOWHERE)
    assert refused(lambda: lead.save(force_insert=True)) == "leads_name_what_is_there"
    assert list(Lead.objects.values()) == before


@pytest.mark.parametrize("column", ["lead_id", "action_type_id", "period_id"])
def test_an_action_names_a_lead_a_type_and_a_period_that_are_there(column: str):
    action = ActionFactory.create()
    before = list(Action.objects.values())

    changed = refused(lambda: Action.objects.filter(pk=action.pk).update(**{column: NOWHERE}))
    assert changed == "actions_name_what_is_there"
    action.pk, action.external_id = None, "another"
    setattr(action, column, NOWHERE)
    assert refused(lambda: action.save(force_insert=True)) == "actions_name_what_is_there"
    assert list(Action.objects.values()) == before


@pytest.mark.parametrize("model", [Source, Product, Lead, ActionType, BillingPeriod])
def test_what_leads_and_actions_name_is_not_deleted_not_even_past_django(model: type):
    ActionFactory.create()
    before = model.objects.count()

    def delete() -> None:
        with connection.cursor() as cursor:
            # The other relations are foreign keys, checked at the end; our trigger comes first.
            cursor.execute(f"DELETE FROM {model._meta.db_table}")

    assert refused(delete) == "what_leads_and_actions_name_stays"
    assert model.objects.count() == before


def test_what_nothing_names_may_go_but_not_what_has_facts():
    assert LeadFactory.create().delete()[0] == 1
    for row in (SourceFactory.create(), ProductFactory.create(), ActionTypeFactory.create()):
        with pytest.raises(ProtectedError):
            row.delete()
