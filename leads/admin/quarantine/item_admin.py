"""The pages of quarantined items, which a person fixes and retries, or discards with a reason."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.bulk import AsksWhy, ask_why, for_each
from billing_engine.core.admin_kit.cells import (
    Colour,
    chip,
    code,
    instant,
    link,
    link_to,
    list_of,
    number,
    page_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.filters import Received
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.errors import Refused
from leads.admin.quarantine.bulk_retries import worked_off
from leads.admin.quarantine.filters import ByCode, ByMonth, ByState
from leads.admin.quarantine.fix_page import fix_context
from leads.admin.quarantine.groups import groups
from leads.admin.quarantine.item_page import (
    RepairForm,
    in_words,
    initial_content,
    is_held,
    item_context,
    may_take_new,
    relocated_fault,
    zone_of,
)
from leads.domain.access.contacts import look_at_contacts, may_fix_items, may_see_raw_bodies
from leads.domain.quarantine.bulk_retry import start_retry
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.review import check_seen
from leads.domain.quarantine.settle import CONFLICTS, discard, repair
from leads.models import QuarantinedItem, Source

State = QuarantinedItem.State
COLOURS: dict[str, Colour] = {State.WAITING: "orange", State.REPAIRED: "green", State.DISCARDED: "plain"}
RETRIED_AT_ONCE = 500
DISCARDED_AT_ONCE = 1_000
DISCARD_MANY = AsksWhy(
    action="discard_selected",
    verb="Discard",
    noun="item",
    says="The items are never stored and never billed. They stay in the list as discarded, with your reason.",
    is_dangerous=True,
)


def _state(item: QuarantinedItem) -> str:
    if item.awaited:
        return chip(f"Waiting for its {item.awaited}", "blue")
    return chip(item.get_state_display(), COLOURS[item.state])


@admin.register(QuarantinedItem)
class QuarantinedItemAdmin(ReadOnlyPage[QuarantinedItem]):
    is_large = True
    nothing_yet = "Nothing is waiting in quarantine."
    change_form_template = "leads/quarantined_item.html"
    list_display = (
        "shown_received",
        "shown_code",
        "shown_message",
        "shown_source",
        "where",
        "shown_held",
        "shown_state",
    )
    list_display_links = ("shown_received", "shown_code")
    list_filter = (
        ByState,
        ByCode,
        ByMonth,
        ("source", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        Received,
    )
    related = ("source__customer", "settled_by", "stored_action__action_type", "stored_action__period__customer")
    ordering = ("-received_at", "-pk")
    fields = (
        ("shown_source", "shown_delivery"),
        ("shown_received", "where"),
        ("shown_months", "shown_occurred"),
        ("shown_state", "settled"),
        "settled_note",
    )
    actions = ("retry_selected", "discard_selected")
    actions_detail = ("take_the_new", "keep_stored", "discard_item")
    list_before_template = "leads/quarantine_groups.html"

    shown_received = column(instant, "received_at", zone_of, title="received", order="received_at")
    shown_occurred = column(
        instant,
        "occurred_at",
        lambda item: ZoneInfo(item.zone or "UTC"),
        title="occurred",
        empty="No readable time",
    )
    shown_code = column(
        lambda code: chip(code, "red" if code in CONFLICTS else "orange"), "code", title="code", order="code"
    )
    shown_message = column(partial(shortened, fits=88), "message", title="message")
    shown_source = column(link, "source", title="source")
    shown_delivery = column(
        lambda key: link_to(page_of("leads.delivery", key), f"Delivery {key}"), "delivery_id", title="delivery"
    )
    where = column(lambda pointer: code(pointer or "/"), "pointer", title="where in the delivery")
    shown_held = column(number, "actions_held", title="actions held")
    shown_state = column(_state, title="state")
    settled = column(instant, "settled_at", zone_of, title="settled")

    def get_urls(self) -> list[Any]:
        # "Retry" is not a button above the page but below the form with the item's content.
        retry = path(
            "<path:object_id>/retry/", self.admin_site.admin_view(self.retry), name="leads_quarantineditem_retry"
        )
        every = path("retry-all/", self.admin_site.admin_view(self.retry_all), name="leads_quarantineditem_retry_all")
        return [retry, every, *super().get_urls()]

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.change_quarantineditem")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None)
        if shown and "cl" in shown:
            may_settle = self.has_settle_permission(request)
            shown |= {"groups": groups(with_fixes=may_fix_items(request.user)), "may_settle": may_settle}
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item: QuarantinedItem = kwargs["obj"]
        context |= item_context(item)
        context["may_see_item"] = may_see_raw_bodies(request.user)
        if context["may_see_item"]:
            look_at_contacts(item, by=person(request))
        context["may_settle"] = item.state == State.WAITING and self.has_settle_permission(request)
        if context["may_settle"] and may_fix_items(request.user) and (fix := fix_context(item)):
            context |= fix | {"media": context["media"] + fix["fix"].media}
        return super().render_change_form(request, context, *args, **kwargs)

    @needs("leads.change_quarantineditem")
    def retry_all(self, request: HttpRequest) -> HttpResponse:
        """Retry all items of one source and code: a few immediately, many by the workers."""
        if request.method != "POST":
            raise PermissionDenied
        source = get_object_or_404(Source, pk=request.POST.get("source"))
        try:
            retry = start_retry(source, code=request.POST.get("code", ""), by=person(request), at=now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(list_of("leads.quarantineditem"))
        return worked_off(request, retry)

    @button(
        "Retry",
        permission="leads.change_quarantineditem",
        asks=Dialog(
            title="Fix and retry",
            form=RepairForm,
            first=lambda item: {"content": initial_content(item)},
            template="leads/repair_item.html",
            also=relocated_fault,
        ),
    )
    def retry(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        check_seen(item, answers["content"], seen=answers["seen"])
        receipt = repair(item, content=answers["content"], by=person(request), at=now(), by_hand=True)
        return Done(in_words(receipt), level=messages.WARNING if is_held(receipt) else messages.SUCCESS)

    @button(
        "Use the new version",
        permission="leads.change_quarantineditem",
        icon="published_with_changes",
        offered=lambda item: item.state == State.WAITING and may_take_new(item),
        asks=Dialog(
            title="Replace the stored version with the new one?",
            says="The stored values are recorded here with your reason, and the billing period is rated again within seconds.",
            form=WithReason,
        ),
    )
    def take_the_new(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        receipt = take_new(item, note=answers["reason"], by=person(request), at=now())
        held = messages.WARNING if is_held(receipt) else messages.SUCCESS
        return Done("The new version is stored, and its period is rated again within seconds.", level=held)

    @button(
        "Keep the stored version",
        permission="leads.change_quarantineditem",
        icon="inventory",
        offered=lambda item: item.state == State.WAITING and item.code in CONFLICTS,
        asks=Dialog(
            title="Keep the stored version?",
            says="The new version is discarded: it stays in this list with your reason and is never billed.",
            form=WithReason,
        ),
    )
    def keep_stored(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        discard(item, note=answers["reason"], by=person(request), at=now())
        return Done("The stored version is kept, and the new version is discarded.")

    @button(
        "Discard",
        permission="leads.change_quarantineditem",
        icon="delete_sweep",
        variant=ActionVariant.DANGER,
        offered=lambda item: item.state == State.WAITING and item.code not in CONFLICTS,
        asks=Dialog(
            title="Discard this item?",
            says="The item is never stored and never billed. It stays in this list as discarded, with your reason.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def discard_item(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        discard(item, note=answers["reason"], by=person(request), at=now())
        return Done("Discarded.")

    @admin.action(description="Retry unchanged", permissions=["settle"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> None:
        at, by = now(), person(request)
        for_each(
            request,
            _oldest(request, queryset, RETRIED_AT_ONCE),
            lambda item: repair(item, content=item.content, by=by, at=at),
            done="Stored",
        )

    @admin.action(description="Discard with a reason", permissions=["settle"])
    def discard_selected(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> HttpResponse | None:
        rows = _oldest(request, queryset, DISCARDED_AT_ONCE)
        form = WithReason(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return ask_why(self, request, form, rows, DISCARD_MANY)
        note, by, at = form.cleaned_data["reason"], person(request), now()
        for_each(request, rows, lambda item: discard(item, note=note, by=by, at=at), done="Discarded")
        return None

    @admin.display(description="counts toward")
    def shown_months(self, item: QuarantinedItem) -> str:
        """Return the months, and how they were determined."""
        zone = item.zone or "UTC, because the customer is unknown"
        by = "when it was received, UTC" if item.occurred_at is None else zone
        return f"{', '.join(item.months)} ({by})"


def _oldest(request: HttpRequest, queryset: Any, at_most: int) -> list[QuarantinedItem]:
    items = list(queryset.waiting().order_by("received_at", "pk")[: at_most + 1])
    if len(items) > at_most:
        messages.warning(request, f"Only the oldest {at_most:,} of them are processed at once. Repeat for the rest.")
    return items[:at_most]
