"""The list of what Stripe told us, and the page of each event with its effect, or with why it has none."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    Colour,
    block,
    chip,
    code,
    instant,
    link,
    pretty,
    shortened,
    total,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from receivables.domain.online.events import check_may_run, check_waits, run_again, set_aside
from receivables.domain.online.provider import is_on
from receivables.models import LedgerDocument, OnlineEvent

CHANGE = "receivables.change_onlineevent"
State = OnlineEvent.State
COLOURS: dict[str, Colour] = {State.OPEN: "red", State.PARTLY: "orange", State.DONE: "green"}
OFF = "Paying online is off: nothing comes in. The guide for deployers says how to turn it on."
NONE_YET = "Nothing came in yet. Each payment, refund, dispute and payout at Stripe will be here."


def of_document(document: LedgerDocument) -> SafeString:
    """The sum of what was booked; below zero if it went out."""
    is_in = document.kind != LedgerDocument.Kind.RETURN
    return total(document.amount if is_in else -document.amount, document.currency)


@admin.register(OnlineEvent)
class OnlineEventAdmin(ReadOnlyPage[OnlineEvent]):
    is_large = True
    list_display = (
        "shown_kind",
        "received",
        "shown_state",
        "shown_customer",
        "amount",
        "shown_document",
        "why_shortly",
    )
    list_display_links = ("shown_kind",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("document__customer", AutocompleteSelectFilter),
    )
    search_fields = ("external_id__exact", "subject__exact")
    search_help_text = "Stripe’s ID of the event or of the payment"
    related = ("document__customer",)
    ordering = ("-pk",)
    actions_detail: Any = ("run_again", "set_aside")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_kind", "shown_state"),
                    ("happened", "received"),
                    ("shown_customer", "amount"),
                    ("shown_document", "run"),
                    "shown_why",
                    ("shown_id", "shown_subject"),
                )
            },
        ),
        ("What Stripe sent, without the payer’s details", {"fields": ("shown_event",)}),
    )

    shown_kind = column(str, "in_words", title="event")
    received = column(instant, "received_at", title="received")
    happened = column(instant, "happened_at", title="happened")
    run = column(instant, "run_at", title="last run", empty=NOTHING)
    shown_state = column(
        lambda event: chip(event.get_state_display(), COLOURS.get(event.state, "plain")), title="state"
    )
    shown_customer = column(link, "document.customer", title="customer", empty=NOTHING)
    amount = column(of_document, "document", title="amount", empty=NOTHING)
    shown_document = column(
        lambda document: link(document, document.get_kind_display()), "document", title="in the ledger", empty=NOTHING
    )
    why_shortly = column(lambda why: shortened(why, fits=80), "why", title="why", empty=NOTHING)
    shown_why = column(str, "why", title="why", empty=NOTHING)
    shown_id = column(code, "external_id", title="Stripe’s ID")
    shown_subject = column(code, "subject", title="payment", empty=NOTHING)
    shown_event = column(lambda event: block(pretty(event.body)), title="content")

    @property
    def nothing_yet(self) -> str:  # type: ignore[override]  # depends on the settings
        return NONE_YET if is_on() else OFF

    @button(
        "Run again",
        permission=CHANGE,
        icon="refresh",
        variant=ActionVariant.PRIMARY,
        guard=lambda event, _: check_may_run(event),
        asks=Dialog(
            title="Run this event again?",
            says="What can be booked now is booked, with today’s date. Nothing is booked twice.",
        ),
    )
    def run_again(self, request: HttpRequest, event: OnlineEvent, answers: dict[str, Any]) -> Done:
        done = run_again(event, by=person(request), at=now())
        return Done(f"{done.get_state_display()}. {done.why}".strip())

    @button(
        "Set aside",
        permission=CHANGE,
        icon="inventory_2",
        guard=lambda event, _: check_waits(event),
        asks=Dialog(
            title="Set this event aside?",
            says="It is not for the ledger, or you have booked it by hand. It stays in this list.",
            form=WithReason,
        ),
    )
    def set_aside(self, request: HttpRequest, event: OnlineEvent, answers: dict[str, Any]) -> Done:
        set_aside(event, by=person(request), at=now(), reason=answers["reason"])
        return Done("Set aside.")


in_menu("Receivables", 57, list_item("Online payments", "credit_card", "receivables.onlineevent"))
