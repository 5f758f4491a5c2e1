"""The page of reasons for disputes and credit notes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, active, flag
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import Page
from receivables.domain.disputes.reasons import save_reason
from receivables.models import Reason

in_menu("Receivables", 80, list_item("Reasons", "rule", "receivables.reason"))


@admin.register(Reason)
class ReasonAdmin(Page[Reason]):
    nothing_yet = "No reasons yet."
    list_display = ("name", "shown_who", "shown_window", "shown_clock", "shown_alone", "shown_source", "shown_active")
    ordering = ("-is_active", "name")
    search_fields = ("name", "code")
    search_help_text = "Name or code"
    fieldsets = (
        (None, {"fields": (("name", "code"), "explanation", "evidence", "is_active")}),
        ("Disputes", {"fields": ("customers_may_give_it", ("window_days", "decide_within_days"))}),
        ("Decisions", {"fields": (("decided_alone_up_to", "decided_alone_currency"), "source_answers_for_it")}),
    )

    shown_who = column(flag("Customers", "Only we"), "customers_may_give_it", title="given by")
    shown_window = column(lambda days: f"{days} days", "window_days", title="window", empty="The customer's own")
    shown_clock = column(lambda days: f"{days} working days", "decide_within_days", title="decided within")
    shown_alone = column(
        lambda reason: (
            "Any sum"
            if reason.decided_alone_up_to is None
            else money.in_words(reason.decided_alone_up_to, reason.decided_alone_currency)
        ),
        title="alone up to",
        order="decided_alone_up_to",
    )
    shown_source = column(flag("Source", "Not the source"), "source_answers_for_it", title="answers for it")
    shown_active = column(active, "is_active", title="state", empty=NOTHING)

    def get_readonly_fields(self, request: HttpRequest, obj: Reason | None = None) -> tuple[str, ...]:
        """The code stays, because programs know it."""
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Reason, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_reason(obj, by=person(request))
