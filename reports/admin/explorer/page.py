"""The explorer: its page, and the rows behind a figure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.read_replica import freshness, from_copy
from reports.admin.explorer.foot import feet_of
from reports.admin.explorer.form import choices_of, question_of
from reports.admin.explorer.row_table import shown_rows
from reports.admin.exports.download import export_or_stream, file_links
from reports.admin.saved.explorer_dialogs import SAVED, saved_of
from reports.domain.question.dimensions import DIMENSIONS
from reports.domain.question.faults import BadQuestion
from reports.domain.question.measures import MEASURES
from reports.domain.question.question import Question
from reports.domain.question.wording import title_of
from reports.domain.saved.access import EXPLORER
from reports.queries.explore.answer import Answer, answer_of
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.file import EXPLORED
from reports.queries.explore.rows import ROWS_A_PAGE, Place, page_of_rows
from reports.queries.explore.shown.chart import over_time, ranking
from reports.queries.explore.shown.table import table_of
from reports.queries.explore.wording import days_in_words, filters_in_words, zones_in_words
from reports.queries.freshness import freshness_in_words

INVOICES = "invoices.view_invoice"  # their totals stand at the foot


@needs(EXPLORER)
@from_copy
def explorer_page(request: HttpRequest) -> HttpResponse:
    """Answer the question in the address; a sent form leads to the address of its question."""
    at, saved = now(), saved_of(request)
    kept = f"&{SAVED}={saved.pk}" if saved else ""  # in every address of the page: it stays open
    try:
        if "form" in request.GET:
            return HttpResponseRedirect(f"{reverse('admin:reports_explorer')}?{question_of(request.GET)}{kept}")
        question = Question.read({name: request.GET.getlist(name) for name in request.GET})
        answer = answer_of(question, at=at)
    except BadQuestion as refused:
        return _refused(request, "reports/explorer.html", refused)
    page = (
        _page(request, title_of(answer.question))
        | _head(question, answer.scope)
        | _answered(request, answer, question)
        | {"saved": saved, "kept": kept}
    )
    return TemplateResponse(request, "reports/explorer.html", page)


@needs(EXPLORER)
@from_copy
def rows_page(request: HttpRequest) -> HttpResponse:
    """Show the actions that a figure counts, page by page."""
    at = now()
    try:
        question = Question.read({name: request.GET.getlist(name) for name in request.GET})
        scope = scope_of(question, at=at)
        after = Place.read(request.GET["after"]) if request.GET.get("after") else None
        whole = answer_of(replace(question, group=(), columns="", show=("amount", "actions"), sort=""), at=at)
    except BadQuestion as refused:
        return _refused(request, "reports/explorer_rows.html", refused)
    rows = page_of_rows(scope, after, most=ROWS_A_PAGE + 1)
    page = _page(request, "Actions behind the figure") | _head(question, scope)
    page |= {
        "rows": shown_rows(rows[:ROWS_A_PAGE]),
        "total": table_of(whole),
        "back": f"{reverse('admin:reports_explorer')}?{question}",
        "is_first": after is None,
        "next": f"?{question}&after={rows[ROWS_A_PAGE - 1].place}".replace("+", "%2B")
        if len(rows) > ROWS_A_PAGE
        else "",
    }
    return TemplateResponse(request, "reports/explorer_rows.html", page)


@needs(EXPLORER)
def explorer_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send every row of the answer as a file, or have a worker write it."""
    query = request.GET.urlencode(safe=",")
    back = f"{reverse('admin:reports_explorer')}?{query}"
    return export_or_stream(request, EXPLORED.name, query, form, back=back)


def _refused(request: HttpRequest, template: str, refused: BadQuestion) -> HttpResponse:
    page = _page(request, "Explorer") | {"refused": str(refused), "form": choices_of(Question(), None)}
    return TemplateResponse(request, template, page, status=refused.http_status)


def _page(request: HttpRequest, heading: str) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": "Explorer",
        "heading": heading,
        "freshness": freshness_in_words(freshness()),
    }


def _head(question: Question, scope: Scope) -> dict[str, Any]:
    return {
        "question": question,
        "days": days_in_words(scope),
        "whose_days": f"Days are {zones_in_words(scope)}.",
        "chips": list(_chips(question, scope)),
        "form": choices_of(question, scope),
    }


def _chips(question: Question, scope: Scope) -> Iterator[tuple[str, str, str]]:
    """Each filter: its name, what it lets through, and the address without it."""
    for code, name, words in filters_in_words(scope):
        yield name, words, f"?{question.with_filter(code)}"


def _answered(request: HttpRequest, answer: Answer, question: Question) -> dict[str, Any]:
    """What the page shows; its links ask the whole question, even if the answer leaves out groups."""
    asked = request.GET.get("currency", "")
    currency = asked if asked in answer.by_currency else next(iter(answer.by_currency), "")
    heads = [(name, "", False) for _, name in answer.columns]
    heads += [
        (MEASURES[code].name, f"?{_sorted_by(question, code)}", question.sorted_by[0] == code) for code in question.show
    ]
    return {
        "answer": answer,
        "table": table_of(answer),
        "heads": heads,
        "by_name": f"?{replace(question, sort='name')}",
        "ranking": ranking(answer, currency),
        "over_time": over_time(answer, currency),
        "feet": feet_of(answer) if person(request).has_perm(INVOICES) else [],
        "currency": currency,
        "currencies": [each for each in answer.by_currency if each] if len(answer.by_currency) > 1 else [],
        "left_out": [DIMENSIONS[code].many for code in answer.left_out],
        "address": f"{reverse('admin:reports_explorer')}?{question}",
        "files": file_links(lambda form: f"{reverse('admin:reports_explorer_file', args=[form])}?{question}"),
        "definitions": [(measure.name, measure.means) for measure in question.measures],
    }


def _sorted_by(question: Question, code: str) -> Question:
    """Largest first, or smallest first if it is sorted so already."""
    is_so = question.sorted_by == (code, True)
    return replace(question, sort=code if is_so else f"-{code}")


page_at("reports/explorer/", explorer_page, name="reports_explorer")
page_at("reports/explorer.<str:form>", explorer_file, name="reports_explorer_file")
page_at("reports/explorer/rows/", rows_page, name="reports_explorer_rows")
in_menu("Reports", 10, Item("Explorer", "query_stats", "admin:reports_explorer", EXPLORER))
