"""Money that went out: a row is linked to the return or refund that was recorded, so that it is not looked for again."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from receivables.domain.ledger.items import locked
from receivables.domain.payments.bank_files.book import WRONGLY_BOOKED
from receivables.domain.payments.bank_files.rows import READABLE, RowNotOpen, locked_row
from receivables.models import BankRow, LedgerDocument

LINKED = Verb("bank_row_linked", "Row linked to its return")

Kind = LedgerDocument.Kind
State = BankRow.State


def paid_out(row: BankRow) -> QuerySet[LedgerDocument]:
    """Return the returns and refunds of exactly this sum that no row is linked to, the latest first."""
    found = LedgerDocument.objects.filter(
        kind__in=[Kind.RETURN, Kind.REFUND], currency=row.currency, amount=-row.amount, bank_row=None
    )
    # What was booked by mistake never moved at the bank.
    found = found.exclude(payment__note=WRONGLY_BOOKED).select_related("customer")
    return found.order_by("-posted_on", "-pk")


def why_not_linked(row: BankRow) -> str:
    """Why the row can't be linked to a return; "" if it can."""
    if row.amount >= 0:
        return "This money came in."
    if row.state != State.OPEN or row.statement.file.state not in READABLE:
        return "Only an open row can be linked."
    return ""


@transaction.atomic
def link_row(row: BankRow, document: LedgerDocument, *, by: User) -> None:
    """Say that the row is the money of this return or refund. Raises RowNotOpen."""
    found = locked_row(row)
    locked([document.pk])  # of two links, one is refused
    if why := why_not_linked(found):
        raise RowNotOpen(why)
    if not paid_out(found).filter(pk=document.pk).exists():
        raise RowNotOpen(f"{document} is of another sum, or another row is linked to it.")
    found.state, found.document, found.customer = State.BOOKED, document, document.customer
    found.save(update_fields=["state", "document", "customer"])
    record(LINKED, on=found, by=by, also=[document], after={"document": document})
