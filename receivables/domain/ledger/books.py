"""Post what is issued and voided, and match the credit that invoices use."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.life.credit import CreditIsGone
from invoices.domain.lines.books import Balances, Books, CreditKey, OpenSum
from invoices.models import Invoice, InvoiceTax
from leads.domain.access.second_person import needs_second_person
from leads.models import Action, ApprovalThreshold, Customer
from receivables.domain.ledger.allocations import Match, match, oldest_first, standing, take_back
from receivables.domain.ledger.items import locked, with_left
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.domain.ledger.standings import open_invoices, open_sums
from receivables.domain.ledger.voiders import VoiderApproves, voiders_of
from receivables.domain.ledger.write_off_reversal import post_reversal
from receivables.models import Allocation, CreditedCharge, CreditNote, LedgerDocument, Reason

Kind, Side = LedgerDocument.Kind, LedgerDocument.Side
CREDIT_NOTE = ApprovalThreshold.Kind.CREDIT_NOTE
# What an invoice may use by itself; money that was paid waits for a person to match it.
ON_DOCUMENTS = Q(kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE], side="credit")


class IsCredited(Refused):
    """An invoice that a credit note refers to is never voided: both would take back the same amount."""

    code = "invoice_is_credited"


class LedgerBooks(Books):
    """The books as a double-entry ledger."""

    def issued(self, invoices: Sequence[Invoice], *, at: datetime) -> None:
        taxes = defaultdict[int, list[InvoiceTax]](list)
        for tax in InvoiceTax.objects.filter(invoice__in=invoices).order_by("invoice", "position"):
            taxes[tax.invoice_id].append(tax)
        posted = post([_issued(invoice, taxes[invoice.pk], at) for invoice in invoices])
        for invoice, document in zip(invoices, posted, strict=True):
            if invoice.credit < 0:
                self._use_credit(invoice, document, at)

    def check_voidable(self, invoice: Invoice) -> None:
        notes = CreditNote.objects.issued().filter(invoice=invoice).order_by("pk").values_list("number", flat=True)
        if numbers := ", ".join(filter(None, notes)):
            raise IsCredited(f"{invoice} is credited by {numbers}, which stands. Credit what is left of it instead.")
        carried = CreditNote.objects.filter(invoice=invoice, state=CreditNote.State.LINE).order_by("pk")
        if credit := carried.select_related("carried_by__invoice").first():
            assert credit.carried_by is not None  # noqa: S101 -- tells mypy: a credit line is on an invoice
            raise IsCredited(
                f"{invoice} is credited by a line on {credit.carried_by.invoice}. Credit what is left of it instead."
            )

    def check_credit_lines(self, invoice: Invoice, by: User) -> None:
        found = CreditNote.objects.filter(carried_by__invoice=invoice)
        theirs = [credit for credit in found if by.pk in voiders_of(credit)]
        total = sum((credit.total for credit in theirs), money.ZERO)
        seller, currency = invoice.period.customer_terms.seller, invoice.currency
        if theirs and needs_second_person(CREDIT_NOTE, seller, amount=total, currency=currency):
            raise VoiderApproves

    def uncredited(self, actions: QuerySet[Action]) -> QuerySet[Action]:
        in_force = CreditNote.objects.in_force().filter(pk=OuterRef("line__note"))
        credited = CreditedCharge.objects.filter(Exists(in_force), action=OuterRef("pk"))
        return actions.filter(~Exists(credited))

    def voided(self, invoice: Invoice, *, at: datetime) -> None:
        CreditNote.objects.filter(carried_by__invoice=invoice).delete()  # what was voided waits for its credit again
        issued = invoice.ledger_documents.get(kind=Kind.INVOICE)
        locked([issued.pk])
        day = invoice.customer.day_of(at)
        for each in standing(issued):
            if each.credit.kind == Kind.WRITE_OFF:
                post_reversal(each.credit, by=invoice.voided_by, at=at, reason=f"{invoice} is void")
        take_back(standing(issued), on=day, at=at, reason=f"{invoice} is void")
        parts = [Part(Account(each.account), -each.amount, each.tax) for each in issued.postings.order_by("pk")]
        document = _document(Kind.VOID, invoice, at)
        document.posted_on, document.amount, document.seller_id = day, issued.amount, issued.seller_id
        document.side = {"debit": "credit", "credit": "debit"}[issued.side]
        [void] = post([(document, parts)])
        if issued.amount:
            sides = (void, issued) if void.side == LedgerDocument.Side.CREDIT else (issued, void)
            match([Match(*sides, issued.amount)], on=day, at=at, reason=f"{invoice} is void")

    def credit(self, customers: Collection[int]) -> Balances:
        found = defaultdict[CreditKey, Decimal](Decimal)
        for item in with_left(LedgerDocument.objects.filter(ON_DOCUMENTS, customer__in=customers), open_only=True):
            found[item.customer_id, item.currency, item.seller_id] += item.left
        return found

    def with_credit(self, customers: Collection[int]) -> QuerySet[Customer]:
        items = LedgerDocument.objects.filter(ON_DOCUMENTS, customer=OuterRef("pk"))
        return Customer.objects.filter(Exists(items), pk__in=customers)

    def users_of(self, invoice: Invoice) -> Sequence[tuple[Invoice, Decimal]]:
        return list(_users_of(invoice))

    def left_of(self, invoices: Collection[int]) -> Mapping[int, Decimal]:
        found = with_left(LedgerDocument.objects.filter(invoice__in=invoices, kind=Kind.INVOICE))
        return {item.invoice_id or 0: item.left if item.side == Side.DEBIT else -item.left for item in found}

    def open_sums(self, *, at: datetime) -> Sequence[OpenSum]:
        return open_sums(at)

    def open_invoices(self, *, at: datetime, is_overdue: bool | None = None) -> Q:
        return open_invoices(at, is_overdue=is_overdue)

    def dispute_windows(self) -> Sequence[Mapping[str, Any]]:
        with_a_window = Reason.objects.filter(is_active=True, customers_may_give_it=True, window_days__isnull=False)
        return list(with_a_window.order_by("window_days", "name").values("code", "name", days=F("window_days")))

    def _use_credit(self, invoice: Invoice, document: LedgerDocument, at: datetime) -> None:
        """Match the oldest credit, as much as the draft planned; raises CreditIsGone."""
        items = LedgerDocument.objects.filter(ON_DOCUMENTS, customer=invoice.customer_id, currency=invoice.currency)
        found = list(with_left(items.filter(seller=document.seller_id), open_only=True).order_by("posted_on", "pk"))
        if sum((item.left for item in found), money.ZERO) < -invoice.credit:
            raise CreditIsGone
        document.left = document.amount  # nothing is matched to it yet
        planned = oldest_first(found, [document], -invoice.credit)
        # Credit that is younger than a chosen date is used on its own day, not before it was there.
        on = max(document.posted_on, *(each.credit.posted_on for each in planned), document.posted_on)
        match(planned, on=on, at=at, reason=f"used by {invoice}")


def _issued(invoice: Invoice, taxes: Sequence[InvoiceTax], at: datetime) -> tuple[LedgerDocument, list[Part]]:
    document = _document(Kind.INVOICE, invoice, at)
    assert invoice.issued_on is not None, "set at issue"  # noqa: S101 -- for mypy
    document.posted_on, document.due_on = invoice.issued_on, invoice.due_on
    parts = [Part(Account.REVENUE, -invoice.subtotal)]
    parts += [Part(Account.TAX, -tax.amount, f"{tax.name} {tax.rate.normalize():f}%") for tax in taxes]
    return document, against_receivable(document, parts)


def _document(kind: LedgerDocument.Kind, invoice: Invoice, at: datetime) -> LedgerDocument:
    return LedgerDocument(
        kind=kind,
        customer_id=invoice.customer_id,
        seller=invoice.period.customer_terms.seller,
        currency=invoice.currency,
        reference=invoice.number or "",
        recorded_at=at,
        recorded_by=invoice.issued_by if kind == Kind.INVOICE else invoice.voided_by,
        invoice=invoice,
    )


def _users_of(invoice: Invoice) -> Iterator[tuple[Invoice, Decimal]]:
    made = Allocation.objects.filter(credit__invoice=invoice, credit__kind=Kind.INVOICE, debit__kind=Kind.INVOICE)
    standing_ones = made.filter(takes_back=None, taken_back_by=None).select_related("debit__invoice__period")
    for each in standing_ones.order_by("-pk"):
        if each.debit.invoice:
            yield each.debit.invoice, each.amount
