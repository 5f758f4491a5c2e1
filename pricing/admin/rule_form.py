"""The form of a draft: what could not price anything is told in words, next to the field."""

from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet

from leads.admin.choices import currency_field
from pricing.models import PriceRule, PriceTier

GRADUATED = PriceRule.PriceModel.GRADUATED
PER_UNIT = PriceRule.PriceModel.PER_UNIT


class RuleForm(forms.ModelForm[PriceRule]):
    """A draft of a price rule."""

    currency = currency_field("Must be the customer's.")

    class Meta:
        model = PriceRule
        fields = (
            "name",
            "customer",
            "product",
            "category",
            "action_type",
            "source",
            "channel",
            "price_model",
            "currency",
            "unit_price",
            "effective_from",
            "effective_to",
            "priority",
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self._check_price(given)
        self._check_product(given)
        self._check_source(given)
        self._check_currency(given)
        start, end = given.get("effective_from"), given.get("effective_to")
        if start and end and end <= start:
            self.add_error("effective_to", "A rule ends after it begins.")
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # Left out like any field that is not in the form, `state` would be missing from the condition of the constraint
        # against overlaps, and Django fails on that.
        return super()._get_validation_exclusions() - {"state"}  # type: ignore[misc]  # django-stubs does not know it

    def _check_price(self, given: dict[str, Any]) -> None:
        _check_not_negative(self, "unit_price")
        if given.get("price_model") == PER_UNIT and given.get("unit_price") is None and "unit_price" not in self.errors:
            self.add_error("unit_price", "A per unit price needs a unit price; 0 is one.")
        if given.get("price_model") == GRADUATED:
            given["unit_price"] = None  # the field is hidden then, whatever is left in it

    def _check_product(self, given: dict[str, Any]) -> None:
        customer, product, category = given.get("customer"), given.get("product"), given.get("category")
        if product and customer and product.customer_id != customer.pk:
            self.add_error("product", f"{product} is no product of {customer}, but of {product.customer}.")
        if product and category and product.category != category:
            self.add_error(
                "category", f"{product} is in the category «{product.category}»: this rule would price nothing."
            )

    def _check_source(self, given: dict[str, Any]) -> None:
        source, channel = given.get("source"), given.get("channel")
        if source and channel and source.channel != channel:
            self.add_error(
                "channel",
                f"{source} is of the channel «{source.get_channel_display()}»: this rule would price nothing.",
            )

    def _check_currency(self, given: dict[str, Any]) -> None:
        product = given.get("product")
        customer = given.get("customer") or (product and product.customer)
        if customer and given.get("currency") and given["currency"] != customer.currency:
            self.add_error("currency", f"{customer} is billed in {customer.currency}: this rule would price nothing.")


class TierForm(forms.ModelForm[PriceTier]):
    """One tier."""

    class Meta:
        model = PriceTier
        fields = ("up_to", "unit_price", "flat_fee")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        _check_not_negative(self, "unit_price")
        _check_not_negative(self, "flat_fee")
        if given.get("up_to") is not None and given["up_to"] <= 0:
            self.add_error("up_to", "A tier ends after its first unit.")
        return given


def _check_not_negative(form: forms.ModelForm[Any], name: str) -> None:
    price = form.cleaned_data.get(name)
    if price is not None and price < 0:
        form.add_error(name, "A price is not negative.")


class TierFormSet(PaginationInlineFormSet):
    """The tiers of a graduated price, from the first unit on."""

    instance: PriceRule

    def clean(self) -> None:
        super().clean()
        forms_kept = [form for form in self.forms if _is_kept(form)]
        if any(form.errors for form in forms_kept):
            return
        if self.instance.price_model == GRADUATED:
            self._check_graduated(forms_kept)
        elif forms_kept:
            raise forms.ValidationError("A per unit price has no tiers: remove them, or choose graduated.")

    def _check_graduated(self, kept: list[forms.ModelForm[PriceTier]]) -> None:
        if not kept:
            raise forms.ValidationError("A graduated price needs tiers; the last one has no end.")
        last = None
        for form in kept[:-1]:
            end = form.cleaned_data.get("up_to")
            if end is None:
                form.add_error("up_to", "Only the last tier has no end.")
            elif last is not None and end <= last:
                form.add_error("up_to", f"Tiers ascend: this one must end after {last.normalize():f}.")
            last = end
        if kept[-1].cleaned_data.get("up_to") is not None:
            kept[-1].add_error("up_to", "The last tier has no end: leave this empty, or add another tier.")


def _is_kept(form: forms.ModelForm[PriceTier]) -> bool:
    """Filled in, and not to be removed."""
    is_filled = form.has_changed() or form.instance.pk is not None
    return is_filled and not getattr(form, "cleaned_data", {}).get("DELETE")
