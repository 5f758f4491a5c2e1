"""The pages of deliveries."""

from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import (
    NOTHING,
    amount,
    block,
    chip,
    code,
    instant,
    link,
    link_to,
    list_of,
    number,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.filters import Received
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.admin.credentials.columns import MODE
from leads.admin.delivered_item import requested_item
from leads.domain.access.contacts import may_see_raw_bodies
from leads.domain.access.raw_bodies import download_body, look_at_body
from leads.domain.archive.bodies import beginning_of
from leads.domain.intake.receipt import CONFLICT, QUARANTINED
from leads.models import Delivery
from leads.models.delivery import OUTCOMES
from leads.queries.receipts import refused_items

KINDS = ("leads", "actions")
REFUSED = (CONFLICT, QUARANTINED)
AS_RECEIVED = "As it was received"
SHOWN_AT_MOST = 200_000
LINKED_AT_MOST = 500  # IDs that fit into a URL


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyPage[Delivery]):
    is_large = True
    nothing_yet = "Nothing has been delivered yet. Requests and files from sources appear here."
    list_display = (
        "shown_received",
        "shown_source",
        "shown_name",
        "shown_size",
        "shown_leads",
        "lead_outcomes",
        "shown_actions",
        "action_outcomes",
    )
    list_filter = (("source", AutocompleteSelectFilter), Received)
    related = ("source",)
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_source", "shown_received"),
                    ("shown_name", "content_type"),
                    ("shown_batch", "shown_sent"),
                    ("shown_key", "mode"),
                    ("body_size_in_words", "digest"),
                )
            },
        ),
        ("Results", {"fields": ("adds_up", "quarantined")}),
        (AS_RECEIVED, {"fields": ("download", "body_as_text")}),
    )

    shown_received = column(instant, "received_at", title="received", order="received_at")
    shown_source = column(link, "source", title="source")
    shown_name = column(lambda name: shortened(name or "request"), "name", title="file")
    shown_batch = column(shortened, "batch_id", title="batch")
    shown_sent = column(instant, "sent_at", title="sent at, according to sender")
    shown_key = column(code, "idempotency_key", title="idempotency key", empty=NOTHING)
    mode = MODE
    shown_size = column(lambda size: amount(filesizeformat(size)), "body_size", title="size")
    shown_leads = column(number, "leads_received", title="leads")
    shown_actions = column(number, "actions_received", title="actions")
    lead_outcomes = column(lambda delivery: _outcomes_in_words(delivery, "leads"), title="lead outcomes")
    action_outcomes = column(lambda delivery: _outcomes_in_words(delivery, "actions"), title="action outcomes")
    body_size_in_words = column(filesizeformat, "body_size", title="size")
    digest = column(code, "body_sha256", title="SHA-256")
    the_item = column(
        lambda item: render_to_string("leads/delivered_item.html", {"item": item}), "requested_item", title="as sent"
    )
    download = column(
        lambda key: link_to(reverse("admin:leads_delivery_body", args=[key]), "Download as received"),
        "pk",
        title="file",
    )
    body_as_text = column(lambda delivery: block(body_in_words(delivery)), title="body")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        # Don't read fifty bodies for a list of fifty deliveries.
        return super().get_queryset(request).defer("body", "answer")

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        """Add the item requested by a link from an action or lead as the first section."""
        if not may_see_raw_bodies(request.user):
            return tuple(each for each in self.fieldsets if each[0] != AS_RECEIVED)
        item = requested_item(obj, request.GET) if obj else None
        if item is None:
            return self.fieldsets
        obj.__dict__["requested_item"] = item
        return (("The item", {"fields": ("the_item",)}), *self.fieldsets)

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "the_item")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if may_see_raw_bodies(request.user):
            look_at_body(kwargs["obj"], by=person(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        raw = path("<int:delivery_id>/body/", self.admin_site.admin_view(self.raw_body), name="leads_delivery_body")
        return [raw, *super().get_urls()]

    @needs("leads.view_delivery", "leads.view_raw_bodies")
    def raw_body(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        """Download the bytes as they were received."""
        delivery = get_object_or_404(Delivery.objects.select_related("source"), pk=delivery_id)
        name = f"delivery-{delivery.pk}-{delivery.body_sha256[:8]}"
        return HttpResponse(
            download_body(delivery, by=person(request)),
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @admin.display(description="counts")
    def adds_up(self, delivery: Delivery) -> str:
        # For a file, the lines as well.
        rows = [(kind.title(), _count(delivery, kind, "received"), _counts(delivery, kind)) for kind in KINDS]
        return render_to_string(
            "leads/delivery_counts.html", {"outcomes": OUTCOMES, "rows": rows, "delivery": delivery}
        )

    @admin.display(description="quarantine")
    def quarantined(self, delivery: Delivery) -> SafeString | str:
        if not any(_count(delivery, kind, outcome) for kind in KINDS for outcome in REFUSED):
            return "None of its items were refused."
        # Not by delivery: an item that was refused before belongs to its first delivery.
        numbers = refused_items(delivery)[:LINKED_AT_MOST]
        rows = {"id__in": ",".join(map(str, numbers))} if numbers else {"delivery__id__exact": str(delivery.pk)}
        return link_to(list_of("leads.quarantineditem", **rows, state="all"), "Show refused items")


def body_in_words(delivery: Delivery) -> str:
    """Return the body, indented if it is JSON, or only its beginning if it is long."""
    start = beginning_of(delivery, SHOWN_AT_MOST)
    if delivery.body_size > SHOWN_AT_MOST:
        beginning = start.decode(errors="replace")
        return f"{beginning}\n… the first {filesizeformat(SHOWN_AT_MOST)}. Download the file to see all of it."
    try:
        return msgspec.json.format(start, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return start.decode(errors="replace")


def _outcomes_in_words(delivery: Delivery, kind: str) -> SafeString:
    """Return `10 created · 2 duplicate`, with refused items as colored chips."""
    counts = [(outcome, count) for outcome, count in zip(OUTCOMES, _counts(delivery, kind), strict=True) if count]
    words = " · ".join(f"{count:,} {outcome}" for outcome, count in counts if outcome not in REFUSED)
    held = [chip(f"{count:,} {outcome}", "orange") for outcome, count in counts if outcome in REFUSED]
    shown = format_html_join(" ", "{}", ((each,) for each in held))
    return format_html('<span class="lb-chips">{} {}</span>', words or (NOTHING if not held else ""), shown)


def _counts(delivery: Delivery, kind: str) -> list[int]:
    return [_count(delivery, kind, outcome) for outcome in OUTCOMES]


def _count(delivery: Delivery, kind: str, name: str) -> int:
    return int(getattr(delivery, f"{kind}_{name}"))
