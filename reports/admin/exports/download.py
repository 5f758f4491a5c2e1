"""Send a report's file at once, or ask whether a worker should write it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import OnlyConfirmed, person
from billing_engine.core.errors import Refused
from billing_engine.core.read_replica import rows_from_copy
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS, Format
from reports.domain.exports.ask import UnknownFormat, ask, check_length
from reports.domain.exports.file import KEPT_FOR
from reports.domain.exports.registry import NotAllowed, UnknownReport, report_for

FORBIDDEN, MISSING = (NotAllowed,), (UnknownReport, UnknownFormat)


class FileLink(NamedTuple):
    """A link to a report in one format."""

    title: str
    address: str


def file_links(address: Callable[[str], str], forms: Sequence[str] = tuple(FORMATS)) -> list[FileLink]:
    """A link for each format; `address` returns where the file in that format is."""
    return [FileLink(FORMATS[form].title, address(form)) for form in forms]


def export_or_stream(request: HttpRequest, name: str, query: str, form: str, *, back: str) -> HttpResponseBase:
    """The file of a report that is short; for a long one, a page that asks first and then goes to its export.

    `query` is the report's question as in its address. A refusal goes to `back` with its sentence.
    """
    try:
        return _answer(request, name, query, form, back)
    except FORBIDDEN as refusal:
        raise PermissionDenied from refusal
    except MISSING as refusal:
        raise Http404 from refusal
    except Refused as refusal:
        if refusal.http_status == 404:
            raise Http404 from refusal
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)


def _answer(request: HttpRequest, name: str, query: str, form: str, back: str) -> HttpResponseBase:
    by, at = person(request), now()
    report = report_for(name, by)
    if form not in FORMATS:
        raise UnknownFormat
    table, rows = report.asked(query, by, at)
    check_length(rows, form)
    if rows <= FORMATS[form].while_waiting:
        return table_response(table.with_rows(rows_from_copy(table.rows)), FORMATS[form])
    if request.method == "POST":
        return _gone_to(request, address_of(ask(name, query, form, by=by, at=at)))
    return _asked_first(request, rows, FORMATS[form], back)


def _asked_first(request: HttpRequest, rows: int, form: Format, back: str) -> HttpResponse:
    """A link must not start work, so the page has a button."""
    says = (
        "This takes longer than a page should. A worker writes the file in the background. You'll find it under Exports,"
        f" where you can download it for {KEPT_FOR.days} days."
    )
    asks = {"title": f"Export about {rows:,} row{'' if rows == 1 else 's'} as {form.title}?", "says": says}
    page = {"title": asks["title"], "asks": asks, "back": back, "form": OnlyConfirmed(), "presses": "Export"}
    response = render(request, "core/dialog.html", {**admin.site.each_context(request), **page})
    response["Cache-Control"] = "no-store"
    return response


def _gone_to(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
