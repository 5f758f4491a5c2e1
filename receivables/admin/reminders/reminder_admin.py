"""The log of reminders: what each customer was told, and what a person has to decide."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, code, instant, link, number, shortened, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from billing_engine.core.calendar.instants import day
from billing_engine.core.calendar.wording import count_of_days
from receivables.admin.reminders.level_admin import lines_of
from receivables.domain.reminders.run import check_in_doubt, check_may_be_sent_again, count_as_sent, send_again
from receivables.models import Reminder, ReminderItem

CHANGE = "receivables.change_reminderrun"
State = Reminder.State
COLOURS: dict[str, Colour] = {
    State.WAITING: "blue",
    State.SENT: "green",
    State.PARTLY: "orange",
    State.PERHAPS: "orange",
    State.WRITTEN: "orange",
    State.DROPPED: "plain",
    State.FAILED: "red",
}
DOUBT = "Its Message-ID is {}: ask the customer, or look into the mail server’s log. If it arrived, count it as sent."


def lateness(item: ReminderItem) -> str:
    """How late the invoice was on the customer's day of the reminder: `12 days overdue`."""
    due_on, at = item.document.due_on or item.document.posted_on, item.reminder.claimed_at
    if at is None:
        return NOTHING
    days = (item.reminder.customer.day_of(at) - due_on).days
    return f"{count_of_days(days)} overdue" if days > 0 else f"{count_of_days(-days)} before" if days else "That day"


class InvoicesOfReminder(ReadOnlyRows):
    model = ReminderItem
    verbose_name_plural = "invoices"
    related = ("document__invoice", "reminder__customer")
    ordering = ("pk",)
    fields = ("shown_invoice", "shown_level", "shown_due", "shown_lateness", "shown_amount")

    shown_invoice = column(link, "document.invoice", title="invoice")
    shown_level = column(number, "level", title="level")
    shown_due = column(lambda item: day(item.document.due_on or item.document.posted_on), title="due")
    shown_lateness = column(lateness, title="told")
    shown_amount = column(lambda item: total(item.amount, item.document.currency), title="to pay")


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyPage[Reminder]):
    is_large = True
    list_display = ("shown_customer", "shown_level", "shown_state", "shown_run", "shown_settled", "shown_reason")
    list_display_links = ("shown_customer",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
    )
    related = ("customer", "run__seller", "decided_by")
    ordering = ("-pk",)
    nothing_yet = "No reminders yet."
    actions_detail: Any = ("it_arrived", "send_again")
    inlines = (InvoicesOfReminder,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("linked_customer", "shown_level", "shown_state"),
                    ("shown_run", "shown_settled", "shown_decider"),
                    ("shown_to", "shown_message_id"),
                    "shown_reason",
                )
            },
        ),
        ("Email", {"fields": ("subject", "shown_body")}),
    )

    shown_customer = column(shortened, "customer.name", title="customer")
    linked_customer = column(link, "customer", title="customer")
    shown_level = column(number, "level", title="level")
    shown_state = column(lambda row: chip(row.outcome, COLOURS[row.state]), title="state")
    shown_run = column(link, "run", title="run")
    shown_settled = column(instant, "settled_at", title="settled", empty=NOTHING)
    shown_reason = column(str, "reason", title="because", empty=NOTHING)
    shown_decider = column(str, "decided_by", title="decided by", empty=NOTHING)
    shown_to = column(", ".join, "addresses", title="to", empty=NOTHING)
    shown_message_id = column(code, "message_id", title="Message-ID")
    shown_body = column(lines_of, "body", title="message", empty=NOTHING)

    @button(
        "It arrived",
        permission=CHANGE,
        icon="check",
        offered=lambda row: row.state == State.PERHAPS,
        guard=lambda row, _: check_in_doubt(row),
        asks=Dialog(title="Count it as sent?", says=lambda row: DOUBT.format(row.message_id)),
    )
    def it_arrived(self, request: HttpRequest, row: Reminder, answers: dict[str, Any]) -> Done:
        count_as_sent(row, by=person(request))
        return Done("Counted as sent.")

    @button(
        "Send again",
        permission=CHANGE,
        icon="refresh",
        offered=lambda row: row.state in (State.PERHAPS, State.FAILED),
        guard=lambda row, _: check_may_be_sent_again(row),
        asks=Dialog(
            title="Send it again?",
            says="What is owed is read again. The email has the same Message-ID, so that email programs recognize a second copy.",
        ),
    )
    def send_again(self, request: HttpRequest, row: Reminder, answers: dict[str, Any]) -> Done:
        send_again(row, by=person(request), at=now())
        return Done("It is on its way.")
