"""The admin site: Unfold's, with the month at a glance as its front page and one search for everything."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

from billing_engine.core.access.pages import ANYONE_STAFF, guarded, needs
from billing_engine.core.admin_kit.menu import urls
from billing_engine.core.admin_kit.search import Found, Group, found


class BillingAdminSite(UnfoldAdminSite):
    """The one admin site, with the pages of all models and reports."""

    index_template = "reports/front_page.html"
    index_title = "At a glance"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:  # noqa: FBT001 -- Django's
        """Return the view for people who may open it; one that does not state what it needs is closed to everyone."""
        return super().admin_view(guarded(view), cacheable)

    @needs(ANYONE_STAFF)
    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One search box: pages of the menu, and records of all apps that the user may see."""
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        pages = self._pages_named(request, term)
        groups = [*([Group("Pages", pages)] if pages else []), *found(term, user=request.user)]
        return TemplateResponse(request, "core/search_results.html", {"groups": groups, "term": term})

    def _pages_named(self, request: HttpRequest, term: str) -> tuple[Found, ...]:
        return tuple(
            Found(item["title"], section.get("title", ""), str(item["link"]))
            for section in self.get_sidebar_list(request)
            for item in section["items"]
            if item["has_permission"] and term.lower() in item["title"].lower()
        )

    def extra_urls(self) -> list[URLPattern]:
        """Pages that belong to no model, requested by Unfold."""
        return urls(self.admin_view)
