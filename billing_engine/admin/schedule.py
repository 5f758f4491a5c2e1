"""Celery's schedule in the admin: superusers can change some of it and view the rest."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from billing_engine.admin.superusers import SuperusersOnly
from billing_engine.core.admin_kit.cells import chip, instant
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import WithDeeds
from billing_engine.operations.schedule import next_run, next_time, save_entry

for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)


NEVER = "This time never occurs, so the task would never run."


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The available tasks, styled like other fields."""


class TaskForm(PeriodicTaskForm):
    """A task and when it is sent; the task is chosen from a list."""

    class Meta:
        model = PeriodicTask
        exclude = ()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("crontab") and next_time(given["crontab"], at=now()) is None:
            self.add_error("crontab", NEVER)
        return given

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "description" in self.fields:  # not on a read-only page
            task = self.fields["regtask"]
            task.widget, task.label, task.required, task.initial = TaskSelect(), "Task", True, self.instance.task
            self.fields["description"].widget = UnfoldAdminTextareaWidget({"rows": 3})


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(SuperusersOnly, WithDeeds[PeriodicTask]):
    """Housekeeping tasks come with the program and are restored when beat starts, so they are read-only here."""

    form = TaskForm
    list_display = ("name", "shown_state", "when", "last", "next")
    list_fullwidth = True
    list_select_related = ("interval", "crontab")
    ordering = ("name",)
    search_fields = ("name", "task")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "enabled", "description")}),
        ("When", {"fields": (("crontab", "interval"), "start_time")}),
        ("With", {"fields": ("kwargs",)}),
    )

    last = column(instant, "last_run_at", title="last sent", order="last_run_at", empty="never")

    class Media:
        css = {"all": ["core/pages.css"]}

    def has_change_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not is_housekeeping(obj))

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_entry(obj, by=person(request))

    @admin.display(description="state", ordering="enabled")
    def shown_state(self, task: PeriodicTask) -> SafeString:
        if is_housekeeping(task):
            return chip("Housekeeping")
        return chip("On", "green") if task.enabled else chip("Off", "orange")

    @admin.display(description="when")
    def when(self, task: PeriodicTask) -> str:
        return task.crontab.human_readable if task.crontab else str(task.interval or "–")

    @admin.display(description="next run")
    def next(self, task: PeriodicTask) -> SafeString | str:
        if not task.enabled:
            return "–"
        at = next_run(task, at=now())
        return instant(at) if at else chip("Never", "red")


class TimesAdmin(SuperusersOnly, WithDeeds[Any]):
    """Times at which tasks are sent."""

    list_fullwidth = True

    class Media:
        css = {"all": ["core/pages.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # opened from the task

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_entry(obj, by=person(request))


class CrontabForm(forms.ModelForm[CrontabSchedule]):
    """A time that occurs: February 31 is refused, because the scheduler would silently ignore it."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and next_time(CrontabSchedule(**given), at=now()) is None:
            raise forms.ValidationError(NEVER)
        return given


@admin.register(CrontabSchedule)
class CrontabAdmin(TimesAdmin):
    form = CrontabForm
    list_display = ("human_readable", "timezone", "next")
    ordering = ("pk",)
    fields = (("minute", "hour"), ("day_of_month", "month_of_year", "day_of_week"), "timezone")

    @admin.display(description="next time")
    def next(self, crontab: CrontabSchedule) -> SafeString | str:
        at = next_time(crontab, at=now())
        return instant(at) if at else chip("Never", "red")


@admin.register(IntervalSchedule)
class IntervalAdmin(TimesAdmin):
    list_display = ("every", "period")
    ordering = ("pk",)
    fields = (("every", "period"),)


def is_housekeeping(task: PeriodicTask) -> bool:
    """Whether the task comes from the settings or from Celery itself."""
    return task.name in settings.CELERY_BEAT_SCHEDULE or task.name.startswith("celery.")
