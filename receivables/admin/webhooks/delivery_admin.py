"""The log of deliveries: what was sent where, what was answered, and sending again."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, Colour, block, chip, code, instant, link, number, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from receivables.admin.webhooks.endpoint_admin import CHANGE
from receivables.domain.webhooks.endpoints import check_may_be_sent_again, send_again
from receivables.domain.webhooks.post import body_of, uid_of
from receivables.models import WebhookDelivery

State = WebhookDelivery.State
COLOURS: dict[str, Colour] = {State.WAITING: "blue", State.SENT: "green", State.FAILED: "red"}


def state_of(delivery: WebhookDelivery) -> SafeString:
    """Return how far it is."""
    if delivery.state != State.WAITING:
        return chip(delivery.get_state_display(), COLOURS[delivery.state])
    if delivery.is_parked:
        return chip("Parked", "orange")
    return chip("Waiting for a retry", "orange") if delivery.attempts else chip("Waiting", "blue")


def body_shown(delivery: WebhookDelivery) -> SafeString:
    """Return the body that is sent."""
    return block(json.dumps(json.loads(body_of(delivery)), indent=2, ensure_ascii=False))


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyPage[WebhookDelivery]):
    is_large = True
    list_display = (
        "shown_event", "shown_endpoint", "shown_customer", "shown_number", "shown_state", "shown_attempts",
        "shown_status", "tried",
    )  # fmt: skip
    list_display_links = ("shown_event",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("endpoint", AutocompleteSelectFilter),
        ("event__kind", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
    )
    related = ("endpoint", "event", "customer")
    ordering = ("-pk",)
    nothing_yet = "Nothing was sent yet."
    actions_detail: Any = ("send_again",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_endpoint", "shown_customer"),
                    ("shown_event", "shown_id"),
                    ("shown_number", "shown_state"),
                    ("occurred", "tried"),
                    ("shown_attempts", "next_try"),
                    ("shown_status", "why"),
                )
            },
        ),
        ("Sent", {"fields": ("sent",)}),
        ("Answered", {"fields": ("shown_answer",)}),
    )

    shown_event = column(lambda event: event.get_kind_display(), "event", title="event")
    shown_endpoint = column(link, "endpoint", title="endpoint")
    shown_customer = column(link, "customer", title="customer", empty=NOTHING)
    shown_number = column(number, "number", title="number", empty=NOTHING)
    shown_state = column(state_of, title="state")
    shown_attempts = column(number, "attempts", title="attempts")
    shown_status = column(str, "status", title="status", empty=NOTHING)
    tried = column(instant, "attempted_at", title="last attempt", empty=NOTHING)
    next_try = column(instant, "next_attempt_at", title="next attempt", empty=NOTHING)
    occurred = column(instant, "event.occurred_at", title="happened")
    why = column(lambda reason: shortened(reason, fits=300), "reason", title="failed because", empty=NOTHING)
    shown_id = column(lambda delivery: code(uid_of(delivery)), title="ID")
    sent = column(body_shown, title="body")
    shown_answer = column(block, "answer", title="start of the answer", empty=NOTHING)

    def get_fieldsets(self, request: HttpRequest, obj: WebhookDelivery | None = None) -> Any:
        """Show the answer only to those who look after endpoints."""
        found = super().get_fieldsets(request, obj)
        return found if request.user.has_perm(CHANGE) else [each for each in found if each[0] != "Answered"]

    @button(
        "Send again",
        permission=CHANGE,
        icon="refresh",
        guard=lambda delivery, _: check_may_be_sent_again(delivery),
        asks=Dialog(
            title="Send this event again?",
            says="It is sent with the same ID, so that the receiver can tell that it had it. Later events don’t wait for it.",
        ),
    )
    def send_again(self, request: HttpRequest, delivery: WebhookDelivery, answers: dict[str, Any]) -> Done:
        send_again(delivery, by=person(request), at=now())
        return Done("It is on its way.")
