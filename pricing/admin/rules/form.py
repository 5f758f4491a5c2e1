"""The form of a draft; errors are shown next to their fields."""

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.faults import tell
from billing_engine.core.admin_kit.fields import (
    EACH_IN_ITS_ZONE,
    WallClockFormField,
    currency_field,
    offer_own_currency,
)
from billing_engine.core.money import currencies
from pricing.domain.rule_book.price_parts import NOTHING_IS_ZERO, PARTS, leave_out_what_says_nothing
from pricing.domain.rule_book.validate import NO_NUMBER, currency_of, rule_faults
from pricing.domain.rule_wording import named_after_scope
from pricing.models import PriceRule
from pricing.rating.prices import MODELS, models_with


def shown_for(part: str) -> str:
    """When the field is shown, as a condition for the page's script."""
    return " || ".join(f"price_model == '{model.code}'" for model in models_with(part))


def _meanings() -> SafeString:
    """One sentence per price model; the page shows that of the chosen one."""
    rows = ((f"price_model == '{model.code}'", model.meaning) for model in MODELS.values())
    return format_html_join("", '<span x-show="{}" x-cloak>{}</span>', rows)


def _name_open_choice(field: Any, words: str) -> None:
    if field is not None:
        field.choices = [("", words), *(each for each in field.choices if each[0])]


class RuleForm(forms.ModelForm[PriceRule]):
    """A draft of a price rule."""

    currency = currency_field("Empty: the customer’s.")
    category = forms.CharField(
        max_length=80,
        required=False,
        widget=UnfoldAdminTextInputWidget({"list": "categories", "autocomplete": "off", "placeholder": "Any"}),
        help_text="Suggested as you type.",
    )
    wall_from = WallClockFormField(label="From", help_text=EACH_IN_ITS_ZONE)
    wall_to = WallClockFormField(
        label="Until", required=False, help_text="First day (or time) that the rule no longer prices. Empty: no end."
    )

    class Meta:
        model = PriceRule
        fields = (
            "customer",
            "action_type",
            "product",
            "category",
            "source",
            "channel",
            "price_model",
            "currency",
            *PARTS,
            "once_per",
            "once_days",
            "highest_only",
            "cap_per_lead",
            "cap_per_period",
            "wall_from",
            "name",
            "wall_to",
            "priority",
        )
        help_texts = {
            "once_per": "Repeats within this many days are not charged.",
            "name": "Empty: made of who and what.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", *NOTHING_IS_ZERO):
            if name in self.fields:
                self.fields[name].required = False
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField):
                field.error_messages["invalid"] = NO_NUMBER
        if "currency" in self.fields:
            currency: Any = self.fields["currency"]
            currency.required, currency.initial = False, ""
            currency.choices = [("", "The customer’s"), *currencies()]
            offer_own_currency(self, self.instance.currency)
            currency.error_messages["invalid_choice"] = "%(value)s is not an ISO 4217 currency code, such as USD."
        for name, open_one in (("channel", "Any"), ("once_per", "Every time")):
            _name_open_choice(self.fields.get(name), open_one)
        if "price_model" in self.fields:
            self.fields["price_model"].help_text = _meanings()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        leave_out_what_says_nothing(given, self.errors)
        if not given.get("currency") and "currency" not in self.errors:
            given["currency"] = currency_of(given.get("customer"), given.get("product"))
        rule = _rule_of(given)
        if not given.get("name") and "name" not in self.errors:
            given["name"] = named_after_scope(rule)
        tell(self, rule_faults(rule))
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # If excluded like any field that is not on the form, `state` would be missing from the condition of the constraint
        # against overlaps, and Django fails on that.
        return super()._get_validation_exclusions() - {"state"}  # type: ignore[misc]  # django-stubs does not know it


def _rule_of(given: dict[str, Any]) -> PriceRule:
    """The rule, as far as the form could be read."""
    texts = ("category", "channel", "currency", "price_model", "once_per")
    return PriceRule(**given | {name: given.get(name) or "" for name in texts})
