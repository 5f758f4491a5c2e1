"""What happened to the sample company's earlier invoices: issued, paid, in part or not at all, disputed and credited."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.transitions import approve_all, issue_all
from invoices.models import Invoice
from receivables.domain.credit_notes.drafting import draft_for_lines
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_line
from receivables.domain.payments.bank_files.accounts import save_account, save_mapping
from receivables.domain.payments.record import Received, record_payment
from receivables.domain.reminders.schedule import set_levels
from receivables.models import BankAccount, CsvMapping, LedgerDocument, Reason

ACCOUNT = BankAccount(name="First Example Bank, checking", number="US0000000000", currency="USD")
MAPPING = CsvMapping(
    name="First Example Bank",
    day="Date",
    amount="Amount",
    text="Details",
    payer_name="Payer",
    payer_account="Payer account",
)
REMINDED_AFTER = {1: 3, 2: 14, 3: 30}  # days after the due day, by level
DAYS_TO_ISSUE, DAYS_TO_PAY = 2, 26
ISSUED_LATE, DAYS_LATE = "KILN", 6  # still disputable
# How many of the earlier months a customer has paid, oldest first; the others still owe all of them.
PAID = {"TERRAZZA": 4, "NORTHLIGHT": 2, "FJORD": 3, "CORIUM": 4, "LUMEN": 1, "HIKARI": 4, "KILN": 3}


def are_there() -> bool:
    """Whether all of the below has happened."""
    return BankAccount.objects.exists()


@transaction.atomic
def create(months: list[Month], *, at: datetime) -> None:
    """Issue the drafts of these months with dates of their time, and let customers pay, dispute, and be credited."""
    finance = User.objects.get(username="finance")
    account = save_account(ACCOUNT, by=finance)
    save_mapping(MAPPING, by=finance)
    set_levels(None, REMINDED_AFTER, by=finance)
    _issue(months, by=finance, at=at)
    _pay(months, account, by=finance, at=at)
    _credit("LUMEN", months[-1], by=finance, at=at)
    _dispute(ISSUED_LATE, months[-1], by=finance, at=at)


def _issue(months: list[Month], *, by: User, at: datetime) -> None:
    for month in months:
        drafts = Invoice.objects.filter(period__label=str(month), state=Invoice.State.DRAFT).order_by("pk")
        late = drafts.filter(customer__code=ISSUED_LATE) if month == months[-1] else drafts.none()
        usual = list(drafts.exclude(pk__in=late))
        ending = month.next().first
        for batch, day in ((usual, ending + timedelta(days=DAYS_TO_ISSUE)), (list(late), _days_before(at, DAYS_LATE))):
            approved = approve_all(batch, by=by, at=at).passing
            issue_all(approved, by=by, at=at, issued_on=max(day, ending))


def _pay(months: list[Month], account: BankAccount, *, by: User, at: datetime) -> None:
    for code, count in PAID.items():
        for owed in _documents(code, months[:count]):
            _receive(owed, owed.amount, account, by=by, at=at)
    [part] = _documents("ARBOR", months[:1])
    _receive(part, Decimal(int(part.amount / 2)), account, by=by, at=at)
    twice = _documents("CORIUM", months[-1:])
    for owed in twice:
        _receive(owed, owed.amount, account, by=by, at=at, words="second transfer for")


def _receive(
    owed: LedgerDocument, amount: Decimal, account: BankAccount, *, by: User, at: datetime, words: str = "Invoice"
) -> None:
    """Record a transfer in dollars to our account, in another currency to none, for this invoice."""
    received = Received(
        customer=owed.customer,
        on=min(owed.posted_on + timedelta(days=DAYS_TO_PAY), _days_before(at, 1)),
        amount=amount,
        reference=f"{words} {owed.reference}",
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


def _days_before(at: datetime, count: int) -> date:
    return (at - timedelta(days=count)).date()
