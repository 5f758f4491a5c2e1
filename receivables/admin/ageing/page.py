"""The ageing page, its files, and the sum of the receivable account that its totals are compared with."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.edges import today_somewhere
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import ZERO, in_words
from billing_engine.core.read_replica import one_snapshot
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS
from receivables.admin.ageing.table import figures_of, row_of, table_of
from receivables.admin.asked import MEANS, Asked, AskedForm, asked_by, company_names
from receivables.queries.ageing import OVERDUE, TITLES, Bucket, Order, Sums, ageing
from receivables.queries.trial_balance import receivable_account

MAY_SEE = "receivables.view_ledgerdocument"
PAGE, FILE, ACCOUNT = "admin:receivables_ageing", "admin:receivables_ageing_file", "admin:receivables_ageing_account"
ROWS = 50
ORDERS = ((Order.OVERDUE, "Most overdue"), (Order.BALANCE, "Highest balance"), (Order.NAME, "Customer"))
FILES = ("csv", "xlsx")


@needs(MAY_SEE)
def ageing_page(request: HttpRequest) -> HttpResponse:
    """Show what is open by age: a page of customers, and the totals of the currency."""
    form = AskedForm(request.GET.dict())
    asked = asked_by(form)
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Ageing", "form": form}
    if asked:
        page |= _answer(asked, request)
    return TemplateResponse(request, "receivables/ageing.html", page)


def _answer(asked: Asked, request: HttpRequest) -> dict[str, Any]:
    order = Order(request.GET["order"]) if request.GET.get("order") in list(Order) else Order.OVERDUE
    place = int(number) if (number := request.GET.get("p", "")).isdecimal() else 0
    currency = request.GET.get("currency", "")
    found = ageing(asked.basis, asked.scope, currency=currency, order=order, first=place * ROWS, most=ROWS)
    companies, total = company_names(), found.total
    address, kept = reverse(PAGE), {"order": "" if order is Order.OVERDUE else order}
    of_currency = {**kept, "currency": found.currency if len(found.totals) > 1 else ""}
    pages = max(1, -(-total.rows // ROWS))
    return {
        "asked": asked,
        "day": day_in_words(asked.basis.day),
        "basis": asked.basis.in_words(),
        "means": MEANS[asked.basis.question],
        "is_over": asked.basis.day < today_somewhere(now()),
        "currency": found.currency,
        "currencies": [(each.currency, asked.link(address, **kept, currency=each.currency)) for each in found.totals],
        "orders": [
            (words, asked.link(address, **of_currency | {"order": each}), each is order) for each, words in ORDERS
        ],
        "heads": [TITLES[str(each)] for each in (*Bucket, "balance")],
        "has_companies": len(companies) > 1,
        "rows": [row_of(row, found.currency, asked, companies) for row in found.rows],
        "count": total.rows,
        "figures": figures_of(total.sums, found.currency, asked),
        "cards": _cards(total.sums, found.currency, asked) if found.currency else [],
        "account": asked.link(reverse(ACCOUNT), currency=found.currency),
        "place": place + 1,
        "pages": pages,
        "before": asked.link(address, **of_currency, p=place - 1) if place else "",
        "after": asked.link(address, **of_currency, p=place + 1) if place + 1 < pages else "",
        "files": [(FORMATS[each].title, asked.link(reverse(FILE), format=each)) for each in FILES],
    }


def _cards(sums: Sums, currency: str, asked: Asked) -> list[tuple[str, str, str, str]]:
    """Return title, amount, address and note of the sums at the top."""

    def items(bucket: str) -> str:
        return asked.link(reverse("admin:receivables_open_items"), currency=currency, bucket=bucket)

    share = f"{sums.overdue * 100 / sums.outstanding:.0f}% of what is outstanding" if sums.outstanding else ""
    return [
        ("Outstanding", in_words(sums.outstanding, currency), items("outstanding"), "what documents have left"),
        ("Overdue", in_words(sums.overdue, currency), items(OVERDUE), share),
        ("Unapplied", in_words(-sums.unapplied, currency), items(Bucket.UNAPPLIED), "payments and credit not matched"),
        ("Balance", in_words(sums.balance, currency), items("balance"), "outstanding and unapplied"),
    ]


@needs(MAY_SEE)
def account_check(request: HttpRequest) -> HttpResponse:
    """The receivable account beside the total: the part of the page that reads every posting, so it comes second."""
    asked, currency = asked_by(AskedForm(request.GET.dict())), request.GET.get("currency", "")
    if asked is None or not currency:
        raise Http404
    with one_snapshot():
        account = receivable_account(asked.basis, asked.scope).get(currency, ZERO)
        balance = ageing(asked.basis, asked.scope, currency=currency, most=0).total.sums.balance
    page = {"basis": asked.basis.in_words(), "account": in_words(account, currency), "agrees": account == balance}
    return TemplateResponse(request, "receivables/ageing_account.html", page)


@needs(MAY_SEE)
def ageing_file(request: HttpRequest) -> HttpResponseBase:
    """Every row of every currency as a file."""
    form = AskedForm(request.GET.dict())
    asked = asked_by(form)
    if asked is None:
        words = " ".join(str(word) for words in form.errors.values() for word in words)
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    if (name := request.GET.get("format", "csv")) not in FILES:
        raise Http404
    return table_response(table_of(asked), FORMATS[name])


page_at("receivables/ageing/", ageing_page, name="receivables_ageing")
page_at("receivables/ageing/account/", account_check, name="receivables_ageing_account")
page_at("receivables/ageing/file/", ageing_file, name="receivables_ageing_file")
in_menu("Receivables", 20, Item("Ageing", "hourglass_bottom", PAGE, MAY_SEE))
