"""“Try one action”: the price of an example with the unsaved form."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import instant, link
from leads.models import ActionType, Product, Source
from pricing.admin.rules.page import is_draft
from pricing.domain.rule_book.example import (
    Example,
    NothingToPrice,
    Priced,
    Wanted,
    example_within,
    price_example,
    products_of,
)
from pricing.domain.rule_wording import price_in_words
from pricing.models import Charge, PriceRule

PRODUCTS_OFFERED = 300
NAME_AT_MOST = 48


class ProductField(forms.ModelChoiceField[Product]):
    """Products with names short enough for the box."""

    def label_from_instance(self, obj: Any) -> str:
        return Truncator(obj).chars(NAME_AT_MOST)


def number_of_example(**options: Any) -> forms.DecimalField:
    """A quantity or value of an example, at most what intake accepts."""
    widget = UnfoldAdminDecimalFieldWidget
    return forms.DecimalField(min_value=0, max_digits=18, decimal_places=6, required=False, widget=widget, **options)


class TryForm(forms.Form):
    """An example action; the rule's scope fills in what is left open."""

    product = ProductField(
        Product.objects.none(), required=False, empty_label="Any in scope", widget=UnfoldAdminSelectWidget
    )
    action_type = forms.ModelChoiceField(
        ActionType.objects.order_by("name"),
        required=False,
        empty_label="Any in scope",
        widget=UnfoldAdminSelectWidget,
    )
    source = forms.ModelChoiceField(
        Source.objects.order_by("name"), required=False, empty_label="Any in scope", widget=UnfoldAdminSelectWidget
    )
    occurred_on = forms.DateField(label="Day", required=False, widget=UnfoldAdminTextInputWidget({"type": "date"}))
    quantity = number_of_example(initial=1)
    value = number_of_example()
    counted = number_of_example(label="Counted before")

    def __init__(self, *, rule: PriceRule, data: Any = None) -> None:
        super().__init__(data=data, prefix="try")
        for each in self.fields.values():
            each.widget.attrs["form"] = "try"  # not part of the rule's form around it
        product = self.fields["product"]
        assert isinstance(product, forms.ModelChoiceField)  # noqa: S101 -- for mypy
        product.queryset = Product.objects.select_related("customer")
        if data is None:  # the list of choices is short, but any product is accepted
            offered = products_of(rule, day=now().date())[:PRODUCTS_OFFERED]
            product.queryset = product.queryset.filter(pk__in=[each.pk for each in offered]).order_by("sku", "pk")


def tried(request: HttpRequest, rule: PriceRule) -> dict[str, Any]:
    """The price of the example in the request by this rule and the others, or what is missing."""
    form = TryForm(data=request.POST, rule=rule)
    if not form.is_valid():
        return {"faults": [f"{name.capitalize()}: {joined(words)}" for name, words in form.errors.items()]}
    try:
        example = example_within(rule, Wanted(**form.cleaned_data), at=now())
    except NothingToPrice as refusal:
        return {"faults": [str(refusal)]}
    priced = price_example(example, draft=rule if is_draft(rule) else None)
    return _shown(rule, example, priced)


def check_of(example: Example, priced: Priced) -> str:
    """Return the address of a new price check’s form, filled with this expectation."""
    given: dict[str, str | int] = {
        "name": f"{example.action_type} of {example.product.sku} from {example.source}",
        "customer": example.customer.pk,
        "product": example.product.pk,
        "action_type": example.action_type.pk,
        "source": example.source.pk,
        "quantity": f"{example.quantity.normalize():f}",
        "expected": f"{priced.amount.normalize():f}",
    }
    if example.value is not None:
        given["value"] = f"{example.value.normalize():f}"
    return f"{reverse('admin:pricing_pricecheck_add')}?{urlencode(given)}"


def joined(words: Any) -> str:
    """The messages in one line."""
    return " ".join(map(str, words))


def _shown(rule: PriceRule, example: Example, priced: Priced) -> dict[str, Any]:
    wins = priced.winner is not None and priced.winner.pk == rule.pk
    winner = priced.winner
    return {
        "example": example,
        "at": instant(example.occurred_at, example.customer.zone),
        "amount": money.price_in_words(priced.amount, example.customer.currency),
        "reason": Charge.Reason(priced.reason).label.lower() if priced.reason else "",
        "wins": wins,
        "winner": winner,
        "outranked": priced.losers[0].rule if wins and is_draft(rule) and priced.losers else None,
        "winner_link": "" if winner is None or wins else link(winner),
        "winner_price": "" if winner is None else price_in_words(winner),
        "losers": [
            {"link": "this rule" if one.rule.pk == rule.pk else link(one.rule), "lost_on": one.lost_on}
            for one in priced.losers
        ],
        "sentences": priced.sentences,
        "keep": check_of(example, priced) if priced.winner and not priced.reason and not example.counted else "",
    }
