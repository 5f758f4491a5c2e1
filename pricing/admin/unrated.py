"""Admin pages of unrated actions: no rule matches them, and they block the close of their period."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.bulk import AsksWhy, ask_why, for_each
from billing_engine.core.admin_kit.cells import NOTHING, action_cell, chip, instant, link, list_of, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.instants import day, zone_in_words
from pricing.admin import unpriceable
from pricing.admin.action_days import DaysOfItsAction
from pricing.domain.waive import waive
from pricing.models import UnratedAction

WAIVED_AT_ONCE = 1_000
WAIVE_MANY = AsksWhy(
    action="waive_selected",
    verb="Waive",
    noun="action",
    says="They are excluded from billing with the reason you give, and no longer block the close. Each stays in its lead's"
    " history.",
)
GROUPED_AT_MOST = 10_000
GROUPS_SHOWN = 25
GROUP = {
    "customer": "period__customer",
    "action_type": "action__action_type",
    "product": "action__lead__product",
}
FILTERS = {name: f"{path}__id__exact" for name, path in GROUP.items()}


@admin.register(UnratedAction)
class UnratedActionAdmin(ReadOnlyPage[UnratedAction]):
    is_large = True
    nothing_yet = "No unrated actions. Every action matches a rule."
    list_before_template = "pricing/unrated_top.html"
    list_display = (
        "shown_deed",
        "shown_customer",
        "shown_product",
        "shown_source",
        "occurred",
        "shown_quantity",
        "why",
        "make_a_rule",
    )
    list_filter = (
        DaysOfItsAction,
        ("code", ChoicesDropdownFilter),
        *((path, AutocompleteSelectFilter) for path in ("period", *GROUP.values(), "action__lead__source")),
    )
    fields = (
        ("shown_action", "shown_type"),
        ("shown_customer", "shown_period"),
        ("shown_product", "shown_source"),
        ("occurred", "shown_quantity"),
        ("why", "what_went_wrong"),
        "make_a_rule",
    )
    related = ("action__action_type", "action__lead__source", "action__lead__product", "period__customer")
    actions = ("waive_selected",)
    actions_detail = ("waive_action",)

    shown_deed = column(action_cell, "action.action_type", "action", title="action")
    shown_action = column(link, "action", title="action")
    shown_type = column(str, "action.action_type.name", title="type")
    shown_customer = column(link, "period.customer", title="customer")
    shown_product = column(link, "action.lead.product", title="product")
    shown_source = column(link, "action.lead.source", title="source")
    occurred = column(instant, "action.occurred_at", "period.customer.zone", title="occurred")
    shown_quantity = column(number, "action.quantity", title="quantity")
    what_went_wrong = column(str, "message", title="what went wrong", empty=NOTHING)
    shown_period = column(link, "period", "period.label", title="period")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("action__occurred_at", "action_id") if DaysOfItsAction.is_asked_for(request) else ("-action_id",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self._allowed(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: UnratedAction | None = None) -> Any:
        return self._allowed(request, self.fields)

    @staticmethod
    def _allowed(request: HttpRequest, names: tuple[Any, ...]) -> tuple[Any, ...]:
        """Link only for users who may create rules."""
        may_add = request.user.has_perm("pricing.add_pricerule")
        return tuple(name for name in names if may_add or name != "make_a_rule")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None)
        if shown and "cl" in shown:
            waiting = shown["cl"].queryset
            shown["groups"] = groups(waiting.exclude(code=unpriceable.UNPRICEABLE), at=now())
            shown["unpriceable"] = unpriceable.reasons(waiting)
            may_retry = request.user.has_perm("pricing.change_ratingattempts")
            shown["given_up"] = unpriceable.given_up(may_retry=may_retry)
            shown["grouped_at_most"], shown["groups_shown"] = GROUPED_AT_MOST, GROUPS_SHOWN
            listed = (*shown["groups"], *shown["unpriceable"])
            shown["is_cut"] = sum(group["count"] for group in listed) < shown["cl"].result_count
        return response

    def has_waive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_waiver")

    @admin.action(description="Waive with a reason", permissions=["waive"])
    def waive_selected(self, request: HttpRequest, queryset: QuerySet[UnratedAction]) -> HttpResponse | None:
        rows = list(queryset[: WAIVED_AT_ONCE + 1])
        if len(rows) > WAIVED_AT_ONCE:
            messages.error(request, f"Choose at most {WAIVED_AT_ONCE:,}. Perhaps a price rule is missing?")
            return None
        form = WithReason(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return ask_why(self, request, form, rows, WAIVE_MANY)
        note, by, at = form.cleaned_data["reason"], person(request), now()
        for_each(
            request,
            rows,
            lambda row: waive(row.action, note=note, by=by, at=at),
            done="Waived. They leave this list within seconds",
        )
        return None

    @button(
        "Waive",
        permission="pricing.add_waiver",
        icon="money_off",
        asks=Dialog(
            title="Waive this action?",
            says="It is excluded from billing with your reason, and no longer blocks the close of its period.",
            form=WithReason,
        ),
    )
    def waive_action(self, request: HttpRequest, row: UnratedAction, answers: dict[str, Any]) -> Done:
        waive(row.action, note=answers["reason"], by=person(request), at=now())
        return Done("Waived. They leave this list within seconds.", list_of("pricing.unratedaction"))

    def get_urls(self) -> list[URLPattern]:
        group = path("waive/", self.admin_site.admin_view(self.waive_group), name="pricing_unratedaction_waive_group")
        return [group, *super().get_urls()]

    @needs("pricing.add_waiver")
    def waive_group(self, request: HttpRequest) -> HttpResponse:
        """The same as selecting a whole group in the list."""
        chosen = _asked_for(request).select_related("action", "period__customer").order_by("action_id")
        refused = self.waive_selected(request, chosen)
        return refused or HttpResponseRedirect(list_of("pricing.unratedaction"))

    @admin.display(description="why")
    def why(self, row: UnratedAction) -> SafeString:
        return chip(row.get_code_display(), "red" if row.code == unpriceable.UNPRICEABLE else "plain")

    @admin.display(description="")
    def make_a_rule(self, row: UnratedAction) -> SafeString:
        lead, customer = row.action.lead, row.period.customer
        scope = {"customer": customer.pk, "action_type": row.action.action_type_id, "product": lead.product_id}
        named = f"{customer}: {row.action.action_type}, {lead.product.sku}"
        since = row.action.occurred_at.astimezone(customer.zone).date()
        address = new_rule(scope | {"source": lead.source_id}, name=named, currency=customer.currency, since=since)
        return format_html('<a class="text-link whitespace-nowrap" href="{}">Make a rule</a>', address)


def new_rule(scope: dict[str, Any], *, name: str, currency: str, since: date) -> str:
    """The address of a new rule's form, filled in with the group's scope."""
    given = {**scope, "name": name, "currency": currency, "wall_from": since.isoformat()}
    return f"{reverse('admin:pricing_pricerule_add')}?{urlencode(given)}"


def groups(waiting: QuerySet[UnratedAction], *, at: datetime) -> list[dict[str, Any]]:
    """Unrated actions by customer, action type and product, most first; if there are very many, only the earliest."""
    oldest = waiting.order_by("action_id").values("pk")[:GROUPED_AT_MOST]
    names = {f"{name}_name": f"{path}__name" for name, path in GROUP.items()}
    more = ("action__lead__product__sku", "period__customer__currency", "period__customer__time_zone")
    rows: Iterable[dict[str, Any]] = (
        UnratedAction.objects.filter(pk__in=oldest)
        .values(*GROUP.values(), *names.values(), *more)
        .annotate(count=Count("pk"), first=Min("action__occurred_at"), last=Max("action__occurred_at"))
        .order_by("-count", *GROUP.values())[:GROUPS_SHOWN]
    )
    return [_group(row, names, at) for row in rows]


def _group(row: dict[str, Any], names: dict[str, str], at: datetime) -> dict[str, Any]:
    scope = {name: row[path] for name, path in GROUP.items()}
    shown = {name: row[path] for name, path in names.items()}
    where = {FILTERS[name]: key for name, key in scope.items()}
    sku, zone = row["action__lead__product__sku"], ZoneInfo(row["period__customer__time_zone"])
    named = f"{shown['customer_name']}: {shown['action_type_name']}, {sku}"
    since, currency = row["first"].astimezone(zone).date(), row["period__customer__currency"]
    return {
        **shown,
        "sku": sku,
        "count": row["count"],
        "occurred": _from_to(row["first"], row["last"], zone),
        "these": list_of("pricing.unratedaction", **where),
        "days": (at - row["first"]).days,
        "new_rule": new_rule(scope, name=named, currency=currency, since=since),
        "waive": f"{reverse('admin:pricing_unratedaction_waive_group')}?{urlencode(scope)}",
    }


def _from_to(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """The days in the customer's time zone: `2026-10-29 EDT`, or `2026-10-29 – 2026-11-02 EST`."""
    days = dict.fromkeys(day(each.astimezone(zone).date()) for each in (first, last))
    return f"{' – '.join(days)} {zone_in_words(last, zone)}"


def _asked_for(request: HttpRequest) -> QuerySet[UnratedAction]:
    """The unrated actions of the group in the address."""
    keys = {name: request.GET.get(name, "") for name in GROUP}
    if not all(key.isdecimal() for key in keys.values()):
        raise Http404
    return UnratedAction.objects.filter(**{GROUP[name]: int(key) for name, key in keys.items()})
