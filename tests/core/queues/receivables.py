"""Waiting work of each queue in receivables."""

from decimal import Decimal
from typing import Any

from receivables.domain.exports.ask import Asked
from receivables.domain.exports.ask import ask as ask_for_books
from receivables.domain.late_voids.settling import VOID_CREDITS
from receivables.domain.papers.mail import send as send_paper
from receivables.domain.papers.store import PAPERS
from receivables.domain.payments.bank_files.upload import confirm as confirm_bank_file
from receivables.domain.payments.bank_files.upload import upload
from receivables.models import (
    AccountMapping,
    Allocation,
    BankFile,
    BankRow,
    BookExport,
    CreditedCharge,
    CreditNote,
    ExportedDocument,
    LedgerDocument,
    Paper,
    PaperMail,
    VoidCredit,
)
from tests.core.queues.case import NEVER_FINISHED, NOVEMBER_3, Case
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.credit_notes.made import NOVEMBER_5, an_issued_invoice, an_issued_note
from tests.receivables.late_voids.made import an_invoice as an_october_invoice
from tests.receivables.late_voids.made import voided_by_source
from tests.receivables.payments import banks


def a_paper() -> None:
    frank = with_role("Finance")
    an_issued_note(frank, an_issued_invoice(frank, {"Ash": "5.00"}), {"Ash": "5.00"}, at=NOVEMBER_3)


def a_paper_to_mail() -> None:
    a_paper()
    paper = Paper.objects.get()
    PAPERS.work(paper.pk, attempt=paper.attempts, at=NOVEMBER_3)
    send_paper(paper, to=["books@ash.example"], text=("Credit note", "Attached."), by=None, at=NOVEMBER_3)


def two_bank_files_to_read_and_to_book() -> None:
    customer, by = CustomerFactory.create(), UserFactory.create()
    banks.an_account()
    banks.an_invoice("INV-2026-000001", 5, customer)
    row = banks.entry("5", "INV-2026-000001")
    confirm_bank_file(banks.uploaded(banks.camt(row, closing="5"), by=by), by=by, at=NOVEMBER_3)
    upload(banks.camt(row, closing="5", number="S-2"), name="later.xml", by=by, at=NOVEMBER_3)


def bank_files() -> Any:
    return (
        list(BankFile.objects.order_by("pk").values_list("state", "message")),
        list(BankRow.objects.order_by("pk").values_list("state", flat=True)),
        list(LedgerDocument.objects.order_by("pk").values_list("kind", flat=True)),
        Allocation.objects.count(),
    )


def an_export_to_the_books() -> None:
    frank = with_role("Finance")
    issued(a_draft(), frank)
    for account, code in (("receivable", "1200"), ("revenue", "4000")):
        AccountMapping.objects.create(account=account, code=code)
    ask_for_books(Asked(BookExport.Kind.GENERAL_LEDGER, None, "2026-11"), by=frank, at=NOVEMBER_3)


def exports_to_the_books() -> Any:
    return list(BookExport.objects.values_list("state", "rows", "reason")), ExportedDocument.objects.count()


def a_late_void() -> None:
    voided_by_source(an_october_invoice(with_role("Finance")), 5, 11)
    VOID_CREDITS.tidy(at=NOVEMBER_5)


def void_credits() -> Any:
    return (
        list(CreditNote.objects.values_list("state", "total")),
        CreditedCharge.objects.count(),
        list(VoidCredit.objects.order_by("pk").values_list("attempts", "code")),
    )


CASES = {
    "receivables.settle_voids": Case(
        make=a_late_void,
        facts=void_credits,
        done=([("draft", Decimal("6.40"))], 2, [(0, ""), (0, "")]),
        given_up=([], 0, [(3, "given_up")] * 2),
        deaths=5,  # one together, then two of each alone
    ),
    "receivables.render": Case(
        make=a_paper,
        facts=lambda: list(Paper.objects.values_list("kind", "state", "reason")),
        done=[("credit_note", "kept", "")],
        given_up=[("credit_note", "failed", "3 workers ended while making it.")],
    ),
    "receivables.mail": Case(
        make=a_paper_to_mail,
        facts=lambda: list(PaperMail.objects.values_list("state", "accepted", "reason")),
        done=[("sent", ["books@ash.example"], "")],
        given_up=[("failed", [], "5 workers ended while sending it.")],
        deaths=5,
    ),
    "receivables.bank_files": Case(
        make=two_bank_files_to_read_and_to_book,
        facts=bank_files,
        done=([("booked", ""), ("ready", "")], ["booked", "open"], ["invoice", "payment"], 1),
        given_up=([("ready", NEVER_FINISHED), ("failed", NEVER_FINISHED)], ["open"], ["invoice"], 0),
        deaths=6,
    ),
    "receivables.export_books": Case(
        make=an_export_to_the_books,
        facts=exports_to_the_books,
        done=([("done", 2, "")], 1),
        given_up=([("failed", 0, "3 workers ended while writing it.")], 0),
    ),
}
