"""Scope, price and effective dates: drafted in a form, then activated, revised and retired by buttons."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant

from leads.admin.bases import Page
from leads.admin.buttons import Dialog, Done, button, person
from leads.admin.choices import WITHOUT_IDLE_ZEROS
from leads.admin.shown import NOTHING, chip, chips, instant, link, number, page_of, shortened
from pricing.admin.rule_form import PARTS, RuleForm, shown_for
from pricing.admin.rule_words import activation_in_words, is_active, is_draft, revisions, state_in_words, zone_of
from pricing.admin.tiers import TierRows
from pricing.domain.rules import activate, retire, revise
from pricing.domain.words import limits_in_words, model_in_words, price_in_words, scope_in_words
from pricing.models import PriceRule

CHANGE = "pricing.change_pricerule"

EDITED: Any = (
    (
        "What it prices",
        {
            "fields": ("name", "customer", "product", "category", "action_type", "source", "channel"),
            "description": "What is left open matches anything.",
        },
    ),
    (
        "Price",
        {
            "fields": (
                "price_model",
                "currency",
                "unit_price",
                ("package_size", "package_price"),
                ("percent", "fixed_fee"),
                ("minimum", "maximum"),
            )
        },
    ),
    (
        "Limits",
        {
            "fields": (
                "free_units",
                ("free_actions", "free_value"),
                "once_per",
                "once_days",
                "highest_only",
                ("cap_per_lead", "cap_per_period"),
            )
        },
    ),
    ("When", {"fields": ("effective_from", "effective_to", "priority")}),
)
SEEN: Any = (
    ("What it prices", {"fields": ("shown_name", "scope")}),
    ("Price", {"fields": ("shown_model", "whole_price", "limits")}),
    ("When", {"fields": (("starts", "ends"), ("state_chip", "shown_priority"))}),
    ("Life", {"fields": (("drafted", "activated"), ("shown_revises", "retired"))}),
)
SEEN_NAMES = tuple(flatten_fieldsets(SEEN))


@admin.register(PriceRule)
class PriceRuleAdmin(Page[PriceRule]):
    form = RuleForm
    formfield_overrides = WITHOUT_IDLE_ZEROS
    change_form_template = "pricing/rule.html"
    list_display = ("shown_name", "state_chip", "scope", "shown_price", "shown_priority", "starts", "ends")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
        ("action_type", AutocompleteSelectFilter),
        ("channel", ChoicesDropdownFilter),
        ("price_model", ChoicesDropdownFilter),
    )
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("-effective_from", "-pk")
    autocomplete_fields = ("customer", "product", "source", "action_type")
    inlines = (TierRows,)
    actions_detail = ("activate_rule", "revise_rule", "retire_rule")
    conditional_fields = {part: shown_for(part) for part in PARTS} | {"once_days": "once_per"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        return (
            super()
            .get_queryset(request)
            .select_related(
                "customer", "product", "source", "action_type", "created_by", "activated_by", "retired_by", "revises"
            )
            .prefetch_related("tiers")
        )

    def has_change_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return obj is not None and is_draft(obj) and request.user.has_perm("pricing.delete_pricerule")

    def get_fieldsets(self, request: HttpRequest, obj: PriceRule | None = None) -> Any:
        return EDITED if self._is_edited(request, obj) else SEEN

    def get_readonly_fields(self, request: HttpRequest, obj: PriceRule | None = None) -> tuple[str, ...]:
        return () if self._is_edited(request, obj) else SEEN_NAMES

    def _is_edited(self, request: HttpRequest, obj: PriceRule | None) -> bool:
        return obj is None or self.has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From the address: a link that says «make a rule from this» fills the scope in."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        month = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        given["effective_from"] = _parsed(given.get("effective_from")) or month
        return given

    def save_model(self, request: HttpRequest, obj: PriceRule, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        if not change:
            obj.created_by = person(request)
        super().save_model(request, obj, form, change)
        local = obj.effective_from.astimezone(zone_of(obj))
        if (local.hour, local.minute) != (0, 0):
            messages.warning(
                request,
                f"For {obj.customer or 'all customers'} this rule begins at {local:%Y-%m-%d %H:%M %Z}, not at midnight.",
            )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        super().save_formset(request, form, formset, change)
        if left_out := getattr(formset, "left_out", 0):
            model = form.instance.get_price_model_display().lower()
            messages.info(request, f"A {model} price has no tiers: {left_out} removed.")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rule: PriceRule | None = kwargs.get("obj")
        context["revisions"] = revisions(rule) if rule else []
        context["is_draft"] = rule is None or is_draft(rule)
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Activate",
        permission=CHANGE,
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        offered=is_draft,
        asks=Dialog(title=lambda rule: f"Activate «{rule}», as it is saved?", says=activation_in_words),
    )
    def activate_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        activate(rule, by=person(request), at=now())
        return Done(f"«{rule}» is active. Open periods are rated anew within seconds; what is billed stays.")

    @button(
        "Revise",
        permission=CHANGE,
        icon="edit_calendar",
        variant=ActionVariant.PRIMARY,
        offered=is_active,
        asks=Dialog(
            title=lambda rule: f"Revise «{rule}»?",
            says="A draft copy opens, for you to change its price and say from when. Until you activate it, nothing changes.",
            submit="Make a draft",
        ),
    )
    def revise_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        draft = revise(rule, by=person(request), at=now())
        message = f"A draft copy of «{rule}». Change the price and when it begins, save, then activate it."
        return Done(message, page_of("pricing.pricerule", draft.pk), messages.INFO)

    @button(
        "Retire",
        permission=CHANGE,
        icon="event_busy",
        offered=is_active,
        asks=Dialog(
            title=lambda rule: f"Retire «{rule}»?",
            says=(
                "It ends now: what occurs from now on is priced by the next rule that matches, or waits as unrated."
                " What occurred before keeps its price, however late it arrives."
            ),
            is_dangerous=True,
        ),
    )
    def retire_rule(self, request: HttpRequest, rule: PriceRule, answers: dict[str, Any]) -> Done:
        retire(rule, by=person(request), at=now())
        return Done(f"«{rule}» is retired.")

    @admin.display(description="name", ordering="name")
    def shown_name(self, rule: PriceRule) -> SafeString | str:
        return shortened(rule.name)

    @admin.display(description="state", ordering="state")
    def state_chip(self, rule: PriceRule) -> SafeString:
        return chip(*state_in_words(rule, at=now()))

    @admin.display(description="scope")
    def scope(self, rule: PriceRule) -> SafeString:
        return chips(scope_in_words(rule) or ["Everything"])

    @admin.display(description="price")
    def shown_price(self, rule: PriceRule) -> SafeString | str:
        return shortened(price_in_words(rule))

    @admin.display(description="price model")
    def shown_model(self, rule: PriceRule) -> str:
        return rule.get_price_model_display()

    @admin.display(description="price")
    def whole_price(self, rule: PriceRule) -> str:
        return model_in_words(rule)

    @admin.display(description="limits")
    def limits(self, rule: PriceRule) -> SafeString | str:
        words = limits_in_words(rule)
        return chips(words) if words else NOTHING

    @admin.display(description="priority", ordering="priority")
    def shown_priority(self, rule: PriceRule) -> SafeString | str:
        return number(rule.priority)

    @admin.display(description="from", ordering="effective_from")
    def starts(self, rule: PriceRule) -> SafeString | str:
        return instant(rule.effective_from, zone_of(rule))

    @admin.display(description="to", ordering="effective_to")
    def ends(self, rule: PriceRule) -> SafeString | str:
        return instant(rule.effective_to, zone_of(rule)) if rule.effective_to else "no end"

    @admin.display(description="drafted")
    def drafted(self, rule: PriceRule) -> SafeString:
        return _by(rule.created_at, rule.created_by)

    @admin.display(description="activated")
    def activated(self, rule: PriceRule) -> SafeString:
        return _by(rule.activated_at, rule.activated_by)

    @admin.display(description="retired")
    def retired(self, rule: PriceRule) -> SafeString:
        return _by(rule.retired_at, rule.retired_by)

    @admin.display(description="revises")
    def shown_revises(self, rule: PriceRule) -> SafeString | str:
        return link(rule.revises) if rule.revises else NOTHING


def _by(at: datetime | None, user: object) -> SafeString:
    return format_html("{}{}", instant(at), f" by {user}" if user else "")


def _parsed(text: object) -> datetime | None:
    try:
        found = parse_datetime(str(text or ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None
