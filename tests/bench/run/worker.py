"""Workers in separate processes: each bills the items it is given, or issues the invoices."""

from datetime import UTC, datetime

from django.contrib.auth.models import User

from invoices.domain.life.transitions import approve, issue
from invoices.domain.run.billing_run import bill
from invoices.models import Invoice
from tests.bench.worker import Work, a_share
from tests.bench.worker import share_out as share_rows_out

AT = datetime(2026, 11, 2, tzinfo=UTC)
ACTS = ("bill", "issue")


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
            for item in rows:
                bill(item, at=AT)
        if act == "issue":
            person = User.objects.get(username="olga")
            for invoice in Invoice.objects.filter(pk__in=rows).order_by("pk"):
                approve(invoice, by=person, at=AT)
                issue(invoice, by=person, at=AT)
