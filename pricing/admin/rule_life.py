"""The buttons of a price rule: activated, revised from a day on, rolled back, retired; each asks first."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.errors import Refused
from billing_engine.core.spans import Month
from leads.admin.buttons import Dialog, Done, button, person
from leads.admin.shown import link, page_of
from pricing.admin.rule_words import activation_in_words, is_active, is_draft, may_be_rolled_back, zone_of
from pricing.domain.rules import RulesOverlap, activate, retire, revise, roll_back
from pricing.models import PriceRule

CHANGE = "pricing.change_pricerule"


class SaysWhy(forms.Form):
    """A reason, where one is needed."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Stays in the rule's history. Needed where the rule changes the price of what has occurred.",
    )


class Activation(SaysWhy):
    """What an activation may need beyond the click."""

    override = forms.BooleanField(
        label="Although price checks fail",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="With a reason; both stay in the history.",
    )


class FromADay(forms.Form):
    """When the new revision begins."""

    since = forms.DateField(
        label="From",
        widget=UnfoldAdminTextInputWidget({"type": "date", "autofocus": True}),
        help_text="It begins at midnight of this day, where the customer is.",
    )


def next_month(rule: PriceRule) -> dict[str, date]:
    """The first day that a new price usually begins on."""
    month = Month.containing(now(), zone_of(rule)).next()
    return {"since": date(month.year, month.month, 1)}


def midnight(rule: PriceRule, day: date) -> datetime:
    """The beginning of the day in the rule's zone."""
    return datetime.combine(day, time.min, tzinfo=zone_of(rule))


class Overlaps(Refused):
    """The refusal with links to the rules it is about."""

    code = RulesOverlap.code

    def __init__(self, refusal: RulesOverlap) -> None:
        super().__init__()
        links = format_html_join(", ", "{}", ((link(other),) for other in refusal.others))
        self.words = format_html("{} {}", str(refusal), links)

    def __str__(self) -> str:
        return self.words


class RuleButtons:
    """What may be done to a rule beyond editing its draft."""

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
        asks=Dialog(
            title=lambda rule: f"Activate «{rule}», as it is saved?", says=activation_in_words, form=Activation
        ),
    )
    def activate_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        try:
            activate(rule, by=person(request), at=now(), **answers)
        except RulesOverlap as refusal:
            raise Overlaps(refusal) from refusal
        return Done(f"«{rule}» is active. Open periods are rated anew within seconds; what is billed stays.")

    @button(
        "Revise",
        permission=CHANGE,
        icon="edit_calendar",
        variant=ActionVariant.PRIMARY,
        offered=is_active,
        asks=Dialog(
            title=lambda rule: f"Revise «{rule}»?",
            says=(
                "A rule in force is never edited: this makes a revision that follows it from a day on. A draft opens for"
                " you to change; until it is activated nothing changes, and what is billed never does."
            ),
            submit="Make a draft",
            form=FromADay,
            first=next_month,
        ),
    )
    def revise_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        since = midnight(rule, answers["since"])
        draft = revise(rule, by=person(request), at=now(), since=since)
        message = f"A draft copy of «{rule}», from {since:%Y-%m-%d} on. Change the price, save, then activate it."
        return Done(message, page_of("pricing.pricerule", draft.pk), messages.INFO)

    @button(
        "Roll back to this",
        permission=CHANGE,
        icon="history",
        offered=may_be_rolled_back,
        asks=Dialog(
            title=lambda rule: f"Roll back to this revision of «{rule}»?",
            says="A draft opens that copies this revision, to follow the one in force. Nothing of the history is lost.",
            submit="Make a draft",
            form=FromADay,
            first=next_month,
        ),
    )
    def roll_back_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        since = midnight(rule, answers["since"])
        draft = roll_back(rule, by=person(request), at=now(), since=since)
        message = (
            f"A draft with the terms of the earlier revision, from {since:%Y-%m-%d} on. Look at it, then activate it."
        )
        return Done(message, page_of("pricing.pricerule", draft.pk), messages.INFO)

    @button(
        "Retire",
        permission=CHANGE,
        icon="event_busy",
        offered=is_active,
        asks=Dialog(
            title=lambda rule: f"Retire «{rule}»?",
            says=(
                "It ends now: what occurs from now on is priced by the next rule that matches, or waits as unrated."
                " What occurred before keeps its price, however late it arrives."
            ),
            form=SaysWhy,
            is_dangerous=True,
        ),
    )
    def retire_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        retire(rule, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"«{rule}» is retired.")
