"""Wait until no work is left, or report what is left."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django.utils.timezone import now

from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import GIVEN_UP
from invoices.domain.document.store import DOCUMENTS, try_again
from invoices.domain.mail.delivery import MAILS
from invoices.domain.run.billing_run import resume, retry_failed
from invoices.models import BillingCycle, BillingRun, InvoiceDocument, InvoiceMail
from leads.models import UnratedMark
from pricing.domain.rate.attempts import retry
from pricing.models import RatingAttempts
from tests.soak.ledger import Ledger

PATIENCE_SECONDS = 240
LONG = 45  # seconds; longer than any attempt at an email or a document, once the kills have stopped
SWEEP_SECONDS = 12  # two sweeps
WORK: dict[str, Callable[[], int]] = {
    "marks": UnratedMark.objects.count,
    "unfinished runs": lambda: BillingRun.objects.filter(finished_at=None).count(),
    "bulk actions": lambda: BillingCycle.objects.exclude(bulk_action="").count(),
    "waiting emails": lambda: InvoiceMail.objects.waiting().count(),
    "waiting documents": lambda: InvoiceDocument.objects.waiting().count(),
}


def left() -> dict[str, int]:
    """Count the waiting work of each kind."""
    return {name: count() for name, count in WORK.items()}


def wait_until_quiet(ledger: Ledger, *, check: Callable[[], None], told: Callable[[dict[str, int]], None]) -> int:
    """Wait and return the seconds it took; after a timeout, `left` returns what is still waiting."""
    started = time.monotonic()
    asked_again = False
    quiet_since = started
    while (passed := time.monotonic() - started) < PATIENCE_SECONDS:
        check()
        try:
            _take_a_persons_turn(ledger)
            waiting = left()
        except (OperationalError, InterfaceError):
            connection.close()
            continue
        told(waiting)
        if any(waiting.values()):
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > SWEEP_SECONDS:
            break
        if passed > LONG and not asked_again:
            asked_again = True
            _as_if_the_leases_were_over()
        time.sleep(1)
    return int(passed)


def _as_if_the_leases_were_over() -> None:
    """Retry the work of killed workers, which normally waits for minutes; here, the time is an argument."""
    for queue in (MAILS, DOCUMENTS):
        queue.sweep(at=now() + queue.lease + timedelta(seconds=1))


def _take_a_persons_turn(ledger: Ledger) -> None:
    """Retry, as a person would, what the engine has given up after several workers were killed on it."""
    for run in BillingRun.objects.exclude(paused_at=None):
        resume(run, by=None)
    for run in BillingRun.objects.filter(items__code=GIVEN_UP, finished_at__isnull=False).distinct():
        try:
            ledger.count("run items tried again by a person", retry_failed(run, by=None))
        except Refused as refusal:
            ledger.refuse("retry", refusal.code)  # another run of the cycle is in progress; retried after it
    for attempts in RatingAttempts.objects.given_up().select_related("period"):
        retry(attempts.period, by=User.objects.earliest("pk"))
        ledger.count("ratings tried again by a person")
    for document in InvoiceDocument.objects.failed():
        try_again(document, by=User.objects.earliest("pk"), at=now())
        ledger.count("documents tried again by a person")
