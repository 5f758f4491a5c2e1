"""What follows the saving of a draft: its simulation on last month, or its activation or the request for it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import is_left_out, person, why_not
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.errors import Refused
from pricing.domain.simulation.simulate import start
from pricing.models import PriceRule

START = "pricing.add_simulation"
GO_LIVE = ("activate_rule", "request_activation")
SHOWN_NEXT = frozenset({"_continue", "_simulate", "_go_live"})  # buttons that lead to a page with the warnings
BELOW = (*GO_LIVE, "_simulate_rule")


def last_month(at: datetime) -> Month:
    """The month that a price is usually tried on."""
    return Month.of_day(at.date()).previous()


class NextStep:
    """The buttons below the form of a draft; each saves it first."""

    activate_rule: Any

    def footer(self, request: HttpRequest, rule: PriceRule | None) -> dict[str, Any]:
        """What the buttons say."""
        month = last_month(now())
        step = self._go_live(request, rule) if rule else ""
        refused = why_not(getattr(self, step), rule, person(request)) if rule and step else ""
        return {
            "refused": refused,
            "last_month": named_in_words(month.first, month.last),
            "go_live": getattr(self, step).dialog["title"].lower() if step else "",
            "delete_address": reverse("admin:pricing_pricerule_delete", args=[rule.pk]) if rule else "",
        }

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Without the buttons that would act on the draft as last saved, beside a form with other values."""
        found: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # a mixin of pages
        if not request.user.has_perm(self.activate_rule.needs):
            return found
        return [each for each in found if each.method.__name__ not in BELOW]

    def response_add(self, request: HttpRequest, obj: PriceRule, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._next(request, obj) or super().response_add(request, obj, *args, **kwargs)  # type: ignore[misc]  # a mixin of pages

    def response_change(self, request: HttpRequest, obj: PriceRule) -> HttpResponse:
        return self._next(request, obj) or super().response_change(request, obj)  # type: ignore[misc]  # a mixin of pages

    def _next(self, request: HttpRequest, rule: PriceRule) -> HttpResponse | None:
        if "_simulate" in request.POST and request.user.has_perm(START):
            return self._simulated(request, rule)
        if "_go_live" in request.POST and (step := self._go_live(request, rule)):
            return HttpResponseRedirect(reverse(f"admin:pricing_pricerule_{step}", args=[rule.pk]))
        return None

    @staticmethod
    def _simulated(request: HttpRequest, rule: PriceRule) -> HttpResponse:
        """Start at once; what can't start is asked about in the form of simulations."""
        try:
            simulation = start([rule], months=[str(last_month(now()))], by=person(request), at=now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            form = reverse("admin:pricing_simulation_new_simulation")
            return HttpResponseRedirect(f"{form}?{urlencode({'drafts': rule.pk})}")
        return HttpResponseRedirect(address_of(simulation))

    def _go_live(self, request: HttpRequest, rule: PriceRule) -> str:
        """The button of the page that this user has: activate, or ask for it."""
        by = person(request)
        methods = [(name, getattr(self, name)) for name in GO_LIVE]
        offered = [name for name, each in methods if request.user.has_perm(each.needs)]
        return next((name for name in offered if not is_left_out(getattr(self, name), rule, by)), "")
