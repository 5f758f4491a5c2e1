"""The worker's part: write the file, read it back, add it up to the ledger, and keep it."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import UNEXPECTED, Failure
from billing_engine.core.queues.items import MOST_ATTEMPTS
from billing_engine.core.queues.leased import LeasedQueue
from receivables.domain.exports import accrual, numbers
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.entries import BooksDiffer, Entry, Form, entries_of
from receivables.domain.exports.file import Cell, csv_file, read_back
from receivables.domain.exports.pending import FORMS, new_documents
from receivables.models import BookExport, ExportedDocument, LedgerDocument

State = BookExport.State
Kind = BookExport.Kind

LEASE = timedelta(minutes=5)  # renewed after each part
PAUSE = timedelta(seconds=30)  # multiplied by the number of attempts
PART = 200  # documents that are read together


class ExportTakenOver(Refused):
    """Another worker began the export again: this attempt may not write."""

    code = "export_taken_over"
    message = "Another worker began this export again."


@dataclass(frozen=True, slots=True)
class Written:
    """A file that adds up to the ledger."""

    content: bytes
    rows: int
    sums: dict[str, Decimal]
    count: int
    documents: list[int] = field(default_factory=list)


class Books(LeasedQueue[BookExport, Written]):
    """The queue of exports to the books."""

    task = "receivables.export_books"
    lease = LEASE

    def waiting(self) -> QuerySet[BookExport]:
        return BookExport.objects.unfinished()

    def may_begin(self, export: BookExport, *, at: datetime) -> bool:
        export.state, export.written = State.RUNNING, 0
        return True

    def act(self, export: BookExport, *, at: datetime) -> Written:
        if export.kind == Kind.NUMBERS:
            content, register = numbers.register(export.seller, export.month)
            return Written(content, len(register), numbers.sums_of(register), len(register))
        accounts = Accounts(export.seller, export.company_name)
        if export.as_of is not None:
            content, found = accrual.journal(export.seller, export.as_of, accounts, mark=str(export.pk))
            return Written(content, 4 * len(found), accrual.sums_of(found), len(found))
        return _of_documents(FORMS[export.kind], _told(new_documents(export), self.ours(export), at), accounts)

    def settle(self, export: BookExport, written: Written, *, at: datetime) -> None:
        export.state, export.next_attempt_at, export.finished_at, export.reason = State.DONE, None, at, ""
        export.content, export.sha256 = written.content, hashlib.sha256(written.content).hexdigest()
        export.rows, export.written, export.total = written.rows, written.count, written.count
        export.sums = {currency: f"{amount:f}" for currency, amount in written.sums.items()}
        export.file_name = _name(export)
        ExportedDocument.objects.bulk_create(
            ExportedDocument(export=export, kind=export.kind, document_id=pk) for pk in written.documents
        )

    def fail(self, export: BookExport, failure: Failure, *, at: datetime) -> None:
        """A refusal is final; what is unexpected is tried again."""
        export.reason = failure.words
        if failure.code == UNEXPECTED and export.attempts < MOST_ATTEMPTS:
            export.state, export.next_attempt_at = State.WAITING, at + PAUSE * export.attempts
        else:
            export.state, export.next_attempt_at, export.finished_at = State.FAILED, None, at

    def given_up(self, export: BookExport) -> str:
        return export.reason or f"{MOST_ATTEMPTS} workers ended while writing it."


BOOKS = Books()


def _told(
    documents: QuerySet[LedgerDocument], ours: QuerySet[BookExport], at: datetime
) -> Iterator[list[LedgerDocument]]:
    """The documents in parts; after each the export says how far it is. Raises ExportTakenOver."""
    began, ids = time.monotonic(), list(documents.values_list("pk", flat=True))
    for start in range(0, len(ids), PART):
        part = LedgerDocument.objects.select_related("customer").in_bulk(ids[start : start + PART])
        yield [part[pk] for pk in ids[start : start + PART]]
        passed = timedelta(seconds=time.monotonic() - began)
        if not ours.update(written=start + len(part), next_attempt_at=at + passed + LEASE):
            raise ExportTakenOver


def _of_documents(form: Form, parts: Iterable[list[LedgerDocument]], accounts: Accounts) -> Written:
    """Write as many documents as one file may have; what is left is still new afterward."""
    rows, taken = list[Sequence[Cell]](), list[Entry]()
    for entry in (entry for part in parts for entry in entries_of(part)):
        its = form.rows(entry, accounts)
        too_long = form.most_rows is not None and taken and len(rows) + len(its) > form.most_rows
        if too_long or len(taken) == form.most_documents:
            break
        rows += its
        taken.append(entry)
    content = csv_file(form.header, rows)
    _check(form, content, taken, accounts)
    sums = defaultdict[str, Decimal](lambda: money.ZERO)
    for entry in taken:
        sums[entry.document.currency] += form.sum_of(entry)
    return Written(content, len(rows), dict(sorted(sums.items())), len(taken), [each.document.pk for each in taken])


def _check(form: Form, content: bytes, entries: Sequence[Entry], accounts: Accounts) -> None:
    """Read the file back and compare each document with the ledger. Raises BooksDiffer."""
    found = defaultdict[str, list[dict[str, str]]](list)
    for row in read_back(content):
        found[form.key(row)].append(row)
    for entry in entries:
        if form.differs(entry, found.pop(form.key_of(entry), []), accounts):
            raise BooksDiffer(f"The file does not say what the ledger says of {entry.document}.")
    if found:
        raise BooksDiffer(f"The file has a document that the ledger has not: {next(iter(found))}.")


def _name(export: BookExport) -> str:
    company = export.seller.code if export.seller else "main"
    return f"{export.kind.replace('_', '-')}-{company}-{export.as_of or export.month}-{export.pk}.csv"
