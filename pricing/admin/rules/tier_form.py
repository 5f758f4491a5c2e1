"""The form of a draft's tiers: they ascend, the last one has no end, and each has the rate its price model needs."""

from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet

from pricing.admin.rules.form import NO_NUMBER, check_not_negative
from pricing.domain.rule_book.rules import TIERED
from pricing.models import PriceRule, PriceTier

RATES = ("unit_price", "percent")
NEGATIVE = {
    "unit_price": "A price is not negative.",
    "percent": "A percent is not negative.",
    "flat_fee": "A fee is not negative.",
}
NEEDED = {
    "unit_price": "Each tier needs a unit price; 0 is one.",
    "percent": "Each tier needs a percent; 0 is one.",
}


def rate_of(price_model: str) -> str:
    """What the tiers of a price model have: a unit price, or a percent."""
    return "percent" if price_model == PriceRule.PriceModel.GRADUATED_PERCENTAGE else "unit_price"


class TierForm(forms.ModelForm[PriceTier]):
    """One tier."""

    class Meta:
        model = PriceTier
        fields = ("up_to", "unit_price", "percent", "flat_fee")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "flat_fee" in self.fields:
            self.fields["flat_fee"].required = False
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField):
                field.error_messages["invalid"] = NO_NUMBER

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        check_not_negative(self, NEGATIVE)
        if given.get("up_to") is not None and given["up_to"] <= 0:
            self.add_error("up_to", "A tier ends above zero.")
        if given.get("flat_fee") is None and "flat_fee" not in self.errors:
            given["flat_fee"] = 0
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # Which of the two a tier needs depends on its rule: the formset tells it, in words beside the field.
        return super()._get_validation_exclusions() | set(RATES)  # type: ignore[misc]  # django-stubs does not know it


class TierFormSet(PaginationInlineFormSet):
    """The tiers of a price, from the first unit or the first value on."""

    instance: PriceRule
    left_out = 0  # tiers that were there and are none of the price model's

    def clean(self) -> None:
        kept = [form for form in self.forms if _is_kept(form)]
        if self.instance.price_model not in TIERED:
            self._leave_out(kept)  # first of all: Django looks only once at what is to be deleted
            super().clean()
            return
        super().clean()
        rate = rate_of(self.instance.price_model)
        for form in kept:
            _check_rate(form, rate)
        if not any(form.errors for form in kept):
            self._check_ends(kept)

    def _leave_out(self, kept: list[forms.ModelForm[PriceTier]]) -> None:
        self.left_out = sum(form.instance.pk is not None for form in kept)
        for form in kept:
            form.errors.clear()
            form.cleaned_data["DELETE"] = True

    def _check_ends(self, kept: list[forms.ModelForm[PriceTier]]) -> None:
        if not kept:
            name = self.instance.get_price_model_display().lower()
            raise forms.ValidationError(f"A {name} price needs tiers; the last one has no end.")
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


def _check_rate(form: forms.ModelForm[PriceTier], rate: str) -> None:
    """The rate that is needed is there; the other one's column is hidden, and what is left in it goes."""
    (other,) = set(RATES) - {rate}
    form.errors.pop(other, None)
    form.cleaned_data[other] = None
    setattr(form.instance, other, None)
    if form.cleaned_data.get(rate) is None and rate not in form.errors:
        form.add_error(rate, NEEDED[rate])


def _is_kept(form: forms.ModelForm[PriceTier]) -> bool:
    """Filled in, and not to be removed."""
    is_filled = form.has_changed() or form.instance.pk is not None
    return is_filled and not getattr(form, "cleaned_data", {}).get("DELETE")
