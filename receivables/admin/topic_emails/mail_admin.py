"""The emails to people of customers about disputes and budgets, and what a person has to decide about them."""

from typing import Any

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.menu import in_menu, list_item
from receivables.admin.claimed_mail import ClaimedMailPage, again_button, arrived_button
from receivables.models import TopicEmail

CHANGE = "receivables.change_topicemail"


@admin.register(TopicEmail)
class TopicEmailAdmin(ClaimedMailPage[TopicEmail]):
    list_display = ("shown_customer", "shown_topic", "shown_to", "shown_state", "shown_subject", "shown_settled")
    list_display_links = ("shown_customer",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("topic", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
    )
    related = ("customer", "decided_by")
    nothing_yet = (
        "No emails yet. Steps of disputes and budget alerts are emailed to the customer’s people who want them."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("linked_customer", "shown_state"),
                    ("shown_topic", "shown_settled"),
                    ("shown_to", "shown_message_id"),
                    ("shown_reason", "shown_decider"),
                )
            },
        ),
        ("Email", {"fields": ("subject", "shown_body")}),
    )
    actions_detail: Any = ("it_arrived", "send_again")

    shown_topic = column(lambda mail: mail.get_topic_display(), title="about")
    shown_subject = column(str, "subject", title="subject", empty=NOTHING)
    it_arrived: Any = arrived_button(CHANGE)
    send_again: Any = again_button(CHANGE)


in_menu("Receivables", 67, list_item("Emails to people", "forward_to_inbox", "receivables.topicemail"))
