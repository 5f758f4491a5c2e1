"""The form that selects a customer and a month."""

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.calendar.wording import span_in_words
from invoices.models import Invoice
from leads.models import BillingPeriod, Customer


class ActivityForm(forms.Form):
    """Shows the selection; the page reads the query string itself."""

    class Media(AutocompleteDropdownForm.Media):
        pass

    customer = forms.ModelChoiceField(Customer.objects.all())
    month = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, customer: Customer | None, month: str) -> None:
        super().__init__(initial={"customer": customer, "month": month})
        whose, when = self.fields["customer"], self.fields["month"]
        assert isinstance(whose, forms.ModelChoiceField)  # noqa: S101 -- tells mypy
        assert isinstance(when, forms.ChoiceField)  # noqa: S101 -- tells mypy
        # The widget of the list filters, which searches on the server, however many customers there are.
        relation = Invoice._meta.get_field("customer")
        whose.widget = AutocompleteSelect(relation, admin.site, attrs={"class": "unfold-filter-autocomplete"})
        whose.widget.choices = whose.choices
        when.choices = [("", "All months"), *_months(customer)]


def _months(customer: Customer | None) -> list[tuple[str, str]]:
    if customer is None:
        return []
    periods = BillingPeriod.objects.filter(customer=customer).order_by("-start_at")
    spans = periods.values_list("label", "start_at", "end_at")
    return [(label, span_in_words(start, end, customer.zone)) for label, start, end in spans]
