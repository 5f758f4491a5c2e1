"""Unrated actions by cause: an action type of a customer without a price, priced by one rule or by a draft per product."""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
)

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.calendar.instants import day, zone_in_words
from leads.models import ActionType, Customer, Product
from pricing.domain.rule_book.drafting import draft_each
from pricing.models import UnratedAction

GROUPED_AT_MOST = 10_000
GROUPS_SHOWN = 25
CAUSE = {"customer": "period__customer", "action_type": "action__action_type"}
PRODUCT = "action__lead__product"
PRODUCTS_SHOWN = 200
EACH, ALL, CATEGORY = "each", "all", "category:"


def causes(waiting: QuerySet[UnratedAction], *, at: datetime) -> list[dict[str, Any]]:
    """Unrated actions by customer and action type, most first; if there are very many, only the earliest."""
    oldest = waiting.order_by("action_id").values("pk")[:GROUPED_AT_MOST]
    names = {f"{name}_name": f"{path}__name" for name, path in CAUSE.items()}
    rows: Iterable[dict[str, Any]] = (
        UnratedAction.objects.filter(pk__in=oldest)
        .values(*CAUSE.values(), *names.values(), "period__customer__currency", "period__customer__time_zone")
        .annotate(
            count=Count("pk"),
            products=Count(PRODUCT, distinct=True),
            product=Min(PRODUCT),
            sku=Min(f"{PRODUCT}__sku"),
            product_name=Min(f"{PRODUCT}__name"),
            first=Min("action__occurred_at"),
            last=Max("action__occurred_at"),
        )
        .order_by("-count", *CAUSE.values())[:GROUPS_SHOWN]
    )
    return [_cause(row, names, at) for row in rows]


def new_rule(scope: dict[str, Any], *, currency: str, since: date) -> str:
    """The address of a new rule's form, filled in with this scope."""
    given = {**scope, "currency": currency, "wall_from": since.isoformat()}
    return f"{reverse('admin:pricing_pricerule_add')}?{urlencode(given)}"


def of_cause(request: HttpRequest) -> QuerySet[UnratedAction]:
    """The unrated actions of the cause in the address."""
    keys = {name: request.GET.get(name, "") for name in CAUSE}
    if not all(key.isdecimal() for key in keys.values()):
        raise Http404
    return UnratedAction.objects.filter(**{CAUSE[name]: int(key) for name, key in keys.items()})


def _cause(row: dict[str, Any], names: dict[str, str], at: datetime) -> dict[str, Any]:
    scope = {name: row[path] for name, path in CAUSE.items()}
    zone = ZoneInfo(row["period__customer__time_zone"])
    since, currency = row["first"].astimezone(zone).date(), row["period__customer__currency"]
    is_one = row["products"] == 1
    chosen = f"{reverse('admin:pricing_unratedaction_rule')}?{urlencode(scope)}"
    return {
        **{name: row[path] for name, path in names.items()},
        **{name: row[name] for name in ("sku", "product_name", "products", "count")},
        "occurred": _from_to(row["first"], row["last"], zone),
        "these": list_of("pricing.unratedaction", **{f"{CAUSE[name]}__id__exact": key for name, key in scope.items()}),
        "days": (at - row["first"]).days,
        "new_rule": new_rule(scope | {"product": row["product"]}, currency=currency, since=since) if is_one else chosen,
        "waive": f"{reverse('admin:pricing_unratedaction_waive_group')}?{urlencode(scope)}",
    }


def _from_to(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """The days in the customer's time zone: `2026-10-29 EDT`, or `2026-10-29 – 2026-11-02 EST`."""
    days = dict.fromkeys(day(each.astimezone(zone).date()) for each in (first, last))
    return f"{' – '.join(days)} {zone_in_words(last, zone)}"


class CauseForm(forms.Form):
    """Which rule is made: an open one, one of a category, or a draft for each chosen product."""

    scope = forms.ChoiceField(label="Price them with", widget=UnfoldAdminRadioSelectWidget)
    products = forms.MultipleChoiceField(required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget)
    unit_price = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Of every draft. Each can be changed before it is activated.",
    )

    def __init__(self, *, customer: Customer, products: list[dict[str, Any]], data: Any = None) -> None:
        super().__init__(data=data)
        categories = sorted({each["category"] for each in products} - {""})
        scope, chosen = self.fields["scope"], self.fields["products"]
        assert isinstance(scope, forms.ChoiceField)  # noqa: S101 -- for mypy
        assert isinstance(chosen, forms.MultipleChoiceField)  # noqa: S101 -- for mypy
        scope.choices = [
            (EACH, "A draft for each product chosen here, at one unit price"),
            *((f"{CATEGORY}{each}", f"One rule for the category “{each}” of {customer}") for each in categories),
            (ALL, f"One rule for every product of {customer}, also later ones"),
        ]
        scope.initial = EACH
        chosen.choices = [(str(each["pk"]), _product_in_words(each)) for each in products]
        chosen.initial = [str(each["pk"]) for each in products]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("scope") == EACH:
            if not given.get("products") and "products" not in self.errors:
                self.add_error("products", "Choose at least one product.")
            if given.get("unit_price") is None and "unit_price" not in self.errors:
                self.add_error("unit_price", "Enter a unit price, which can be 0.")
        return given


def cause_view(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Ask which rule prices what is missing, then draft it."""
    waiting = of_cause(request)
    customer = get_object_or_404(Customer, pk=int(request.GET["customer"]))
    kind = get_object_or_404(ActionType, pk=int(request.GET["action_type"]))
    products, since = _products(waiting, customer)
    form = CauseForm(customer=customer, products=products, data=request.POST if request.method == "POST" else None)
    if products and form.is_valid():
        given = form.cleaned_data
        if given["scope"] == EACH:
            return _draft_each(request, kind, given["products"], given["unit_price"], since)
        scope = {"customer": customer.pk, "action_type": kind.pk}
        category = given["scope"].removeprefix(CATEGORY) if given["scope"] != ALL else ""
        fixed = scope | ({"category": category} if category else {})
        return HttpResponseRedirect(new_rule(fixed, currency=customer.currency, since=since))
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Make a rule",
        "form": form,
        "customer": customer,
        "kind": kind,
        "products": products,
        "count": sum(each["count"] for each in products),
        "since": day(since),
        "back": list_of("pricing.unratedaction"),
    }
    return render(request, "pricing/unrated_cause.html", page)


def _draft_each(
    request: HttpRequest, kind: ActionType, products: list[str], unit_price: Decimal, since: date
) -> HttpResponse:
    chosen = Product.objects.filter(pk__in=products).select_related("customer").order_by("sku", "pk")
    start = datetime.combine(since, time.min)
    drafts = draft_each(chosen, action_type=kind, unit_price=unit_price, since=start, by=person(request))
    ids = ",".join(str(draft.pk) for draft in drafts)
    words = 'Drafted: {}. They change nothing yet. <a class="text-link" href="{}">Simulate them</a>, or activate them.'
    address = f"{reverse('admin:pricing_simulation_new_simulation')}?drafts={ids}"
    messages.info(request, format_html(words, len(drafts), address))
    return HttpResponseRedirect(list_of("pricing.pricerule", id__in=ids))


def _products(waiting: QuerySet[UnratedAction], customer: Customer) -> tuple[list[dict[str, Any]], date]:
    """The products that wait, most actions first, and the day of the oldest action."""
    rows = (
        waiting.values(PRODUCT)
        .annotate(count=Count("pk"), first=Min("action__occurred_at"))
        .order_by("-count", PRODUCT)[:PRODUCTS_SHOWN]
    )
    counts = {row[PRODUCT]: row["count"] for row in rows}
    first = min((row["first"].astimezone(customer.zone).date() for row in rows), default=customer.today)
    found = Product.objects.in_bulk(list(counts))
    facts = Product.objects.filter(pk__in=counts).prefetch_related("revisions")
    categories = {product.pk: product.facts_on(first).category for product in facts}
    return [
        {"pk": pk, "product": found[pk], "category": categories[pk], "count": count} for pk, count in counts.items()
    ], first


def _product_in_words(each: dict[str, Any]) -> str:
    category = f", {each['category']}" if each["category"] else ""
    return f"{each['product']}{category} · {each['count']:,} waiting"
