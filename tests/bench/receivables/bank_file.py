"""A bank's file of many payments: read, matched with every open invoice, stored, and booked."""

import time
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db import connection

from receivables.domain.ledger.items import with_left
from receivables.domain.payments.bank_files.queue import BANK_FILES
from receivables.domain.payments.bank_files.upload import confirm, upload
from receivables.models import BankAccount, BankFile, CsvMapping, LedgerDocument
from tests.bench.measure import execute, say, without_triggers
from tests.bench.waiting import Took, timed

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPEN_A_CUSTOMER = 5
INVOICES = """
    INSERT INTO receivables_ledgerdocument
        (kind, customer_id, currency, side, amount, reference, posted_on, due_on, recorded_at, invoice_id)
    SELECT 'invoice', customer.id, customer.currency, 'debit', 100 + (customer.id * 13 + nth * 7919) %% 20000 / 100.0,
           'OPEN-' || lpad((row_number() OVER ())::text, 6, '0'), '2026-10-20', '2026-11-20', '2026-10-20 12:00+00',
           1000000 + row_number() OVER ()  -- the invoices themselves are left out
      FROM leads_customer customer CROSS JOIN generate_series(1, %(open)s) nth
"""
POSTINGS = """
    INSERT INTO receivables_posting (document_id, account, tax, amount)
    SELECT document.id, part.account, '', part.sign * document.amount
      FROM receivables_ledgerdocument document CROSS JOIN (VALUES ('receivable', 1), ('revenue', -1)) part (account, sign)
     WHERE document.reference LIKE 'OPEN-%%'
"""
HEAD = "Day,Amount,Text,Payer,Account"


def add_open_invoices() -> int:
    """Add open invoices to the ledger, and return how many are open."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(INVOICES, {"open": OPEN_A_CUSTOMER})
        cursor.execute(POSTINGS, {})
    execute("VACUUM ANALYZE")
    return with_left(LedgerDocument.objects.filter(kind=LedgerDocument.Kind.INVOICE), open_only=True).count()


def book_a_file(rows: int) -> tuple[Took, int]:
    """Return how long a file of so many rows takes from the worker's start until it is booked, and how many were certain."""
    say(f"booking a bank's file of {rows:,} rows")
    person = User.objects.create(username=f"bea{time.time()}")
    account = BankAccount.objects.create(name="First Harbor", number="DE89370400440532013000", currency="USD")
    mapping = CsvMapping.objects.create(
        name="First Harbor", day="Day", amount="Amount", text="Text", payer_name="Payer", payer_account="Account"
    )
    file = upload(_file(rows), name="november.csv", by=person, at=AT, account=account, mapping=mapping)

    def do() -> None:
        BANK_FILES.work(file.pk, attempt=0, at=AT)
        confirm(file, by=person, at=AT)
        BANK_FILES.work(file.pk, attempt=0, at=AT)

    took = timed(do)
    found = BankFile.objects.get(pk=file.pk)
    if found.state != BankFile.State.BOOKED:
        raise RuntimeError(f"The file is {found.state}: {found.message}")
    return took, found.rows_done


def _file(rows: int) -> bytes:
    """Payers write the number of their invoice; one in ten pays another sum, and one in ten writes nothing."""
    step = max(1, LedgerDocument.objects.filter(reference__startswith="OPEN-").count() // rows)
    found = (
        LedgerDocument.objects.filter(reference__startswith="OPEN-").select_related("customer").order_by("reference")
    )
    lines = [HEAD]
    for place, invoice in enumerate(found[: rows * step : step]):
        amount = invoice.amount - 1 if place % 10 == 8 else invoice.amount
        text = "thank you" if place % 10 == 9 else f"Invoice {invoice.reference}"
        lines.append(f"2026-11-23,{amount:f},{text},{invoice.customer.name},DE{place:020}")
    return "\n".join(lines).encode()
