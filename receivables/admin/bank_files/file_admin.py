"""The list of bank files, and the page of each: progress, the dry run by how sure it is, and what was booked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, Colour, address_of, chip, instant, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.admin_kit.task_cards import shown_person
from billing_engine.core.errors import Refused
from receivables.admin.bank_files.row_admin import certainty_chip, row_state_chip
from receivables.domain.payments.bank_files.upload import (
    certain_rows,
    confirm,
    discard,
    may_be_discarded,
    undo,
    upload,
    why_not_confirmed,
    why_not_undone,
)
from receivables.models import BankAccount, BankFile, CsvMapping
from receivables.models.bank_file import BUSY, GONE
from receivables.queries.payments import counts_of, gaps_before, rows_to_show, sums_of

CHANGE = "receivables.change_bankfile"
ROWS_SHOWN = 100
State = BankFile.State
COLOURS: dict[str, Colour] = {
    State.WAITING: "blue",
    State.READY: "orange",
    State.BOOKING: "blue",
    State.BOOKED: "green",
    State.UNDOING: "blue",
    State.UNDONE: "plain",
    State.FAILED: "red",
    State.DISCARDED: "plain",
}


class UploadForm(forms.Form):
    """A bank's file; a CSV file names neither its account nor its format."""

    file = forms.FileField(
        label="camt.053 (XML, or a ZIP of them) or CSV", widget=UnfoldAdminFileFieldWidget({"accept": ".xml,.zip,.csv"})
    )
    mapping = forms.ModelChoiceField(
        CsvMapping.objects.order_by("name"), required=False, widget=UnfoldAdminSelectWidget, help_text="For a CSV file."
    )
    account = forms.ModelChoiceField(
        BankAccount.objects.filter(is_active=True).order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="For a CSV file: the account that it is of.",
    )

    def clean(self) -> dict[str, Any]:
        """A CSV file needs both."""
        given = super().clean() or self.cleaned_data
        file = given.get("file")
        is_csv = file is not None and not file.name.lower().endswith((".xml", ".zip"))
        for name in ("mapping", "account"):
            if is_csv and not given.get(name):
                self.add_error(name, f"Choose the {name} of this CSV file.")
            elif not is_csv:
                given[name] = None
        return given


class ConfirmForm(forms.Form):
    """What happens with rows of closed months."""

    late_on_today = forms.BooleanField(
        label="Post rows of closed months with today's date",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Otherwise they stay open.",
    )


def state_chip(file: BankFile) -> SafeString:
    """Its state in color."""
    return chip(file.get_state_display(), COLOURS[file.state])


def counted(rows: int) -> str:
    """`3 rows`."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"


@admin.register(BankFile)
class BankFileAdmin(FollowedPage[BankFile]):
    change_form_template = "receivables/bank_file.html"
    list_display = ("shown_name", "state_chip", "uploaded", "shown_by", "shown_message")
    list_display_links = ("shown_name",)
    list_filter = ("state",)
    related = ("uploaded_by",)
    ordering = ("-pk",)
    nothing_yet = "No bank files yet. Upload one: nothing is booked until you confirm it."
    actions_list: Any = ("upload",)
    actions_detail: Any = ("confirm", "undo", "discard")
    fields = (("uploaded", "shown_by"),)

    shown_name = column(shortened, "name", title="file", order="name")
    state_chip = column(state_chip, title="state")
    uploaded = column(instant, "uploaded_at", title="uploaded", order="uploaded_at")
    shown_by = column(shown_person, "uploaded_by", title="by")
    shown_message = column(shortened, "message", title="message", empty=NOTHING)

    class Media:
        css = {"all": ["core/pages.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankFile]:
        return super().get_queryset(request).defer("body")

    def is_busy(self, row: BankFile) -> bool:
        return row.state in BUSY

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        file: BankFile = kwargs["obj"]
        context["state"] = state_chip(file)
        context["is_gone"], context["gaps"] = file.state in GONE, gaps_before(file)
        context["counts"], context["sums"] = counts_of(file), [] if context["is_gone"] else sums_of(file)
        rows = rows_to_show(file, ROWS_SHOWN)
        context["rows"] = [
            {
                "row": row,
                "address": address_of(row),
                "amount": money.in_words(row.amount, row.currency),
                "state": row_state_chip(row),
                "sure": certainty_chip(row),
            }
            for row in rows
        ]
        context["more"] = context["counts"]["all"] - len(rows)
        context["list_address"] = list_of("receivables.bankrow", statement__file__id__exact=file.pk)
        context["open_address"] = f"{context['list_address']}&state__exact=open"
        return super().render_change_form(request, context, *args, **kwargs)

    def has_upload_permission(self, request: HttpRequest) -> bool:
        """Whether this user may upload files."""
        return request.user.has_perm("receivables.add_bankfile")

    def _upload(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                made = upload(
                    given["file"].read(),
                    name=given["file"].name,
                    by=person(request),
                    at=now(),
                    account=given["account"],
                    mapping=given["mapping"],
                )
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                return HttpResponseRedirect(address_of(made))
        says = "A dry run shows which invoices each row pays and how sure that is. Nothing is booked until you confirm."
        page = {"opts": self.opts, "title": "Upload a bank file", "says": says, "form": form, "presses": "Dry run"}
        page |= {"back": list_of("receivables.bankfile")}
        return render(request, "receivables/form_page.html", {**self.admin_site.each_context(request), **page})

    upload: Any = action(
        _upload,
        permissions=["upload"],
        description="Upload",
        icon="upload",
        variant=ActionVariant.PRIMARY,
        url_path="upload",
    )

    @button(
        "Book what is certain",
        permission=CHANGE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=lambda file: not why_not_confirmed(file),
        asks=Dialog(
            title=lambda file: f"Book {counted(certain_rows(file))}?",
            says="Each becomes a payment and settles the invoices that it names. All are booked, or none. You can undo it.",
            form=ConfirmForm,
        ),
    )
    def confirm(self, request: HttpRequest, file: BankFile, answers: dict[str, Any]) -> Done:
        confirm(file, by=person(request), at=now(), late_on_today=answers["late_on_today"])
        return Done("The payments are being booked.")

    @button(
        "Undo",
        permission=CHANGE,
        icon="undo",
        offered=lambda file: not why_not_undone(file),
        asks=Dialog(
            title="Undo what was booked from this file?",
            says="Each of its payments is returned with today's date, and what they settled is open again.",
            is_dangerous=True,
        ),
    )
    def undo(self, request: HttpRequest, file: BankFile, answers: dict[str, Any]) -> Done:
        undo(file, by=person(request), at=now())
        return Done("The payments are being returned.")

    @button(
        "Discard",
        permission=CHANGE,
        icon="delete",
        offered=may_be_discarded,
        asks=Dialog(title="Discard this file?", says="Nothing was booked. The file can be uploaded again."),
    )
    def discard(self, request: HttpRequest, file: BankFile, answers: dict[str, Any]) -> Done:
        discard(file, by=person(request))
        return Done("Discarded.")
