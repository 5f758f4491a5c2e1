"""The buttons of a price rule: activate, revise from a day on, roll back, retire; each asks for confirmation."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.admin_kit.cells import link, page_of
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.fields import EACH_IN_ITS_ZONE, WallClockFormField
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from pricing.admin.rules.page import (
    activation_in_words,
    is_draft,
    may_be_changed,
    may_be_rolled_back,
    time_in_words,
)
from pricing.domain.rule_book.approval import check_may_retire, check_second_person
from pricing.domain.rule_book.rules import activate, copy_rule, retire, revise, roll_back
from pricing.domain.scope.effective import now_in, zones_of
from pricing.domain.scope.overlap import RulesOverlap
from pricing.domain.simulation.approvals import request_activation, request_retirement
from pricing.models import PriceRule

CHANGE = "pricing.change_pricerule"


class SaysWhy(forms.Form):
    """A form for a reason."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the rule's history. Required if the rule changes the price of past actions.",
    )


class Activation(SaysWhy):
    """What an activation may need in addition to the click."""

    override = forms.BooleanField(
        label="Activate although price checks fail",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Requires a reason. Both are kept in the history.",
    )


class ActivationRequest(Activation):
    """What a second person should know."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True
        self.fields["reason"].help_text = "The second person sees it, and it is kept in the rule's history."
        self.fields["override"].label = "Ask to activate although price checks fail"
        self.fields["override"].help_text = "The second person sees the failing checks."


class FromADay(forms.Form):
    """When the new revision starts."""

    since = WallClockFormField(label="From", help_text=EACH_IN_ITS_ZONE, autofocus=True)


class CopyForm(FromADay):
    """What the new rule is called, and when it starts."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    field_order = ("name", "since")


def copy_of(rule: PriceRule) -> dict[str, Any]:
    """Where a copy starts from."""
    return {"name": f"{rule.name} (copy)"[:200], **next_month(rule)}


def next_month(rule: PriceRule) -> dict[str, datetime]:
    """The first day on which a new price usually starts."""
    today = now_in(zones_of(rule), at=now()).date()
    return {"since": datetime.combine(Month.of_day(today).next().first, time.min)}


def _from(draft: PriceRule, since: datetime) -> str:
    """When the draft starts, and why that may not be the requested day."""
    words = f"from {time_in_words(draft)}"
    return words if draft.wall_from == since else f"{words}, because the rule it follows starts only then"


def _how_it_ends(rule: PriceRule) -> str:
    zones = zones_of(rule)
    when = "It ends now"
    if len(zones) > 1:
        end = in_words(now_in(zones, at=now()))
        when = f"It ends on {end} in each customer’s time zone, which for some customers is hours from now"
    return (
        f"{when}. Later actions are priced by the next matching rule, or stay unrated. Earlier actions"
        " keep their price, even if they arrive late."
    )


class Overlaps(Refused):
    """The refusal with links to the rules it is about."""

    code = RulesOverlap.code

    def __init__(self, refusal: RulesOverlap) -> None:
        super().__init__()
        links = format_html_join(", ", "{}", ((link(other),) for other in refusal.others))
        self.words = format_html("{} {}", str(refusal), links)

    def __str__(self) -> str:
        return self.words


def _check_second_person(rule: PriceRule, by: User) -> None:
    check_second_person(rule, by=by, at=now())


def _check_may_retire(rule: PriceRule, by: User) -> None:
    check_may_retire(rule, by=by, at=now())


def _approval_in_words(rule: PriceRule) -> str:
    return (
        f"{activation_in_words(rule)}\nA second person, who wrote no part of it, sees the change, its price checks and"
        " a simulation, and activates it or sends it back. If you edit the draft, you have to ask again."
    )


class RuleButtons:
    """What can be done with a rule besides editing its draft."""

    def _simulate_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        asked = urlencode({"drafts": object_id})
        return HttpResponseRedirect(f"{reverse('admin:pricing_simulation_new_simulation')}?{asked}")

    simulate_rule: Any = action(_simulate_rule, description="Simulate", icon="science", url_path="simulate")
    simulate_rule.needs = "pricing.add_simulation"
    simulate_rule.offered = is_draft

    @button(
        "Activate",
        permission=CHANGE,
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        offered=is_draft,
        guard=_check_second_person,
        asks=Dialog(title=lambda rule: f"Activate “{rule}” as saved?", says=activation_in_words, form=Activation),
    )
    def activate_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        try:
            activate(rule, by=person(request), at=now(), **answers)
        except RulesOverlap as refusal:
            raise Overlaps(refusal) from refusal
        return Done(
            f"“{rule}” is active. Open periods are rated again within seconds. Billed charges stay as they are."
        )

    @button(
        "Ask for approval",
        permission=CHANGE,
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        offered=is_draft,
        instead_of=_check_second_person,
        asks=Dialog(
            title=lambda rule: f"Ask for approval of “{rule}” as saved?",
            says=_approval_in_words,
            form=ActivationRequest,
        ),
    )
    def request_activation(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        try:
            request_activation(rule, by=person(request), at=now(), **answers)
        except RulesOverlap as refusal:
            raise Overlaps(refusal) from refusal
        return Done(REQUESTED)

    @button(
        "Revise",
        permission=CHANGE,
        icon="edit_calendar",
        variant=ActionVariant.PRIMARY,
        offered=may_be_changed,
        asks=Dialog(
            title=lambda rule: f"Revise “{rule}”?",
            says=(
                "A rule in force can't be edited. This creates a draft of a revision that replaces it from a day on."
                " Nothing changes until you activate the draft, and billed charges never change."
            ),
            submit="Create draft",
            form=FromADay,
            first=next_month,
        ),
    )
    def revise_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        draft = revise(rule, by=person(request), at=now(), since=answers["since"])
        message = (
            f"A draft copy of “{rule}”, {_from(draft, answers['since'])}. Change the price, save, then activate it."
        )
        return Done(message, page_of("pricing.pricerule", draft.pk), messages.INFO)

    @button(
        "Copy",
        permission="pricing.add_pricerule",
        icon="content_copy",
        asks=Dialog(
            title=lambda rule: f"Copy “{rule}”?",
            says="This creates a draft of a new rule with the same scope, price and limits. Change what differs, then save.",
            submit="Create draft",
            form=CopyForm,
            first=copy_of,
        ),
    )
    def copy_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        draft = copy_rule(rule, **answers, by=person(request))
        return Done(
            "A draft of a new rule. Change what differs, then save.",
            page_of("pricing.pricerule", draft.pk),
            messages.INFO,
        )

    @button(
        "Roll back to this revision",
        permission=CHANGE,
        icon="history",
        offered=may_be_rolled_back,
        asks=Dialog(
            title=lambda rule: f"Roll back to this revision of “{rule}”?",
            says="This creates a draft that copies this revision and follows the one in force. The history is kept.",
            submit="Create draft",
            form=FromADay,
            first=next_month,
        ),
    )
    def roll_back_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        draft = roll_back(rule, by=person(request), since=answers["since"])
        since = _from(draft, answers["since"])
        message = f"A draft with the terms of the earlier revision, {since}. Review it, then activate it."
        return Done(message, page_of("pricing.pricerule", draft.pk), messages.INFO)

    @button(
        "Retire",
        permission=CHANGE,
        icon="event_busy",
        offered=may_be_changed,
        guard=_check_may_retire,
        asks=Dialog(
            title=lambda rule: f"Retire “{rule}”?",
            says=_how_it_ends,
            form=SaysWhy,
            is_dangerous=True,
        ),
    )
    def retire_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        retired = retire(rule, by=person(request), at=now(), reason=answers["reason"])
        end = "" if retired.wall_to is None else in_words(retired.wall_to)
        return Done(f"“{rule}” is retired. It prices actions before {end}, in each customer’s time zone.")

    @button(
        "Ask to retire",
        permission=CHANGE,
        icon="event_busy",
        offered=may_be_changed,
        instead_of=_check_may_retire,
        asks=Dialog(
            title=lambda rule: f"Ask for approval to retire “{rule}”?",
            says="The rule ends when a second person approves. Until then, it stays in force.",
            form=WithReason,
        ),
    )
    def request_retirement(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        request_retirement(rule, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)
