"""The form of a draft: what could not price anything is told in words, next to the field."""

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.fields import currency_field, offer_own_currency
from billing_engine.core.admin_kit.wall_clock_field import EACH_IN_ITS_ZONE, WallClockFormField
from billing_engine.core.money import currencies
from leads.models import Customer
from pricing.domain.rate.inputs import micro
from pricing.domain.rule_book.fit import contradictions
from pricing.models import PriceRule
from pricing.rating.highest import highest_only_misfit
from pricing.rating.prices import MODELS, Given, Kind, Price, amount_fields, models_with
from pricing.wording.statement import words

# The columns of every price model; a form shows those of the chosen one.
PARTS = tuple(each.name for each in amount_fields())
# Parts that are a number even where nobody wrote one.
NOTHING_IS_ZERO = tuple(each.name for each in amount_fields() if not (each.is_required or each.may_be_open))
NEGATIVE = {"cap_per_lead": "A limit is not negative.", "cap_per_period": "A limit is not negative."}
DAYS_AT_MOST = 3_650
NO_NUMBER = "Write a number such as 18.50: with a point before the decimals, and without other separators."


def shown_for(part: str) -> str:
    """When the field is there, as the page's script asks it."""
    return " || ".join(f"price_model == '{model.code}'" for model in models_with(part))


def _meanings() -> SafeString:
    """One sentence per price model, of which the page shows the chosen one's."""
    rows = ((f"price_model == '{model.code}'", model.meaning) for model in MODELS.values())
    return format_html_join("", '<span x-show="{}" x-cloak>{}</span>', rows)


class RuleForm(forms.ModelForm[PriceRule]):
    """A draft of a price rule."""

    currency = currency_field("The customer's, if you choose none.")
    category = forms.CharField(
        max_length=80,
        required=False,
        widget=UnfoldAdminTextInputWidget({"list": "categories", "autocomplete": "off"}),
        help_text="Of products. Those there are already are offered as you type.",
    )
    wall_from = WallClockFormField(label="From", help_text=EACH_IN_ITS_ZONE)
    wall_to = WallClockFormField(
        label="Until", required=False, help_text="The first day, or time, that it no longer prices. Empty: no end."
    )

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
            *PARTS,
            "once_per",
            "once_days",
            "highest_only",
            "cap_per_lead",
            "cap_per_period",
            "wall_from",
            "wall_to",
            "priority",
        )
        help_texts = {
            "once_per": "What comes again within so many days is not charged.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NOTHING_IS_ZERO:
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
            currency.error_messages["invalid_choice"] = "%(value)s is no currency code of ISO 4217, such as USD."
        if "price_model" in self.fields:
            self.fields["price_model"].help_text = _meanings()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self._leave_out_what_is_hidden(given)
        self._check_price(given)
        self._check_once(given)
        self._check_highest_only(given)
        self._choose_currency(given)
        for misfit in contradictions(_rule_of(given)):
            self.add_error(misfit.field, misfit.words)
        start, end = given.get("wall_from"), given.get("wall_to")
        if start and end and end <= start:
            self.add_error("wall_to", "A rule ends after it begins.")
        return given

    def _get_validation_exclusions(self) -> set[str]:
        # Left out like any field that is not in the form, `state` would be missing from the condition of the constraint
        # against overlaps, and Django fails on that.
        return super()._get_validation_exclusions() - {"state"}  # type: ignore[misc]  # django-stubs does not know it

    def _leave_out_what_is_hidden(self, given: dict[str, Any]) -> None:
        """The fields of other price models, whatever is left in them; and days without "once"."""
        model = MODELS.get(given.get("price_model", ""))
        asked = {each.name for each in model.fields} if model else set(PARTS)
        hidden = [part for part in PARTS if part not in asked]
        if not given.get("once_per"):
            hidden.append("once_days")
        for name in hidden:
            self.errors.pop(name, None)
            given[name] = None
        for name in NOTHING_IS_ZERO:
            if name not in self.errors and given.get(name) is None:
                given[name] = 0

    def _check_price(self, given: dict[str, Any]) -> None:
        check_not_negative(self, NEGATIVE)
        model = MODELS.get(given.get("price_model", ""))
        for fault in model.faults(_given(model, given)) if model else ():
            if fault.field not in self.errors:
                self.add_error(fault.field, words(fault.statement, given.get("currency") or ""))

    def _check_once(self, given: dict[str, Any]) -> None:
        days = given.get("once_days")
        if "once_days" in self.errors or not given.get("once_per"):
            return
        if not days:
            self.add_error("once_days", "Within how many days? At least 1.")
        elif days > DAYS_AT_MOST:
            self.add_error("once_days", f"At most {DAYS_AT_MOST:,} days, ten years.")

    def _check_highest_only(self, given: dict[str, Any]) -> None:
        if not given.get("highest_only") or "price_model" not in given:
            return
        model = MODELS[given["price_model"]]
        free = (given.get(each.name) for each in model.fields if each.is_allowance)
        if misfit := highest_only_misfit(model, *free):
            self.add_error("highest_only", misfit)

    def _choose_currency(self, given: dict[str, Any]) -> None:
        """Where none was chosen it is the customer's; for all customers it must be said, unless they have one alone."""
        if given.get("currency") or "currency" in self.errors:
            return
        product = given.get("product")
        customer = given.get("customer") or (product and product.customer)
        found = {customer.currency} if customer else set(Customer.objects.values_list("currency", flat=True).distinct())
        if len(found) == 1:
            (given["currency"],) = found
        else:
            self.add_error("currency", "In which currency? This rule is for the customers of one.")


def _rule_of(given: dict[str, Any]) -> PriceRule:
    """As much of the scope as was understood."""
    named = {name: given.get(name) for name in ("customer", "product", "source")}
    written = {name: given.get(name) or "" for name in ("category", "channel", "currency")}
    return PriceRule(**named, **written)


def _given(model: type[Price], given: dict[str, Any]) -> Given:
    """What was understood of the price."""
    amounts = {
        each.name: number if number is None or each.kind is Kind.ACTIONS else micro(number)
        for each in model.fields
        if not each.kind.is_tiers
        for number in [given.get(each.name)]
    }
    return Given(amounts)


def check_not_negative(form: forms.ModelForm[Any], words: dict[str, str]) -> None:
    """Where the number of a field is below zero, these are the words beside it."""
    for name, message in words.items():
        number = form.cleaned_data.get(name)
        if number is not None and number < 0:
            form.add_error(name, message)
