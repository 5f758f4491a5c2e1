"""The explorer's Save dialog, and the link that opens a saved report."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DEFAULT_DB_ALIAS
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from billing_engine.core.validation import key_of
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.domain.question.wording import title_of
from reports.domain.saved.access import EXPLORER, may_see
from reports.domain.saved.saved_report import save_new, save_over
from reports.models import SavedReport

OVER, NEW = "over", "new"
SAVED = "saved"  # the part of the explorer's address that says which saved report is open


class SaveForm(forms.Form):
    """A name, and for one's own report that is open: whether to replace it."""

    how = forms.ChoiceField(label="Save as", widget=UnfoldAdminRadioSelectWidget)
    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget({"autofocus": True}))
    is_shared = forms.BooleanField(
        label="Share",
        required=False,
        help_text="Everyone who may use the explorer can open it.",
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(self, own: SavedReport | None, **given: Any) -> None:
        super().__init__(**given)
        how = self.fields["how"]
        assert isinstance(how, forms.ChoiceField)  # noqa: S101 -- tells mypy
        if own is None:
            del self.fields["how"]
        else:
            how.choices = [(OVER, f"Replace {own.name}"), (NEW, "A new report")]
            how.initial = OVER
            del self.fields["is_shared"]  # its page shares it


def address_of(report: SavedReport) -> str:
    """Return the explorer's address of a saved report."""
    return f"{reverse('admin:reports_explorer')}?{report.question}&{urlencode({SAVED: report.pk})}"


@needs(EXPLORER)
def open_page(request: HttpRequest, report_id: int) -> HttpResponse:
    """Open a saved report in the explorer."""
    return opened(request, str(report_id))


def opened(request: HttpRequest, report_id: str) -> HttpResponse:
    """Return the way to the explorer, or refuse a report that is not shared with this person."""
    report = SavedReport.objects.filter(pk=report_id).select_related("owner").first()
    if report is None:
        raise Http404
    if not may_see(report, person(request)):
        raise PermissionDenied
    return HttpResponseRedirect(address_of(report))


@needs(EXPLORER)
def save_page(request: HttpRequest) -> HttpResponse:
    """Save the question in the address: under a new name, or over one's own report that is open."""
    own = _own(request)
    form = SaveForm(own, data=request.POST or None, initial={"name": own.name if own else ""})
    try:
        question = Question.read({name: request.GET.getlist(name) for name in request.GET})
    except BadQuestion as refusal:
        return _shown(request, {"cannot": str(refusal)}, template="core/dialog_refused.html")
    if request.method == "POST" and form.is_valid():
        try:
            report = _saved(request, question, own, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved: {report.name}")
            return _gone_to(request, address_of(report))
    return _shown(request, {"form": form, "presses": "Save"}, says=title_of(question))


def _saved(request: HttpRequest, question: Question, own: SavedReport | None, answers: dict[str, Any]) -> SavedReport:
    by, name = person(request), answers["name"]
    if own is not None and answers["how"] == OVER:
        return save_over(own, question, name=name, by=by, at=now())
    return save_new(question, name=name, is_shared=answers.get("is_shared", False), by=by, at=now())


def saved_of(request: HttpRequest) -> SavedReport | None:
    """Return the saved report that is open in the explorer, if this person can open it."""
    key = key_of(request.GET.get(SAVED, ""))
    if key is None:
        return None
    # Not from a read replica: the report may have been saved a moment ago.
    return SavedReport.objects.using(DEFAULT_DB_ALIAS).visible_to(person(request)).filter(pk=key).first()


def _own(request: HttpRequest) -> SavedReport | None:
    report = saved_of(request)
    return report if report is not None and report.owner_id == person(request).pk else None


def _shown(
    request: HttpRequest, context: dict[str, Any], *, says: str = "", template: str = "core/dialog.html"
) -> HttpResponse:
    page = {
        **admin.site.each_context(request),
        "title": "Save report",
        "asks": {"title": "Save this report", "says": says},
        "back": f"{reverse('admin:reports_explorer')}?{request.GET.urlencode()}",
    }
    response = render(request, template, page | context)
    response["Cache-Control"] = "no-store"
    return response


def _gone_to(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


page_at("reports/save/", save_page, name="reports_save")
page_at("reports/open/<int:report_id>/", open_page, name="reports_open")
