"""The runs of reminders, with their progress."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import chip, instant, link_to, list_of
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.wording import day_in_words
from receivables.admin.reminders.level_admin import seller_of
from receivables.admin.reminders.preview import PAGE
from receivables.admin.reminders.reminder_admin import CHANGE
from receivables.domain.reminders.run import check_may_stop, resume, stop
from receivables.models import Reminder, ReminderRun

State = Reminder.State


def state_of(run: Any) -> SafeString:
    """Return how far it is."""
    if run.stopped_at:
        return chip("Stopped", "orange")
    if run.waiting_count:
        return chip("In progress", "blue")
    if not run.all_count:
        return chip("Nothing was due")
    return chip("Needs a person", "orange") if run.perhaps_count or run.failed_count else chip("Finished", "green")


def counted(state: Reminder.State) -> Any:
    """Return the column with the number of reminders in a state, linked to them."""

    def shown(run: Any) -> SafeString | str:
        count = getattr(run, f"{state.value}_count")
        address = list_of("receivables.reminder", run__id__exact=run.pk, state__exact=state.value)
        return link_to(address, f"{count:,}") if count else "0"

    return column(shown, title=state.label.partition(":")[0].lower() if state != State.DROPPED else "nothing owed")


@admin.register(ReminderRun)
class ReminderRunAdmin(ReadOnlyPage[ReminderRun]):
    list_display = (
        *("shown_day", "shown_seller", "shown_state", "waiting", "sent", "perhaps", "dropped", "failed", "written"),
        *("started", "shown_by"),
    )  # fmt: skip
    list_display_links = ("shown_day",)
    related = ("seller", "started_by")
    ordering = ("-pk",)
    nothing_yet = "No reminders were sent yet. Preview who would get what, then start."
    actions_list: Any = ("preview",)
    actions_detail: Any = ("stop", "resume")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_day", "shown_seller", "shown_state"),
                    ("waiting", "sent", "partly"),
                    ("perhaps", "dropped", "failed"),
                    ("written", "shown_by", "shown_log"),
                    "started",
                )
            },
        ),
    )

    shown_day = column(day_in_words, "day", title="day", order="day")
    shown_seller = column(seller_of, title="company")
    shown_state = column(state_of, title="state")
    waiting, sent, partly = counted(State.WAITING), counted(State.SENT), counted(State.PARTLY)
    perhaps, dropped, failed = counted(State.PERHAPS), counted(State.DROPPED), counted(State.FAILED)
    written = counted(State.WRITTEN)
    started = column(instant, "started_at", title="started")
    shown_by = column(str, "started_by", title="by", empty="By itself")
    shown_log = column(
        lambda run: link_to(list_of("receivables.reminder", run__id__exact=run.pk), "Show reminders"), title="log"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReminderRun]:
        """Return the runs with their number of reminders per state."""
        counts = {f"{state.value}_count": Count("reminders", filter=Q(reminders__state=state)) for state in State}
        return super().get_queryset(request).annotate(**counts, all_count=Count("reminders"))

    def has_preview_permission(self, request: HttpRequest) -> bool:
        """Return whether the user sees who would be reminded."""
        return request.user.has_perm("receivables.view_reminderrun")

    def _preview(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(PAGE))

    preview: Any = action(
        _preview,
        permissions=["preview"],
        description="Preview and start",
        icon="visibility",
        variant=ActionVariant.PRIMARY,
        url_path="to-preview",
    )

    @button(
        "Stop",
        permission=CHANGE,
        icon="pause",
        offered=lambda run: run.stopped_at is None,
        guard=lambda run, _: check_may_stop(run),
        asks=Dialog(title="Stop this run?", says="An email that is being sent is finished. The others wait."),
    )
    def stop(self, request: HttpRequest, run: ReminderRun, answers: dict[str, Any]) -> Done:
        stop(run, by=person(request), at=now())
        return Done("Stopped.")

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_arrow",
        offered=lambda run: run.stopped_at is not None,
        asks=Dialog(title="Resume this run?", says="What is owed is read again before each email."),
    )
    def resume(self, request: HttpRequest, run: ReminderRun, answers: dict[str, Any]) -> Done:
        resume(run, by=person(request))
        return Done("Resumed.")
