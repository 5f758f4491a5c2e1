"""What an invoice says of its payment and of disputes: where to, with which reference, and until when."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

from billing_engine.core.calendar.wording import count_of_days, day_in_words
from invoices.domain.document.payment_reference import in_groups, payment_reference
from invoices.domain.wording import clean, lines_of
from invoices.models import Invoice


def pay_to(invoice: Invoice, seller: dict[str, Any]) -> tuple[str, ...]:
    """Say where to pay, or why nothing is to be paid; a void invoice says it at its head."""
    if invoice.state == Invoice.State.VOID:
        return ()
    if not invoice.total:
        return ("No payment is due: this invoice is for your records.",)
    return lines_of(seller["pay_to"])


def reference_of(invoice: Invoice) -> str:
    """The reference that payments are matched by; "" if nothing is to be paid, or the number is not given yet."""
    if invoice.state == Invoice.State.VOID or not invoice.total or not invoice.number:
        return ""
    return in_groups(payment_reference(invoice.number))


def questions(invoice: Invoice, seller: dict[str, Any], customer: dict[str, Any]) -> tuple[str, ...]:
    """Say until when and how to dispute charges, and where the detail is; older invoices lack some of it."""
    if invoice.state == Invoice.State.VOID:
        return ()
    days, email, address = customer.get("dispute_days"), clean(seller["email"]), clean(seller.get("detail_url", ""))
    lines = []
    if days is not None:
        by_then = _until(invoice, days)
        to = f" by email to {email}" if email else ""
        lines.append(f"You can dispute charges {by_then}{to}. State the invoice, the line and the reason.")
        lines.extend(_shorter_windows(invoice, customer.get("dispute_windows", [])))
    if address:
        lines.append(f"See every charge at {address.replace('{number}', invoice.number or '…')}")
    return tuple(lines)


def _shorter_windows(invoice: Invoice, windows: list[dict[str, Any]]) -> Iterator[str]:
    """Say which reasons for disputes end earlier, one line for each last day."""
    for days, alike in groupby(windows, key=lambda each: each["days"]):
        names = ", ".join(clean(each["name"].lower()) for each in alike)
        until = _until(invoice, days)
        yield f"{until[:1].upper()}{until[1:]} for: {names}."


def _until(invoice: Invoice, days: int) -> str:
    """`until December 3, 2026`; on a draft, `within 30 days of issue`."""
    if invoice.issued_on:
        return f"until {day_in_words(invoice.issued_on + timedelta(days=days))}"
    return f"within {count_of_days(days)} of issue"
