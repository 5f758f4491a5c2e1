"""The pages of write-offs, and the buttons of an invoice that write off what is left of it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, day, instant, link, shortened, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.admin_kit.task_cards import shown_person
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.models import Invoice
from receivables.admin.payments.forms import WriteOffForm
from receivables.domain.ledger.items import with_left
from receivables.domain.write_offs.write_off import (
    NothingOwed,
    NotReversed,
    check_alone,
    is_reversed,
    propose,
    reverse_write_off,
    write_off,
)
from receivables.models import LedgerDocument, WriteOff

ADD, CHANGE = "receivables.add_writeoff", "receivables.change_writeoff"
State = WriteOff.State
COLOURS: dict[str, Colour] = {State.WAITING: "orange", State.POSTED: "green", State.DROPPED: "plain"}


def state_chip(row: WriteOff) -> SafeString:
    """Its state in color."""
    return chip(row.get_state_display(), COLOURS[row.state])


@admin.register(WriteOff)
class WriteOffAdmin(ReadOnlyPage[WriteOff]):
    list_display = ("shown_item", "shown_customer", "shown_amount", "reason", "state_chip", "shown_day", "shown_writer")
    list_display_links = ("shown_item",)
    list_filter = (("state", ChoicesDropdownFilter), ("reason", ChoicesDropdownFilter))
    related = ("item__customer", "item__invoice", "document", "written_by")
    ordering = ("-pk",)
    nothing_yet = "No write-offs yet. Write an invoice off on its page."
    actions_detail: Any = ("reverse",)
    fieldsets = (
        (
            None,
            {"fields": (("shown_document", "state_chip"), ("shown_customer", "shown_amount"), "reason", "sentence")},
        ),
        ("Record", {"fields": (("shown_day", "written"), "shown_writer")}),
    )

    shown_item = column(lambda item: shortened(str(item)), "item", title="item")
    shown_document = column(lambda item: link(item.invoice, item) if item.invoice else str(item), "item", title="item")
    shown_customer = column(link, "item.customer", title="customer")
    shown_amount = column(lambda row: total(row.amount, row.item.currency), title="amount", order="amount")
    state_chip = column(state_chip, title="state")
    shown_day = column(day, "document.posted_on", title="posted on", empty=NOTHING)
    written = column(instant, "written_at", title="written")
    shown_writer = column(shown_person, "written_by", title="by")

    @button(
        "Reverse",
        permission=CHANGE,
        icon="undo",
        offered=lambda row: row.document is not None and not is_reversed(row.document),
        asks=Dialog(
            title="Reverse this write-off?",
            says="The item is owed again, from today on.",
            form=WithReason,
        ),
    )
    def reverse(self, request: HttpRequest, row: WriteOff, answers: dict[str, Any]) -> Done:
        if row.document is None:
            raise NotReversed
        reverse_write_off(row.document, by=person(request), at=now(), reason=answers["reason"])
        return Done("Reversed.")


def open_item_of(invoice: Invoice) -> LedgerDocument | None:
    """The open item of an issued invoice; None if nothing is left of it."""
    items = LedgerDocument.objects.filter(invoice=invoice, kind=LedgerDocument.Kind.INVOICE, side="debit")
    return with_left(items, open_only=True).select_related("customer").first()


def is_open(invoice: Invoice) -> bool:
    """Whether something is left of it."""
    return open_item_of(invoice) is not None


def alone(invoice: Invoice, by: User) -> None:  # noqa: ARG001 -- as a guard is called
    """Refuse to write all of it off alone, above the sum that the company set."""
    if item := open_item_of(invoice):
        check_alone(WriteOff(item=item, amount=item.left))


def first_amount(invoice: Invoice) -> dict[str, Any]:
    """All that is left."""
    item = open_item_of(invoice)
    return {"amount": item.left if item else None}


def _proposed(invoice: Invoice, answers: dict[str, Any]) -> WriteOff:
    item = LedgerDocument.objects.filter(invoice=invoice, kind=LedgerDocument.Kind.INVOICE).first()
    if item is None:
        raise NothingOwed
    return WriteOff(item=item, **answers)


WRITE_OFF = Dialog(
    title="Write off what is left of this invoice?",
    says="Posted with today's date as bad debt. The invoice is no longer owed or reminded.",
    form=WriteOffForm,
    first=first_amount,
    is_dangerous=True,
)


@button("Write off", permission=ADD, icon="money_off", offered=is_open, guard=alone, asks=WRITE_OFF)
def write_it_off(_: Any, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
    write_off(_proposed(invoice, answers), by=person(request), at=now())
    return Done("Written off.")


@button(
    "Ask to write off", permission=ADD, icon="money_off", offered=is_open, instead_of=alone,
    asks=Dialog(
        title="Ask to write off what is left of this invoice?",
        says="Nothing is posted until another person approves.",
        form=WriteOffForm,
        first=first_amount,
    ),
)  # fmt: skip
def ask_to_write_it_off(_: Any, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
    propose(_proposed(invoice, answers), by=person(request), at=now())
    return Done(REQUESTED)


InvoiceAdmin.extend_buttons(write_it_off, ask_to_write_it_off, before="make_pdf_again")
