"""The list of saved reports, and the page of each."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, chip, instant, link, link_to, list_of, number, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from reports.admin.saved.explorer_dialogs import opened
from reports.admin.saved.plan_form import PlanForm, plan_of
from reports.admin.saved.schedule_words import next_in_words, state_of, when_in_words
from reports.domain.question.faults import BadQuestion
from reports.domain.question.wording import title_of
from reports.domain.saved.access import EXPLORER, name_of
from reports.domain.saved.saved_report import check_may_be_deleted, delete, question_of, rename, share, stop_sharing
from reports.domain.saved.schedules import schedule, usual_time_zone
from reports.models import ReportSchedule, SavedReport
from reports.queries.explore.asked.scope import scope_of
from reports.queries.explore.wording import filters_in_words


class WithName(forms.Form):
    """The name of a report."""

    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget({"autofocus": True}))


def question_in_words(report: SavedReport) -> str:
    """What the report shows, or why it can no longer be shown."""
    try:
        question = question_of(report)
    except BadQuestion as refusal:
        return str(refusal)
    return title_of(question)


def question_in_short(report: SavedReport) -> SafeString | str:
    """What the report shows, for a list."""
    try:
        return shortened(title_of(question_of(report)))
    except BadQuestion:
        return chip("Can no longer be shown", "red")


def days_of(report: SavedReport) -> str:
    """The days that the report shows today."""
    try:
        days = question_of(report).days
        return days.in_words(days.on(now().date()))
    except BadQuestion:
        return NOTHING


def filters_of(report: SavedReport) -> str:
    """What the report is limited to."""
    try:
        scope = scope_of(question_of(report), at=now())
    except BadQuestion:
        return NOTHING
    return "; ".join(f"{name}: {words}" for _, name, words in filters_in_words(scope)) or "None"


def link_of(report: SavedReport) -> str:
    """The address to pass on."""
    return reverse("admin:reports_open", args=[report.pk])


def link_and_readers(report: SavedReport) -> SafeString:
    """The link, and who can open it."""
    who = "Everyone who may use the explorer can open it." if report.is_shared else "Only its owner can open it."
    return format_html("{} {}", link_to(link_of(report), "Link to this report"), who)


def first_plan(_: SavedReport) -> dict[str, Any]:
    """What the dialog of a new schedule begins with: the time zone of the latest schedule, or of most customers."""
    return {"time_zone": usual_time_zone()}


def is_owner(row: SavedReport | ReportSchedule, by: Any) -> bool:
    """Return whether the person owns it."""
    return bool(row.owner_id == by.pk)


def may_tidy(row: SavedReport | ReportSchedule, by: Any) -> bool:
    """Return whether the person owns it or is an administrator."""
    return is_owner(row, by) or bool(by.is_superuser)


class SchedulesOfReport(ReadOnlyRows):
    model = ReportSchedule
    verbose_name_plural = "schedules"
    related = ("report", "owner")
    ordering = ("pk",)
    fields = ("shown_when", "shown_state", "shown_next", "shown_owner")

    shown_when = column(lambda row: link(row, when_in_words(row)), title="when")
    shown_state = column(state_of, title="state")
    shown_next = column(next_in_words, title="next email")
    shown_owner = column(name_of, "owner", title="set up by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportSchedule]:
        """Return the schedules that this person may open."""
        found: Any = super().get_queryset(request)
        visible: QuerySet[ReportSchedule] = found.visible_to(person(request))
        return visible


@admin.register(SavedReport)
class SavedReportAdmin(ReadOnlyPage[SavedReport]):
    list_display = (
        "shown_name",
        "shown_question",
        "shown_owner",
        "shown_shared",
        "shown_schedules",
        "shown_changed",
        "shown_open",
    )
    list_filter = ("is_shared",)
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("name", "pk")
    related = ("owner",)
    nothing_yet = "No report is saved yet. Ask a question in the explorer, then choose Save."
    actions_detail: Any = ("open", "schedule", "rename", "share", "stop_sharing", "delete_report")
    inlines = (SchedulesOfReport,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "shown_shared"),
                    ("whole_question", "shown_days"),
                    "shown_filters",
                    ("shown_owner", "shown_changed"),
                    "shown_link",
                )
            },
        ),
    )

    shown_name = column(shortened, "name", title="name", order="name")
    shown_question = column(question_in_short, title="shows")
    whole_question = column(question_in_words, title="shows")
    shown_owner = column(name_of, "owner", title="owner", order="owner__first_name")
    shown_shared = column(
        lambda is_shared: chip("Shared", "blue") if is_shared else chip("Private"), "is_shared", title="seen by"
    )
    shown_changed = column(instant, "changed_at", title="changed", order="changed_at")

    shown_schedules = column(number, "active_schedules", title="schedules")
    shown_open = column(lambda report: link_to(link_of(report), "Open"), title="")
    shown_days = column(days_of, title="days")
    shown_filters = column(filters_of, title="filters")
    shown_link = column(link_and_readers, title="link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedReport]:
        """Return the person's own and the shared ones, with their number of active schedules."""
        found: Any = super().get_queryset(request)
        active = Count("schedules", filter=Q(schedules__is_active=True))
        visible: QuerySet[SavedReport] = found.visible_to(person(request)).annotate(active_schedules=active)
        return visible

    def has_view_permission(self, request: HttpRequest, obj: SavedReport | None = None) -> bool:
        """Return whether the person may use the explorer."""
        return bool(super().has_view_permission(request, obj) and request.user.has_perm(EXPLORER))

    @needs(EXPLORER)
    @action(description="Open", icon="open_in_new", variant=ActionVariant.PRIMARY)
    def open(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the explorer with the question."""
        return opened(request, object_id)

    @button(
        "Schedule",
        permission=EXPLORER,
        icon="schedule_send",
        asks=Dialog(
            title=lambda report: f"Send {report.name} by email",
            says="Named days, such as last quarter, are those of the day it is sent.",
            submit="Schedule",
            form=PlanForm,
            first=first_plan,
        ),
    )
    def schedule(self, request: HttpRequest, report: SavedReport, answers: dict[str, Any]) -> Done:
        by = person(request)
        site = request.build_absolute_uri("/").rstrip("/")
        made = schedule(report, plan_of(answers, by=by), site=site, by=by, at=now())
        return Done(f"Scheduled. The next email is sent {next_in_words(made, is_plain=True)}.")

    @button(
        "Rename",
        permission=EXPLORER,
        icon="edit",
        only_for=is_owner,
        asks=Dialog(title="Rename this report", form=WithName, first=lambda report: {"name": report.name}),
    )
    def rename(self, request: HttpRequest, report: SavedReport, answers: dict[str, Any]) -> Done:
        rename(report, answers["name"], by=person(request), at=now())
        return Done("Renamed.")

    @button(
        "Share",
        permission=EXPLORER,
        icon="group",
        offered=lambda report: not report.is_shared,
        only_for=is_owner,
        asks=Dialog(
            title=lambda report: f"Share {report.name}?",
            says="Everyone who may use the explorer can open it, save their own copy and schedule it. Only you can change it.",
        ),
    )
    def share(self, request: HttpRequest, report: SavedReport, answers: dict[str, Any]) -> Done:
        share(report, by=person(request), at=now())
        address = request.build_absolute_uri(link_of(report))
        return Done(f"Shared. Link: {address}")

    @button(
        "Stop sharing",
        permission=EXPLORER,
        icon="group_off",
        offered=lambda report: report.is_shared,
        only_for=is_owner,
        asks=Dialog(
            title=lambda report: f"Stop sharing {report.name}?",
            says="Only you can open it then. Schedules of other people are paused when they are next due.",
        ),
    )
    def stop_sharing(self, request: HttpRequest, report: SavedReport, answers: dict[str, Any]) -> Done:
        stop_sharing(report, by=person(request), at=now())
        return Done("Only you can open it now.")

    @button(
        "Delete",
        permission=EXPLORER,
        icon="delete",
        only_for=may_tidy,
        guard=check_may_be_deleted,
        asks=Dialog(
            title=lambda report: f"Delete {report.name}?",
            says="Its schedules are deleted, too, and send no more emails.",
            is_dangerous=True,
        ),
    )
    def delete_report(self, request: HttpRequest, report: SavedReport, answers: dict[str, Any]) -> Done:
        delete(report, by=person(request))
        return Done("Deleted.", address=list_of("reports.savedreport"))


in_menu("Reports", 20, list_item("Saved reports", "bookmarks", "reports.savedreport"))
