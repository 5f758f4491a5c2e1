"""Receivables at a glance: what is owed, overdue and unapplied, and days sales outstanding by month, in one currency."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.charts.bars import stacked_bars
from billing_engine.core.charts.chart import Bar, Measure, Point, RankChart, Row, Series, TimeChart
from billing_engine.core.charts.ranking import ranked_bars
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.money import in_words, whole_in_words
from receivables.admin.ageing.page import MAY_SEE
from receivables.admin.ageing.table import row_of
from receivables.admin.asked import Asked, company_names
from receivables.domain.disputes.disputed import to_pay
from receivables.domain.ledger.open_items import Basis, Scope
from receivables.queries.ageing import BUCKETS, OUTSTANDING, OVERDUE, TITLES, Bucket, Order, Sums, ageing
from receivables.queries.at_a_glance import DEFINITION, MonthEnd, disputed_in, month_ends

PAGE, ITEMS = "admin:receivables_at_a_glance", "admin:receivables_open_items"
MONTHS, CUSTOMERS, WIDE = 12, 8, 432


@needs(MAY_SEE)
def at_a_glance(request: HttpRequest) -> HttpResponse:
    """Show today's sums of one currency, and its last twelve months."""
    basis = Basis(now().date())
    chosen = request.GET.get("currency", "")
    found = ageing(basis, Scope(), currency=chosen, order=Order.OVERDUE, most=CUSTOMERS)
    currency, sums = found.currency, found.total.sums
    asked = Asked(basis, Scope(currency=currency), {"as_of": str(basis.day), "basis": str(basis.question)})
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Overview",
        "day": day_in_words(basis.day),
        "currency": currency,
        "currencies": [(each.currency, f"{reverse(PAGE)}?currency={each.currency}") for each in found.totals],
    }
    if found.totals:
        ends = month_ends(basis, Scope(currency=currency), months=MONTHS)
        companies = company_names()
        page |= {
            "cards": _cards(sums, currency, asked, ends),
            "by_age": _by_age(sums, currency, asked),
            "by_month": _by_month(ends),
            "means": DEFINITION,
            "latest": _end_in_words(ends),
            "heads": [TITLES[str(each)] for each in (*Bucket, "balance")],
            "rows": [row_of(row, currency, asked, companies) for row in found.rows if row.sums.overdue],
            "ageing": asked.link(reverse("admin:receivables_ageing"), currency=currency),
        }
    return TemplateResponse(request, "receivables/at_a_glance.html", page)


def _cards(sums: Sums, currency: str, asked: Asked, ends: list[MonthEnd]) -> list[tuple[str, str, str, str]]:
    def items(bucket: str) -> str:
        return asked.link(reverse(ITEMS), currency=currency, bucket=bucket)

    share = f"{sums.overdue * 100 / sums.outstanding:.0f}% of what is owed" if sums.outstanding else ""
    old = sums.of(Bucket.TO_90) + sums.of(Bucket.OVER_90)
    over_60 = f"of it {in_words(old, currency)} for more than 60 days" if old else share
    disputed = disputed_in(currency)
    full = [each for each in ends[:-1] if each.sales_outstanding is not None]
    days = full[-1] if full else None
    return [
        ("Owed", in_words(sums.outstanding, currency), items(OUTSTANDING), "what invoices have left"),
        ("To pay", in_words(to_pay(sums.outstanding, disputed), currency), "", "owed without what is disputed"),
        ("Overdue", in_words(sums.overdue, currency), items(OVERDUE), over_60),
        ("Unapplied", in_words(-sums.unapplied, currency), items(Bucket.UNAPPLIED), "payments and credit not matched"),
        (
            "Disputed",
            in_words(disputed, currency),
            list_of("receivables.dispute") if disputed else "",
            "of issued invoices, undecided",
        ),
        (
            "Days sales outstanding",
            f"{days.sales_outstanding:f}" if days else "–",
            "",
            f"at the end of {days.month.first:%B %Y}" if days else "no full month with sales yet",
        ),
    ]


def _by_age(sums: Sums, currency: str, asked: Asked) -> str:
    rows = tuple(
        Row(
            _age_title(bucket),
            (Bar(sums.of(bucket), asked.link(reverse(ITEMS), currency=currency, bucket=bucket)),),
        )
        for bucket in BUCKETS
    )
    chart = RankChart(f"Owed by age, {currency}", _whole(currency), (("", Role.CHARGED),), rows)
    return ranked_bars(chart, width=WIDE)


def _whole(currency: str) -> Measure:
    return Measure(*(lambda value: whole_in_words(value, currency),) * 2)


def _age_title(bucket: Bucket) -> str:
    return TITLES[bucket] if bucket is Bucket.NOT_DUE else f"{TITLES[bucket]} days"


def _by_month(ends: list[MonthEnd]) -> str:
    points = tuple(
        Point(each.month.first, each.sales_outstanding) for each in ends if each.sales_outstanding is not None
    )
    measure = Measure(lambda value: f"{value:f} days", lambda value: f"{value:.0f}")
    chart = TimeChart(
        "Days sales outstanding by month",
        *(ends[0].month.first, ends[-1].month.last),
        Step.MONTH,
        measure,
        (Series("Days sales outstanding", Role.CHARGED, points),),
        note=DEFINITION,
    )
    return stacked_bars(chart, width=WIDE)


def _end_in_words(ends: list[MonthEnd]) -> str:
    return f"{ends[-1].month.first:%B %Y} is not over; its bar counts the days so far."


page_at("receivables/at-a-glance/", at_a_glance, name="receivables_at_a_glance")
in_menu("Receivables", 10, Item("Overview", "donut_small", PAGE, MAY_SEE))
