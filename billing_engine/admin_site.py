"""The admin site: Unfold's, with the month at a glance as its front page and one search for everything."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, resolve, reverse
from unfold.sites import UnfoldAdminSite

from billing_engine.core.access.pages import ANYONE_STAFF, guarded, needs
from billing_engine.core.admin_kit.menu import urls
from billing_engine.core.admin_kit.pages import Page
from billing_engine.core.admin_kit.search import SHOWN, Found, Group, found


class BillingAdminSite(UnfoldAdminSite):
    """The one admin site, with the pages of all models and reports."""

    index_template = "reports/front_page.html"
    index_title = "At a glance"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:  # noqa: FBT001 -- Django's
        """Return the view for people who may open it; one that does not state what it needs is closed to everyone."""
        return super().admin_view(guarded(view), cacheable)

    @needs(ANYONE_STAFF)
    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The command box: records of all apps that the user may see, what can be done with the first one, and pages."""
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        records, pages = found(term, user=request.user), self._pages_named(request, term)
        acts = (*self._added_as(request, term), *(self._acts_on(request, records[0].found[0]) if records else ()))
        groups = [*records[:1], Group("Do", acts), *records[1:], Group("Pages", pages)]
        groups = [group for group in groups if group.found]
        return TemplateResponse(request, "core/search_results.html", {"groups": groups, "term": term})

    def _pages_named(self, request: HttpRequest, term: str) -> tuple[Found, ...]:
        return tuple(
            Found(item["title"], section.get("title", ""), str(item["link"]))
            for section in self.get_sidebar_list(request)
            for item in section["items"]
            if item["has_permission"] and term.lower() in item["title"].lower()
        )

    def _acts_on(self, request: HttpRequest, record: Found) -> Iterator[Found]:
        """The buttons of the record's page that can be pressed."""
        match = resolve(record.address)
        page = next((page for page in self._registry.values() if _address_name(page) == match.view_name), None)
        pk = match.kwargs.get("object_id")
        if isinstance(page, Page) and pk is not None:
            offered = (each for each in page.get_actions_detail(request, pk) if not (each.dialog or {}).get("why_not"))
            for each in islice(offered, SHOWN):
                yield Found(str(each.description), record.name, reverse(f"admin:{each.action_name}", args=[pk]))

    def _added_as(self, request: HttpRequest, term: str) -> Iterator[Found]:
        """What can be added, named by words of the term: "Add price rule"."""
        for model, page in self._registry.items():
            words = f"Add {model._meta.verbose_name}"
            if term.lower() in words.lower() and page.has_add_permission(request):
                yield Found(words, "", reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add"))

    def extra_urls(self) -> list[URLPattern]:
        """Pages that belong to no model, requested by Unfold."""
        return urls(self.admin_view)


def _address_name(page: Any) -> str:
    return f"admin:{page.opts.app_label}_{page.opts.model_name}_change"
