"""The levels of each company, and their wording."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from billing_engine.core.admin_kit.cells import NOTHING, chip
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from receivables.admin.claimed_mail import lines_of
from receivables.admin.reminders.forms import LevelsForm, TextForm, seller_choices
from receivables.admin.reminders.list_dialog import list_dialog
from receivables.domain.reminders.letter import DEFAULT, save_text, standard
from receivables.domain.reminders.schedule import set_levels
from receivables.models import ReminderSchedule

CHANGE = "receivables.change_reminderschedule"
LIST = "admin:receivables_reminderschedule_changelist"


def seller_of(row: Any) -> str:
    """Return the company of a level or run."""
    return row.seller.name if row.seller else seller_choices()[0][1]


def texts_of(level: ReminderSchedule) -> Any:
    """Return what the level says in each language, or the standard wording."""
    texts = [(each.language, each.subject, each.body) for each in level.texts.order_by("language")]
    shown = texts or [("Standard, in English", *standard(level))]
    return format_html_join(
        "", "<p><b>{}</b>: {}</p>{}", ((name, subject, lines_of(body)) for name, subject, body in shown)
    )


def first_text(level: ReminderSchedule) -> dict[str, Any]:
    """Return the text that the form starts with."""
    text = level.texts.filter(language=DEFAULT).first()
    subject, body = (text.subject, text.body) if text else standard(level)
    return {"language": DEFAULT, "subject": subject, "body": body}


def set_all(request: HttpRequest, answers: dict[str, Any]) -> str:
    """Set the levels of a company."""
    set_levels(answers["seller"], answers["days"], by=person(request))
    messages.success(request, "Saved.")
    return reverse(LIST)


@admin.register(ReminderSchedule)
class ReminderScheduleAdmin(ReadOnlyPage[ReminderSchedule]):
    list_display = ("shown_level", "shown_seller", "shown_when", "shown_state")
    list_display_links = ("shown_level",)
    list_filter = ("is_active",)
    related = ("seller",)
    ordering = ("seller__name", "level")
    nothing_yet = "No company reminds yet. Set when it does, then preview who would get what."
    actions_list: Any = ("set_levels",)
    actions_detail: Any = ("edit_text",)
    fieldsets = ((None, {"fields": (("shown_seller", "shown_when", "shown_state"), "shown_texts")}),)

    shown_level = column(lambda level: f"Level {level}", "level", title="level", order="level")
    shown_seller = column(seller_of, title="company")
    shown_when = column(lambda level: str(level).partition(": ")[2], title="when", order="days")
    shown_state = column(lambda on: chip("Active", "green") if on else chip("Off"), "is_active", title="state")
    shown_texts = column(texts_of, title="text", empty=NOTHING)

    set_levels = list_dialog(
        "Set levels",
        set_all,
        form=LevelsForm,
        says="Replaces the levels of the company. What is open now is covered, too: preview a run before you start it.",
        permission=CHANGE,
        icon="tune",
        presses="Save",
        back=LIST,
    )

    @button(
        "Edit text",
        permission=CHANGE,
        icon="edit",
        asks=Dialog(
            title=lambda level: f"{level}: text",
            says="Customers get the text of their language, or the English one.",
            submit="Save",
            form=TextForm,
            first=first_text,
        ),
    )
    def edit_text(self, request: HttpRequest, level: ReminderSchedule, answers: dict[str, Any]) -> Done:
        save_text(level, answers["language"].lower(), answers["subject"], answers["body"], by=person(request))
        return Done("Saved.")


in_menu(
    "Receivables",
    60,
    list_item("Reminders", "notifications_active", "receivables.reminderrun"),
    list_item("Reminder levels", "tune", "receivables.reminderschedule"),
    list_item("Reminder timetable", "schedule", "receivables.remindertimetable"),
    list_item("Reminder pauses", "pause_circle", "receivables.reminderpause"),
)
