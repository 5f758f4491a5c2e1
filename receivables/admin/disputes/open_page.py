"""Open a dispute for a customer: what, why, the quota and the clock before it is sent; and evidence files to download."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response
from billing_engine.core.validation import key_of
from invoices.models import InvoiceLine
from receivables.domain.disputes.evidence import KINDS, KINDS_IN_WORDS, MOST_FILES, Evidence
from receivables.domain.disputes.opening import before_you_send, open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import (
    Subject,
    amounts_in_words,
    check_not_disputed,
    subject_of_charges,
    subject_of_line,
)
from receivables.domain.disputes.windows import window_of
from receivables.models import DisputeFile, Reason

OPEN, VIEW = "receivables.add_dispute", "receivables.view_dispute"


class Files(forms.ClearableFileInput):
    """A field for several files."""

    allow_multiple_selected = True


class OpenForm(forms.Form):
    """The reason, and what the customer said."""

    reason = forms.ModelChoiceField(Reason.objects.filter(is_active=True).order_by("name"), widget=forms.RadioSelect)
    words = forms.CharField(
        label="What happened", required=False, max_length=2_000, widget=UnfoldAdminTextareaWidget({"rows": 4})
    )


@needs(OPEN)
def open_page(request: HttpRequest) -> HttpResponse:
    """Show what is about to be disputed; a POST opens the dispute."""
    asked = request.GET
    try:
        subject = _subject(asked)
        check_not_disputed(subject)
    except Refused as refusal:
        return _page(request, {"cannot": str(refusal)})
    form = OpenForm(request.POST or None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        files = [Evidence(file.name or "", file.read()) for file in request.FILES.getlist("files")[: MOST_FILES + 1]]
        try:
            opened = open_dispute(subject, **form.cleaned_data, by=Speaker(person(request)), at=now(), files=files)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, f"{opened} is open. Decide by {day_in_words(opened.decide_by)}.")
            return HttpResponseRedirect(address_of(opened))
    return _page(request, _shown(subject, form) | {"refused": refused})


@needs(VIEW)
def evidence_file(request: HttpRequest, file: int) -> HttpResponse:  # noqa: ARG001 -- a view
    """Send a file as it was kept, always as a download."""
    found = DisputeFile.objects.filter(pk=file).first()
    if found is None:
        raise Http404
    return file_response(bytes(found.content), name=found.name, content_type="application/octet-stream")


def _subject(asked: QueryDict) -> Subject:
    """What the address names: a line, or charges by action."""
    if line := key_of(asked.get("line", "")):
        related = ("invoice__period__customer", "invoice__customer")
        found = InvoiceLine.objects.select_related(*related).filter(pk=line).first()
        if found is None:
            raise Http404
        return subject_of_line(found)
    keys = [key_of(each) for each in asked.getlist("charge")]
    return subject_of_charges([key for key in keys if key is not None])


def _shown(subject: Subject, form: OpenForm) -> dict[str, Any]:
    customer, at = subject.period.customer, now()
    today = customer.day_of(at)
    reasons = []
    for reason in Reason.objects.filter(is_active=True).order_by("-customers_may_give_it", "name"):
        last = window_of(subject.invoice, reason) if subject.invoice else None
        before = before_you_send(subject, reason, at=at)
        reasons.append(
            {
                "reason": reason,
                "until": day_in_words(last) if last else "",
                "is_over": last is not None and last < today,
                "decide_by": day_in_words(before.decide_by),
                "is_chosen": str(reason.pk) == str(form.data.get("reason", "")),
            }
        )
    quota = before.quota if reasons else None
    return {
        "subject": subject,
        "customer": customer,
        "form": form,
        "reasons": reasons,
        "amounts": list(amounts_in_words(subject)),
        "quota": quota.in_words(subject.amount) if quota else "",
        "over_quota": before.over_quota if reasons else False,
        "kinds": KINDS_IN_WORDS,
        "accept": ",".join(KINDS),
        "most_files": MOST_FILES,
        "back": _back(subject),
    }


def _back(subject: Subject) -> str:
    if subject.line is not None:
        return reverse("admin:invoices_invoiceline_change", args=[subject.line.pk])
    if subject.invoice is not None:
        return reverse("admin:invoices_invoice_change", args=[subject.invoice.pk])
    return list_of("pricing.charge", action__period__id__exact=subject.period.pk)


def _page(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": "Open a dispute", **shown}
    return TemplateResponse(request, "receivables/dispute_open.html", context)


page_at("receivables/disputes/open/", open_page, name="receivables_dispute_open")
page_at("receivables/disputes/files/<int:file>/", evidence_file, name="receivables_dispute_file")
