"""The open items behind a figure: which documents have something left, and how much."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, page_of
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.admin_kit.overview.listing import Cell, Listing
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from billing_engine.core.money import in_words
from leads.models import Customer
from receivables.admin.ageing.page import MAY_SEE
from receivables.admin.asked import MEANS, Asked, AskedForm, asked_by
from receivables.domain.ledger.open_items import OpenItem, open_items
from receivables.models import LedgerDocument
from receivables.queries.ageing import BALANCE, OUTSTANDING, OVERDUE, TITLES, Bucket, Sums, ageing, narrowed

ROWS = 100
PAGE = "admin:receivables_open_items"


@needs(MAY_SEE)
def open_items_page(request: HttpRequest) -> HttpResponse:
    """Show the items of one currency, the oldest due day first."""
    currency, bucket = request.GET.get("currency", ""), request.GET.get("bucket", BALANCE)
    if bucket not in TITLES or not currency:
        raise Http404
    form = AskedForm(request.GET.dict())
    customer = request.GET.get("customer", "")
    asked = asked_by(form, customer=customer, currency=currency)
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Open items: {TITLES[bucket].lower() if bucket in (OVERDUE, OUTSTANDING, BALANCE) else TITLES[bucket]}",
        "form": form,
        "hidden": {"currency": currency, "bucket": bucket, "customer": customer},
    }
    if asked:
        page |= _answer(asked, bucket, customer, request.GET.get("p", ""))
    return TemplateResponse(request, "receivables/open_items.html", page)


def _answer(asked: Asked, bucket: str, customer: str, page: str) -> dict[str, Any]:
    currency, place = asked.scope.currency, int(page) if page.isdecimal() else 0
    found = list(
        open_items(asked.basis, asked.scope, narrowed(bucket, asked.basis.day, first=place * ROWS, most=ROWS + 1))
    )
    names = Customer.objects.in_bulk({item.customer for item in found})
    total = _total(ageing(asked.basis, asked.scope, currency=currency, most=0).total.sums, bucket)
    link = {"currency": currency, "bucket": bucket, "customer": customer}
    return {
        "title_words": TITLES[bucket],
        "currency": currency,
        "total": in_words(total, currency),
        "basis": asked.basis.in_words(),
        "means": MEANS[asked.basis.question],
        "of": names[int(customer)] if customer.isdecimal() and int(customer) in names else None,
        "items": listing_of("", found[:ROWS], asked.basis.day, names=names),
        "before": asked.link(reverse(PAGE), **link, p=place - 1) if place else "",
        "after": asked.link(reverse(PAGE), **link, p=place + 1) if len(found) > ROWS else "",
        "ageing": asked.link(reverse("admin:receivables_ageing"), currency=currency),
    }


def listing_of(
    title: str, items: Sequence[OpenItem], day: date, *, names: Mapping[int, Customer] | None = None, address: str = ""
) -> Listing:
    """Format items, with their customers if there are several."""
    columns = ["Document", "Customer", "Posted", "Due", "Age", ">Amount", ">Left"]
    rows = [_row(item, day, names[item.customer] if names else None) for item in items]
    if names is None:
        del columns[1]
    return Listing(title, columns, rows, "Nothing is open here." if names else "Nothing is open.", address)


def _row(item: OpenItem, day: date, customer: Customer | None) -> list[Cell]:
    """One item; what is in the customer's favor is below zero."""
    is_debit = item.side == LedgerDocument.Side.DEBIT
    sign, overdue = 1 if is_debit else -1, (day - item.due_on).days
    name = f"{LedgerDocument.Kind(item.kind).label} {item.reference}"
    return [
        Cell(name, page_of("receivables.ledgerdocument", item.document)),
        *([Cell(customer.name, page_of("leads.customer", customer.pk))] if customer else []),
        Cell(day_in_words(item.posted_on)),
        Cell(day_in_words(item.due_on) if is_debit else NOTHING),
        Cell(_age(overdue) if is_debit else NOTHING, tone="ageing-old" if is_debit and overdue > 0 else ""),
        Cell(in_words(sign * item.amount, item.currency)),
        Cell(in_words(sign * item.left, item.currency), tone="ageing-sum"),
    ]


def _age(overdue: int) -> str:
    if overdue > 0:
        return f"{count_of_days(overdue)} overdue"
    return f"due in {count_of_days(-overdue)}" if overdue else "due that day"


def _total(sums: Sums, bucket: str) -> Decimal:
    several: dict[str, Decimal] = {
        BALANCE: sums.balance,
        OUTSTANDING: sums.outstanding,
        OVERDUE: sums.overdue,
        Bucket.UNAPPLIED: -sums.unapplied,
    }
    return several[bucket] if bucket in several else sums.of(Bucket(bucket))


page_at("receivables/open-items/", open_items_page, name="receivables_open_items")
