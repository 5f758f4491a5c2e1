"""The form of a schedule: when, to whom and as which file."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.fields import time_zone_field
from reports.admin.saved.schedule_words import hour_in_words
from reports.domain.saved.access import name_of, readers
from reports.domain.saved.schedules import Plan
from reports.models import ReportSchedule
from reports.models.saved import LAST_DAY

Cadence = ReportSchedule.Cadence
WEEKLY = f"{Cadence.WEEKLY} "
WHEN = [
    (Cadence.DAILY.value, "Every day"),
    *((f"{WEEKLY}{day.value}", f"Every {day.label}") for day in ReportSchedule.Weekday),
    (Cadence.MONTHLY.value, "Every month"),
    (Cadence.QUARTERLY.value, "Every quarter, in its first month"),
]
DAYS = [(1, "1 (first day)"), *((day, str(day)) for day in range(2, LAST_DAY)), (LAST_DAY, "31 (last day)")]
HOURS = [(hour, hour_in_words(hour)) for hour in range(24)]


class People(forms.ModelMultipleChoiceField[User]):
    """People by their name, with the address that the report goes to."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{name_of(obj)} · {obj.email}"


class PlanForm(forms.Form):
    """When a report is mailed, to whom, and as which file."""

    when = forms.ChoiceField(choices=WHEN, widget=UnfoldAdminSelectWidget)
    month_day = forms.TypedChoiceField(
        label="Day of the month",
        coerce=int,
        choices=DAYS,
        initial=1,
        help_text="Only for every month or quarter. A shorter month uses its last day.",
        widget=UnfoldAdminSelectWidget,
    )
    hour = forms.TypedChoiceField(label="Time", coerce=int, choices=HOURS, initial=8, widget=UnfoldAdminSelectWidget)
    time_zone = time_zone_field("Time zone", "Of the time above. Figures always count each customer’s own days.")
    file_format = forms.ChoiceField(
        label="File",
        choices=ReportSchedule.Format.choices,
        initial=ReportSchedule.Format.XLSX,
        help_text="The email also shows the totals, a short table and a chart.",
        widget=UnfoldAdminSelectWidget,
    )
    recipients = People(
        User.objects.none(),
        label="Send to",
        required=False,
        help_text="If you choose no one, it is sent to you.",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people, zone = self.fields["recipients"], self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101 -- tells mypy
        zone.widget = UnfoldAdminSelectWidget(choices=zone.choices)  # a window has no script to search in it
        assert isinstance(people, forms.ModelMultipleChoiceField)  # noqa: S101 -- tells mypy
        people.queryset = readers().exclude(email="")


def plan_of(answers: dict[str, Any], *, by: User) -> Plan:
    """The plan that a valid form describes."""
    when: str = answers["when"]
    cadence, _, weekday = when.partition(" ")
    has_day = cadence in (Cadence.MONTHLY, Cadence.QUARTERLY)
    return Plan(
        cadence=cadence,
        weekday=int(weekday) if weekday else None,
        month_day=answers["month_day"] if has_day else None,
        hour=answers["hour"],
        time_zone=answers["time_zone"],
        file_format=answers["file_format"],
        recipients=list(answers["recipients"]) or [by],
    )


def answers_of(schedule: ReportSchedule) -> dict[str, Any]:
    """What the form shows of a schedule."""
    weekday = f" {schedule.weekday}" if schedule.weekday else ""
    return {
        "when": f"{schedule.cadence}{weekday}",
        "month_day": schedule.month_day or 1,
        "hour": schedule.hour,
        "time_zone": schedule.time_zone,
        "file_format": schedule.file_format,
        "recipients": schedule.recipients.all(),
    }
