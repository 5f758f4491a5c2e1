"""Change the price of the chosen rules: by how much and from when, the new price of each, then the drafts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.fields import EACH_IN_ITS_ZONE, WallClockFormField
from billing_engine.core.calendar.wall_clock import in_words
from pricing.admin.rules.buttons import next_month
from pricing.domain.rule_book.repricing import PriceChange, planned, reprice
from pricing.models import PriceRule

AT_ONCE = 500
PERCENT, AMOUNT = "percent", "amount"


class RepricingForm(forms.Form):
    """By how much prices change, and from when."""

    by = forms.DecimalField(
        label="Change by",
        max_digits=12,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget({"autofocus": True}),
        help_text="Such as 5, or -2.5 to lower prices.",
    )
    kind = forms.ChoiceField(
        label="Of",
        choices=[(PERCENT, "percent of each price and fee"), (AMOUNT, "in the rule’s currency, per unit or package")],
        widget=UnfoldAdminSelectWidget,
    )
    since = WallClockFormField(label="From", help_text=EACH_IN_ITS_ZONE)

    def clean_by(self) -> Any:
        if not self.cleaned_data["by"]:
            raise forms.ValidationError("Enter a number other than zero.")
        return self.cleaned_data["by"]

    @property
    def change(self) -> PriceChange:
        """What a valid form says."""
        return PriceChange(**{self.cleaned_data["kind"]: self.cleaned_data["by"]})


class Repricing:
    """The act on the chosen rules of the list."""

    admin_site: Any
    opts: Any

    @admin.action(description="Change prices", permissions=["import"])
    def reprice_selected(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> HttpResponse | None:
        rules = list(queryset.order_by("name", "pk")[: AT_ONCE + 1])
        if len(rules) > AT_ONCE:
            messages.error(request, f"Choose at most {AT_ONCE:,}.")
            return None
        form = RepricingForm(request.POST if "by" in request.POST else None, initial=next_month(PriceRule()))
        if form.is_valid() and "confirmed" in request.POST:
            return self._draft(request, rules, form)
        return self._asked(request, rules, form)

    def _draft(self, request: HttpRequest, rules: list[PriceRule], form: RepricingForm) -> HttpResponse:
        by, since, change = person(request), form.cleaned_data["since"], form.change
        drafts = list[PriceRule]()
        for_each(request, rules, lambda rule: drafts.append(reprice(rule, change, since=since, by=by)), done="Drafted")
        if not drafts:
            return HttpResponseRedirect(list_of("pricing.pricerule"))
        ids = ",".join(str(draft.pk) for draft in drafts)
        address = f"{reverse('admin:pricing_simulation_new_simulation')}?drafts={ids}"
        words = 'These drafts change nothing yet. <a class="text-link" href="{}">Simulate them</a>, or activate them.'
        messages.info(request, format_html(words, address))
        return HttpResponseRedirect(list_of("pricing.pricerule", id__in=ids))

    def _asked(self, request: HttpRequest, rules: list[PriceRule], form: RepricingForm) -> HttpResponse:
        plans = planned(rules, form.change) if form.is_valid() else []
        since = form.cleaned_data.get("since") if plans else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Change prices",
            "form": form,
            "rules": rules,
            "plans": plans,
            "will": sum(not each.refused for each in plans),
            "since": in_words(since) if since else "",
            "sent": [(name, value) for name, value in request.POST.items() if name.startswith(("by", "kind", "since"))],
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": list_of("pricing.pricerule"),
        }
        return render(request, "pricing/repricing.html", context)
