"""What a person wants to hear of: each kind by email, only in the list, or not at all; and single customers or sources."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from leads.models import Customer, Source
from reports.domain.alerts.kinds import Rule, seen_kinds
from reports.domain.alerts.subscriptions import BY_EMAIL, CHOICES, OFF, ON_PAGE, choose_kinds, choose_one, leave
from reports.models import Alert, AlertSubscription

PAGE = "admin:reports_alert_settings"
PERMISSION = "reports.view_alert"


class KindsForm(forms.Form):
    """One choice for each kind that the person may see."""

    def __init__(self, rules: list[Rule], chosen: dict[str, str], data: Any = None) -> None:
        super().__init__(data=data)
        for rule in rules:
            self.fields[rule.kind.value] = forms.ChoiceField(
                label=rule.kind.label,
                help_text=rule.words,
                choices=list(CHOICES.items()),
                initial=chosen.get(rule.kind, OFF),
                widget=forms.RadioSelect,
            )


class OneForm(forms.Form):
    """One kind of alert of one customer or source."""

    class Media(AutocompleteDropdownForm.Media):
        pass

    kind = forms.ChoiceField(label="Alert")
    customer = forms.ModelChoiceField(Customer.objects.all(), required=False)
    source = forms.ModelChoiceField(Source.objects.all(), required=False)
    by_email = forms.BooleanField(label="By email", required=False, initial=True)

    def __init__(self, rules: list[Rule], data: Any = None) -> None:
        super().__init__(data=data)
        kinds = self.fields["kind"]
        assert isinstance(kinds, forms.ChoiceField)  # noqa: S101 -- tells mypy
        kinds.choices = [(rule.kind.value, rule.kind.label) for rule in rules]
        for name in ("customer", "source"):
            whose = self.fields[name]
            assert isinstance(whose, forms.ModelChoiceField)  # noqa: S101 -- tells mypy
            # The widget of the list filters, which searches on the server, however many there are.
            attributes = {"class": "unfold-filter-autocomplete"}
            relation = Alert._meta.get_field(name)
            whose.widget = AutocompleteSelect(relation, admin.site, attrs=attributes)
            whose.widget.choices = whose.choices


@needs(PERMISSION)
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show and save the choices for whole kinds."""
    by, rules = person(request), seen_kinds(request.user)
    mine = AlertSubscription.objects.filter(person=by).select_related("customer", "source").order_by("kind", "pk")
    of_all = {each.kind: BY_EMAIL if each.by_email else ON_PAGE for each in mine if not (each.customer or each.source)}
    form = KindsForm(rules, of_all, request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = choose_kinds(form.cleaned_data, by=by, at=now())
        messages.success(request, "Saved." if changed else "Nothing has changed.")
        return HttpResponseRedirect(reverse(PAGE))
    page = {
        **admin.site.each_context(request),
        "title": "Alert settings",
        "form": form,
        "one": OneForm(rules),
        "singles": [each for each in mine if each.customer or each.source],
        "email": by.email,
        "alerts": reverse("admin:reports_alert_changelist"),
    }
    return TemplateResponse(request, "reports/alert_settings.html", page)


@needs(PERMISSION)
@require_POST
def choose_page(request: HttpRequest) -> HttpResponse:
    """Choose the alerts of one customer or source."""
    by = person(request)
    form = OneForm(seen_kinds(by), request.POST)
    if not form.is_valid():
        messages.error(request, "Choose an alert, and its customer or source.")
        return HttpResponseRedirect(reverse(PAGE))
    try:
        choice = choose_one(by=by, at=now(), **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"You will hear of: {choice}.")
    return HttpResponseRedirect(reverse(PAGE))


@needs(PERMISSION)
@require_POST
def leave_page(request: HttpRequest, choice_id: int) -> HttpResponse:
    """Remove one of the person's choices; those of others are not found."""
    by = person(request)
    choice = get_object_or_404(AlertSubscription, pk=choice_id, person=by)
    leave(choice, by=by)
    messages.success(request, f"Removed: {choice}.")
    return HttpResponseRedirect(reverse(PAGE))


page_at("reports/alerts/settings/", settings_page, name="reports_alert_settings")
page_at("reports/alerts/settings/choose/", choose_page, name="reports_alert_choose")
page_at("reports/alerts/settings/<int:choice_id>/leave/", leave_page, name="reports_alert_leave")
