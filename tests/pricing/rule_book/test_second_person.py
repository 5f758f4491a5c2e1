"""Who may put a price in force: no one who wrote a term of it, by whatever way round."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.approvals.people import AuthorApproves, NeedsApproval
from billing_engine.core.approvals.requests import ChangedSince, RequestWaits, approve, send_back
from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import ApprovalRequest, Deed
from pricing.domain.rule_book.approval import BackdatingNeedsASecondPerson, SecondPersonNeeded
from pricing.domain.rule_book.checks import PriceChecksFail
from pricing.domain.rule_book.drafting import save_draft
from pricing.domain.rule_book.rules import activate, retire, revise, roll_back
from pricing.domain.simulation.approvals import effect_of, request_activation, request_retirement
from pricing.domain.simulation.simulate import SIMULATIONS
from pricing.models import PriceRule, SimulatedCustomer
from tests.factories.leads import ActionTypeFactory, SourceFactory
from tests.factories.people import superuser, with_role
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory
from tests.invoices.made import a_price, an_open_period, received

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, tzinfo=UTC)
LATER = datetime(2026, 10, 21, tzinfo=UTC)
BACK, AHEAD = read("2026-10-01"), read("2026-12-01")


@pytest.fixture
def olga(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def otto(db: None) -> User:
    return with_role("Operations")


def _backdated(by: User, name: str = "Samples") -> PriceRule:
    """A draft that reprices October, of a rule in force."""
    a_price()
    received(an_open_period(), 2)
    draft = revise(PriceRule.objects.get(), by=by, at=NOW, since=BACK)
    draft.unit_price, draft.name = Decimal("0.01"), name
    return save_draft(draft, [], by=by)


def _states() -> list[tuple[Any, ...]]:
    return list(PriceRule.objects.order_by("pk").values_list("name", "state", "wall_to", "unit_price"))


def test_who_corrects_a_word_of_anothers_backdated_draft_does_not_set_its_author_free(olga: User, otto: User) -> None:
    draft = _backdated(olga)
    draft.name = "Samples."
    save_draft(draft, [], by=otto)
    before = _states()

    for author in (olga, otto):
        with pytest.raises(BackdatingNeedsASecondPerson):
            activate(draft, by=author, at=NOW, reason="Agreed")

    assert _states() == before
    assert activate(draft, by=with_role("Operations"), at=NOW, reason="Agreed").state == "active"


def test_superusers_do_not_activate_their_own_backdated_draft() -> None:
    boss = superuser()

    with pytest.raises(BackdatingNeedsASecondPerson):
        activate(_backdated(boss), by=boss, at=NOW, reason="Agreed")


def test_with_four_eyes_all_who_wrote_a_draft_are_refused(olga: User, otto: User, settings: LazySettings) -> None:
    settings.FOUR_EYES = True
    draft = revise(PriceRuleFactory.create(), by=olga, at=NOW, since=AHEAD)
    draft.priority = 3
    save_draft(draft, [], by=otto)

    for author in (olga, otto):
        with pytest.raises(SecondPersonNeeded):
            activate(draft, by=author, at=NOW)
    assert activate(draft, by=with_role("Operations"), at=NOW).state == "active"


def test_a_roll_back_puts_the_terms_of_another_in_force_and_both_are_its_authors(
    olga: User, otto: User, settings: LazySettings
) -> None:
    settings.FOUR_EYES = True
    third = with_role("Operations")
    first = activate(save_draft(_new(), [], by=olga), by=otto, at=NOW)
    second = revise(first, by=third, at=NOW, since=AHEAD)
    second.unit_price = Decimal(9)
    activate(save_draft(second, [], by=third), by=otto, at=NOW)

    draft = roll_back(first, by=otto, since=AHEAD)

    for author in (olga, otto):
        with pytest.raises(SecondPersonNeeded):
            activate(draft, by=author, at=NOW)
    assert activate(draft, by=third, at=NOW).state == "active"


def test_with_four_eyes_a_rule_is_retired_by_request_and_approval(
    olga: User, otto: User, settings: LazySettings
) -> None:
    settings.FOUR_EYES = True
    rule = PriceRuleFactory.create()
    before = _states()
    with pytest.raises(NeedsApproval):
        retire(rule, by=olga, at=NOW)
    request = request_retirement(rule, by=olga, at=NOW, reason="No longer sold")
    with pytest.raises(RequestWaits):
        retire(rule, by=otto, at=NOW)
    with pytest.raises(AuthorApproves):
        approve(request, by=olga, at=NOW)
    assert _states() == before

    approve(request, by=otto, at=LATER)

    rule.refresh_from_db()
    assert (rule.state, rule.retired_by) == ("retired", otto)


def test_a_failing_price_check_is_overridden_only_as_the_request_showed_it(
    olga: User, otto: User, settings: LazySettings
) -> None:
    settings.FOUR_EYES = True
    kind, _ = ActionTypeFactory.create(), SourceFactory.create()
    draft = save_draft(_new(unit_price=Decimal(1), action_type=kind, wall_from=BACK), [], by=olga)
    check = PriceCheckFactory.create(action_type=kind, name="A sample costs 2.50", expected=Decimal("2.50"))
    with pytest.raises(PriceChecksFail):
        request_activation(draft, by=olga, at=NOW, reason="Agreed")
    request = request_activation(draft, by=olga, at=NOW, reason="Agreed", override=True)
    assert [words for _, words in request.effect["failing_checks"]] == effect_of(request, NOW)["failing_checks"]
    assert "“A sample costs 2.50”" in effect_of(request, NOW)["failing_checks"][0]
    other = PriceCheckFactory.create(action_type=kind, customer=check.customer, product=check.product, expected=3)

    with pytest.raises(PriceChecksFail):
        approve(request, by=otto, at=LATER)
    other.delete()
    approve(request, by=otto, at=LATER)

    draft.refresh_from_db()
    assert (draft.state, draft.activated_by) == ("active", otto)


def test_a_request_shows_each_customers_amounts_by_simulation_now_and_then(olga: User, otto: User) -> None:
    draft = _backdated(olga)

    request = request_activation(draft, by=olga, at=NOW, reason="Agreed with the customer")
    for item in SimulatedCustomer.objects.unsettled():
        SIMULATIONS.work([item.pk], attempt=item.attempts, at=NOW)

    assert ("Price", "$2.50 each", "$0.01 each") in [tuple(each) for each in request.differences]
    [row] = effect_of(request, NOW)["customers"]
    assert (row["then"], row["difference"]) == ("$0.02", "+$0.02")
    approve(request, by=otto, at=LATER, reason="Checked")
    draft.refresh_from_db()
    assert (draft.state, draft.activated_by) == ("active", otto)
    last = Deed.objects.on(draft).first()
    assert last is not None
    assert (last.verb, last.person, last.reason) == ("price_rule_activated", otto, "Agreed with the customer")


def test_a_draft_that_is_edited_after_the_request_is_requested_again(olga: User, otto: User) -> None:
    draft = _backdated(olga)
    request = request_activation(draft, by=olga, at=NOW, reason="Agreed")
    draft.unit_price = Decimal("0.02")
    save_draft(draft, [], by=olga)
    before = _states()

    with pytest.raises(ChangedSince):
        approve(request, by=otto, at=LATER)

    assert _states() == before
    again = request_activation(draft, by=olga, at=NOW, reason="Agreed")
    approve(again, by=otto, at=LATER)
    request.refresh_from_db()
    assert request.state == "replaced"


def test_nobody_goes_past_a_request_that_waits(olga: User, otto: User) -> None:
    draft = _backdated(olga)
    request = request_activation(draft, by=olga, at=NOW, reason="Agreed")

    with pytest.raises(RequestWaits):
        activate(draft, by=otto, at=NOW, reason="Agreed")

    send_back(request, by=otto, at=NOW, words="Too low.")
    assert activate(draft, by=otto, at=NOW, reason="Agreed").state == "active"


def test_the_author_asks_on_the_rules_page_and_sees_there_what_became_of_it(olga: User, otto: User) -> None:
    draft = _backdated(olga)
    asker, second = Client(), Client()
    asker.force_login(olga)
    second.force_login(otto)
    page = reverse("admin:pricing_pricerule_change", args=[draft.pk])
    ask = reverse("admin:pricing_pricerule_request_activation", args=[draft.pk])
    offered = [person.get(page).context["go_live"] for person in (asker, second)]
    assert (offered, ApprovalRequest.objects.count()) == (["ask for approval", "activate"], 0)

    assert asker.post(ask, {"reason": "Agreed"}).status_code == 302

    request = ApprovalRequest.objects.get()
    inbox = reverse("admin:core_approvalrequest_change", args=[request.pk])
    assert "Waiting for approval" in asker.get(page).content.decode()
    assert "for your approval" in second.get(reverse("admin:index")).content.decode()
    assert "for your approval" not in asker.get(reverse("admin:index")).content.decode()
    assert "$0.01 each" in second.get(inbox).content.decode()

    sent = second.post(
        reverse("admin:core_approvalrequest_send_back_request", args=[request.pk]), {"words": "Not $0.01."}
    )

    assert sent.status_code == 302
    assert "Not $0.01." in asker.get(page).content.decode()


def _new(**facts: Any) -> PriceRule:
    return PriceRule(**{"name": "Samples", "wall_from": AHEAD, "currency": "USD", "unit_price": Decimal(2)} | facts)
