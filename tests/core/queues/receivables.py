"""Waiting work of each queue in receivables."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing_engine.core.calendar.spans import Month
from receivables.domain.exports.ask import Asked
from receivables.domain.exports.ask import ask as ask_for_books
from receivables.domain.late_voids.settling import VOID_CREDITS
from receivables.domain.papers.mail import send as send_paper
from receivables.domain.papers.store import PAPERS
from receivables.domain.payments.bank_files.upload import confirm as confirm_bank_file
from receivables.domain.payments.bank_files.upload import upload
from receivables.domain.reminders.run import start as start_reminders
from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.timetable import set_timetable
from receivables.domain.statements.monthly import set_monthly
from receivables.domain.statements.requesting import request_month
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
    Reminder,
    ReminderRun,
    ReminderTimetable,
    StatementMail,
    StatementSchedule,
    TopicEmail,
    VoidCredit,
)
from tests.core.queues.case import NEVER_FINISHED, NOVEMBER_3, Case
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.credit_notes.made import NOVEMBER_5, an_issued_invoice, an_issued_note
from tests.receivables.disputes.made import a_dispute
from tests.receivables.late_voids.made import an_invoice as an_october_invoice
from tests.receivables.late_voids.made import voided_by_source
from tests.receivables.mailing.made import invoiced
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


def a_reminder() -> None:
    set_levels(None, {1: 7}, by=with_role("Finance"))
    invoiced(
        CustomerFactory.create(billing_contacts=["books@ash.example"]), 5, due=NOVEMBER_3.date() - timedelta(days=8)
    )
    start_reminders(None, by=None, at=NOVEMBER_3)


def reminders() -> Any:
    return list(Reminder.objects.values_list("state", "accepted", "items__amount"))


def a_company_that_reminds_each_day() -> None:
    by = with_role("Finance")
    set_levels(None, {1: 7, 2: 30}, by=by)
    invoiced(CustomerFactory.create(), 5, due=NOVEMBER_3.date() - timedelta(days=200))
    set_timetable(None, hour=8, is_on=True, by=by, at=NOVEMBER_3 - timedelta(days=1))


def runs_of_reminders() -> Any:
    runs = list(ReminderRun.objects.values_list("started_by", "reminders__state", "reminders__level"))
    return runs, list(ReminderTimetable.objects.values_list("reason", flat=True))


def a_customer_with_monthly_statements() -> None:
    customer = CustomerFactory.create(billing_contacts=["books@ash.example"])
    invoiced(customer, 5, on=date(2026, 10, 5))
    set_monthly(customer, is_monthly=True, by=with_role("Finance"), at=datetime(2026, 10, 20, tzinfo=UTC))


def a_statement_to_mail() -> None:
    a_customer_with_monthly_statements()
    request_month(Month(2026, 10), by=None, at=NOVEMBER_3)


def statements() -> Any:
    return list(StatementMail.objects.values_list("month", "state", "accepted", "closing"))


def started_statements() -> Any:
    return statements(), list(StatementSchedule.objects.values_list("reason", flat=True))


def a_person_to_tell() -> None:
    a_dispute(issued(a_draft(1, name="Ash"), with_role("Finance")), at=NOVEMBER_3)


def people_told() -> Any:
    return list(TopicEmail.objects.values_list("topic", "state", "accepted"))


OCTOBER = date(2026, 10, 1)
GIVEN_UP = "3 attempts ended without an outcome."

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
    "receivables.remind": Case(
        make=a_reminder,
        facts=reminders,
        done=[("sent", ["books@ash.example"], 5)],
        doubted=[("perhaps", [], 5)],
        given_up=[("failed", [], None)],
        deaths=5,
        least_kills=40,
    ),
    "receivables.start_reminders": Case(
        make=a_company_that_reminds_each_day,
        facts=runs_of_reminders,
        done=([(None, "waiting", 2)], [""]),
        given_up=([], [GIVEN_UP]),
        least_kills=30,
    ),
    "receivables.start_statements": Case(
        make=a_customer_with_monthly_statements,
        facts=started_statements,
        done=([(OCTOBER, "waiting", [], None)], [""]),
        given_up=([], [GIVEN_UP]),
        least_kills=30,
    ),
    "receivables.mail_statement": Case(
        make=a_statement_to_mail,
        facts=statements,
        done=[(OCTOBER, "sent", ["books@ash.example"], 5)],
        doubted=[(OCTOBER, "perhaps", [], 5)],
        given_up=[(OCTOBER, "failed", [], None)],
        deaths=5,
        least_kills=25,
    ),
    "receivables.mail_topic": Case(
        make=a_person_to_tell,
        facts=people_told,
        done=[("disputes", "sent", ["imo@northlight.example"])],
        doubted=[("disputes", "perhaps", [])],
        given_up=[("disputes", "failed", [])],
        deaths=5,
        least_kills=20,
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
