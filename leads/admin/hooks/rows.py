"""The inbound webhooks on the page of a source, and the refused calls on the page of a webhook."""

from typing import Any

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, address_of, chip, code, day, instant, number, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyRows
from leads.admin.credentials.rows import CredentialRows
from leads.domain.hooks.kinds.registry import kind_of
from leads.domain.hooks.refused import shown_since
from leads.models import Hook, HookFetch, HookRefusal, QuarantinedItem


def with_refusals(hooks: Any) -> Any:
    """Annotate webhooks with the number of their recently refused calls."""
    recent = HookRefusal.objects.filter(hook=OuterRef("pk"), day__gte=shown_since(now()))
    summed = recent.order_by().values("hook").annotate(calls=Sum("times")).values("calls")
    return hooks.annotate(refused_calls=Coalesce(Subquery(summed), 0))


def refused_calls(hook: Any) -> SafeString:
    """Return how many calls were refused, with a link to why."""
    if not hook.refused_calls:
        return format_html("{}", NOTHING)
    return format_html('<a href="{}">{}</a>', address_of(hook), chip(f"{hook.refused_calls:,}", "red"))


def item_link(fetch: Any) -> SafeString:
    """Link the sender's ID of a lead to its quarantined item."""
    address = reverse("admin:leads_quarantineditem_change", args=[fetch.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', address, code(fetch.sender_id))


def fetches(hook: Any) -> str:
    """Say whether the fields of leads are fetched."""
    if not kind_of(hook).token_label:
        return "Not needed"
    return "Yes" if hook.fetch_sealed else "No. Leads are stored without a contact."


SENDER = column(lambda kind: Hook.Kind(kind).label, "kind", title="sender", order="kind")
ADDRESS = column(lambda prefix: code(f"…/{Hook.MARK}_{prefix}_…"), "prefix", title="address")
FETCHES = column(fetches, title="fetches names and contacts")
REFUSED = column(refused_calls, title="refused, 7 days")


class HookRows(CredentialRows):
    model = Hook
    verbose_name_plural = "Inbound webhooks"
    pages = "leads_hook"
    links = ("Secret", "Rotate", "Revoke")
    fields = ("sender", "shown", "state", "created", "last_used", "refused", "buttons")

    sender = SENDER
    shown = ADDRESS
    refused = REFUSED

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_refusals(super().get_queryset(request))


class FetchRows(ReadOnlyRows):
    """The leads whose fields are being fetched, or did not arrive; the earliest first."""

    model = HookFetch
    verbose_name_plural = "Leads without their fields"
    fields = ("lead", "since", "tried", "next_try", "failed")
    ordering = ("requested_at", "pk")

    lead = column(item_link, title="lead")
    since = column(instant, "requested_at", title="received")
    tried = column(number, "attempts", title="attempts")
    next_try = column(lambda at: instant(at) if at else chip("Needs a person", "red"), "next_attempt_at", title="next")
    failed = column(lambda failure: shortened(failure, fits=200), "failure", title="last failure")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(item__state=QuarantinedItem.State.WAITING)


class RefusalRows(ReadOnlyRows):
    """What was refused, per day and reason, the latest first."""

    model = HookRefusal
    verbose_name_plural = "Refused calls"
    fields = ("shown_day", "shown_code", "shown_times", "last", "answered")
    ordering = ("-day", "-last_at")

    shown_day = column(day, "day", title="day")
    shown_code = column(chip, "code", title="reason")
    shown_times = column(number, "times", title="calls")
    last = column(instant, "last_at", title="last call")
    answered = column(lambda message: shortened(message, fits=200), "message", title="what the sender heard")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(day__gte=shown_since(now()))
