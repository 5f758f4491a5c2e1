"""Which events a person gets emails about."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from receivables.domain.webhooks.subscriptions import choose, kinds_of
from receivables.models import EventSubscription

PAGE = "admin:receivables_events_by_email"
SAYS = (
    "You get one email for all events of a kind that happened at about the same time: of every customer, with sums and no"
    " details. Which of them other systems get is set by endpoint."
)


class EventsForm(forms.Form):
    """The events that the person may hear of."""

    kinds = forms.MultipleChoiceField(
        label="Email me about", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, by: Any, **more: Any) -> None:
        super().__init__(**more)
        kinds = self.fields["kinds"]
        assert isinstance(kinds, forms.ChoiceField)  # noqa: S101 -- tells mypy
        kinds.choices = [(kind.value, kind.label) for kind in kinds_of(by)]


@needs("receivables.view_webhookevent")
def by_email_page(request: HttpRequest) -> HttpResponse:
    """Show and save the person's choice."""
    by = person(request)
    mine = EventSubscription.objects.filter(person=by, customer=None)
    first = {"kinds": list(mine.values_list("kind", flat=True))}
    form = EventsForm(by, data=request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            changed = choose(form.cleaned_data["kinds"], by=by, at=now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved." if changed else "Nothing has changed.")
            if request.headers.get("HX-Request"):
                return HttpResponse(headers={"HX-Redirect": reverse(PAGE)})
            return HttpResponseRedirect(reverse(PAGE))
    page = {
        **admin.site.each_context(request),
        "title": "Events by email",
        "asks": {"title": "Events by email", "says": SAYS if by.email else "Your account has no email address yet."},
        "form": form,
        "presses": "Save",
        "back": list_of("receivables.webhookendpoint"),
    }
    return render(request, "core/dialog.html", page)


page_at("receivables/events-by-email/", by_email_page, name="receivables_events_by_email")
