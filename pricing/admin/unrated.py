"""The queue of actions that no rule matches: neither free nor excluded, and the close of their period waits for them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Least
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.admin import for_each
from leads.admin.bases import ReadOnlyPage
from leads.admin.buttons import Dialog, Done, WithReason, button, person
from leads.admin.shown import deed, instant, link, list_of, number
from pricing.domain.waive import waive
from pricing.models import UnratedAction

WAIVED_AT_ONCE = 1_000
GROUPED_AT_MOST = 10_000
GROUPS_SHOWN = 8
GROUP = {
    "customer": "period__customer",
    "product": "action__lead__product",
    "action_type": "action__action_type",
    "source": "action__lead__source",
}
FILTERS = {name: f"{path}__id__exact" for name, path in GROUP.items()}


@admin.register(UnratedAction)
class UnratedActionAdmin(ReadOnlyPage[UnratedAction]):
    list_before_template = "pricing/unrated_groups.html"
    list_display = (
        "shown_deed",
        "shown_customer",
        "shown_product",
        "shown_source",
        "occurred",
        "shown_quantity",
        "make_a_rule",
    )
    list_filter = tuple((path, AutocompleteSelectFilter) for path in ("period", *GROUP.values()))
    ordering = ("-action_id",)
    fields = (
        ("shown_action", "shown_type"),
        ("shown_customer", "shown_period"),
        ("shown_product", "shown_source"),
        ("occurred_locally", "shown_quantity"),
        "make_a_rule",
    )
    actions = ("waive_selected",)
    actions_detail = ("waive_action",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnratedAction]:
        return (
            super()
            .get_queryset(request)
            .select_related("action__action_type", "action__lead__source", "action__lead__product", "period__customer")
        )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_add = request.user.has_perm("pricing.add_pricerule")
        return self.list_display if may_add else self.list_display[:-1]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None)
        if shown and "cl" in shown:
            shown["groups"] = groups(shown["cl"].queryset)
        return response

    def has_waive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_waiver")

    @admin.action(description="Waive, with a reason", permissions=["waive"])
    def waive_selected(self, request: HttpRequest, queryset: QuerySet[UnratedAction]) -> HttpResponse | None:
        rows = list(queryset[: WAIVED_AT_ONCE + 1])
        if len(rows) > WAIVED_AT_ONCE:
            messages.error(request, f"At most {WAIVED_AT_ONCE:,} at once. Is it a price rule that is missing?")
            return None
        form = WithReason(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_why(request, form, rows)
        note, by, at = form.cleaned_data["reason"], person(request), now()
        for_each(
            request,
            rows,
            lambda row: waive(row.action, note=note, by=by, at=at),
            done="Waived, and gone from here within seconds",
        )
        return None

    @button(
        "Waive",
        permission="pricing.add_waiver",
        icon="money_off",
        asks=Dialog(
            title="Waive this action?",
            says="It is excluded from billing with the reason you give, and no longer blocks the close of its period.",
            form=WithReason,
        ),
    )
    def waive_action(self, request: HttpRequest, row: UnratedAction, answers: dict[str, Any]) -> Done:
        waive(row.action, note=answers["reason"], by=person(request), at=now())
        return Done("Waived, and gone from here within seconds.", list_of("pricing.unratedaction"))

    def _ask_why(self, request: HttpRequest, form: WithReason, rows: list[UnratedAction]) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Waive",
            "form": form,
            "rows": rows,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return render(request, "pricing/waive.html", page)

    @admin.display(description="action")
    def shown_deed(self, row: UnratedAction) -> SafeString:
        return deed(row.action.action_type, row.action)

    @admin.display(description="action")
    def shown_action(self, row: UnratedAction) -> SafeString | str:
        return link(row.action)

    @admin.display(description="type")
    def shown_type(self, row: UnratedAction) -> str:
        return row.action.action_type.name

    @admin.display(description="customer")
    def shown_customer(self, row: UnratedAction) -> SafeString | str:
        return link(row.period.customer)

    @admin.display(description="product")
    def shown_product(self, row: UnratedAction) -> SafeString | str:
        return link(row.action.lead.product)

    @admin.display(description="source")
    def shown_source(self, row: UnratedAction) -> SafeString | str:
        return link(row.action.lead.source)

    @admin.display(description="occurred")
    def occurred(self, row: UnratedAction) -> SafeString | str:
        return instant(row.action.occurred_at)

    @admin.display(description="occurred")
    def occurred_locally(self, row: UnratedAction) -> SafeString | str:
        return instant(row.action.occurred_at, row.period.customer.zone)

    @admin.display(description="quantity")
    def shown_quantity(self, row: UnratedAction) -> SafeString | str:
        return number(row.action.quantity)

    @admin.display(description="period")
    def shown_period(self, row: UnratedAction) -> SafeString | str:
        return link(row.period, row.period.label)

    @admin.display(description="")
    def make_a_rule(self, row: UnratedAction) -> SafeString:
        lead = row.action.lead
        ids = (row.period.customer_id, lead.product_id, row.action.action_type_id, lead.source_id)
        return format_html(
            '<a class="text-link whitespace-nowrap" href="{}">Make a rule</a>',
            new_rule(dict(zip(GROUP, ids, strict=True)), since=min(row.period.start_at, row.action.occurred_at)),
        )


def new_rule(scope: dict[str, Any], *, since: datetime) -> str:
    """The address of a new rule's form, its scope and its beginning filled in."""
    return f"{reverse('admin:pricing_pricerule_add')}?{urlencode({**scope, 'effective_from': since.isoformat()})}"


def groups(waiting: QuerySet[UnratedAction]) -> list[dict[str, Any]]:
    """What waits, by customer, product, action type and source, the most first; of very many, the latest."""
    latest = waiting.order_by("-action_id").values("pk")[:GROUPED_AT_MOST]
    names = {f"{name}_name": f"{path}__name" for name, path in GROUP.items()}
    rows: Iterable[dict[str, Any]] = (
        UnratedAction.objects.filter(pk__in=latest)
        .values(*GROUP.values(), *names.values(), "action__lead__product__sku")
        .annotate(count=Count("pk"), since=Least(Min("period__start_at"), Min("action__occurred_at")))
        .order_by("-count")[:GROUPS_SHOWN]
    )
    return [_group(row, names) for row in rows]


def _group(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    scope = {name: row[path] for name, path in GROUP.items()}
    shown = {name: row[path] for name, path in names.items()}
    where = {FILTERS[name]: key for name, key in scope.items()}
    return {
        **shown,
        "sku": row["action__lead__product__sku"],
        "count": row["count"],
        "these": list_of("pricing.unratedaction", **where),
        "new_rule": new_rule(scope, since=row["since"]),
    }
