"""Add words or files to an open dispute: what the customer told finance, or what a colleague found."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.errors import Refused
from receivables.admin.disputes.open_page import Files
from receivables.domain.disputes.conversation import answer
from receivables.domain.disputes.evidence import KINDS, KINDS_IN_WORDS, MOST_FILES, Evidence
from receivables.domain.disputes.speaker import Speaker


class SeveralFiles(forms.FileField):
    """Files as they were sent; the domain checks them."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return data or []


class AddForm(forms.Form):
    """Words, files, or both; the domain refuses neither."""

    words = forms.CharField(
        label="What the customer reads", max_length=2_000, required=False, widget=UnfoldAdminTextareaWidget({"rows": 4})
    )
    evidence = SeveralFiles(
        label="Files",
        required=False,
        help_text=f"Up to {MOST_FILES}, each up to 10 MB: {KINDS_IN_WORDS}",
        widget=Files({"multiple": True, "accept": ",".join(KINDS)}),
    )


def _add(page: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    dispute = page.visible(request, object_id)
    is_sent = request.method == "POST"
    form = AddForm(request.POST, request.FILES) if is_sent else AddForm()
    if is_sent and form.is_valid():
        files = [Evidence(file.name or "", file.read()) for file in form.cleaned_data["evidence"][: MOST_FILES + 1]]
        try:
            answer(dispute, words=form.cleaned_data["words"], by=Speaker(person(request)), at=now(), files=files)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Added.")
            return HttpResponseRedirect(address_of(dispute))
    shown = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": f"Add words or files to {dispute}",
        "says": "The customer reads the words and can open the files.",
        "form": form,
        "presses": "Add",
        "back": address_of(dispute),
    }
    return render(request, "receivables/form_page.html", shown)


add: Any = action(_add, permissions=["add_to"], description="Add words or files", icon="add_comment", url_path="add")
add.offered = lambda dispute: dispute.is_undecided
