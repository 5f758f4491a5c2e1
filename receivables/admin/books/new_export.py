"""Export to the books: what is new, and the button that exports it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from receivables.admin.books.form import ExportForm
from receivables.domain.exports.ask import Asked, ask, check_may_export, preview

VIEW, EXPORT = "receivables.view_bookexport", "receivables.add_bookexport"


@needs(VIEW)
def new_export_page(request: HttpRequest) -> HttpResponse:
    """Show what is new for a file; export it when the button is pressed."""
    form = ExportForm((request.POST or request.GET).dict(), today=now().date())
    asked = form.asked
    if request.method == "POST" and asked is not None:
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        try:
            return HttpResponseRedirect(address_of(ask(asked, by=person(request), at=now())))
        except Refused as refusal:
            messages.error(request, str(refusal))
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Export to the books",
        "form": form,
        "books": list_of("receivables.bookexport"),
        "accounts": list_of("receivables.accountmapping"),
    }
    if asked is not None:
        page |= _previewed(asked, may_export=request.user.has_perm(EXPORT))
    return TemplateResponse(request, "receivables/new_export.html", page)


def _previewed(asked: Asked, *, may_export: bool) -> dict[str, Any]:
    """What the file would have, or why it can't be made."""
    export = asked.export
    page: dict[str, Any] = {"export": export, "asked": asked}
    try:
        found = preview(asked, at=now())
    except Refused as refusal:
        return page | {"refused": str(refusal)}
    sums = [money.in_words(amount, currency) for currency, amount in found.sums.items()]
    page |= {"found": found, "sums": sums, "may_export": may_export}
    try:
        check_may_export(found)
    except Refused as refusal:
        page |= {"why_not": str(refusal)}
    return page


page_at("receivables/books/export/", new_export_page, name="receivables_new_export")
