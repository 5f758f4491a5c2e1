"""Credit that an invoice plans to use, or carried forward, and that others may have used meanwhile."""

from collections.abc import Iterator
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.life.batch import Batch, State
from invoices.domain.lines.books import books
from invoices.domain.lines.totals import NOT_ISSUED, balance, credit_key, lock_credit
from invoices.domain.wording import month_in_words
from invoices.models import Invoice


class CreditIsGone(Refused):
    """An invoice can only use credit that is still there when it is issued."""

    code = "credit_is_gone"
    message = "The credit that this invoice uses has been used elsewhere since. Regenerate its draft."


class CreditIsUsed(Refused):
    """An invoice that carried credit forward can be voided only while that credit is unused."""

    code = "credit_is_used"


def check_credit_is_there(batch: Batch) -> None:
    """Refuse the invoices that plan to use more credit than is left; their customers are locked."""
    using = {invoice.customer_id for invoice in batch.passing if invoice.credit < 0}
    if not using:
        return
    lock_credit(using)
    left = dict(books().credit(using))

    def check(invoice: Invoice) -> None:
        if invoice.credit < 0:
            key = credit_key(invoice)
            if left.get(key, money.ZERO) + invoice.credit < 0:
                raise CreditIsGone
            left[key] += invoice.credit

    batch.check(check)


def check_credit_is_unused(invoice: Invoice) -> None:
    """Refuse to void an invoice whose carried credit is used; raises CreditIsUsed with what to do about each use."""
    if invoice.credit <= 0:
        return
    used = sum((amount for _, amount in books().users_of(invoice)), money.ZERO)
    missing = max(invoice.credit - balance(invoice.customer, *credit_key(invoice)[1:]), used)
    if missing > 0:
        raise CreditIsUsed(_used_in_words(invoice, missing))


def _used_in_words(invoice: Invoice, missing: Decimal) -> str:
    """List the latest invoices that use the missing credit, and what to do about each."""
    advice, left = [], missing
    for user, amount in _users(invoice):
        if left <= 0:
            break
        advice.append(f"{_how_to_undo(user)} ({money.in_words(amount, invoice.currency)})")
        left -= amount
    amounts = [money.in_words(amount, invoice.currency) for amount in (missing, invoice.credit)]
    return f"{amounts[0]} of the {amounts[1]} credit that this invoice carried forward is used. {'. '.join(advice)}."


def _users(invoice: Invoice) -> Iterator[tuple[Invoice, Decimal]]:
    """Drafts that plan to use credit, then issued invoices that use it; the latest first."""
    drafts = Invoice.objects.filter(
        customer=invoice.customer_id, currency=invoice.currency, state__in=NOT_ISSUED, credit__lt=0
    )
    for draft in drafts.select_related("period").order_by("-pk"):
        if credit_key(draft) == credit_key(invoice):
            yield draft, -draft.credit
    yield from books().users_of(invoice)


def _how_to_undo(user: Invoice) -> str:
    if user.state == State.ISSUED:
        return f"Void {user.number} first"
    return f"Reopen the period of {user}, {month_in_words(user.period.label)}, first"
