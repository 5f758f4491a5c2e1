"""What the bench opens: found by walking the registry, so that a new list, filter, column or search is measured too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import BooleanFieldListFilter, RelatedFieldListFilter
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse

from billing_engine.core.admin_kit.filters import DayFilter
from billing_engine.core.admin_kit.pages import Page
from leads.models import BillingPeriod, Customer, Lead

CHOICES_AT_MOST = 12
A_MONTH, A_DAY = ("2026-10-01", "2026-10-31"), ("2026-03-10", "2026-03-10")
Asked = dict[str, str]


@dataclass(frozen=True, slots=True)
class Address:
    """One address and what it is, in words."""

    group: str
    what: str
    path: str


def of_lists(user: Any) -> Iterator[Address]:
    """Every list: plain, sorted, searched, by each filter; large ones also within a large customer or period."""
    for model, page in admin.site._registry.items():
        if not isinstance(page, Page):
            continue
        request = RequestFactory().get("/")
        request.user = user
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for what, asked in _of_list(page, request):
            yield Address(model._meta.label, what, f"{path}?{urlencode(asked)}" if asked else path)


def of_searches() -> Iterator[Address]:
    """The search at the top of each page."""
    for what, term in terms().items():
        yield Address("the admin's search", what, f"{reverse('admin:search')}?{urlencode({'s': term})}")


def terms() -> dict[str, str]:
    """The search terms by what they are."""
    lead = Lead.objects.order_by("pk")[Lead.objects.count() // 2]
    return {
        "a lead's ID": lead.external_id,
        "the beginning of many leads' IDs": "L-0000",
        "an email address": lead.email,
        "the beginning of many email addresses": "person1",
        "an action's ID": lead.actions.earliest("pk").external_id,
        "a customer's name": "Customer 7",
        "nothing there": "no-such-thing",
    }


def _of_list(page: Any, request: HttpRequest) -> Iterator[tuple[str, Asked]]:
    yield "plain", {}
    shown = page.get_list_display(request)
    for name in page.get_sortable_by(request):
        for sign in ("", "-"):
            yield f"sorted by {sign}{name}", {"o": f"{sign}{shown.index(name)}"}
    if page.search_fields:
        for what, term in terms().items():
            yield f"searched for {what}", {"q": term}
    filters = list(_filters(page, request))
    yield from filters
    scopes = [(name, asked) for name, asked in filters if page.is_large and _is_of_many(asked)]
    for within, scope in scopes:
        for name, asked in filters:
            if not asked.keys() & scope.keys():
                yield f"{name}, within {within}", scope | asked


def _filters(page: Any, request: HttpRequest) -> Iterator[tuple[str, Asked]]:
    for spec in page.get_changelist_instance(request).filter_specs:
        for words, asked in _values(spec):
            yield f"{spec.title} = {words}", asked


def _values(spec: Any) -> Iterator[tuple[str, Asked]]:
    if isinstance(spec, DayFilter):
        for words, days in (("a month", A_MONTH), ("a day", A_DAY)):
            yield words, dict(zip(spec.ends(), days, strict=True))
    elif isinstance(spec, RelatedFieldListFilter):
        keys = spec.field.related_model._default_manager.order_by("pk").values_list("pk", flat=True)
        ends = {"first": keys.first(), "last": keys.last()}
        yield from ((words, {spec.lookup_kwarg: str(key)}) for words, key in ends.items() if key is not None)
    elif isinstance(spec, BooleanFieldListFilter):
        yield from ((value, {spec.lookup_kwarg: value}) for value in ("0", "1"))
    else:
        choices = spec.lookup_choices if hasattr(spec, "lookup_choices") else spec.field.flatchoices
        name = getattr(spec, "parameter_name", None) or spec.lookup_kwarg
        yield from ((str(value), {name: str(value)}) for value, _ in list(choices)[:CHOICES_AT_MOST])


def _is_of_many(asked: Asked) -> bool:
    """Whether it asks for the largest customer or period; both were made first."""
    largest = {
        "customer__id__exact": Customer.objects.earliest("pk").pk,
        "period__id__exact": BillingPeriod.objects.earliest("pk").pk,
    }
    return any(
        name.endswith(end) and value == str(key) for name, value in asked.items() for end, key in largest.items()
    )
