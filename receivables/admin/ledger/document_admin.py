"""The list of the ledger's documents, and the page of each: its postings, its matches, and what it has left."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, amount, chip, day, instant, link
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.filters import CurrencyFilter, DateFilter
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.admin_kit.timeline import timeline_of
from billing_engine.core.money import in_words
from receivables.admin.ledger.document_page import matches_of, postings_of
from receivables.domain.ledger.items import with_left
from receivables.models import LedgerDocument

Side = LedgerDocument.Side


class PostedOn(DateFilter):
    """The posting date."""

    title = "posting date"
    parameter_name = "posted"
    at = "posted_on"


@admin.register(LedgerDocument)
class LedgerDocumentAdmin(ReadOnlyPage[LedgerDocument]):
    is_large = True
    list_display = (
        *("shown_kind", "shown_reference", "shown_customer", "shown_amount", "shown_left", "shown_posted", "shown_due"),
        "shown_recorded",
    )
    list_display_links = ("shown_kind", "shown_reference")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("side", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
        CurrencyFilter,
        PostedOn,
    )
    related = ("customer", "invoice")
    search_fields = ("reference__istartswith", "customer__code__istartswith")
    search_help_text = "Number or payment reference, or customer's code"
    nothing_yet = "Nothing is posted yet. The first issued invoice will be."
    ordering = ("-pk",)

    shown_kind = column(lambda document: chip(document.get_kind_display()), lambda document: document, title="document")
    shown_reference = column(str, "reference", title="reference")
    shown_customer = column(link, "customer", title="customer")
    shown_posted = column(day, "posted_on", title="posted")
    shown_due = column(day, "due_on", title="due")
    shown_recorded = column(instant, "recorded_at", "customer.zone", title="recorded")

    @admin.display(description="amount")
    def shown_amount(self, document: LedgerDocument) -> SafeString:
        return amount(signed_in_words(document))

    @admin.display(description="left")
    def shown_left(self, document: LedgerDocument) -> SafeString | str:
        left = document.__dict__.get("left")
        return amount(in_words(left, document.currency)) if left is not None and document.side else NOTHING

    def prepare(self, rows: list[LedgerDocument]) -> None:
        """Add what each has left, at once."""
        left = {
            item.pk: item.left for item in with_left(LedgerDocument.objects.filter(pk__in=[row.pk for row in rows]))
        }
        for row in rows:
            row.__dict__["left"] = left[row.pk]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the document."""
        found = self.visible(request, object_id)
        document = with_left(LedgerDocument.objects.select_related("customer", "seller", "recorded_by", "invoice")).get(
            pk=found.pk
        )
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": document,
            "object": document,
            "title": str(document),
            "document": document,
            "amount": signed_in_words(document),
            "left": in_words(document.left, document.currency) if document.side else "",
            "postings": postings_of(document),
            "matches": matches_of(document),
            "timeline": timeline_of(request, document, deeds=self.deeds_on(document), zone=document.customer.zone),
            "media": self.media,
        }
        return TemplateResponse(request, "receivables/document.html", page)


def signed_in_words(document: LedgerDocument) -> str:
    """The amount; below zero in the customer's favor."""
    return in_words(-document.amount if document.side == Side.CREDIT else document.amount, document.currency)


in_menu("Receivables", 22, list_item("Ledger", "menu_book", "receivables.ledgerdocument"))
