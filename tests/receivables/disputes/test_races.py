"""Two people at once, in processes of their own: a dispute is decided once, and a charge is disputed once."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing_engine.core.models import Deed
from receivables.models import CreditNote, Dispute, DisputedCharge, DisputeStep
from tests.invoices.made import a_draft, issued
from tests.processes import at_once
from tests.receivables.disputes.made import a_dispute, a_reason, line_of, of_charges

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

DECIDE = """
from django.contrib.auth.models import User
from billing_engine.core.errors import Refused
from receivables.domain.disputes.deciding import {verdict}
from receivables.models import Dispute
try:
    {verdict}(Dispute.objects.get(pk={dispute}), words="Decided.", by=User.objects.get(pk={by}), at=now())
    print("done")
except Refused as refusal:
    print(refusal.code)
"""
OPEN = """
from billing_engine.core.errors import Refused
from invoices.models import InvoiceLine
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_line
from receivables.models import Reason
try:
    subject = subject_of_line(InvoiceLine.objects.get(pk={line}))
    who = Speaker(contact="imo@northlight.example")
    at = subject.invoice.issued_at
    open_dispute(subject, reason=Reason.objects.get(code="duplicate"), words="", by=who, at=at)
    print("done")
except Refused as refusal:
    print(refusal.code)
"""


def test_two_people_decide_at_once_and_one_decision_stands(frank: User, fay: User) -> None:
    dispute = a_dispute(issued(a_draft(3), frank))

    said = at_once(
        DECIDE.format(verdict="accept", dispute=dispute.pk, by=frank.pk),
        DECIDE.format(verdict="reject", dispute=dispute.pk, by=fay.pk),
    )

    assert sorted(said) == ["dispute_in_wrong_state", "done"]
    dispute.refresh_from_db()
    accepted = dispute.state == "accepted"
    assert dispute.state in {"accepted", "rejected"}
    assert CreditNote.objects.count() == accepted
    assert (DisputeStep.objects.count(), Deed.objects.filter(verb="dispute_decided").count()) == (2, 1)
    assert list(dispute.charges.values_list("is_accepted", "is_undecided")) == [(accepted, False)]


def test_one_person_who_accepts_two_disputes_at_once_stays_within_what_one_person_may_accept(frank: User) -> None:
    reason = a_reason(decided_alone_up_to=Decimal(10))
    invoice = issued(a_draft(3, 3), frank)  # $7.50 each
    disputes = [a_dispute(of_charges(invoice.period, place), reason=reason) for place in (0, 1)]

    at_once(*(DECIDE.format(verdict="accept", dispute=each.pk, by=frank.pk) for each in disputes))

    assert sorted(Dispute.objects.values_list("state", "proposed")) == [("accepted", ""), ("open", "accepted")]
    assert CreditNote.objects.count() == 1


def test_two_disputes_of_one_line_at_once_open_one(frank: User) -> None:
    line, _ = line_of(issued(a_draft(3), frank)), a_reason()

    said = at_once(OPEN.format(line=line.pk), OPEN.format(line=line.pk))

    assert sorted(said) == ["disputed_before", "done"]
    assert (Dispute.objects.count(), DisputedCharge.objects.count()) == (1, 1)
