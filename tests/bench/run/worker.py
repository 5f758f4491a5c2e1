"""Workers in separate processes: each bills the items it is given, or issues the invoices."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from django.contrib.auth.models import User

from invoices.domain.life.transitions import approve_all, issue_all
from invoices.domain.month_close.bulk_action import BulkActions
from invoices.domain.run.billing_run import bill
from invoices.domain.run.bills import TOGETHER
from invoices.models import Invoice
from tests.bench.worker import Work, a_share
from tests.bench.worker import share_out as share_rows_out

AT = datetime(2026, 11, 2, tzinfo=UTC)
ACTS = ("bill", "issue")
Row = TypeVar("Row")


def share_out(act: str, rows: list[int], *, workers: int) -> Work:
    """Process all rows, shared evenly: bill the items, or issue the invoices."""
    shares = [[ACTS.index(act), *rows[place::workers]] for place in range(workers)]
    return share_rows_out(shares, module=__name__)


def main() -> None:
    """A worker: read its work, and process it as tasks do."""
    with a_share() as share:
        if not share:
            return
        act, rows = ACTS[share[0]], share[1:]
        if act == "bill":
            for some in _batched(rows, TOGETHER):
                bill(*some, at=AT)
        if act == "issue":
            person = User.objects.get(username="olga")
            invoices = list(Invoice.objects.filter(pk__in=rows).order_by("pk"))
            for drafts in _batched(invoices, BulkActions.batch_size):
                approve_all(drafts, by=person, at=AT)
                issue_all(drafts, by=person, at=AT)


def _batched(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
