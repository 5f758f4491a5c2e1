"""Celery's schedule in the admin: superusers move what may be moved and look at the housekeeping."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.superusers import SuperusersOnly
from leads.admin.shown import chip, instant

for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The tasks there are, in the house's look."""


class TaskForm(PeriodicTaskForm):
    """A task and when it is sent; which one is chosen from those there are."""

    class Meta:
        model = PeriodicTask
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskSelect()
            self.fields["task"].widget = UnfoldAdminTextInputWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(SuperusersOnly, ModelAdmin):
    """Housekeeping comes with the program, which puts it back when beat starts: it is only looked at here."""

    form = TaskForm
    list_display = ("name", "shown_state", "when", "last")
    list_fullwidth = True
    list_select_related = ("interval", "crontab")
    ordering = ("name",)
    search_fields = ("name", "task")
    fieldsets = (
        (None, {"fields": ("name", ("regtask", "task"), "enabled", "description")}),
        ("When", {"fields": (("crontab", "interval"), "start_time")}),
        ("With", {"fields": ("kwargs",)}),
    )

    class Media:
        css = {"all": ["leads/admin.css"]}

    def has_change_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not is_housekeeping(obj))

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return False

    @admin.display(description="state", ordering="enabled")
    def shown_state(self, task: PeriodicTask) -> SafeString:
        if is_housekeeping(task):
            return chip("Housekeeping")
        return chip("On", "green") if task.enabled else chip("Off", "orange")

    @admin.display(description="when")
    def when(self, task: PeriodicTask) -> str:
        return task.crontab.human_readable if task.crontab else str(task.interval or "–")

    @admin.display(description="last sent", ordering="last_run_at")
    def last(self, task: PeriodicTask) -> SafeString | str:
        return instant(task.last_run_at) if task.last_run_at else "never"


class TimesAdmin(SuperusersOnly, ModelAdmin):
    """Times that tasks are sent at."""

    list_fullwidth = True

    class Media:
        css = {"all": ["leads/admin.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from the task


@admin.register(CrontabSchedule)
class CrontabAdmin(TimesAdmin):
    list_display = ("human_readable", "timezone")
    ordering = ("pk",)
    fields = (("minute", "hour"), ("day_of_month", "month_of_year", "day_of_week"), "timezone")


@admin.register(IntervalSchedule)
class IntervalAdmin(TimesAdmin):
    list_display = ("every", "period")
    ordering = ("pk",)
    fields = (("every", "period"),)


def is_housekeeping(task: PeriodicTask) -> bool:
    """Whether it stands in the settings."""
    return task.name in settings.CELERY_BEAT_SCHEDULE
