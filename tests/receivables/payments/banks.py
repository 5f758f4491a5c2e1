"""Files as banks write them, for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from leads.models import BillingPeriod, Customer
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.domain.payments.bank_files.queue import BANK_FILES
from receivables.domain.payments.bank_files.rows import Booking, book_row
from receivables.domain.payments.bank_files.upload import upload
from receivables.models import BankAccount, BankFile, BankRow, CsvMapping, LedgerDocument, Payment, WriteOff
from tests.factories.invoices import InvoiceFactory
from tests.factories.leads import BillingPeriodFactory, CustomerFactory
from tests.factories.people import UserFactory
from tests.receivables.made import AT

IBAN = "DE89370400440532013000"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def an_account(**facts: Any) -> BankAccount:
    """Our account in dollars."""
    given = {"name": "First Harbor", "number": IBAN, "currency": "USD", **facts}
    return BankAccount.objects.get_or_create(number=given["number"], currency=given["currency"], defaults=given)[0]


def an_invoice(number: str, amount: str | int, customer: Customer, *, currency: str = "") -> LedgerDocument:
    """An open invoice item of this number and sum."""
    months = BillingPeriod.objects.filter(customer=customer).count()
    period = BillingPeriodFactory.create(customer=customer, month=Month(2020 + months // 12, months % 12 + 1))
    document = LedgerDocument(
        kind=LedgerDocument.Kind.INVOICE,
        customer=customer,
        currency=currency or customer.currency,
        reference=number,
        posted_on=AT.date(),
        due_on=period.start_at.date(),
        recorded_at=AT,
        invoice=InvoiceFactory.create(period=period),
    )
    return post([(document, against_receivable(document, [Part(Account.REVENUE, -Decimal(amount))]))])[0]


def entry(amount: str, text: str = "", *, sign: str = "CRDT", details: str = "", **more: str) -> str:
    """One booked entry of a statement."""
    status = more.get("status", "<Sts>BOOK</Sts>")
    inside = details or (
        f"<TxDtls>{more.get('refs', '')}<RltdPties><Dbtr><Nm>{more.get('payer', '')}</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{more.get('iban', '')}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd>{more.get('structured', '')}</RmtInf>{more.get('inside', '')}</TxDtls>"
    )
    return (
        f'<Ntry><Amt Ccy="{more.get("currency", "USD")}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        f"{more.get('reversal', '')}{status}<BookgDt><Dt>{more.get('day', '2026-11-02')}</Dt></BookgDt>"
        f"<AcctSvcrRef>{more.get('bank', 'B1')}</AcctSvcrRef>{more.get('charges', '')}"
        f"<NtryDtls>{inside}</NtryDtls></Ntry>"
    )


def camt(
    *entries: str, closing: str, opening: str = "0", number: str = "S-1", iban: str = IBAN, kind: str = "053.001.08"
) -> bytes:
    """A statement with these entries."""

    def balance(code: str, amount: str) -> str:
        sign, plain = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{plain}</Amt>'
            f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>"
        )

    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>{number}</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def a_mapping(**facts: Any) -> CsvMapping:
    """How a bank in the United States writes its CSV files."""
    given = {"name": "Harbor", "day_format": "%m/%d/%Y", "day": "Date", "amount": "Amount", "text": "Memo", **facts}
    return CsvMapping.objects.create(**given)


def uploaded(content: bytes, *, by: User | None = None, name: str = "november.xml", **more: Any) -> BankFile:
    """The file after a worker has read it."""
    file = upload(content, name=name, by=by or UserFactory.create(), at=NOON, **more)
    return worked(file)


def worked(file: BankFile) -> BankFile:
    """The file after a worker has done what it waits for."""
    file.refresh_from_db()
    BANK_FILES.work(file.pk, attempt=file.attempts, at=NOON)
    file.refresh_from_db()
    return file


def rows_of(file: BankFile) -> list[BankRow]:
    """Its rows in their order."""
    return list(BankRow.objects.filter(statement__file=file).order_by("statement", "place"))


def a_booked_row() -> BankRow:
    """A row that was booked for a customer, with all that it refers to."""
    number = BankFile.objects.count()
    account = an_account(name=f"Harbor {number}", number=f"ACCOUNT{number}")
    content = camt(entry("5", "thanks", payer="Ash"), closing="5", iban=account.number)
    [row] = rows_of(uploaded(content, name=f"{number}.xml"))
    book_row(row, Booking(CustomerFactory.create(), row.booked_on), by=UserFactory.create(), at=NOON)
    row.refresh_from_db()
    return row


def a_payment() -> Payment:
    """A payment from a bank file."""
    return Payment.objects.get(row=a_booked_row())


def a_write_off() -> WriteOff:
    """A proposed write-off of an invoice."""
    item = an_invoice(f"INV-{LedgerDocument.objects.count()}", 5, CustomerFactory.create())
    reason = WriteOff.Reason.SMALL
    proposed = WriteOff(item=item, amount=Decimal(5), reason=reason, sentence="Small.", written_by=UserFactory.create())
    proposed.written_at = NOON
    proposed.save()
    return proposed
