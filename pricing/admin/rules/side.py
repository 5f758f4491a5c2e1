"""Beside the form of a rule: what it says and costs as typed, an example, and what activating it would change."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.forms import inlineformset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from pricing.admin.checks import shown_results
from pricing.admin.rules.page import is_draft, sentence_of, warning_with_links
from pricing.admin.rules.tier_form import TierForm, TierFormSet
from pricing.admin.rules.try_one import TryForm, joined, tried
from pricing.domain.cost_table import VALUE, Cost, costs_of
from pricing.domain.rate.inputs import model_of
from pricing.domain.rule_book.checks import checks_with
from pricing.domain.rule_book.drafts import with_tiers
from pricing.domain.rule_book.warnings import warnings_for
from pricing.domain.scope.effective import now_in, zones_of
from pricing.models import PriceRule, PriceTier

TierForms: Any = inlineformset_factory(PriceRule, PriceTier, form=TierForm, formset=TierFormSet)


def price_view(model_admin: Any, request: HttpRequest, object_id: int | None) -> HttpResponse:
    """The rule's sentence, its costs and the example's price as an HTML fragment; or what is still missing."""
    rule, faults = _rule_of(model_admin, request, object_id)
    shown: dict[str, Any] = {"faults": faults}
    if not faults:
        shown = tried(request, rule)
        shown |= _said(rule, replaced=_replaced(rule) or shown.get("outranked"))
    return _fragment(request, "pricing/side_price.html", shown)


def weigh_view(model_admin: Any, request: HttpRequest, object_id: int | None) -> HttpResponse:
    """The warnings and price checks of the draft as typed, as an HTML fragment."""
    rule, faults = _rule_of(model_admin, request, object_id)
    return _fragment(request, "pricing/weighed.html", {} if faults or not is_draft(rule) else weighed(rule))


def editor(rule: PriceRule | None, *, is_edited: bool) -> dict[str, Any]:
    """What the page of a rule shows beside the form, and the days that a price usually starts on."""
    suffix, key = ("", [rule.pk]) if rule else ("_new", [])
    shown = {
        "is_edited": is_edited,
        "is_draft": rule is None or is_draft(rule),
        "try_form": TryForm(rule=rule or PriceRule()),
        "try_address": reverse(f"admin:pricing_pricerule_try{suffix}", args=key),
        "weigh_address": reverse(f"admin:pricing_pricerule_weigh{suffix}", args=key),
    }
    month = Month.of_day(now_in(zones_of(rule or PriceRule()), at=now()).date())
    days = (("Next month", month.next().first), ("This month", month.first))
    shown["days"] = [{"name": name, "day": each.isoformat(), "words": day_in_words(each)} for name, each in days]
    return shown | (weighed(rule) if rule and is_draft(rule) else {})


def weighed(draft: PriceRule) -> dict[str, Any]:
    """The warnings of a draft, the checks that it breaks or keeps, and those that fail anyway."""
    results = checks_with(draft, at=now())
    return {
        "is_weighed": True,
        "warnings": [warning_with_links(each) for each in warnings_for(draft, at=now())],
        "checks": shown_results([each for each in results if each.holds or each.is_broken]),
        "holding": sum(each.holds for each in results),
        "broken": shown_results([each for each in results if each.is_broken]),
        "failed_before": shown_results([each for each in results if each.failed_before and not each.holds]),
    }


def _replaced(rule: PriceRule) -> PriceRule | None:
    """What a draft revises, if both can be compared."""
    revised = rule.revises if is_draft(rule) else None
    return revised if revised and revised.currency == rule.currency else None


def _said(rule: PriceRule, *, replaced: PriceRule | None) -> dict[str, Any]:
    said = {"is_draft": is_draft(rule), "said": sentence_of(rule)}

    try:
        costs = costs_of(rule, replaced=replaced)
    except ValueError:  # a stored rule that became invalid is still shown
        return said
    return said | {
        "replaced": replaced,
        "value": money.price_in_words(Decimal(VALUE), rule.currency) if model_of(rule).is_of_value else "",
        "costs": [_row(cost, rule.currency) for cost in costs],
    }


def _row(cost: Cost, currency: str) -> dict[str, Any]:
    row = {"units": cost.units, "amount": money.price_in_words(cost.amount, currency)}
    if cost.before is None:
        return row
    difference = money.difference_in_words(cost.amount - cost.before, currency)
    return row | {"before": money.price_in_words(cost.before, currency), "difference": difference}


def _fragment(request: HttpRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    response = render(request, template, shown)
    response["Cache-Control"] = "no-store"
    return response


def _rule_of(model_admin: Any, request: HttpRequest, object_id: int | None) -> tuple[PriceRule, list[str]]:
    """The rule as it is in the form, and what is not valid yet."""
    if request.method != "POST":
        raise PermissionDenied
    stored = get_object_or_404(PriceRule, pk=object_id) if object_id else None
    if stored is not None and not (is_draft(stored) and "price_model" in request.POST):
        return stored, []
    form = model_admin.get_form(request, stored, change=stored is not None)(data=request.POST, instance=stored)
    is_valid = form.is_valid()
    rule = form.instance
    tiers = TierForms(data=request.POST, instance=rule, prefix="tiers")
    if not (tiers.is_valid() and is_valid):
        return rule, list(_faults(form, tiers))
    return with_tiers(rule, tiers.tiers()), []


def _faults(form: forms.BaseForm, tiers: Any) -> Iterator[str]:
    for name, words in form.errors.items():
        label = form.fields[name].label or name.replace("_", " ").capitalize() if name in form.fields else ""
        yield f"{label}: {joined(words)}" if label else joined(words)
    yield from map(str, tiers.non_form_errors())
    for number, each in enumerate(tiers.forms, start=1):
        for words in each.errors.values():
            yield f"Tier {number}: {joined(words)}"
