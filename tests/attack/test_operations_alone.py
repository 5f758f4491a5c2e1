"""A person of operations alone: no way to reprice, to hide or to invent a charge, and each try that is a deed is told."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse

from billing_engine.core.models import ApprovalRequest
from leads.models import Action, ActionType, Customer, QuarantinedItem
from pricing.models import PriceRule
from tests.attack.story import (
    NEXT_MONTH,
    NOVEMBER_1,
    TODAY,
    Story,
    amounts,
    client_of,
    decide,
    deeds,
    is_done,
    nothing_moves,
    page_of,
    press,
    save,
    the_request,
)
from tests.factories.leads import CompanyFactory
from tests.pricing.admin.test_pages import PER_UNIT

pytestmark = pytest.mark.django_db
BACKDATED = PER_UNIT | {"name": "A favor", "unit_price": "0.01", "wall_from_0": "2026-11-01", "priority": "9"}


def drafted(person: User, **facts: Any) -> PriceRule:
    """A draft that would price the whole open month."""
    assert is_done(client_of(person).post(reverse("admin:pricing_pricerule_add"), BACKDATED | facts))
    return PriceRule.objects.latest("pk")


def test_a_backdated_price_of_ones_own_is_refused_directly_and_through_the_inbox(story: Story, olga: User) -> None:
    with nothing_moves(story):
        rule = drafted(olga)
        assert not is_done(press(olga, rule, "activate_rule", reason="A favor", override="on"))
        press(olga, rule, "request_activation", reason="A favor", override="on")
        assert the_request().asked_by == olga
        assert not is_done(decide(olga))
        assert not is_done(press(olga, rule, "activate_rule", reason="A favor", override="on"))
        assert not is_done(decide(olga, "send_back_request", words="I would like to see it again"))


def test_a_backdated_price_revised_from_the_one_in_force_is_refused(story: Story, olga: User) -> None:
    with nothing_moves(story):
        press(olga, story.rule, "revise_rule", since_0="2026-11-01", since_1="")
        draft = PriceRule.objects.latest("pk")
        assert draft.revises == story.rule
        assert not is_done(press(olga, draft, "activate_rule", reason="A favor", override="on"))


def test_a_rule_that_is_retired_still_prices_the_month_and_a_new_one_does_not_take_it_over(
    story: Story, olga: User
) -> None:
    before = amounts(story)
    assert is_done(press(olga, story.rule, "retire_rule", reason="A new one comes"))
    rule = drafted(olga)

    assert not is_done(press(olga, rule, "activate_rule", reason="A favor", override="on"))

    assert amounts(story) == before
    assert deeds("price_rule_retired") == [("price_rule_retired", "olga", "A new one comes")]


def test_a_price_check_that_is_in_the_way_is_deleted_on_record_and_helps_nobody(story: Story, olga: User) -> None:
    with nothing_moves(story):
        assert is_done(
            client_of(olga).post(reverse("admin:pricing_pricecheck_delete", args=[story.check.pk]), {"post": "yes"})
        )
        assert not is_done(press(olga, drafted(olga), "activate_rule", reason="A favor"))
    assert [(verb, who) for verb, who, _ in deeds("price_check_deleted")] == [("price_check_deleted", "olga")]


@pytest.mark.parametrize(
    ("subject", "facts"),
    [
        ("kind", {"unit": "sample", "largest_quantity": "100000", "largest_value": "1000000"}),  # not billable
        ("source", {"channel": "trade_show"}),
        ("product", {"category": "free"}),
    ],
)
def test_facts_of_the_open_month_wait_for_a_second_person(
    story: Story, olga: User, subject: str, facts: dict[str, str]
) -> None:
    row: Model = getattr(story, subject)
    with nothing_moves(story):
        answer = press(olga, row, "change_facts", first_day=str(NOVEMBER_1), reason="It was always so", **facts)
        assert is_done(answer)
        assert the_request().asked_by == olga
        assert not is_done(decide(olga))
        press(olga, the_request(), "withdraw_request", confirmed="on")
        press(olga, row, "change_facts", first_day=str(NOVEMBER_1), reason="Once more", **facts)
        assert not is_done(decide(olga))


def test_a_fact_of_the_future_never_reaches_back_with_a_second_one_before_it(story: Story, olga: User) -> None:
    facts = {"unit": "sample", "largest_quantity": "100000", "largest_value": "1000000"}
    before = amounts(story)
    assert is_done(
        press(olga, story.kind, "change_facts", first_day=str(NEXT_MONTH), reason="", **facts)
    )  # not billable
    assert not ApprovalRequest.objects.exists()

    # Another unit from November 1 on is in force at once, and carries only itself.
    press(
        olga,
        story.kind,
        "change_facts",
        first_day=str(NOVEMBER_1),
        reason="",
        **facts | {"unit": "tile", "is_billable": "on"},
    )
    assert amounts(story) == before
    press(olga, story.kind, "change_facts", first_day=str(NOVEMBER_1), reason="Now all of it", **facts)

    assert amounts(story) == before
    assert the_request().is_waiting
    kind = ActionType.objects.get(pk=story.kind.pk)
    assert (kind.facts_on(TODAY).is_billable, kind.facts_on(NEXT_MONTH).is_billable) == (True, False)


def test_contract_budget_and_minimum_wait_for_finance(story: Story, olga: User, otto: User) -> None:
    with nothing_moves(story):
        for day in (NOVEMBER_1, NEXT_MONTH):
            for term in ({"monthly_budget": "0.01", "hard_budget": "on"}, {"contract_to": "2026-11-02"}):
                given = {"first_day": str(day), "reason": "Agreed by phone"} | term
                assert is_done(press(olga, story.customer, "change_commitments", **given))
                assert the_request().asked_by == olga
                assert not is_done(decide(olga))
                assert not is_done(decide(otto))  # operations, as she is


def test_exclusions_of_the_open_month_wait(story: Story, olga: User) -> None:
    given = {"first_day": str(NOVEMBER_1), "reason": "Ours", "excluded_domains": "studio.example"}
    with nothing_moves(story):
        assert is_done(press(olga, story.customer, "change_exclusions", **given))
        assert not is_done(decide(olga))


def test_what_is_finances_is_closed(story: Story, olga: User) -> None:
    evil = CompanyFactory.create()
    term = {"first_day": str(TODAY), "reason": "Mine"}
    with nothing_moves(story):
        for row, button, given in (
            (story.customer, "change_payment", {"seller": evil.pk, "billing_contacts": "me@evil.example"} | term),
            (story.customer, "change_invoice_details", {"legal_name": "Evil"} | term),
            (
                story.seller,
                "change_details",
                {"pay_to": "Bank of Evil", "address": "1", "email": "a@evil.example"} | term,
            ),
            (story.draft, "adjust", {"amount": "-5", "text": "Goodwill", "reason": "Mine"}),
            (story.draft, "approve", {}),
            (story.approved, "issue", {}),
            (story.approved, "send_back", {"reason": "Mine"}),
            (story.issued, "void", {"reason": "Mine"}),
            (story.issued, "ask_to_void", {"reason": "Mine"}),
            (story.issued, "send", {"to": "me@evil.example", "subject": "Invoice", "body": "Pay here"}),
            (story.draft, "reopen", {"reason": "Mine"}),
        ):
            assert press(olga, row, button, **given).status_code == 403, button
        assert client_of(olga).get(reverse("admin:leads_approvalthreshold_add")).status_code == 403


def test_a_customer_is_not_switched_off_while_it_owes(story: Story, olga: User) -> None:
    with nothing_moves(story):
        answer = save(olga, story.customer, name="Acme", code="ACME", is_active="", cycle="monthly")
        page = client_of(olga).get(answer["Location"]).content.decode()
    assert Customer.objects.get().is_active, page


def test_who_voids_is_told_by_name_to_everyone_and_the_approved_invoice_is_not_issued_over_it(
    story: Story, olga: User, fay: User
) -> None:
    actions = [story.action, Action.objects.filter(period=story.approved.period).earliest("pk")]
    for action in actions:
        assert is_done(press(olga, action, "void_action", reason="A favor for a friend"))

    assert deeds("action_voided") == [("action_voided", "olga", "A favor for a friend")] * 2
    assert "voided after drafting" in client_of(fay).get(page_of(story.approved)).content.decode()
    assert not is_done(press(fay, story.approved, "issue"))
    story.approved.refresh_from_db()
    assert story.approved.state == "approved"


def test_rules_customers_and_items_are_not_deleted(story: Story, olga: User) -> None:
    with nothing_moves(story):
        for row in (story.rule, story.customer, story.action, story.product, story.source):
            address = page_of(row).replace("/change/", "/delete/")
            assert client_of(olga).post(address, {"post": "yes"}).status_code == 403, row
    assert (Customer.objects.count(), QuarantinedItem.objects.count()) == (1, 0)
