"""Admin pages of price rules: drafts are edited in a form; buttons activate, revise and retire."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.fields import WITHOUT_IDLE_ZEROS
from billing_engine.core.admin_kit.pages import Page
from billing_engine.core.calendar.wall_clock import NotAWallClockTime, in_words, read
from billing_engine.core.models.deed import DeedQuerySet
from pricing.admin.rules.buttons import RuleButtons, next_month
from pricing.admin.rules.cells import ShownRule
from pricing.admin.rules.form import RuleForm, shown_for
from pricing.admin.rules.next_step import SHOWN_NEXT, NextStep
from pricing.admin.rules.page import is_draft, revisions, rivals_of, warning_with_links
from pricing.admin.rules.repricing import Repricing
from pricing.admin.rules.sheets import RuleSheets
from pricing.admin.rules.side import editor, price_view, weigh_view
from pricing.admin.rules.tier_form import script_table
from pricing.admin.rules.tiers import TierRows
from pricing.admin.simulation_cells import simulations_of
from pricing.domain.rule_book.drafting import discard, save_draft
from pricing.domain.rule_book.history import history_of
from pricing.domain.rule_book.price_parts import PARTS
from pricing.domain.rule_book.warnings import warnings_for
from pricing.domain.scope.fit import categories
from pricing.models import PriceRule
from pricing.rating.prices import MODELS


def _rows_of_fields(*, are_free: bool) -> tuple[tuple[str, ...], ...]:
    """The fields of prices or allowances; two of the same price model share a row."""
    seen, rows = set[str](), list[tuple[str, ...]]()
    for model in MODELS.values():
        names = [each.name for each in model.fields if not each.kind.is_tiers and each.is_allowance == are_free]
        new = [name for name in names if name not in seen]
        rows += [tuple(new[place : place + 2]) for place in range(0, len(new), 2)]
        seen |= set(new)
    return tuple(rows)


EDITED: Any = (
    (
        "Who and what",
        {
            "fields": (("customer", "action_type", "product"), ("category", "source", "channel")),
            "description": "Leave a field open to match anything.",
        },
    ),
    ("When", {"fields": ("wall_from",)}),
    ("Price", {"fields": (("price_model", "currency"), *_rows_of_fields(are_free=False))}),
    (
        "Limits",
        {
            "fields": (
                *_rows_of_fields(are_free=True),
                ("once_per", "once_days"),
                ("cap_per_lead", "cap_per_period"),
                "highest_only",
            )
        },
    ),
    ("More", {"fields": ("name", "wall_to", "priority"), "classes": ("collapse",)}),
)
SEEN: Any = (
    ("Scope", {"fields": ("shown_name", "scope")}),
    ("Price", {"fields": ("shown_model", "whole_price", "limits")}),
    ("When", {"fields": (("starts", "ends"), ("state_chip", "shown_priority"), "shown_use")}),
    ("Life", {"fields": (("drafted", "activated"), ("shown_revises", "retired"))}),
)
SEEN_NAMES = tuple(flatten_fieldsets(SEEN))


@admin.register(PriceRule)
class PriceRuleAdmin(NextStep, Repricing, RuleSheets, RuleButtons, ShownRule, Page[PriceRule]):
    form = RuleForm
    formfield_overrides = WITHOUT_IDLE_ZEROS
    change_form_template = "pricing/rule.html"
    compressed_fields = False  # labels above their fields, of which up to three share a row
    list_display = ("shown_name", "scope", "shown_price", "shown_rank", "in_force", "used")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
        ("action_type", AutocompleteSelectFilter),
        ("channel", ChoicesDropdownFilter),
        ("price_model", ChoicesDropdownFilter),
    )
    related = (
        *("customer", "product__customer", "source", "action_type", "revises"),
        *("created_by", "activated_by", "retired_by"),
    )
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("-wall_from", "-pk")
    autocomplete_fields = ("customer", "product", "source", "action_type")
    inlines = (TierRows,)
    actions: Any = ("reprice_selected", "simulate_selected", "activate_selected", "export_xlsx", "export_csv")
    is_exported = False  # its own file has more, and can be imported again
    actions_list: Any = ("import_rules", "export_all")
    actions_detail = (
        *("activate_rule", "request_activation", "simulate_rule", "revise_rule", "copy_rule", "roll_back_rule"),
        *("retire_rule", "request_retirement"),
    )
    conditional_fields = {part: shown_for(part) for part in PARTS} | {"once_days": "once_per"}

    class Media:
        css = {"all": ["pricing/rules.css"]}
        js = ["pricing/rule_form.js"]

    def get_urls(self) -> list[URLPattern]:
        tried, weighed = map(self.admin_site.admin_view, (self.try_one, self.weigh))
        return [
            path("try/", tried, name="pricing_pricerule_try_new"),
            path("<int:object_id>/try/", tried, name="pricing_pricerule_try"),
            path("weigh/", weighed, name="pricing_pricerule_weigh_new"),
            path("<int:object_id>/weigh/", weighed, name="pricing_pricerule_weigh"),
            *super().get_urls(),
        ]

    @needs("pricing.view_pricerule")
    def try_one(self, request: HttpRequest, object_id: int | None = None) -> HttpResponse:
        """Return the sentence, the costs and the price of an example with the unsaved form."""
        return price_view(self, request, object_id)

    @needs("pricing.view_pricerule")
    def weigh(self, request: HttpRequest, object_id: int | None = None) -> HttpResponse:
        """Return the warnings and checks of the unsaved form."""
        return weigh_view(self, request, object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        return super().get_queryset(request).prefetch_related("tiers")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without buttons beside the boxes: a rule names what there is."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for link in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{link}_related", False)
        return field

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
        """Initial values from the address: a link “Make a rule from this” fills in the scope."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        given["wall_from"] = _parsed(given.get("wall_from")) or next_month(PriceRule())["since"]
        return given

    def save_model(self, request: HttpRequest, obj: PriceRule, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Saved with its tiers, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Save the draft with its tiers, and show the warnings, unless the next page has them."""
        (tiers,) = formsets
        tiers.save(commit=False)  # Django's own log reads the changes from the formset
        save_draft(form.instance, tiers.tiers(), by=person(request))
        if tiers.left_out:
            model = form.instance.get_price_model_display().lower()
            messages.info(request, f"A {model} price has no tiers, so {tiers.left_out} were removed.")
        if SHOWN_NEXT & request.POST.keys():
            return
        for warning in warnings_for(self.get_queryset(request).get(pk=form.instance.pk), at=now()):
            messages.warning(request, warning_with_links(warning))

    def deeds_on(self, row: PriceRule) -> DeedQuerySet:
        """Those on all its revisions."""
        return history_of(row)

    def delete_model(self, request: HttpRequest, obj: PriceRule) -> None:
        discard(obj, by=person(request), at=now())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rule: PriceRule | None = kwargs.get("obj")
        is_edited = self._is_edited(request, rule)
        context |= self.footer(request, rule) if is_edited else {}
        context |= editor(rule, is_edited=is_edited)
        context["revisions"] = revisions(rule) if rule else []
        context["simulations"] = simulations_of(rule) if rule else []
        context["rivals"] = rivals_of(rule) if rule and is_draft(rule) else []
        context["tiers_table"] = script_table()
        context["categories"] = categories() if rule is None or is_draft(rule) else []
        context["begins"] = in_words(rule.wall_from) if rule else ""
        return super().render_change_form(request, context, *args, **kwargs)


def _parsed(text: object) -> datetime | None:
    try:
        return read(str(text or ""))
    except NotAWallClockTime:
        return None
