"""The pages of archive runs: start one, follow it, stop and resume it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from billing_engine.core.admin_kit.cells import NOTHING, address_of, amount, chip, instant, list_of, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.errors import Refused
from leads.domain.archive.moving import resume_archiving, start_archiving, stop_archiving
from leads.models import ArchiveRun

START = "leads.add_archiverun"
CHANGE = "leads.change_archiverun"
SAYS = (
    "Moves raw bodies from the database to the archive. Each is written once under its digest, read back and compared before"
    " it leaves the database, and opens on its page as before."
)


class DaysForm(forms.Form):
    """How old the bodies are at least."""

    days = forms.IntegerField(
        label="Older than (days)", min_value=1, max_value=36_500, initial=90, widget=UnfoldAdminIntegerFieldWidget
    )


def is_running(run: ArchiveRun) -> bool:
    """Return whether workers have it, or will have."""
    return run.finished_at is None and run.stopped_at is None


def is_stopped(run: ArchiveRun) -> bool:
    """Return whether a person stopped it."""
    return run.finished_at is None and run.stopped_at is not None


def state_of(run: ArchiveRun) -> SafeString:
    """Return its state as a chip."""
    if run.finished_at:
        return chip("Finished, some failed", "red") if run.failed else chip("Finished", "green")
    return chip("Stopped", "orange") if run.stopped_at else chip(f"{run.percent}%", "blue")


@admin.register(ArchiveRun)
class ArchiveRunAdmin(FollowedPage[ArchiveRun]):
    change_form_template = "leads/people/archive_run.html"
    nothing_yet = "No raw bodies were moved yet. Start a run, or set ARCHIVE_AFTER_DAYS."
    list_display = ("started", "shown_by", "shown_before", "shown_total", "shown_moved", "state")
    related = ("started_by",)
    ordering = ("-pk",)
    actions_list: Any = ("start_run",)
    actions_detail = ("stop", "resume")
    fields = (("started", "shown_by"), ("shown_before", "size"), "finished")

    started = column(instant, "started_at", title="started", order="started_at")
    shown_by = column(str, "started_by", title="by", empty="the engine")
    shown_before = column(instant, "before", title="received before")
    shown_total = column(number, "total", title="raw bodies")
    shown_moved = column(number, "moved", title="moved")
    size = column(lambda size: amount(filesizeformat(size)), "moved_bytes", title="size")
    state = column(state_of, title="state")
    finished = column(instant, "finished_at", title="finished", empty=NOTHING)

    def is_busy(self, row: ArchiveRun) -> bool:
        return is_running(row)

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can start runs."""
        return request.user.has_perm(START)

    def _start_run(self, request: HttpRequest) -> HttpResponse:
        form = DaysForm(data=request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            before = now() - timedelta(days=form.cleaned_data["days"])
            try:
                run = start_archiving(before=before, by=person(request), at=now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                address = address_of(run)
                is_dialog = request.headers.get("HX-Request")
                return HttpResponse(headers={"HX-Redirect": address}) if is_dialog else HttpResponseRedirect(address)
        asks = {"title": "Move raw bodies to the archive", "says": SAYS}
        page = {"opts": self.opts, "title": asks["title"], "back": list_of("leads.archiverun")}
        page |= {"form": form, "asks": asks, "presses": "Start"}
        response = render(request, "core/dialog.html", {**self.admin_site.each_context(request), **page})
        response["Cache-Control"] = "no-store"
        return response

    start_run: Any = action(
        _start_run,
        permissions=["start"],
        description="Move raw bodies",
        icon="archive",
        variant=ActionVariant.PRIMARY,
        url_path="start",
    )
    start_run.dialog = {"title": "Move raw bodies"}

    @button(
        "Stop",
        permission=CHANGE,
        icon="pause",
        offered=is_running,
        asks=Dialog(title="Stop moving raw bodies?", says="What was moved stays in the archive and opens as before."),
    )
    def stop(self, request: HttpRequest, run: ArchiveRun, answers: dict[str, Any]) -> Done:
        stop_archiving(run, by=person(request), at=now())
        return Done("Stopped.")

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=is_stopped,
        asks=Dialog(title="Resume moving raw bodies?", says="The workers go on where it was stopped."),
    )
    def resume(self, request: HttpRequest, run: ArchiveRun, answers: dict[str, Any]) -> Done:
        resume_archiving(run, by=person(request), at=now())
        return Done("Resumed.")


in_menu("Leads", 43, list_item("Archive", "archive", "leads.archiverun"))
