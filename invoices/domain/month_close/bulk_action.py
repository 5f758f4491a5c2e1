"""What finance decides for all invoices of a cycle at once, done by the workers one invoice after the other.

The errand stands on the cycle until it is done or stopped: a worker that dies is followed by the next sweep's, and two at
once do each invoice once.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from invoices.domain.life.review_flags import flags_of
from invoices.domain.life.transitions import approve, issue
from invoices.domain.mail.request import send
from invoices.domain.month_history import note
from invoices.models import BillingCycle, CycleStep, Invoice, InvoiceMail, SkippedInvoice

Errand = BillingCycle.Errand
State = Invoice.State

UNSENT = Q(state=State.ISSUED, sent_at=None) & ~Exists(InvoiceMail.objects.waiting().filter(invoice=OuterRef("pk")))
HAS_CONTACTS = Q(bill_to__contacts__0__isnull=False)
FROM = {
    Errand.APPROVE: Q(state=State.DRAFT),
    Errand.ISSUE: Q(state=State.APPROVED),
    # Also what failed: what a server took, of whatever mail, is not sent again.
    Errand.SEND: UNSENT & HAS_CONTACTS,
}


class ErrandInProgress(Refused):
    """One errand of a cycle at a time."""

    code = "errand_in_progress"


class NothingToDo(Refused):
    """No invoice waits for it."""

    code = "nothing_to_do"
    message = "No invoice of this month waits for that."


class DraftIsFlagged(Refused):
    """What stands out is looked at by itself."""

    code = "draft_is_flagged"


@transaction.atomic
def begin(cycle: BillingCycle, errand: BillingCycle.Errand, *, by: User, at: datetime) -> int:
    """Let the workers do it; answers for how many invoices. Raises NothingToDo or ErrandInProgress."""
    count = waiting_for(cycle, errand)
    if not count:
        raise NothingToDo
    if not BillingCycle.objects.filter(pk=cycle.pk, errand="").update(errand=errand, errand_of=by):
        cycle.refresh_from_db()
        raise ErrandInProgress(f"{cycle.get_errand_display()} is in progress: wait for it, or stop it.")
    note(cycle.label, CycleStep.Kind(errand.value), by=by, at=at)
    after_commit("invoices.errand", cycle_id=cycle.pk)
    return count


def stop(cycle: BillingCycle) -> None:
    """What is done stays done; the invoice in hand is finished."""
    BillingCycle.objects.filter(pk=cycle.pk).update(errand="")


def _approve_unseen(invoice: Invoice, *, by: User, at: datetime) -> Invoice:
    """Approve a draft among many: not where something about it stands out."""
    stops = [flag.words for flag in flags_of([invoice]).get(invoice.pk, []) if flag.stops]
    if stops:
        raise DraftIsFlagged(f"Look at it first: {'; '.join(stops)}.")
    return approve(invoice, by=by, at=at)


ACTS: dict[BillingCycle.Errand, Callable[..., object]] = {
    Errand.APPROVE: _approve_unseen,
    Errand.ISSUE: issue,
    Errand.SEND: send,
}


@transaction.atomic
def do_next(cycle_id: int, *, at: datetime) -> bool:
    """Do it for the next invoice, by their customers' names; answers whether there may be more for who asks.

    What is refused stays as it is, and why is written down for a person to look at. Another worker that is at it already is
    left alone.
    """
    cycle = (
        BillingCycle.objects.select_for_update(skip_locked=True, of=("self",))
        .exclude(errand="")
        .select_related("errand_of")
        .filter(pk=cycle_id)
        .first()
    )
    if cycle is None or cycle.errand_of is None:
        return False
    step = cycle.steps.filter(kind=cycle.errand).latest("pk")
    invoice = (
        _waiting(cycle, Errand(cycle.errand))
        .exclude(skips__step=step)
        .select_related("period", "customer")
        .order_by("customer__name", "pk")
        .first()
    )
    if invoice is None:
        stop(cycle)
        return False
    try:
        with transaction.atomic():
            ACTS[Errand(cycle.errand)](invoice, by=cycle.errand_of, at=at)
    except Refused as refusal:
        name = f"{invoice}, {invoice.customer}"
        SkippedInvoice.objects.create(step=step, invoice=invoice, name=name, code=refusal.code, words=str(refusal))
    else:
        CycleStep.objects.filter(pk=step.pk).update(done=F("done") + 1)
    return True


def last_act(steps: Iterable[CycleStep]) -> CycleStep | None:
    """Of a month's steps in their order the latest act on all its invoices: what it skipped is told until the next."""
    return next((step for step in reversed(list(steps)) if step.kind in ACTS), None)


def waiting_for(cycle: BillingCycle, errand: BillingCycle.Errand) -> int:
    """How many of its invoices wait for it."""
    return _waiting(cycle, errand).count()


def tried_before(cycle: BillingCycle) -> int:
    """How many of those that Send all takes went to nobody before."""
    failed = InvoiceMail.objects.a_persons_turn().filter(invoice=OuterRef("pk"))
    return _waiting(cycle, Errand.SEND).filter(Exists(failed)).count()


def without_contacts(cycle: BillingCycle) -> list[str]:
    """The customers of its issued invoices that nobody can be written to about, by name."""
    found = Invoice.objects.filter(UNSENT & ~HAS_CONTACTS, period__label__in=labels_of(cycle.label))
    return list(found.order_by("customer__name").values_list("customer__name", flat=True))


def _waiting(cycle: BillingCycle, errand: BillingCycle.Errand) -> QuerySet[Invoice]:
    found = Invoice.objects.filter(FROM[errand], period__label__in=labels_of(cycle.label))
    return found.select_related("period")
