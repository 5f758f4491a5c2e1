"""Finds what waits to be billed, rendered or sent, whatever became of the messages."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from billing_engine.core.tasks import after_commit
from invoices.domain.document.store import ask_for
from invoices.models import BillingCycle, BillingRun, BillingRunItem, Invoice, InvoiceDocument, InvoiceMail

AT_A_TIME = 5_000
QUIET = timedelta(seconds=10)
ASKED_AGAIN_AFTER = timedelta(minutes=1)


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


@transaction.atomic
def ask_for_missing_documents(*, at: datetime) -> int:
    """Ask for the PDF of every issued invoice that nobody asked for; answers how many.

    The invoice is locked first, as by whoever voids it: two who come in two orders wait for each other for ever.
    """
    missing = Invoice.objects.filter(~Exists(InvoiceDocument.objects.filter(invoice=OuterRef("pk"))), state="issued")
    found = list(missing.select_for_update(skip_locked=True)[:AT_A_TIME])
    for invoice in found:
        ask_for(invoice, at=at)
    return len(found)


@transaction.atomic
def ask_for_due_documents(*, at: datetime) -> int:
    """Ask for every PDF whose next attempt is due, and for each not again within a minute; answers how many."""
    found = _due(InvoiceDocument.objects.due(at), at=at)
    for pk, attempts in found:
        after_commit("invoices.render", document_id=pk, attempt=attempts)
    return len(found)


@transaction.atomic
def ask_for_due_mails(*, at: datetime) -> int:
    """Ask for every mail whose next attempt is due, and for each not again within a minute; answers how many.

    With a server that hangs thousands may be due: asked for with every sweep, their messages would fill the broker.
    """
    found = _due(InvoiceMail.objects.due(at), at=at)
    for pk, attempts in found:
        after_commit("invoices.mail", mail_id=pk, attempt=attempts)
    return len(found)


def _due(due: QuerySet[Any], *, at: datetime) -> list[tuple[int, int]]:
    """The rows whose attempt is due, each with how many were made; not due again within a minute."""
    found = list(
        due.select_for_update(skip_locked=True).order_by("next_attempt_at").values_list("pk", "attempts")[:AT_A_TIME]
    )
    due.filter(pk__in=[pk for pk, _ in found]).update(next_attempt_at=at + ASKED_AGAIN_AFTER)
    return found
