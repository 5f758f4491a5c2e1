"""The list of report schedules, and the page of each with the emails it sent."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, chips, instant, link, list_of, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from reports.admin.saved.plan_form import PlanForm, answers_of, plan_of
from reports.admin.saved.report_admin import is_owner, may_tidy
from reports.admin.saved.schedule_words import next_in_words, state_of, when_in_words
from reports.domain.saved.access import EXPLORER, name_of
from reports.domain.saved.schedules import (
    change,
    check_may_be_deleted,
    check_may_be_resumed,
    check_may_run_now,
    delete,
    pause,
    resume,
    run_now,
)
from reports.models import ReportMailing, ReportSchedule

State = ReportMailing.State
COLOURS: dict[ReportMailing.State, Colour] = {
    State.WAITING: "blue",
    State.SENT: "green",
    State.PARTLY: "orange",
    State.WRITTEN: "orange",
    State.FAILED: "red",
}
EMAILS_SHOWN = 50


def zone_of(row: Any) -> ZoneInfo:
    """Return the zone of a schedule."""
    return ZoneInfo(row.time_zone)


def _lines(texts: Iterable[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts))


def reasons(mailing: ReportMailing) -> SafeString | str:
    """Who got nothing and why, and why the email waits or failed."""
    lines = [f"{who}: {why}" for who, why in {**mailing.left_out, **mailing.rejected}.items()]
    lines += [mailing.reason] if mailing.reason and mailing.reason not in mailing.rejected.values() else []
    return _lines(lines) or NOTHING


class EmailsOfSchedule(ReadOnlyRows):
    model = ReportMailing
    verbose_name_plural = "emails"
    related = ("schedule",)
    ordering = ("-due_at",)
    per_page = EMAILS_SHOWN
    fields = ("shown_due", "shown_state", "shown_to", "shown_rows", "shown_settled", "shown_reason")

    shown_due = column(instant, "due_at", lambda mailing: zone_of(mailing.schedule), title="due")
    shown_state = column(lambda mailing: chip(mailing.outcome, COLOURS[State(mailing.state)]), title="outcome")
    shown_to = column(_lines, "addresses", title="to", empty=NOTHING)
    shown_rows = column(number, "rows", title="rows", empty=NOTHING)
    shown_settled = column(instant, "settled_at", lambda mailing: zone_of(mailing.schedule), title="settled")

    shown_reason = column(reasons, title="not sent to, and why")


@admin.register(ReportSchedule)
class ReportScheduleAdmin(ReadOnlyPage[ReportSchedule]):
    list_display = ("shown_report", "shown_when", "shown_state", "shown_next", "shown_last", "shown_owner")
    list_filter = ("is_active",)
    search_fields = ("report__name",)
    search_help_text = "Name of the report"
    ordering = ("-is_active", "next_run_at", "pk")
    related = ("report", "owner")
    nothing_yet = "No report is mailed by schedule yet. Open a saved report, then choose Schedule."
    actions_detail: Any = ("run_now", "edit", "pause", "resume", "delete_schedule")
    inlines = (EmailsOfSchedule,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("linked_report", "shown_state"),
                    ("shown_when", "shown_next"),
                    ("shown_owner", "shown_file"),
                    "shown_recipients",
                    "shown_pause",
                )
            },
        ),
    )

    shown_report = column(str, "report.name", title="report", order="report__name")
    linked_report = column(link, "report", title="report")
    shown_when = column(when_in_words, title="when")
    shown_state = column(state_of, title="state", order="is_active")
    shown_next = column(next_in_words, title="next email", order="next_run_at")
    shown_last = column(instant, "last_run_at", zone_of, title="last due", order="last_run_at")
    shown_owner = column(name_of, "owner", title="set up by", order="owner__first_name")
    shown_file = column(lambda row: row.get_file_format_display(), title="file")
    shown_recipients = column(lambda row: chips([name_of(each) for each in row.recipients.all()]), title="sent to")
    shown_pause = column(str, "paused_reason", title="paused because", empty=NOTHING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportSchedule]:
        """Return the person's own, and those of the person's reports."""
        found: Any = super().get_queryset(request)
        visible: QuerySet[ReportSchedule] = found.visible_to(person(request)).prefetch_related("recipients")
        return visible

    def has_view_permission(self, request: HttpRequest, obj: ReportSchedule | None = None) -> bool:
        """Return whether the person may use the explorer."""
        return bool(super().has_view_permission(request, obj) and request.user.has_perm(EXPLORER))

    @button(
        "Send now",
        permission=EXPLORER,
        icon="send",
        variant=ActionVariant.PRIMARY,
        only_for=is_owner,
        guard=check_may_run_now,
        asks=Dialog(
            title=lambda row: f"Send {row.report.name} now?",
            says="Sends one email with the figures as of now. The schedule stays as it is.",
            submit="Send",
        ),
    )
    def run_now(self, request: HttpRequest, row: ReportSchedule, answers: dict[str, Any]) -> Done:
        run_now(row, by=person(request), at=now())
        return Done("The email is on its way.")

    @button(
        "Change",
        permission=EXPLORER,
        icon="edit",
        only_for=is_owner,
        asks=Dialog(title="Change this schedule", submit="Save", form=PlanForm, first=answers_of),
    )
    def edit(self, request: HttpRequest, row: ReportSchedule, answers: dict[str, Any]) -> Done:
        by = person(request)
        change(row, plan_of(answers, by=by), by=by, at=now())
        return Done("Saved.")

    @button(
        "Pause",
        permission=EXPLORER,
        icon="pause",
        offered=lambda row: row.is_active,
        only_for=may_tidy,
        asks=Dialog(
            title="Pause this schedule?", says="Sends nothing until it is resumed. What was missed is not sent later."
        ),
    )
    def pause(self, request: HttpRequest, row: ReportSchedule, answers: dict[str, Any]) -> Done:
        pause(row, by=person(request))
        return Done("Paused.")

    @button(
        "Resume",
        permission=EXPLORER,
        icon="play_arrow",
        offered=lambda row: not row.is_active,
        only_for=is_owner,
        guard=check_may_be_resumed,
        asks=Dialog(title="Resume this schedule?", says="Sends again from the next time on."),
    )
    def resume(self, request: HttpRequest, row: ReportSchedule, answers: dict[str, Any]) -> Done:
        resume(row, by=person(request), at=now())
        return Done("Resumed.")

    @button(
        "Delete",
        permission=EXPLORER,
        icon="delete",
        only_for=lambda row, by: may_tidy(row, by) or row.report.owner_id == by.pk,
        guard=check_may_be_deleted,
        asks=Dialog(
            title="Delete this schedule?",
            says="Sends no more emails. The list of those it sent is deleted, too; the deed log keeps it.",
            is_dangerous=True,
        ),
    )
    def delete_schedule(self, request: HttpRequest, row: ReportSchedule, answers: dict[str, Any]) -> Done:
        delete(row, by=person(request))
        return Done("Deleted.", address=list_of("reports.reportschedule"))


in_menu("Reports", 30, list_item("Report schedules", "schedule_send", "reports.reportschedule"))
