"""The form of a draft's tiers: they ascend, the last one has no end, and each has the rate its price model needs."""

from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet

from pricing.admin.rules.form import NO_NUMBER, check_not_negative
from pricing.domain.rate.inputs import maybe_micro
from pricing.models import PriceRule, PriceTier
from pricing.rating.prices import MODELS, Field
from pricing.rating.prices.tiers import tier_faults
from pricing.wording.tiers import WORDS, fault_in_words

RATES = ("unit_price", "percent")
NEGATIVE = {
    "unit_price": "A price is not negative.",
    "percent": "A percent is not negative.",
    "flat_fee": "A fee is not negative.",
}


def tiers_of(price_model: str) -> Field | None:
    """The tiers that a price of this model is made of, if any: their rate is a unit price, or a percent."""
    model = MODELS.get(price_model)
    return model.tiers_field() if model else None


def tiered_models() -> dict[str, Field]:
    """The price models with tiers."""
    return {code: field for code in MODELS if (field := tiers_of(code))}


def script_table() -> dict[str, Any]:
    """What the page's script must know of tiers: the rate of each price model's, and what to say of them."""
    return {
        "rates": {code: {"field": field.rate, "missing": field.missing} for code, field in tiered_models().items()},
        "words": {code.value: text for code, text in WORDS.items()},
    }


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
        field = tiers_of(self.instance.price_model)
        if field is None:
            self._leave_out(kept)  # first of all: Django looks only once at what is to be deleted
            super().clean()
            return
        super().clean()
        for form in kept:
            _check_rate(form, field)
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
        for fault in tier_faults([maybe_micro(form.cleaned_data.get("up_to")) for form in kept]):
            form = kept[fault.place]
            if "up_to" not in form.errors:
                form.add_error("up_to", fault_in_words(fault))

    @property
    def has_tiers_when(self) -> str:
        """Which chosen price model has tiers, as the page's script asks it."""
        return f"{list(tiered_models())}.includes(price_model)"

    @property
    def columns_when(self) -> str:
        """Which of the two rates a chosen price model's tiers have, as a class of the page."""
        by_value = [code for code, field in tiered_models().items() if field.rate == "percent"]
        return f"{by_value}.includes(price_model) ? 'lb-by-value' : 'lb-by-unit'"


def _check_rate(form: forms.ModelForm[PriceTier], field: Field) -> None:
    """The rate that is needed is there; the other one's column is hidden, and what is left in it goes."""
    rate = field.rate
    (other,) = set(RATES) - {rate}
    form.errors.pop(other, None)
    form.cleaned_data[other] = None
    setattr(form.instance, other, None)
    if form.cleaned_data.get(rate) is None and rate not in form.errors:
        form.add_error(rate, field.missing)


def _is_kept(form: forms.ModelForm[PriceTier]) -> bool:
    """Filled in, and not to be removed."""
    is_filled = form.has_changed() or form.instance.pk is not None
    return is_filled and not getattr(form, "cleaned_data", {}).get("DELETE")
