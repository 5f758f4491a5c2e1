"""The companies whose reminders start by themselves: when, and how the last run went."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, chip, instant, link_to, page_of
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.wording import day_in_words
from receivables.admin.reminders.forms import TimetableForm
from receivables.admin.reminders.level_admin import CHANGE, seller_of
from receivables.admin.reminders.list_dialog import list_dialog
from receivables.domain.reminders.timetable import set_timetable
from receivables.models import ReminderRun, ReminderTimetable

LIST = "admin:receivables_remindertimetable_changelist"


def set_one(request: HttpRequest, answers: dict[str, Any]) -> str:
    """Set when a company's reminders start."""
    is_on = answers["is_on"] == "on"
    set_timetable(answers["seller"], hour=answers["hour"], is_on=is_on, by=person(request), at=now())
    messages.success(request, "Saved.")
    return reverse(LIST)


def last_run_of(row: Any) -> str:
    """Return the last run of the company, also one that a person started, with the number of its emails."""
    if row.last_run is None:
        return NOTHING
    count = row.last_count or 0
    said = f"{count:,} reminder{'' if count == 1 else 's'}" if count else "nothing was due"
    return link_to(page_of("receivables.reminderrun", row.last_run), f"{day_in_words(row.last_day)}: {said}")


@admin.register(ReminderTimetable)
class ReminderTimetableAdmin(ReadOnlyPage[ReminderTimetable]):
    list_display = ("shown_seller", "shown_state", "shown_hour", "shown_next", "shown_last", "shown_reason")
    list_display_links = ("shown_seller",)
    related = ("seller",)
    ordering = ("seller__name", "pk")
    nothing_yet = "No reminders start by themselves. A person previews each run and starts it."
    actions_list: Any = ("set_timetable",)
    fieldsets = (
        (
            None,
            {"fields": (("shown_seller", "shown_state", "shown_hour"), ("shown_next", "shown_last"), "shown_reason")},
        ),
    )

    shown_seller = column(seller_of, title="company")
    shown_state = column(lambda on: chip("On", "green") if on else chip("Off"), "is_on", title="state")
    shown_hour = column(lambda hour: f"Each day from {hour}:00 UTC", "hour", title="starts")
    shown_next = column(instant, "next_at", title="next", empty=NOTHING)
    shown_last = column(last_run_of, title="last run")
    shown_reason = column(str, "reason", title="did not start because", empty=NOTHING)

    set_timetable = list_dialog(
        "Set timetable",
        set_one,
        form=TimetableForm,
        says="Each day from this hour on, a run starts by itself, as if a person had pressed Start. It covers everything that is"
        " open: an old invoice is reminded once, at the highest level that it has reached. Preview a run first.",
        permission=CHANGE,
        icon="schedule",
        presses="Save",
        back=LIST,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReminderTimetable]:
        """Return the rows with their company's last run."""
        runs = ReminderRun.objects.annotate(of=Coalesce("seller", 0)).filter(of=Coalesce(OuterRef("seller"), 0))
        last = runs.order_by("-pk")
        counted = last.annotate(count=Count("reminders")).values("count")
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_run=Subquery(last.values("pk")[:1]),
                last_day=Subquery(last.values("day")[:1]),
                last_count=Subquery(counted[:1]),
            )
        )
