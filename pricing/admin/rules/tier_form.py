"""The form of a draft's tiers; errors are shown next to their tiers."""

from decimal import InvalidOperation
from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet

from billing_engine.core.admin_kit.faults import tell
from billing_engine.core.errors import FieldFault
from pricing.domain.rule_book.price_parts import RATES, rate_of, tiers_of
from pricing.domain.rule_book.validate import NO_NUMBER, tier_faults, tiers_faults
from pricing.models import PriceRule, PriceTier
from pricing.rating.prices import MODELS, Field
from pricing.wording.tiers import WORDS


def tiered_models() -> dict[str, Field]:
    """The price models with tiers."""
    return {code: field for code in MODELS if (field := tiers_of(code))}


def script_table() -> dict[str, Any]:
    """What the page's script needs to know about tiers: the rate of each price model, and the messages."""
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

    def has_changed(self) -> bool:
        try:
            return super().has_changed()
        except InvalidOperation:
            return True  # "sNaN" can't be compared with anything; validation refuses it

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("flat_fee") is None and "flat_fee" not in self.errors:
            given["flat_fee"] = 0
        tell(self, tier_faults(tier_of(given)))
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # Which rate a tier needs depends on the rule, so the formset checks it and shows the message next to the field.
        return super()._get_validation_exclusions() | set(RATES)  # type: ignore[misc]  # django-stubs does not know it


class TierFormSet(PaginationInlineFormSet):
    """The tiers of a price, starting with the first unit or the first value."""

    instance: PriceRule
    left_out = 0  # the number of tiers removed because the price model has none

    def clean(self) -> None:
        kept = self.kept()
        if tiers_of(self.instance.price_model) is None:
            self._leave_out(kept)  # first of all: Django reads only once what is to be deleted
            super().clean()
            return
        super().clean()
        for form in kept:
            _leave_out_other_rate(form, rate_of(self.instance.price_model))
        faults = tiers_faults(self.instance, [tier_of(form.cleaned_data) for form in kept])
        for row, form in enumerate(kept):
            tell(form, [fault for fault in faults if fault.row == row])
        if whole := [fault for fault in faults if fault.row is None]:
            raise forms.ValidationError([_error(fault) for fault in whole])

    def kept(self) -> list[forms.ModelForm[PriceTier]]:
        """The forms that are filled in and not marked for deletion."""
        return [form for form in self.forms if _is_kept(form)]

    def tiers(self) -> list[PriceTier]:
        """The tiers of the price, once the forms are valid."""
        return [form.instance for form in self.kept()]

    @property
    def has_tiers_when(self) -> str:
        """When the chosen price model has tiers, as a condition for the page's script."""
        return f"{list(tiered_models())}.includes(price_model)"

    @property
    def columns_when(self) -> str:
        """Which rate the tiers of the chosen price model have, as a CSS class."""
        by_value = [code for code, field in tiered_models().items() if field.rate == "percent"]
        return f"{by_value}.includes(price_model) ? 'lb-by-value' : 'lb-by-unit'"

    def _leave_out(self, kept: list[forms.ModelForm[PriceTier]]) -> None:
        self.left_out = sum(form.instance.pk is not None for form in kept)
        for form in kept:
            form.errors.clear()
            form.cleaned_data["DELETE"] = True


def tier_of(given: dict[str, Any]) -> PriceTier:
    """The tier, as far as the form could be read."""
    return PriceTier(**{name: given.get(name) for name in ("up_to", *RATES, "flat_fee")})


def _error(fault: FieldFault) -> forms.ValidationError:
    return forms.ValidationError(fault.words, code=fault.code)


def _leave_out_other_rate(form: forms.ModelForm[PriceTier], rate: str) -> None:
    """The other rate's column is hidden, so its value is removed."""
    (other,) = set(RATES) - {rate}
    form.errors.pop(other, None)
    form.cleaned_data[other] = None
    setattr(form.instance, other, None)


def _is_kept(form: forms.ModelForm[PriceTier]) -> bool:
    """Filled in and not marked for deletion."""
    is_filled = form.has_changed() or form.instance.pk is not None
    return is_filled and not getattr(form, "cleaned_data", {}).get("DELETE")
