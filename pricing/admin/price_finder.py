"""The price finder: pick a product, an action type, a source and a day, and see every rule that could price it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from leads.models import ActionType, Product, Source
from pricing.admin.rules.page import state_in_words, time_in_words
from pricing.admin.rules.try_one import check_of, number_of_example
from pricing.domain.rule_book.example import Example, noon_of
from pricing.domain.rule_book.finder import NAMED, Found, find_rules
from pricing.domain.rule_wording import price_in_words
from pricing.models import Charge, PriceRule

VIEW, PAGE = "pricing.view_pricerule", "admin:pricing_price_finder"


def _picked(field: str) -> AutocompleteSelect:
    attributes = {"class": "unfold-admin-autocomplete admin-autocomplete", "data-theme": "admin-autocomplete"}
    return AutocompleteSelect(PriceRule._meta.get_field(field), admin.site, attrs=attributes)


class FinderForm(forms.Form):
    """What the address asks."""

    product = forms.ModelChoiceField(Product.objects.select_related("customer"))
    action_type = forms.ModelChoiceField(ActionType.objects.all())
    source = forms.ModelChoiceField(Source.objects.all())
    on = forms.DateField(label="Day", required=False, widget=UnfoldAdminTextInputWidget({"type": "date"}))
    quantity = number_of_example(label="Units")
    value = number_of_example()
    counted = number_of_example(label="Counted before in the period")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("product", "action_type", "source"):
            self.fields[name].widget = _picked(name)
            self.fields[name].widget.choices = self.fields[name].choices  # type: ignore[attr-defined]  # of a choice

    def example(self, at: datetime) -> Example:
        """The example that a valid form describes: at noon of its day, in the customer's time zone."""
        given = self.cleaned_data
        zone = given["product"].customer.zone
        return Example(
            product=given["product"],
            source=given["source"],
            action_type=given["action_type"],
            occurred_at=noon_of(given["on"], zone) if given["on"] else at,
            quantity=Decimal(1) if given["quantity"] is None else given["quantity"],
            value=given["value"],
            counted=given["counted"] or Decimal(0),
        )


@needs(VIEW)
def price_finder(request: HttpRequest) -> HttpResponse:
    """Show the rules that match, best first, the near misses, and the drafts that would win."""
    form = FinderForm(request.GET or None)
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Price finder", "form": form}
    if form.is_valid():
        example = form.example(now())
        page |= _shown(example, find_rules(example))
    return TemplateResponse(request, "pricing/price_finder.html", page)


def _shown(example: Example, found: Found) -> dict[str, Any]:
    priced, currency = found.priced, example.customer.currency
    scope = {
        "customer": example.customer.pk,
        "product": example.product.pk,
        "action_type": example.action_type.pk,
        "currency": currency,
    }
    return {
        "example": example,
        "amount": money.price_in_words(priced.amount, currency),
        "reason": Charge.Reason(priced.reason).label.lower() if priced.reason else "",
        "winner": priced.winner,
        "sentences": priced.sentences,
        "named": NAMED,
        "ranked": [{"row": each, **_told(each.rule)} for each in found.ranked],
        "near": [{"why": each.why, **_told(each.rule)} for each in found.near],
        "drafts": [
            {"amount": money.price_in_words(each.amount, currency), **_told(each.draft)} for each in found.drafts
        ],
        "new_rule": f"{reverse('admin:pricing_pricerule_add')}?{urlencode(scope)}",
        "keep": check_of(example, priced) if priced.winner and not priced.reason and not example.counted else "",
    }


def _told(rule: PriceRule) -> dict[str, Any]:
    state, _ = state_in_words(rule, at=now())
    return {"rule": rule, "price": price_in_words(rule), "since": time_in_words(rule), "state": state}


page_at("pricing/finder/", price_finder, name="pricing_price_finder")
in_menu("Prices", 14, Item("Price finder", "manage_search", PAGE, VIEW))
