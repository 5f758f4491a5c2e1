"""Finds what waits to be billed, rendered or sent, whatever became of the messages."""

from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Coalesce

from billing_engine.core.later import after_commit
from invoices.models import BillingCycle, BillingRun, BillingRunItem, Invoice, InvoiceMail

AT_A_TIME = 5_000
QUIET = timedelta(seconds=10)


def ask_for_waiting_items(*, at: datetime) -> int:
    """Ask for every item that waits of runs in which nothing has happened lately; answers how many.

    While something happens the messages are there: asked for again and again, a long run would drown in them.
    """
    latest = Coalesce(Max("items__settled_at"), "started_at")
    quiet = BillingRun.objects.filter(finished_at=None).annotate(latest=latest).filter(latest__lt=at - QUIET)
    waiting = list(
        BillingRunItem.objects.to_bill().filter(run__in=quiet.values("pk")).values_list("pk", flat=True)[:AT_A_TIME]
    )
    for item_id in waiting:
        after_commit("invoices.bill", item_id=item_id)
    return len(waiting)


def ask_for_errands() -> int:
    """Ask for what finance wants done with all invoices of a cycle; answers how many."""
    cycles = list(BillingCycle.objects.exclude(errand="").values_list("pk", flat=True))
    for cycle_id in cycles:
        after_commit("invoices.errand", cycle_id=cycle_id)
    return len(cycles)


def finish_done_runs(*, at: datetime) -> int:
    """Finish the runs whose last worker died between billing and saying so; answers how many."""
    waiting = BillingRunItem.objects.waiting().filter(run=OuterRef("pk"))
    done = BillingRun.objects.filter(~Exists(waiting), finished_at=None)
    return done.update(finished_at=at, paused_at=None, paused_by=None)


def ask_for_missing_documents() -> int:
    """Ask for the PDF of every issued invoice that has none yet; answers how many."""
    missing = Invoice.objects.filter(state=Invoice.State.ISSUED, document=None).values_list("pk", flat=True)[:AT_A_TIME]
    for invoice_id in missing:
        after_commit("invoices.render", invoice_id=invoice_id)
    return len(missing)


def ask_for_waiting_mails() -> int:
    """Ask for every mail that waits; one that is being sent right now is left alone by who asks. Answers how many."""
    waiting = list(InvoiceMail.objects.waiting().order_by("asked_at").values_list("pk", flat=True)[:AT_A_TIME])
    for mail_id in waiting:
        after_commit("invoices.mail", mail_id=mail_id)
    return len(waiting)
