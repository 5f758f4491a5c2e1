"""What happened to the sample company's earlier invoices: issued, paid, in part or not at all, disputed and credited."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.calendar.spans import Month
from billing_engine.sample.company import CUSTOMERS
from invoices.domain.life.transitions import approve_all
from invoices.domain.month_close.bulk_action import count_waiting, start_bulk_action
from invoices.domain.month_close.close_month import close_cycle, lock
from invoices.models import BillingCycle, Invoice
from receivables.domain.credit_notes.drafting import draft_for_lines
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_line
from receivables.domain.exports.accounts import save_mapping as save_account_mapping
from receivables.domain.payments.bank_files.accounts import save_account, save_mapping
from receivables.domain.payments.record import Received, record_payment
from receivables.domain.reminders.schedule import set_levels
from receivables.models import AccountMapping, BankAccount, CsvMapping, LedgerDocument, Reason

ACCOUNT = {"name": "First Example Bank, checking", "number": "US0000000000", "currency": "USD"}
MAPPING = {
    "name": "First Example Bank",
    "day": "Date",
    "amount": "Amount",
    "text": "Details",
    "payer_name": "Payer",
    "payer_account": "Payer account",
}
IN_THE_BOOKS = {"receivable": "1200", "revenue": "4000", "cash": "1000", "bad_debt": "6500", "unbilled": "1250"}
REMINDED_AFTER = {1: 3, 2: 14, 3: 30}  # days after the due day, by level
DAYS_TO_ISSUE, DAYS_TO_PAY = 2, 26
ISSUED_LATE, DAYS_LATE = "KILN", 6  # still disputable
# How many of the earlier months a customer has paid, oldest first; the others still owe all of them.
PAID = {"TERRAZZA": 4, "NORTHLIGHT": 2, "FJORD": 3, "CORIUM": 4, "LUMEN": 1, "HIKARI": 4, "KILN": 3}


def are_there() -> bool:
    """Whether all of the below has happened."""
    return BankAccount.objects.exists()


def days_of_issue(months: list[Month], *, at: datetime) -> Iterator[tuple[Month, QuerySet[Invoice], date]]:
    """The drafts of these months, and the date to issue them under: days of their time, but one customer's is recent."""
    for month in months:
        drafts = Invoice.objects.filter(period__label=str(month), state=Invoice.State.DRAFT).order_by("pk")
        ending = month.next().first
        late = drafts.filter(customer__code=ISSUED_LATE) if month == months[-1] else drafts.none()
        yield month, drafts.exclude(pk__in=late.values("pk")), ending + timedelta(days=DAYS_TO_ISSUE)
        yield month, late, max(_days_before(at, DAYS_LATE), ending)


def issue_all(month: Month, drafts: QuerySet[Invoice], *, on: date, at: datetime) -> None:
    """Approve the drafts, and ask a worker to issue them under this date."""
    cycle, finance = BillingCycle.objects.get(label=str(month)), _finance()
    approve_all(list(drafts), by=finance, at=at)
    if count_waiting(cycle, BillingCycle.BulkAction.ISSUE):
        start_bulk_action(cycle, BillingCycle.BulkAction.ISSUE, by=finance, at=at, issued_on=on)


def close(month: Month, *, at: datetime) -> None:
    """Lock and close a month whose invoices are all issued, so that finance's desk begins with the last one."""
    cycle, finance = BillingCycle.objects.get(label=str(month)), _finance()
    if cycle.state == BillingCycle.State.OPEN:
        cycle = lock(cycle, by=finance, at=at)
    if cycle.state == BillingCycle.State.LOCKED:
        close_cycle(cycle, by=finance, at=at)


def is_issuing(month: Month) -> bool:
    """Whether the worker is still at it."""
    return BillingCycle.objects.filter(label=str(month)).exclude(bulk_action="").exists()


@transaction.atomic
def create(months: list[Month], *, at: datetime) -> None:
    """Let customers pay, dispute, and be credited for the issued invoices of these months."""
    finance = _finance()
    account = save_account(BankAccount(**ACCOUNT), by=finance)
    save_mapping(CsvMapping(**MAPPING), by=finance)
    for name, code in IN_THE_BOOKS.items():
        save_account_mapping(AccountMapping(account=name, code=code), by=finance)
    for tax in _taxes():
        save_account_mapping(AccountMapping(account="tax", tax=tax, code="2200"), by=finance)
    set_levels(None, REMINDED_AFTER, by=finance)
    _pay(months, account, by=finance, at=at)
    _credit("LUMEN", months[-1], by=finance, at=at)
    _dispute(ISSUED_LATE, months[-1], by=finance, at=at)


def _pay(months: list[Month], account: BankAccount, *, by: User, at: datetime) -> None:
    for code, count in PAID.items():
        for owed in _documents(code, months[:count]):
            _receive(owed, owed.amount, account, by=by, at=at)
    [part] = _documents("ARBOR", months[:1])
    _receive(part, Decimal(int(part.amount / 2)), account, by=by, at=at)
    twice = _documents("CORIUM", months[-1:])
    for owed in twice:
        _receive(owed, owed.amount, account, by=by, at=at)


def _receive(owed: LedgerDocument, amount: Decimal, account: BankAccount, *, by: User, at: datetime) -> None:
    """Record a transfer in dollars to our account, in another currency to none, for this invoice."""
    on = min(owed.posted_on + timedelta(days=DAYS_TO_PAY), _days_before(at, 1))
    number = LedgerDocument.objects.filter(kind=LedgerDocument.Kind.PAYMENT).count() + 1
    received = Received(
        customer=owed.customer,
        on=on,
        amount=amount,
        reference=f"ACH {on:%m%d}-{number:04}",
        account=account if owed.currency == account.currency else None,
    )
    record_payment(received, by=by, at=at, settles=[owed])


def _credit(code: str, month: Month, *, by: User, at: datetime) -> None:
    invoice = _invoice(code, month)
    line = invoice.lines.order_by("-amount")[0]
    reason = Reason.objects.get(code="duplicate")
    sentence = "These orders reached you twice, from our website and from a studio event."
    amount = Decimal(int(line.amount / 2))
    note = draft_for_lines(invoice, {line: amount}, reason=reason, sentence=sentence, by=by)
    issue(approve(note, by=by, at=at), by=by, at=at)


def _dispute(code: str, month: Month, *, by: User, at: datetime) -> None:
    line = _invoice(code, month).lines.filter(actions__lt=30).order_by("-amount")[0]
    words = "The customer says that these designers never asked for a sample."
    reason = Reason.objects.get(code="invalid_contact")
    open_dispute(subject_of_line(line), reason=reason, words=words, by=Speaker(by), at=at)


def _documents(code: str, months: list[Month]) -> list[LedgerDocument]:
    """The customer's invoices of these months in the ledger, those of nothing left out."""
    found = LedgerDocument.objects.filter(
        kind=LedgerDocument.Kind.INVOICE,
        side=LedgerDocument.Side.DEBIT,
        customer__code=code,
        invoice__period__label__in=[str(month) for month in months],
    )
    return list(found.select_related("customer").order_by("posted_on"))


def _invoice(code: str, month: Month) -> Invoice:
    return Invoice.objects.get(customer__code=code, period__label=str(month), state=Invoice.State.ISSUED)


def _finance() -> User:
    return User.objects.get(username="finance")


def _taxes() -> list[str]:
    """The taxes of all customers, by the name and rate that invoices print."""
    return sorted({str(tax) for facts in CUSTOMERS for tax in facts.get("taxes", ())})


def _days_before(at: datetime, count: int) -> date:
    return (at - timedelta(days=count)).date()
