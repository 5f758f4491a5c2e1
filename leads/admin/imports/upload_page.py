"""The page where a person uploads a file; the file goes to disk as it arrives."""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_protect
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.errors import Refused
from leads.domain.imports.upload import GIGABYTE, ImportFileTooLarge, upload
from leads.models import FileImport, Source

ADD = "leads.add_fileimport"


class UploadForm(forms.Form):
    """A file and its source."""

    source = forms.ModelChoiceField(
        Source.objects.filter(is_active=True).order_by("name"),
        widget=UnfoldAdminSelectWidget,
        empty_label="Choose a source",
        help_text="Who the leads come from. Its mapping says which column is what.",
    )
    file = forms.FileField(
        label="File",
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,.tsv,.txt,.xlsx,.xls,.xlsb,.ods,.json,.ndjson,.jsonl"}),
        error_messages={"empty": "This file is empty.", "required": "Choose a file."},
        help_text="CSV, TSV, XLSX, JSON or NDJSON, up to 1 GB.",
    )


class ToDisk(TemporaryFileUploadHandler):
    """Writes a file to disk whatever its size, up to what an import may have."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.received += len(raw_data)
        if self.received > GIGABYTE:
            self.file.close()
            raise ImportFileTooLarge
        return super().receive_data_chunk(raw_data, start)


def upload_view(self: ModelAdmin[FileImport], request: HttpRequest) -> HttpResponse:
    """Check the permission first, so that no other file is read."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    request.upload_handlers = [ToDisk(request)]
    return csrf_protect(lambda checked: _page(self, checked))(request)


def _page(self: ModelAdmin[FileImport], request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None, initial={"source": request.GET.get("source")})
    if request.method == "POST" and form.is_valid():
        try:
            made = _uploaded(form.cleaned_data, request)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            if request.headers.get("HX-Request"):
                return HttpResponse(headers={"HX-Redirect": address_of(made)})
            return HttpResponseRedirect(address_of(made))
    page = {"opts": self.opts, "title": "Import a file", "form": form, "back": list_of("leads.fileimport")}
    return render(request, "leads/upload_file.html", {**self.admin_site.each_context(request), **page})


def _uploaded(given: dict[str, Any], request: HttpRequest) -> FileImport:
    file: TemporaryUploadedFile = given["file"]
    path = Path(file.temporary_file_path())
    return upload(path, name=file.name or "", source=given["source"], by=person(request), at=now())
