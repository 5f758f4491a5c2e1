"""Lists that may become large are turned by key and sorted only by what has an index."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.test import RequestFactory

from billing_engine.core.admin_kit.pages import Page
from billing_engine.core.admin_kit.paginator import page_by_key
from tests.factories.people import superuser

PAGES: dict[str, Any] = {
    model._meta.label: page for model, page in admin.site._registry.items() if isinstance(page, Page)
}
LARGE = [
    *("core.Deed", "invoices.InvoiceLine", "invoices.InvoiceMail"),
    *("leads.Action", "leads.Delivery", "leads.Lead", "leads.QuarantinedItem"),
    *("pricing.Charge", "pricing.UnratedAction"),
    *("receivables.BankRow", "receivables.CreditNote", "receivables.LedgerDocument", "receivables.OnlineEvent"),
    *("receivables.Reminder", "receivables.StatementMail", "receivables.TopicEmail", "receivables.WebhookDelivery"),
]


def test_these_lists_may_become_large() -> None:
    assert sorted(name for name, page in PAGES.items() if page.is_large) == LARGE


@pytest.mark.parametrize("name", LARGE)
def test_a_large_list_is_sorted_only_by_what_has_an_index(name: str) -> None:
    page = PAGES[name]
    meta = page.model._meta
    indexed = {"pk", meta.pk.name, *(index.fields[0].lstrip("-") for index in meta.indexes if index.fields)}
    indexed |= {field.name for field in meta.fields if field.db_index or field.unique}

    assert [order for order in _orders(page) if order not in indexed] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_list_can_be_turned_by_key_however_it_is_sorted(name: str) -> None:
    page = PAGES[name]
    request = RequestFactory().get("/")
    request.user = superuser()

    for place, _ in enumerate(page.get_list_display(request)):
        request.GET = request.GET.copy()
        request.GET["o"] = f"-{place}"
        listed: ChangeList = page.get_changelist_instance(request)
        assert len(page_by_key(listed.queryset, "", 1).rows) <= 1


def _orders(page: Any) -> list[str]:
    names = [name for name in page.list_display if hasattr(getattr(page, name, None), "admin_order_field")]
    return [getattr(page, name).admin_order_field for name in names if getattr(page, name).admin_order_field]
