"""The workers' part: read a file and match its rows, book what is certain, or undo what was booked."""

from collections import Counter
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import QuerySet

from billing_engine.core.queues.attempt import UNEXPECTED, Failure
from billing_engine.core.queues.leased import LeasedQueue
from receivables.domain.payments.bank_files.book import Outcome, book_certain, undo_booked
from receivables.domain.payments.bank_files.matching import Matching, Suggestion
from receivables.domain.payments.bank_files.open_items import OpenItems
from receivables.domain.payments.bank_files.read import read_file
from receivables.domain.payments.bank_files.statement import Row, Statement
from receivables.models import BankAccount, BankFile, BankRow, BankStatement

SECONDS_UNTIL_KILLED = 600
ROWS_BETWEEN_COUNTS = 500
BROKE_OFF = "An unexpected error stopped this. Nothing was booked. The error was logged."

State = BankFile.State


@dataclass(frozen=True, slots=True)
class Matched:
    """A row of a statement with what it seems to pay, and what tells it from others."""

    row: Row
    suggestion: Suggestion
    fingerprint: str


DryRun = list[tuple[BankAccount, Statement, list[Matched]]]


class BankFiles(LeasedQueue[BankFile, DryRun | Outcome]):
    """Files to read, confirmed ones to book, and those to undo."""

    task = "receivables.bank_files"
    lease = timedelta(seconds=SECONDS_UNTIL_KILLED) + timedelta(minutes=1)

    def waiting(self) -> QuerySet[BankFile]:
        return BankFile.objects.in_progress().select_related("account", "mapping", "asked_by").defer("body")

    def ours(self, item: BankFile) -> QuerySet[BankFile]:
        """As for every queue; a worker that read it does not touch it once it is confirmed."""
        return super().ours(item).filter(state=item.state)

    def act(self, item: BankFile, *, at: datetime) -> DryRun | Outcome:
        """Return the dry run; or what was booked or undone, in one transaction with the file's own state."""
        if item.state == State.WAITING:
            return self._matched(item)
        act = book_certain if item.state == State.BOOKING else undo_booked
        return act(self.ours(item), at=at)

    def settle(self, item: BankFile, result: DryRun | Outcome, *, at: datetime) -> None:
        if isinstance(result, Outcome):  # settled with its documents, in one transaction
            return
        seen = _read_before(result)
        for account, statement, rows in result:
            stored = BankStatement.objects.create(
                file=item,
                account=account,
                number=statement.number,
                opening=statement.opening,
                closing=statement.closing,
                sequence=statement.sequence,
            )
            BankRow.objects.bulk_create(
                (_stored(stored, place, each, seen) for place, each in enumerate(rows, 1)), batch_size=1_000
            )
        item.state, item.next_attempt_at = State.READY, None

    def fail(self, item: BankFile, failure: Failure, *, at: datetime) -> None:
        item.message = BROKE_OFF if failure.code == UNEXPECTED else failure.words
        if item.state == State.WAITING:
            item.state = State.FAILED
        else:  # nothing was booked or undone, so it can be asked for again
            item.state = State.READY if item.state == State.BOOKING else State.BOOKED
        item.next_attempt_at = None

    def given_up(self, item: BankFile) -> str:
        return f"Started {self.most_attempts} times and never finished: the file takes too long, or the worker died."

    def _matched(self, item: BankFile) -> DryRun:
        found, matching, done = read_file(item), Matching(OpenItems()), 0
        times, result = Counter[str](), DryRun()
        for account, statement in found:
            rows = list[Matched]()
            for row in statement.rows:
                rows.append(Matched(row, matching.suggest(row, account), _fingerprint(account, statement, row, times)))
                done += 1
                if done % ROWS_BETWEEN_COUNTS == 0:
                    self.ours(item).update(rows_done=done)
            result.append((account, statement, rows))
        return result


BANK_FILES = BankFiles()


def _fingerprint(account: BankAccount, statement: Statement, row: Row, times: Counter[str]) -> str:
    """Two true twins of one file differ by their count, and meet themselves again in a file that overlaps.

    Statements that their balances prove never overlap, so there the number of the statement counts too.
    """
    number = "" if statement.opening is None else statement.number
    said = repr((account.pk, number, *map(str, astuple(row))))
    times[said] += 1
    return sha256(f"{said} {times[said]}".encode()).hexdigest()


def _read_before(result: DryRun) -> dict[str, str]:
    prints = [each.fingerprint for _, _, rows in result for each in rows]
    live = BankRow.objects.filter(fingerprint__in=prints, statement__is_live=True)
    return dict(live.values_list("fingerprint", "statement__file__name"))


def _stored(statement: BankStatement, place: int, matched: Matched, seen: dict[str, str]) -> BankRow:
    row, found = matched.row, matched.suggestion
    before = seen.get(matched.fingerprint)
    return BankRow(
        statement=statement,
        place=place,
        booked_on=row.booked_on,
        amount=row.amount,
        currency=statement.account.currency,
        kind=row.kind,
        payer_name=row.payer_name,
        payer_account=row.payer_account,
        text=row.text,
        reference=row.reference,
        bank_reference=row.bank_reference,
        fingerprint=matched.fingerprint,
        state=BankRow.State.OPEN if before is None else BankRow.State.ASIDE,
        certainty=found.certainty if before is None else "",
        why=(found.why if before is None else f"Read before, from {before}")[:200],
        customer_id=found.customer,
        items=list(found.items),
    )
