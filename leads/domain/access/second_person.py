"""When an act needs a second person: the one place that decides, by kind, company and amount."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind, nothing_to_do
from billing_engine.core.approvals.requests import ask
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.models import ApprovalRequest
from billing_engine.core.validation import row_faults
from leads.models import ApprovalThreshold, Company

THRESHOLD_PROPOSED = Verb("approval_threshold_proposed", "Proposed a threshold for approvals")
THRESHOLD_APPROVED = Verb("approval_threshold_approved", "Approved a threshold for approvals")

Acts = ApprovalThreshold.Kind
ALWAYS = Decimal(0)
NEVER = None
ANY_CURRENCY = ""


class ThresholdHasFaults(HasFaults):
    """A threshold that contradicts itself."""

    code = "approval_threshold_has_faults"


def needs_second_person(
    kind: str, company: Company | None, *, amount: Decimal | None = None, currency: str = ANY_CURRENCY
) -> bool:
    """Return whether an act of this kind needs a second person at this company; `None` is the seller in the settings.

    An act without an amount needs one unless it never does. Voids, reopenings and terms have no thresholds: they always
    need one.
    """
    above = threshold_of(kind, company, currency=currency)
    return above is not NEVER and (amount is None or abs(amount) > above or above == ALWAYS)


def some_company_needs_second_person(kind: str) -> bool:
    """Return whether an act that concerns every company, such as a rule of all customers, needs a second person."""
    return any(needs_second_person(kind, company) for company in (None, *Company.objects.all()))


def threshold_of(kind: str, company: Company | None, *, currency: str = ANY_CURRENCY) -> Decimal | None:
    """Return the amount above which the kind needs a second person: 0 for always, None for never."""
    found = ApprovalThreshold.objects.in_force().filter(kind=kind, company=company)
    for each in dict.fromkeys((currency, ANY_CURRENCY)):
        latest = found.filter(currency=each).first()
        if latest is not None:
            return latest.above
    return _default(kind)


def _default(kind: str) -> Decimal | None:
    """Return what applies without a threshold, by the settings."""
    if kind in (Acts.RULE_ACTIVATION, Acts.RULE_RETIREMENT, Acts.CREDIT_NOTE, Acts.WRITE_OFF):
        return ALWAYS if settings.FOUR_EYES else NEVER
    if kind == Acts.ADJUSTED_INVOICE:
        return NEVER if settings.ADJUSTER_APPROVES else ALWAYS
    return ALWAYS


@transaction.atomic
def propose(threshold: ApprovalThreshold, *, by: User, at: datetime) -> ApprovalRequest:
    """Store a threshold and request its approval; until then the one in force applies. Raises ThresholdHasFaults."""
    threshold.written_by, threshold.written_at, threshold.approved_at = by, at, None
    if faults := row_faults(threshold) or _currency_faults(threshold):
        raise ThresholdHasFaults(faults)
    before = threshold_of(threshold.kind, threshold.company, currency=threshold.currency)
    threshold.save(force_insert=True)
    words = in_words(before, threshold.currency), in_words(threshold.above, threshold.currency)
    record(
        THRESHOLD_PROPOSED,
        on=threshold,
        by=by,
        reason=threshold.reason,
        before={"above": before},
        after={"above": threshold.above},
    )
    return ask(
        THRESHOLD,
        on=threshold,
        by=by,
        at=at,
        reason=threshold.reason,
        differences=[("Needs a second person", *words)],
    )


def in_words(above: Decimal | None, currency: str) -> str:
    """Return, for example, `above $500.00`."""
    if above is NEVER:
        return "never"
    return "always" if above == ALWAYS else f"above {money.in_words(above, currency)}"


def _currency_faults(threshold: ApprovalThreshold) -> list[FieldFault]:
    if threshold.currency and not money.is_currency(threshold.currency):
        return [FieldFault("currency", "no_such_currency", "Choose a currency in force.")]
    return []


def _put_in_force(threshold: ApprovalThreshold, by: User, at: datetime, reason: str) -> None:
    threshold.approved_at = at
    threshold.save(update_fields=["approved_at"])
    record(THRESHOLD_APPROVED, on=threshold, by=by, reason=reason, after={"above": threshold.above})


THRESHOLD = Kind(
    code="approval_threshold",
    words="Threshold for approvals",
    model=ApprovalThreshold,
    permission="leads.change_approvalthreshold",
    written_by=frozenset({THRESHOLD_PROPOSED.code}),
    approve=_put_in_force,
    set_aside=nothing_to_do,
    page=lambda threshold: reverse("admin:leads_approvalthreshold_change", args=[threshold.pk]),
)
