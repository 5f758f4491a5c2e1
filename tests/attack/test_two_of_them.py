"""Two people: one asks, the other approves. That is allowed and told; what they may still not do is the rest."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail

from billing_engine.core.models import ApprovalRequest, Deed
from invoices.models import Invoice
from leads.domain.terms.notices import NOTICES
from leads.models import Company, Customer, Notice
from pricing.models import PriceRule
from tests.attack.story import (
    NEXT_MONTH,
    NOVEMBER_1,
    NOW,
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
from tests.attack.test_finance_alone import EVIL, details, payment
from tests.attack.test_operations_alone import drafted
from tests.factories.leads import ActionFactory

pytestmark = pytest.mark.django_db
BUDGET = {"first_day": str(NOVEMBER_1), "reason": "Agreed by phone", "monthly_budget": "0.01", "hard_budget": "on"}


def test_operations_reprice_the_open_month_together_and_both_are_told_but_what_is_billed_stays(
    story: Story, olga: User, otto: User
) -> None:
    billed = list(Invoice.objects.order_by("pk").values_list("total", flat=True))
    rule = drafted(olga)
    press(olga, rule, "request_activation", reason="Agreed by phone", override="on")

    assert is_done(decide(otto, words="Seen"))

    assert amounts(story) == [Decimal("0.01")] * 3
    assert deeds("approval_asked", "price_rule_activated") == [
        ("approval_asked", "olga", "Agreed by phone"),
        ("price_rule_activated", "otto", "Agreed by phone"),
    ]
    assert list(Invoice.objects.order_by("pk").values_list("total", flat=True)) == billed


def test_operations_together_never_reach_what_finance_keeps(story: Story, olga: User, otto: User) -> None:
    with nothing_moves(story):
        for one, other in ((olga, otto), (otto, olga)):
            assert is_done(press(one, story.customer, "change_commitments", **BUDGET))
            assert not is_done(decide(other))
            assert press(one, story.seller, "change_details", **details(pay_to=EVIL)).status_code == 403
            assert press(one, story.draft, "approve").status_code == 403


def test_a_draft_that_is_edited_after_it_was_asked_for_is_asked_for_again(story: Story, olga: User, otto: User) -> None:
    rule = drafted(olga, unit_price="2.49")
    press(olga, rule, "request_activation", reason="One cent less", override="on")
    with nothing_moves(story):
        fields = {
            "name": "A favor",
            "price_model": "per_unit",
            "unit_price": "0.01",
            "currency": "USD",
            "priority": "9",
        }
        fields |= {"wall_from_0": "2026-11-01", "wall_from_1": "", "tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
        save(olga, rule, **fields)
        assert PriceRule.objects.get(pk=rule.pk).unit_price == Decimal("0.01")
        assert not is_done(decide(otto))


def test_who_corrects_a_word_of_a_draft_is_an_author_too(story: Story, olga: User, otto: User) -> None:
    rule = drafted(olga)
    fields = {
        "name": "A great favor",
        "price_model": "per_unit",
        "unit_price": "0.01",
        "currency": "USD",
        "priority": "9",
    }
    fields |= {"wall_from_0": "2026-11-01", "wall_from_1": "", "tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
    save(otto, rule, **fields)
    with nothing_moves(story):
        for person in (olga, otto):
            assert not is_done(press(person, rule, "activate_rule", reason="A favor", override="on"))


def test_finance_moves_the_account_together_and_the_customer_hears_of_it(story: Story, fay: User, frank: User) -> None:
    press(fay, story.seller, "change_details", **details(pay_to=EVIL))

    assert is_done(decide(frank))

    assert Company.objects.get(pk=story.seller.pk).details_on(TODAY).pay_to == EVIL
    for notice in Notice.objects.all():
        NOTICES.work(notice.pk, attempt=notice.attempts, at=NOW)
    assert [(letter.to, EVIL in letter.body) for letter in mail.outbox] == [(["old@acme.example"], True)]
    told = Deed.objects.get(verb="company_details_approved")
    assert (told.actor_name, told.before["pay_to"], told.after["pay_to"]) == ("frank", "Good Bank, account 1", EVIL)
    story.issued.refresh_from_db()
    assert "Good Bank" in str(story.issued.seller)


def test_finance_together_never_silences_the_notice_to_the_old_contacts(story: Story, fay: User, frank: User) -> None:
    press(fay, story.customer, "change_payment", **payment(story, billing_contacts="me@evil.example"))
    assert is_done(decide(frank))
    press(frank, story.seller, "change_details", **details(pay_to=EVIL))
    assert is_done(decide(fay))

    assert Notice.objects.earliest("pk").to == ["old@acme.example"]


def test_finance_together_never_reach_what_operations_keep(story: Story, fay: User, frank: User) -> None:
    with nothing_moves(story):
        for one, other in ((fay, frank), (frank, fay)):
            assert is_done(press(one, story.customer, "change_commitments", **BUDGET))
            assert not is_done(decide(other))
            assert press(one, story.rule, "retire_rule", reason="Mine").status_code == 403
            assert press(one, story.action, "void_action", reason="Mine").status_code == 403


def test_finance_together_void_and_approve_and_each_step_has_its_name(story: Story, fay: User, frank: User) -> None:
    press(fay, story.draft, "adjust", amount="-5.00", text="Goodwill", reason="A friend")
    press(fay, story.draft, "ask_to_approve", reason="A friend")
    assert is_done(decide(frank))
    press(fay, story.draft, "issue")
    assert not is_done(press(fay, story.draft, "void", reason="Mine"))
    press(fay, story.draft, "ask_to_void", reason="Wrong")
    assert is_done(decide(frank))

    story.draft.refresh_from_db()
    assert (story.draft.state, story.draft.number != "") == ("void", True)
    told = [
        (verb, who)
        for verb, who, _ in deeds("invoice_adjusted", "invoice_approved", "invoice_issued", "invoice_voided")
    ]
    assert told[-4:] == [
        ("invoice_adjusted", "fay"),
        ("invoice_approved", "frank"),
        ("invoice_issued", "fay"),
        ("invoice_voided", "frank"),
    ]


def test_operations_and_finance_agree_on_a_budget_together(story: Story, olga: User, fay: User) -> None:
    press(olga, story.customer, "change_commitments", **BUDGET)
    assert is_done(decide(fay))

    assert sum(amounts(story)) == Decimal("0.01")
    told = Deed.objects.get(verb="customer_terms_approved")
    assert (told.actor_name, told.reason, told.after["monthly_budget"]) == ("fay", "Agreed by phone", "0.01")


def test_one_person_with_both_roles_is_one_person(story: Story, olga: User, fay: User) -> None:
    olga.groups.add(Group.objects.get(name="Finance"))
    with nothing_moves(story):
        press(olga, story.customer, "change_commitments", **BUDGET)
        assert not is_done(decide(olga))
        press(olga, the_request(), "withdraw_request", confirmed="on")
        press(olga, story.seller, "change_details", **details(pay_to=EVIL))
        assert not is_done(decide(olga))
        press(olga, story.draft, "adjust", amount="-5.00", text="Goodwill", reason="A friend")
        assert not is_done(press(olga, story.draft, "approve"))
        line = story.draft.lines.get(kind="adjustment")
        assert is_done(press(fay, story.draft, "withdraw", line=line.pk))


@pytest.mark.parametrize("how", ["left the role", "deactivated", "viewer now"])
def test_who_lost_the_role_no_longer_approves(story: Story, olga: User, fay: User, how: str) -> None:
    press(olga, story.customer, "change_commitments", **BUDGET)
    if how == "deactivated":
        fay.is_active = False
        fay.save()
    fay.groups.clear()
    if how == "viewer now":
        fay.groups.add(Group.objects.get(name="Viewer"))
    with nothing_moves(story):
        assert not is_done(decide(fay)) or ApprovalRequest.objects.get().state != "approved"


def test_who_lost_the_role_after_asking_has_no_say_in_what_both_agree_on(story: Story, olga: User, fay: User) -> None:
    press(olga, story.customer, "change_commitments", **BUDGET)
    olga.groups.clear()
    with nothing_moves(story):
        assert not is_done(decide(fay))


def test_terms_that_changed_under_a_request_are_asked_for_again(story: Story, olga: User, fay: User) -> None:
    """The second person would agree to another difference than the one that was shown."""
    press(olga, story.customer, "change_commitments", first_day=str(NEXT_MONTH), reason="Up", monthly_budget="900")
    first = the_request()
    press(olga, story.customer, "change_commitments", first_day=str(NEXT_MONTH), reason="Up", monthly_budget="1000")
    assert is_done(decide(fay))
    with nothing_moves(story):
        assert first.differences == [["Monthly budget", "none", "$900.00"]]
        assert not is_done(press(fay, first, "approve_request", words=""))
    assert is_done(press(fay, first, "send_back_request", words="It is 1,000 by now."))


def test_an_approver_sees_what_it_does_now_and_not_what_it_did_when_it_was_asked(
    story: Story, olga: User, fay: User
) -> None:
    """Asked while the month was nearly empty, decided when it is full."""
    press(olga, story.customer, "change_commitments", **BUDGET)
    page = client_of(fay).get(page_of(the_request())).content.decode()
    assert "$7.50" in page
    raise_amount(story)

    page = client_of(fay).get(page_of(the_request())).content.decode()

    assert ("$10.00" in page, "$7.50" in page) == (True, False)
    assert is_done(decide(fay))
    told = Deed.objects.get(verb="customer_terms_approved")
    assert [*told.before["amounts"].values(), *told.after["amounts"].values()] == ["$10.00", "$0.01"]


def raise_amount(story: Story) -> None:
    """One more sample order arrives."""
    ActionFactory.create(lead=story.action.lead, period=story.month, quantity=1, occurred_at=story.action.occurred_at)
    amounts(story)


def test_a_customer_is_not_changed_by_a_page_that_somebody_else_left_open(story: Story, olga: User) -> None:
    stale = {"first_day": str(NOVEMBER_1), "reason": "Old page", "monthly_budget": "0.01", "seen": "0" * 16}
    with nothing_moves(story):
        assert not is_done(
            client_of(olga).post(page_of(story.customer).replace("change/", "change_commitments/"), stale)
        )
    assert Customer.objects.get().terms.count() == 1
