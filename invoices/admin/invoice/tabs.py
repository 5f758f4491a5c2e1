"""The tabs above the list of invoices; what each comes to is loaded after the page, because it adds up every invoice."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.menu import page_at
from invoices.queries.tabs import TITLES, Tab, TabSum, tab_sums

LEFT_OUT = ("p", "state__exact")  # what a tab does not keep of the list's address


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab with its address; the chosen one leads back to all invoices."""

    title: str
    address: str
    is_chosen: bool
    sums: TabSum | None


@needs("invoices.view_invoice")
def tabs_page(request: HttpRequest) -> HttpResponse:
    """Return the tabs only, with their sums."""
    response = render(
        request, "invoices/tabs.html", {"tabs": tabs_of(request, {one.tab: one for one in tab_sums(at=now())})}
    )
    response["Cache-Control"] = "no-store"
    return response


def tabs_of(request: HttpRequest, sums: Mapping[Tab, TabSum]) -> list[ShownTab]:
    """Return the tabs of the list that the address asks for."""
    chosen = request.GET.get("tab", "")
    kept = {name: value for name, value in request.GET.items() if name not in (*LEFT_OUT, "tab")}
    return [
        ShownTab(
            TITLES[tab],
            list_of("invoices.invoice", **kept, tab=None if tab == chosen else tab),
            tab == chosen,
            sums.get(tab),
        )
        for tab in Tab
    ]


page_at("invoices/tabs/", tabs_page, name="invoices_tabs")
