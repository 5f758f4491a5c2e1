"""The page of an invoice line with its charges; the sums on each page lead to the line's amount."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import link, number, page_of, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.extension import panels_of
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from invoices.admin.invoice.detail_files import MAY_SEE_CHARGES, detail_of_invoice, detail_of_month
from invoices.admin.invoice.filters import LineIssuedOn
from invoices.admin.invoice.line_page import LinePage, line_page
from invoices.domain.lines.detail import line_of
from invoices.models import Invoice, InvoiceLine
from pricing.domain.audit.explain import explain
from pricing.models import Charge


@dataclass(frozen=True, slots=True)
class ActOnCharges:
    """What an app above does with a line or with chosen charges of it: a page that gets `line`, or `charge` many times."""

    label: str
    address: str
    permission: str


@admin.register(InvoiceLine)
class InvoiceLineAdmin(ReadOnlyPage[InvoiceLine]):
    is_large = True
    acts_on_charges: tuple[ActOnCharges, ...] = ()
    nothing_yet = "There are no invoice lines yet. They are created with the drafts."
    list_display = ("description", "shown_invoice", "shown_customer", "shown_actions", "shown_amount")
    list_filter = (
        LineIssuedOn,
        ("kind", ChoicesDropdownFilter),
        ("invoice__customer", AutocompleteSelectFilter),
        ("product", AutocompleteSelectFilter),
        ("action_type", AutocompleteSelectFilter),
        ("rule", AutocompleteSelectFilter),
    )
    related = ("invoice__customer", "invoice__period")
    search_fields = ("invoice__number__istartswith",)
    search_help_text = "Invoice number"
    ordering = ("-pk",)

    shown_invoice = column(link, "invoice", title="invoice")
    shown_customer = column(link, "invoice.customer", title="customer")
    shown_actions = column(number, "actions", title="actions")
    shown_amount = column(total, "amount", "invoice.currency", title="amount")

    class Media:
        css = {"all": ["invoices/finance.css", "invoices/detail.css"]}

    @staticmethod
    def above(line: InvoiceLine) -> Invoice:
        """Return the invoice, which is above the line in the breadcrumbs."""
        return line.invoice

    @classmethod
    def extend_acts_on_charges(cls, label: str, address: str, permission: str) -> None:
        """Add an act on a line and on chosen charges of it."""
        cls.acts_on_charges = (*cls.acts_on_charges, ActOnCharges(label, address, permission))

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("<path:object_id>/why/<int:charge>/", self.why, "invoices_invoiceline_why"),
            ("of-invoice/<int:invoice>.<str:form>", detail_of_invoice, "invoices_detail_of_invoice"),
            ("of-month/<str:label>.<str:form>", detail_of_month, "invoices_detail_of_month"),
        )
        made = [path(route, self.admin_site.admin_view(view), name=name) for route, view, name in own]
        return [*made, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        line = self._found(request, object_id)
        shown: LinePage = line_page(line, **{name: request.GET.get(name, "") for name in ("after", "before", "day")})
        can_act = line.invoice.state == Invoice.State.ISSUED and line.amount > 0
        acts = [act for act in self.acts_on_charges if can_act and request.user.has_perm(act.permission)]
        return self._page(
            request,
            "invoices/line_page.html",
            line,
            {"line": line, "page": shown, "acts": acts, "panels": panels_of(line)},
        )

    @needs("invoices.view_invoiceline", MAY_SEE_CHARGES)
    def why(self, request: HttpRequest, object_id: str, charge: int) -> HttpResponse:
        """Explain one of the line's charges, in a dialog."""
        line = self._found(request, object_id)
        related = ("rule", "paid_by", "period__customer", "action__lead", "action__action_type")
        found = Charge.objects.select_related(*related).filter(pk=charge).first()
        if found is None or line_of(found) != line:
            raise Http404
        shown = {"charge": found, "sentences": explain(found).sentences, "address": page_of("pricing.charge", charge)}
        return self._page(request, "invoices/why.html", line, shown)

    def _page(self, request: HttpRequest, template: str, line: InvoiceLine, shown: dict[str, Any]) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": line,
            "back_to": page_of("invoices.invoice", line.invoice_id),
            "title": line.description,
            "media": self.media,
            **shown,
        }
        return TemplateResponse(request, template, page)

    def _found(self, request: HttpRequest, object_id: str) -> InvoiceLine:
        line = self.visible(request, object_id)
        if not request.user.has_perm(MAY_SEE_CHARGES):
            raise PermissionDenied
        return line
