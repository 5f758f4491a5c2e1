"""One row at a time: book it as a person says, set it aside, or undo it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer
from receivables.domain.payments.bank_files.book import undo_rows
from receivables.domain.payments.bank_files.documents import reference_of
from receivables.domain.payments.record import Received, record_payment
from receivables.models import BankFile, BankRow, LedgerDocument

SET_ASIDE = Verb("bank_row_set_aside", "Row set aside")
TAKEN_UP = Verb("bank_row_taken_up", "Row taken up again")

State = BankRow.State
READABLE = (BankFile.State.READY, BankFile.State.BOOKED)


class RowNotOpen(Refused):
    """The row is booked, set aside, no payment, or its file is being worked on."""

    code = "bank_row_not_open"


@dataclass(frozen=True, slots=True)
class Booking:
    """As what a person books a row; without items, what the customer owes is settled oldest first."""

    customer: Customer
    on: date
    items: Sequence[LedgerDocument] | None = None


@transaction.atomic
def book_row(row: BankRow, booking: Booking, *, by: User, at: datetime) -> LedgerDocument:
    """Record the row as a payment of this customer. Raises RowNotOpen, PaymentHasFaults or WrongDay."""
    found = locked_row(row)
    if why := why_not_booked(found):
        raise RowNotOpen(why)
    received = Received(
        customer=booking.customer,
        on=booking.on,
        amount=found.amount,
        reference=reference_of(found),
        currency=found.currency,
        account=found.statement.account,
        details={"row": found, "payer_name": found.payer_name, "payer_account": found.payer_account},
    )
    document = record_payment(received, by=by, at=at, settles=booking.items)
    found.state, found.document, found.customer = State.BOOKED, document, booking.customer
    found.save(update_fields=["state", "document", "customer"])
    return document


@transaction.atomic
def undo_row(row: BankRow, *, by: User, at: datetime) -> None:
    """Return the payment of a booked row with today's date; the row is open again. Raises RowNotOpen."""
    found = locked_row(row)
    if found.state != State.BOOKED or found.statement.file.state not in READABLE:
        raise RowNotOpen("This row is not booked, or its file is being worked on.")
    if left_out := undo_rows([found], by=by, at=at):
        raise RowNotOpen(f"{left_out[0]}.")


@transaction.atomic
def set_aside(row: BankRow, *, by: User, reason: str) -> None:
    """Say that no customer paid this. Raises RowNotOpen."""
    found = locked_row(row)
    if found.state != State.OPEN or not found.statement.is_live:
        raise RowNotOpen("Only an open row can be set aside.")
    found.state = State.ASIDE
    found.save(update_fields=["state"])
    record(SET_ASIDE, on=found, by=by, reason=reason, also=[found.statement.file])


@transaction.atomic
def take_up(row: BankRow, *, by: User) -> None:
    """Open a row that was set aside. Raises RowNotOpen."""
    found = locked_row(row)
    if found.state != State.ASIDE or not found.statement.is_live:
        raise RowNotOpen("Only a row that was set aside can be taken up again.")
    found.state = State.OPEN
    found.save(update_fields=["state"])
    record(TAKEN_UP, on=found, by=by, also=[found.statement.file])


def why_not_booked(row: BankRow) -> str:
    """Why the row can't be booked as a payment; "" if it can."""
    if row.statement.file.state not in READABLE:
        return "The file of this row is being worked on, or was given up."
    if row.state != State.OPEN:
        return f"This row is {row.get_state_display().lower()}."
    return "" if row.amount > 0 else "This money went out, so no customer paid it."


def locked_row(row: BankRow) -> BankRow:
    """Lock the row with its file, and read it again."""
    file = BankFile.objects.filter(statements__rows=row.pk).defer("body")
    list(file.select_for_update(of=("self",)))
    return (
        BankRow.objects.select_for_update(of=("self",))
        .select_related("statement__account", "statement__file")
        .defer("statement__file__body")
        .get(pk=row.pk)
    )
