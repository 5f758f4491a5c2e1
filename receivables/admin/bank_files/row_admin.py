"""The rows of bank files: each can be booked as a person says, set aside, or undone."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, day, link, shortened, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from receivables.admin.payments.forms import BookForm
from receivables.domain.payments.bank_files.paid_out import link_row, paid_out, why_not_linked
from receivables.domain.payments.bank_files.rows import Booking, book_row, set_aside, take_up, undo_row, why_not_booked
from receivables.domain.payments.record import items_named
from receivables.models import BankRow, LedgerDocument

CHANGE = "receivables.change_bankfile"
RETURNS_TO_CHOOSE = 50
State, Certainty = BankRow.State, BankRow.Certainty
STATES: dict[str, Colour] = {State.OPEN: "orange", State.BOOKED: "green", State.ASIDE: "plain"}
SURE: dict[str, Colour] = {
    Certainty.CERTAIN: "green",
    Certainty.LIKELY: "blue",
    Certainty.POSSIBLE: "orange",
    Certainty.NONE: "plain",
}


def row_state_chip(row: BankRow) -> SafeString:
    """Its state in color; of a file that was undone or discarded, nothing is open."""
    if not row.statement.is_live:
        return chip("Given up")
    return chip(row.get_state_display(), STATES[row.state])


def certainty_chip(row: BankRow) -> SafeString:
    """How sure the match is; for money that is not a payment, its kind."""
    if row.kind != BankRow.Kind.PAYMENT:
        return chip(row.get_kind_display())
    return chip(row.get_certainty_display(), SURE[row.certainty])


def as_suggested(row: BankRow) -> dict[str, Any]:
    """What the match suggests."""
    items = {item.pk: item.reference for item in LedgerDocument.objects.filter(pk__in=row.items)}
    return {
        "code": row.customer.code if row.customer else "",
        "on": row.booked_on,
        "invoices": " ".join(items[pk] for pk in row.items if pk in items),
    }


class LinkForm(forms.Form):
    """The return or refund whose money a row is."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = (self.initial or {}).get("documents", [])
        self.fields["document"] = forms.TypedChoiceField(
            label="Return or refund", coerce=int, choices=choices, widget=UnfoldAdminSelectWidget
        )


def returns_to_choose(row: BankRow) -> dict[str, Any]:
    """The latest returns and refunds of its sum that no row is linked to."""
    found = paid_out(row)[:RETURNS_TO_CHOOSE]
    return {"documents": [(each.pk, f"{day(each.posted_on)} {each}, {each.customer}") for each in found]}


def says_of_link(row: BankRow) -> str:
    """What to do if there is none."""
    amount = money.in_words(-row.amount, row.currency)
    if paid_out(row).exists():
        return f"These are of {amount}, and no row of a bank file is linked to them yet."
    return f"No return or refund of {amount} is without its row. Record it on the payment's page first."


@admin.register(BankRow)
class BankRowAdmin(ReadOnlyPage[BankRow]):
    """Reached from the file."""

    is_large = True
    list_display = ("shown_day", "shown_amount", "shown_payer", "shown_text", "sure", "shown_why", "state_chip")
    list_display_links = ("shown_day",)
    list_filter = ("state", "certainty", "kind")
    related = ("statement__file", "statement__account", "customer", "document__payment")
    ordering = ("-statement", "place")
    actions_detail: Any = ("book", "link_to_return", "set_aside", "take_up", "undo")
    nothing_yet = "No rows. Upload a bank file first."
    fieldsets = (
        (None, {"fields": (("shown_amount", "shown_day"), ("state_chip", "sure"), "shown_why")}),
        ("From the bank", {"fields": (("payer_name", "payer_account"), "text", ("reference", "bank_reference"))}),
        ("Booked as", {"fields": (("shown_customer", "shown_payment"), ("shown_file", "shown_statement"))}),
    )

    shown_day = column(day, "booked_on", title="day")
    shown_amount = column(total, "amount", "currency", title="amount")
    shown_payer = column(shortened, "payer_name", title="payer")
    shown_text = column(shortened, "text", title="reference")
    shown_why = column(shortened, "why", title="recognized")
    sure = column(certainty_chip, title="match")
    state_chip = column(row_state_chip, title="state")
    shown_customer = column(link, "customer", title="customer", empty=NOTHING)
    shown_payment = column(link, "document.payment", title="payment", empty=NOTHING)
    shown_file = column(link, "statement.file", title="file")
    shown_statement = column(lambda row: f"{row.statement.number}, row {row.place}", title="statement")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankRow]:
        return super().get_queryset(request).defer("statement__file__body")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The page of a file links to its rows."""
        return lookup == "statement__file__id__exact" or super().lookup_allowed(lookup, value, request)

    @button(
        "Book",
        permission=CHANGE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=lambda row: not why_not_booked(row),
        asks=Dialog(
            title="Book this row as a payment?",
            says="What the invoices don't need stays unapplied.",
            form=BookForm,
            first=as_suggested,
        ),
    )
    def book(self, request: HttpRequest, row: BankRow, answers: dict[str, Any]) -> Done:
        customer = answers["code"]
        items = items_named(answers["invoices"], customer, row.currency)
        book_row(row, Booking(customer, answers["on"], items), by=person(request), at=now())
        return Done("Booked.")

    @button(
        "Link to its return",
        permission=CHANGE,
        icon="link",
        variant=ActionVariant.PRIMARY,
        offered=lambda row: not why_not_linked(row),
        asks=Dialog(title="Which return or refund is this?", says=says_of_link, form=LinkForm, first=returns_to_choose),
    )
    def link_to_return(self, request: HttpRequest, row: BankRow, answers: dict[str, Any]) -> Done:
        link_row(row, LedgerDocument.objects.get(pk=answers["document"]), by=person(request))
        return Done("Linked.")

    @button(
        "Set aside",
        permission=CHANGE,
        icon="block",
        offered=lambda row: row.state == State.OPEN and row.statement.is_live,
        asks=Dialog(title="Set this row aside?", says="No customer paid it.", form=WithReason),
    )
    def set_aside(self, request: HttpRequest, row: BankRow, answers: dict[str, Any]) -> Done:
        set_aside(row, by=person(request), reason=answers["reason"])
        return Done("Set aside.")

    @button(
        "Take up again",
        permission=CHANGE,
        icon="restart_alt",
        offered=lambda row: row.state == State.ASIDE and row.statement.is_live,
        asks=Dialog(title="Open this row again?"),
    )
    def take_up(self, request: HttpRequest, row: BankRow, answers: dict[str, Any]) -> Done:
        take_up(row, by=person(request))
        return Done("Open again.")

    @button(
        "Undo",
        permission=CHANGE,
        icon="undo",
        offered=lambda row: row.state == State.BOOKED,
        asks=Dialog(
            title="Undo this booking?",
            says=lambda row: (
                "Its payment is returned with today's date, and what it settled is open again."
                if row.amount > 0
                else "The row is open again. Its return or refund stays."
            ),
            is_dangerous=True,
        ),
    )
    def undo(self, request: HttpRequest, row: BankRow, answers: dict[str, Any]) -> Done:
        undo_row(row, by=person(request), at=now())
        return Done("Undone.")
