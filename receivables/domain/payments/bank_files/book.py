"""Book rows as payments and undo them: many in one transaction, or one by one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from billing_engine.core.saving import save_all, save_changes, values_of
from invoices.domain.month_lock import why_month_locked
from invoices.models import BillingCycle
from receivables.domain.ledger.allocations import Match, match, take_back
from receivables.domain.ledger.items import locked
from receivables.domain.ledger.post import post
from receivables.domain.payments.allocate import is_payback
from receivables.domain.payments.bank_files.documents import (
    by_today,
    details_from,
    details_of_return,
    payment_from,
    return_from,
)
from receivables.domain.payments.posting_day import why_not_on
from receivables.domain.payments.record import PAYMENT_RECORDED, plan, told
from receivables.domain.payments.returning import RETURNED
from receivables.models import Allocation, BankFile, BankRow, BankStatement, LedgerDocument, Payment

DAY = timedelta(days=1)
Days = dict[int, tuple[date, str]]
State = BankRow.State
Certainty = BankRow.Certainty
UNLINKED = Verb("bank_row_unlinked", "Row no longer linked to its return")
WRONGLY_BOOKED = "booked by mistake"
ROWS_IN_WORDS = 5


class NoLongerOurs(Refused):
    """Another worker has started it again."""

    code = "bank_file_no_longer_ours"
    message = "Another worker has started this file again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows were done, and what was left out."""

    done: int
    left_out: Sequence[str]


@transaction.atomic
def book_certain(files: QuerySet[BankFile], *, at: datetime) -> Outcome:
    """Post a payment for every certain row of the file, match it, and settle the file; all or nothing."""
    file = _taken(files)
    rows = _rows_of(file, state=State.OPEN, certainty=Certainty.CERTAIN)
    days = _days(rows, at, late_on_today=file.late_on_today)
    items = locked({pk for row in rows for pk in row.items})
    booked, left_out = list[BankRow](), list[str]()
    for row in rows:
        why = days[row.pk][1] or _why_not_certain(row, items)
        if why:
            left_out.append(f"Row {row.place}: {why}")
            row.certainty, row.why = Certainty.LIKELY, why[:200]
        else:
            booked.append(row)
    _post(booked, days, items, by=file.asked_by, at=at)
    save_all(rows, ("state", "certainty", "why", "document"))
    _settle(file, BankFile.State.BOOKED, len(booked), left_out)
    return Outcome(len(booked), left_out)


@transaction.atomic
def undo_booked(files: QuerySet[BankFile], *, at: datetime) -> Outcome:
    """Return every payment that was booked from the file, open what it settled, and settle the file; all or nothing."""
    file = _taken(files)
    rows = _rows_of(file, state=State.BOOKED)
    left_out = undo_rows(rows, by=file.asked_by, at=at)
    is_whole = not left_out
    _settle(file, BankFile.State.UNDONE if is_whole else BankFile.State.BOOKED, len(rows) - len(left_out), left_out)
    if is_whole:
        BankStatement.objects.filter(file=file).update(is_live=False)
    return Outcome(len(rows) - len(left_out), left_out)


def undo_rows(rows: Sequence[BankRow], *, by: User | None, at: datetime) -> list[str]:
    """Return the payments of booked rows, dated today, and open the rows again; return what stays, and why.

    Each return has its deed, which the row shows, too. What went out was only linked to its return, which stays.
    """
    linked = [row for row in rows if row.amount < 0]
    rows = [row for row in rows if row.amount > 0]
    _unlink(linked, by=by)
    payments = locked({row.document_id for row in rows if row.document_id})
    standing = Allocation.objects.filter(credit__in=payments, takes_back=None, taken_back_by=None)
    made = list(standing.select_related("credit", "debit__payment"))
    used = {each.credit_id for each in made if is_payback(each)}
    for day, of_day in by_today([each for pk, each in payments.items() if pk not in used], at).items():
        keys = {each.pk for each in of_day}
        take_back([each for each in made if each.credit_id in keys], on=day, at=at, person=by, reason=WRONGLY_BOOKED)
        _post_returns(of_day, day, rows={row.document_id: row for row in rows}, by=by, at=at)
    undone = [row for row in rows if row.document_id not in used]
    for row in undone:
        row.state, row.document = State.OPEN, None
    save_all(undone, ("state", "document"))
    return [f"Row {row.place}: its payment was refunded or returned already" for row in rows if row.document_id in used]


def _unlink(rows: Sequence[BankRow], *, by: User | None) -> None:
    record_all(
        deed_of(UNLINKED, on=row, by=by, also=[row.document] if row.document else [], before={"document": row.document})
        for row in rows
    )
    for row in rows:
        row.state, row.document = State.OPEN, None
    save_all(rows, ("state", "document"))


def _post_returns(
    payments: Sequence[LedgerDocument],
    day: date,
    *,
    rows: Mapping[int | None, BankRow],
    by: User | None,
    at: datetime,
) -> None:
    returns = post([return_from(each, day, WRONGLY_BOOKED, by=by, at=at) for each in payments])
    details = Payment.objects.in_bulk([each.pk for each in payments])
    pairs = list(zip(payments, returns, strict=True))
    Payment.objects.bulk_create(details_of_return(details[each.pk], back, WRONGLY_BOOKED) for each, back in pairs)
    match([Match(each, back, each.amount) for each, back in pairs], on=day, at=at, person=by, reason=WRONGLY_BOOKED)
    record_all(
        deed_of(RETURNED, on=back, by=by, reason=WRONGLY_BOOKED, also=[each, rows[each.pk]], after=told(back, []))
        for each, back in pairs
    )


def _post(
    rows: Sequence[BankRow], days: Days, items: dict[int, LedgerDocument], *, by: User | None, at: datetime
) -> None:
    documents = post([payment_from(row, days[row.pk][0], by=by, at=at) for row in rows])
    Payment.objects.bulk_create(details_from(row, document) for row, document in zip(rows, documents, strict=True))
    by_day, deeds = defaultdict[date, list[Match]](list), list[Deed]()
    for row, document in zip(rows, documents, strict=True):
        matches = plan(document, [items[pk] for pk in row.items])
        by_day[document.posted_on].extend(matches)
        also = [document.customer]
        deeds.append(deed_of(PAYMENT_RECORDED, on=document, by=by, also=also, after=told(document, matches)))
        row.state, row.document = State.BOOKED, document
    for day, matches in by_day.items():
        match(matches, on=day, at=at, person=by)
    record_all(deeds)


def _why_not_certain(row: BankRow, items: dict[int, LedgerDocument]) -> str:
    """Why it is no longer certain: what it pays was paid, voided or written off since. Takes what it pays."""
    found = [items[pk] for pk in row.items]
    if sum((each.left for each in found), money.ZERO) != row.amount or any(not each.left for each in found):
        return "What it names was settled or changed since the dry run"
    return ""


def _days(rows: Iterable[BankRow], at: datetime, *, late_on_today: bool) -> Days:
    """The posting day of each row, and why it can't be posted then; keeps the months open until the transaction ends."""
    labels = {f"{row.booked_on:%Y-%m}" for row in rows} | {f"{at + offset:%Y-%m}" for offset in (-DAY, DAY)}
    cycles = BillingCycle.objects.filter(label__in=labels).order_by("label").select_for_update(no_key=True)
    closed = {cycle.label: why_month_locked(cycle) for cycle in cycles}
    found = Days()
    for row in rows:
        assert row.customer is not None, "certain rows name a customer"  # noqa: S101 -- for mypy
        today = row.customer.day_of(at)
        is_late = late_on_today and bool(closed.get(f"{row.booked_on:%Y-%m}"))
        day = today if is_late else row.booked_on
        found[row.pk] = day, why_not_on(day, today, closed.get(f"{day:%Y-%m}", ""))
    return found


def _taken(files: QuerySet[BankFile]) -> BankFile:
    found = files.select_for_update(of=("self",)).first()
    if found is None:
        raise NoLongerOurs
    return found


def _rows_of(file: BankFile, **where: str) -> list[BankRow]:
    rows = BankRow.objects.filter(statement__file=file, **where).order_by("pk").select_for_update(of=("self",))
    return list(rows.select_related("statement__account", "customer"))


def _settle(file: BankFile, state: BankFile.State, done: int, left_out: Sequence[str]) -> None:
    before = values_of(file)
    file.state, file.next_attempt_at, file.rows_done = state, None, done
    file.message = "\n".join(left_out[:ROWS_IN_WORDS])
    if len(left_out) > ROWS_IN_WORDS:
        file.message += f"\nand {len(left_out) - ROWS_IN_WORDS:,} more"
    save_changes(file, since=before)
