"""The statements that went out by email, and what a person has to decide about them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import NOTHING, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.calendar.wording import named_in_words
from receivables.admin.claimed_mail import ClaimedMailPage, again_button, arrived_button
from receivables.admin.reminders.level_admin import seller_of
from receivables.models import StatementMail

ADD, CHANGE = "receivables.add_statementmail", "receivables.change_statementmail"
BULK = "admin:receivables_statements_bulk"


def balance(name: str) -> Any:
    """Return the column with a balance, which is known once the statement is written."""

    def shown(mail: Any) -> str:
        amount = getattr(mail, name)
        return NOTHING if amount is None else total(amount, mail.currency)

    return column(shown, title=name)


@admin.register(StatementMail)
class StatementMailAdmin(ClaimedMailPage[StatementMail]):
    list_display = (
        "shown_customer",
        "shown_days",
        "shown_state",
        "opening_sum",
        "closing_sum",
        "shown_settled",
        "shown_by",
    )
    list_display_links = ("shown_customer",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
    )
    related = ("customer", "seller", "decided_by", "requested_by")
    nothing_yet = "No statements went out yet. Send one from a customer’s account, or those of a month."
    actions_list: Any = ("of_a_month",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("linked_customer", "shown_state"),
                    ("shown_days", "shown_seller"),
                    ("opening_sum", "closing_sum"),
                    ("shown_by", "shown_settled"),
                    "shown_decider",
                    ("shown_to", "shown_message_id"),
                    ("shown_reason", "shown_digest"),
                )
            },
        ),
        ("Email", {"fields": ("subject", "shown_body")}),
    )

    shown_days = column(lambda mail: named_in_words(mail.first, mail.last), title="of")
    opening_sum, closing_sum = balance("opening"), balance("closing")
    shown_seller = column(seller_of, title="company")
    shown_by = column(str, "requested_by", title="by", empty="By itself")
    it_arrived: Any = arrived_button(CHANGE)
    send_again: Any = again_button(CHANGE)

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        """Return whether the user sees who would get one."""
        return request.user.has_perm("receivables.view_statementmail")

    def _of_a_month(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(BULK))

    of_a_month: Any = action(
        _of_a_month,
        permissions=["bulk"],
        description="Send those of a month",
        icon="visibility",
        variant=ActionVariant.PRIMARY,
        url_path="to-month",
    )


in_menu("Receivables", 66, list_item("Statements by email", "forward_to_inbox", "receivables.statementmail"))
