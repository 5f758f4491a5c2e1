"""What was refused, and waits for a person: mended and sent in again, or let go for a reason."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin import for_each
from leads.admin.bases import ReadOnlyPage
from leads.admin.buttons import Dialog, Done, WithReason, button, person
from leads.admin.places import differences, faulty_place
from leads.admin.recently import Received
from leads.admin.shown import NOTHING, Colour, chip, code, instant, link, number, page_of, pretty, shortened, to
from leads.domain.quarantine import discard, repair
from leads.domain.receipt import CONFLICT, QUARANTINED, Receipt
from leads.models import QuarantinedItem

State = QuarantinedItem.State
COLOURS: dict[str, Colour] = {State.WAITING: "orange", State.REPAIRED: "green", State.DISCARDED: "plain"}
CODES_FROM = 10_000
RETRIED_AT_ONCE = 500


class ByState(DropdownFilter):
    """What waits, unless something else is asked for."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*State.choices, ("all", "All")]

    def value(self) -> str:
        return super().value() or State.WAITING

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> QuerySet[QuarantinedItem]:
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class ByCode(DropdownFilter):
    """The codes of what waits; of very much that waits, the latest."""

    title = "code"
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = QuarantinedItem.objects.waiting().order_by("-received_at").values("code")[:CODES_FROM]
        return sorted({(row["code"], row["code"]) for row in latest})

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> QuerySet[QuarantinedItem]:
        return queryset.filter(code=self.value()) if self.value() else queryset


class RepairForm(forms.Form):
    """The item, to be mended."""

    content = forms.CharField(
        label="The item", widget=UnfoldAdminTextareaWidget({"class": "lb-area", "rows": 18, "spellcheck": "false"})
    )

    def clean_content(self) -> dict[str, Any]:
        try:
            content = json.loads(self.cleaned_data["content"], parse_float=Decimal)
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(content, dict):
            raise forms.ValidationError("A lead is one JSON object: { … }.")
        return content


@admin.register(QuarantinedItem)
class QuarantinedItemAdmin(ReadOnlyPage[QuarantinedItem]):
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
    list_filter = (ByState, ByCode, ("source", AutocompleteSelectFilter), ("kind", ChoicesDropdownFilter), Received)
    list_select_related = ("source",)
    ordering = ("-received_at", "-pk")
    fields = (
        ("shown_source", "shown_delivery"),
        ("shown_received", "where"),
        ("shown_state", "settled"),
        "settled_note",
    )
    actions = ("retry_selected",)
    actions_detail = ("discard_item",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedItem]:
        return super().get_queryset(request).select_related("source", "settled_by", "stored_action__action_type")

    def get_urls(self) -> list[Any]:
        # "Retry" is no button above the page but the one below the text to be mended.
        retry = path(
            "<path:object_id>/retry/", self.admin_site.admin_view(self.retry), name="leads_quarantineditem_retry"
        )
        return [retry, *super().get_urls()]

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.change_quarantineditem")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item: QuarantinedItem = kwargs["obj"]
        context |= {
            "place": faulty_place(item),
            "content_in_words": pretty(item.content),
            "differences": differences(item, item.stored_action) if item.stored_action else [],
            "may_settle": item.state == State.WAITING and self.has_settle_permission(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Retry",
        permission="leads.change_quarantineditem",
        asks=Dialog(
            title="Send the mended item in again",
            says=lambda item: f"{item.message}\nWhere: {faulty_place(item).pointer}",
            form=RepairForm,
            first=lambda item: {"content": pretty(item.content)},
        ),
    )
    def retry(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        receipt = repair(item, content=answers["content"], by=person(request), at=now())
        return Done(in_words(receipt), level=messages.WARNING if _held(receipt) else messages.SUCCESS)

    @button(
        "Discard",
        permission="leads.change_quarantineditem",
        icon="delete_sweep",
        variant=ActionVariant.DANGER,
        offered=lambda item: item.state == State.WAITING,
        asks=Dialog(
            title="Discard this item?",
            says="It is never stored and never billed. It stays in this list as discarded, with your reason.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def discard_item(self, request: HttpRequest, item: QuarantinedItem, answers: dict[str, Any]) -> Done:
        discard(item, note=answers["reason"], by=person(request), at=now())
        return Done("Discarded.")

    @admin.action(description="Retry as they are", permissions=["settle"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> None:
        items = list(queryset.waiting().order_by("received_at", "pk")[: RETRIED_AT_ONCE + 1])  # type: ignore[attr-defined]  # the model's own queryset
        if len(items) > RETRIED_AT_ONCE:
            messages.warning(request, f"More than {RETRIED_AT_ONCE} at once: the oldest {RETRIED_AT_ONCE} are retried.")
        at, by = now(), person(request)
        for_each(
            request,
            items[:RETRIED_AT_ONCE],
            lambda item: repair(item, content=item.content, by=by, at=at),
            done="Stored",
        )

    @admin.display(description="received", ordering="received_at")
    def shown_received(self, item: QuarantinedItem) -> SafeString | str:
        return instant(item.received_at)

    @admin.display(description="code", ordering="code")
    def shown_code(self, item: QuarantinedItem) -> SafeString:
        return chip(item.code, "red" if item.stored_action_id else "orange")

    @admin.display(description="message")
    def shown_message(self, item: QuarantinedItem) -> SafeString | str:
        return shortened(item.message)

    @admin.display(description="source")
    def shown_source(self, item: QuarantinedItem) -> SafeString | str:
        return link(item.source)

    @admin.display(description="delivery")
    def shown_delivery(self, item: QuarantinedItem) -> SafeString | str:
        return to(page_of("leads.delivery", item.delivery_id), f"Delivery {item.delivery_id}")

    @admin.display(description="where in the delivery")
    def where(self, item: QuarantinedItem) -> SafeString | str:
        return code(item.pointer or "/")

    @admin.display(description="actions held", ordering="actions_held")
    def shown_held(self, item: QuarantinedItem) -> SafeString | str:
        return number(item.actions_held)

    @admin.display(description="state")
    def shown_state(self, item: QuarantinedItem) -> SafeString:
        return chip(item.get_state_display(), COLOURS[item.state])

    @admin.display(description="settled")
    def settled(self, item: QuarantinedItem) -> SafeString | str:
        return instant(item.settled_at) if item.settled_at else NOTHING


def in_words(receipt: Receipt) -> str:
    """«Lead created; 3 actions: 2 created, 1 duplicate.»"""
    lead = receipt.results[0]
    outcomes = [action.outcome for action in lead.actions]
    told = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))
    return f"Lead {lead.id} {lead.outcome}" + (f"; its actions: {told}." if told else ".")


def _held(receipt: Receipt) -> bool:
    return any(action.outcome in (CONFLICT, QUARANTINED) for lead in receipt.results for action in lead.actions)
