"""Open a dispute, by one of us or by a contact of the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Model

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from leads.models import BillingPeriod, Customer
from receivables.domain.disputes.evidence import Evidence, keep
from receivables.domain.disputes.quota import Quota, quota_of
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import Subject, check_not_disputed
from receivables.domain.disputes.telling import tell_of
from receivables.domain.disputes.windows import check_window, decide_by
from receivables.models import Dispute, DisputedCharge, DisputeStep, Reason

DISPUTE_OPENED = Verb("dispute_opened", "Dispute opened")


class DisputeHasFaults(HasFaults):
    """What was given to open a dispute is incomplete, or not allowed."""

    code = "dispute_has_faults"


@dataclass(frozen=True, slots=True)
class BeforeYouSend:
    """What a person sees before opening a dispute: the quota, whether it is exceeded, and by when we decide."""

    quota: Quota
    over_quota: bool
    decide_by: date


def before_you_send(subject: Subject, reason: Reason, *, at: datetime) -> BeforeYouSend:
    """Return the quota and the clock of a dispute that is about to be opened."""
    quota = quota_of(subject.period)
    over = quota.is_exceeded_with(subject.amount)
    today = subject.period.customer.day_of(at)
    return BeforeYouSend(quota, over, decide_by(reason, on=today, over_quota=over))


@transaction.atomic
def open_dispute(
    subject: Subject,
    *,
    reason: Reason,
    words: str,
    by: Speaker,
    at: datetime,
    files: Sequence[Evidence] = (),
) -> Dispute:
    """Open a dispute; raises DisputeHasFaults, WindowIsClosed, DisputedBefore, or what the files refuse.

    A dispute above the quota is opened like any other; a second person decides it, too.
    """
    # One at a time per customer: the quota, and that a charge is disputed once. The period stays as it is meanwhile.
    customer = Customer.objects.select_for_update(no_key=True).get(pk=subject.period.customer_id)
    BillingPeriod.objects.select_for_update(no_key=True).get(pk=subject.period.pk)
    _check_reason(reason, by)
    check_window(subject.invoice, reason, on=customer.day_of(at))
    check_not_disputed(subject)
    told = before_you_send(subject, reason, at=at)
    dispute = Dispute.objects.create(
        customer=customer,
        period=subject.period,
        invoice=subject.invoice,
        line=subject.line,
        reason=reason,
        currency=subject.invoice.currency if subject.invoice else customer.currency,
        amount=subject.amount,
        tax=subject.tax,
        over_quota=told.over_quota,
        opened_at=at,
        opened_by=by.user,
        contact=by.contact,
        decide_by=told.decide_by,
    )
    DisputedCharge.objects.bulk_create(
        DisputedCharge(dispute=dispute, action_id=action, amount=amount) for action, amount in subject.charges.items()
    )
    opened = DisputeStep.Kind.OPENED
    step = DisputeStep.objects.create(
        dispute=dispute, kind=opened, at=at, by=by.user, contact=by.contact, words=words.strip()
    )
    keep(files, step)
    tell_of(step)
    disputed = money.in_words(dispute.total, dispute.currency)
    after = {"reason": reason, "amount": disputed, "charges": len(subject.charges), "decide_by": dispute.decide_by}
    record(DISPUTE_OPENED, on=dispute, by=by.actor(customer), after=after, also=about(dispute))
    return dispute


def _check_reason(reason: Reason, speaker: Speaker) -> None:
    if not reason.is_active:
        raise DisputeHasFaults([FieldFault("reason", "reason_is_inactive", "This reason is no longer used.")])
    if speaker.user is None and not reason.customers_may_give_it:
        raise DisputeHasFaults([FieldFault("reason", "reason_is_ours", "Choose a reason that customers can give.")])


def about(dispute: Dispute) -> list[Model]:
    """Return what a deed on the dispute also touches."""
    return [each for each in (dispute.customer, dispute.period, dispute.invoice) if each]
