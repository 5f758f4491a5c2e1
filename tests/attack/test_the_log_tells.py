"""At the end the deed log tells all of it: who did what, who tried to get in, and that nothing was taken out of it."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing_engine.core.deeds import chain
from billing_engine.core.models import Deed
from leads.models import Action
from pricing.models import UnratedAction, Waiver
from reports.queries.sums.invariants import invariants
from tests.accounts.conftest import PASSWORD, log_in, with_password
from tests.attack.story import (
    NEXT_MONTH,
    NOW,
    Story,
    amounts,
    client_of,
    decide,
    deeds,
    is_done,
    press,
    the_request,
)
from tests.attack.test_finance_alone import EVIL, details
from tests.attack.test_operations_alone import drafted
from tests.attack.test_source import send
from tests.factories.leads import ActionFactory

pytestmark = pytest.mark.django_db


def test_a_rule_is_retired_and_all_that_follows_is_waived_and_each_waiver_has_its_name(
    story: Story, olga: User
) -> None:
    """Allowed to operations, with a reason each time: the front page, the invoice and the log all show it."""
    charged = amounts(story)
    press(olga, story.rule, "retire_rule", reason="No more")
    when = NOW.replace(day=20)
    late = [ActionFactory.create(lead=story.action.lead, period=story.month, occurred_at=when) for _ in range(2)]
    amounts(story)
    assert set(UnratedAction.objects.values_list("action", flat=True)) == {each.pk for each in late}

    assert client_of(olga).post(
        f"/admin/pricing/unratedaction/{story.action.pk}/waive_action/", {"reason": "Mine"}
    ).status_code in (302, 404)
    assert not Waiver.objects.exists()  # what is charged is not waived
    for action in late:
        assert not is_done(press(olga, UnratedAction.objects.get(action=action), "waive_action", reason=" "))
        assert is_done(press(olga, UnratedAction.objects.get(action=action), "waive_action", reason="A favor"))

    assert amounts(story) == [*charged, 0, 0]
    assert deeds("price_rule_retired", "action_waived") == [
        ("price_rule_retired", "olga", "No more"),
        ("action_waived", "olga", "A favor"),
        ("action_waived", "olga", "A favor"),
    ]


TOLD = [
    ("login_failed", "engine", ""),
    ("login_failed", "engine", ""),
    ("logged_in", "fay", ""),
    ("price_rule_drafted", "olga", ""),
    ("simulation_started", "olga", ""),  # for the person who approves
    ("approval_asked", "olga", "A favor"),
    ("approval_sent_back", "otto", "Who agreed to this?"),
    ("approval_asked", "olga", "Mr. Ash did"),
    ("approval_withdrawn", "olga", ""),
    ("action_voided", "olga", "A favor for a friend"),
    ("approval_asked", "olga", "Agreed"),
    ("customer_terms_approved", "fay", "Agreed"),
    ("approval_asked", "fay", "New bank"),
    ("approval_sent_back", "frank", "No such bank"),
    ("invoice_adjusted", "fay", "A friend"),
    ("adjustment_withdrawn", "fay", ""),
    ("invoice_approved", "frank", ""),
    ("delivery_received", "source", ""),
    ("deeds_exported", "olga", ""),
]


def attacks(story: Story, olga: User, otto: User, fay: User, frank: User) -> None:
    """Two of operations, two of finance and the source, each trying what they may not."""
    with_password(fay)
    stranger = Client()
    log_in(stranger, "fay", "a wrong password")
    log_in(stranger, "nemo", "a wrong password")
    log_in(stranger, "fay", PASSWORD)
    rule = drafted(olga)
    press(olga, rule, "activate_rule", reason="A favor", override="on")
    press(olga, rule, "request_activation", reason="A favor", override="on")
    decide(olga)
    decide(otto, "send_back_request", words="Who agreed to this?")
    press(olga, rule, "request_activation", reason="Mr. Ash did", override="on")
    press(olga, the_request(), "withdraw_request", confirmed="on")
    press(olga, story.action, "void_action", reason="A favor for a friend")
    budget = {"first_day": str(NEXT_MONTH), "reason": "Agreed", "monthly_budget": "0.01"}
    press(olga, story.customer, "change_commitments", **budget)
    decide(otto)
    decide(fay)
    press(fay, story.seller, "change_details", **details(pay_to=EVIL))
    decide(fay)
    decide(frank, "send_back_request", words="No such bank")
    press(fay, story.draft, "adjust", amount="-5.00", text="Goodwill", reason="A friend")
    press(fay, story.draft, "approve")
    press(fay, story.draft, "withdraw", line=story.draft.lines.get(kind="adjustment").pk)
    press(frank, story.draft, "approve")
    billed = Action.objects.filter(period=story.issued.period).earliest("pk")
    void = {"id": billed.external_id, "void": {"reason": "Sent twice"}}
    send(story.key, {"id": billed.lead.external_id, "product": {"sku": "TILE"}, "actions": [void]})


def test_the_whole_story_is_in_the_log_in_order_and_the_chain_holds(
    story: Story, olga: User, otto: User, fay: User, frank: User
) -> None:
    before = Deed.objects.latest("pk").pk
    attacks(story, olga, otto, fay, frank)
    log = reverse("admin:core_deed_changelist")
    client_of(olga).post(log, {"action": "export_csv", "_selected_action": [before]})

    told = Deed.objects.filter(pk__gt=before).order_by("pk").values_list("verb", "actor", "actor_name", "reason")
    assert [(verb, name if actor == "person" else actor, reason) for verb, actor, name, reason in told] == TOLD
    names = Deed.objects.filter(verb="login_failed").order_by("pk").values_list("after__name", flat=True)
    assert list(names) == ["fay", "nemo"]

    chain.seal()
    head = chain.head()
    assert head is not None
    assert list(chain.faults(at=NOW, known=head)) == []
    assert [each.name for each in invariants(known=head) if not each.holds] == []

    with connection.cursor() as cursor:  # the owner himself takes one deed out
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_deed DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM core_deed WHERE verb = 'action_voided'")
        cursor.execute("ALTER TABLE core_deed ENABLE TRIGGER USER")
    assert len(list(chain.faults(at=NOW, known=head))) == 1
