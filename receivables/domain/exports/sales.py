"""Invoices and credit notes for QuickBooks Online and Xero."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from billing_engine.core import money
from invoices.domain.document.taxed_lines import TaxedLine
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.entries import CREDIT_NOTES, INVOICES, Account, Entry, SalesForm
from receivables.domain.exports.file import Cell, amount
from receivables.models import LedgerDocument


class QuickBooksInvoices(SalesForm):
    """Invoices, with the columns of QuickBooks Online's own sample file."""

    header: ClassVar[Sequence[str]] = (
        *("*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Location", "Memo"),
        *("Item(Product/Service)", "ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount"),
        *("*ItemTaxCode", "ItemTaxAmount", "Currency", "Service Date"),
    )
    number, net, tax = "*InvoiceNo", "*ItemAmount", "ItemTaxAmount"
    documents = INVOICES
    most_documents, most_rows = 100, 1_000  # of one import

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        document = entry.document
        dates = (document.posted_on, document.due_on or document.posted_on)
        return [
            (
                *(document.reference, document.customer.name, *dates, "", "", memo(document)),
                *(accounts.code(Account.REVENUE, product=line.product), line.description, 1, net, net),
                *(accounts.tax_code(line.taxes, line.product), tax, document.currency, ""),
            )
            for line in entry.lines
            for net, tax in [amounts(line, document)]
        ]


class QuickBooksCreditNotes(QuickBooksInvoices):
    """Credit memos: another template, never negative invoices."""

    header = (
        *("*CreditMemoNo", "*Customer", "*CreditMemoDate", "Location", "Memo"),
        *("Item(Product/Service)", "ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount"),
        *("*ItemTaxCode", "ItemTaxAmount", "Currency"),
    )
    number = "*CreditMemoNo"
    documents = CREDIT_NOTES

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        # Without the due date, the terms and the date of the service.
        return [(*row[:3], *row[5:-1]) for row in super().rows(entry, accounts)]


class XeroInvoices(SalesForm):
    """Invoices in the fixed order of Xero's template, without tax in the amounts."""

    header: ClassVar[Sequence[str]] = (
        *("*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4"),
        *("POCity", "PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate"),
        *("Total", "InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode"),
        *("*TaxType", "TaxAmount", "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2"),
        *("Currency", "BrandingTheme"),
    )
    number, net, tax = "*InvoiceNumber", "*UnitAmount", "TaxAmount"
    documents = INVOICES
    most_documents = 500  # of one import

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        document = entry.document
        due = document.due_on or document.posted_on
        dates = [f"{day:%d/%m/%Y}" for day in (document.posted_on, due)]
        nothing = ("",) * 4
        return [
            (
                *(document.customer.name, "", *nothing, *nothing, document.reference, memo(document), *dates),
                *(amount(document.amount, document.currency), "", line.description, 1, net, ""),
                *(accounts.code(Account.REVENUE, product=line.product), accounts.tax_code(line.taxes, line.product)),
                *(tax, *nothing, document.currency, ""),
            )
            for line in entry.lines
            for net, tax in [amounts(line, document)]
        ]


class XeroCreditNotes(XeroInvoices):
    """Credit notes, which Xero does not take with the invoices; amounts are positive."""

    header = ("Type", *XeroInvoices.header)
    documents = CREDIT_NOTES

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        return [("ACCRECCREDIT", *row) for row in super().rows(entry, accounts)]


def amounts(line: TaxedLine, document: LedgerDocument) -> tuple[Decimal, Decimal]:
    """The net amount and the tax of a line."""
    tax = sum(line.taxes.values(), money.ZERO)
    return amount(line.amount, document.currency), amount(tax, document.currency)


def memo(document: LedgerDocument) -> str:
    """What the document is, if its number does not say so: `Void of an invoice`."""
    usual = document.kind == LedgerDocument.Kind.INVOICE and document.side == LedgerDocument.Side.DEBIT
    return "" if usual else document.get_kind_display()
