"""Journals: the general ledger, and journal entries for NetSuite."""

from collections.abc import Sequence

from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.entries import Entry, JournalForm, Row
from receivables.domain.exports.file import Cell, sides


class GeneralLedger(JournalForm):
    """Every document of the ledger, posting by posting."""

    header = (
        *("Document ID", "Date", "Document", "Number", "Customer code", "Customer", "Currency"),
        *("Account", "Ledger account", "Tax", "Debit", "Credit"),
    )
    id, account, debit, credit = "Document ID", "Account", "Debit", "Credit"

    def key_of(self, entry: Entry) -> str:
        return str(entry.document.pk)

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        document = entry.document
        customer = document.customer
        begin = (
            *(document.pk, document.posted_on, document.get_kind_display(), document.reference),
            *(customer.code, customer.name, document.currency),
        )
        return [
            (*begin, code, name, tax, *sides(moved, document.currency))
            for code, name, tax, moved in self.moves(entry, accounts)
        ]

    def differs(self, entry: Entry, rows: Sequence[Row], accounts: Accounts) -> bool:
        return super().differs(entry, rows, accounts) or any(
            row["Tax"] and row["Tax"] not in entry.taxes for row in rows
        )


class NetSuite(JournalForm):
    """Journal entries as NetSuite's CSV import takes them."""

    header = (
        *("External ID", "Date", "Subsidiary", "Currency", "Account", "Debit", "Credit"),
        *("Name", "Memo", "Line Memo"),
    )
    id, account, debit, credit = "External ID", "Account", "Debit", "Credit"

    def key_of(self, entry: Entry) -> str:
        return f"LBE-{entry.document.pk}"

    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        document = entry.document
        begin = (self.key_of(entry), document.posted_on, accounts.name, document.currency)
        return [
            (*begin, code, *sides(moved, document.currency), document.customer.name, str(document), tax or name)
            for code, name, tax, moved in self.moves(entry, accounts)
        ]
