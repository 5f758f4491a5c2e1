"""Deciding: what each verdict does, who decides, and that a decision stands."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.approvals.people import AuthorApproves
from billing_engine.core.approvals.requests import RequestWaits, approve, send_back
from billing_engine.core.models import ApprovalRequest, Deed
from invoices.models import InvoiceLine
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.models import Charge, PriceRule
from receivables.domain.disputes.bulk import decide_all, dry_run
from receivables.domain.disputes.conversation import (
    NothingAdded,
    WordsMissing,
    WrongState,
    answer,
    ask_for_evidence,
    ask_for_second_look,
    withdraw,
)
from receivables.domain.disputes.deciding import SecondLookByTheSame, WrongCharges, accept, accept_in_part, reject
from receivables.domain.disputes.disputed import DueAgain, disputed_of, due_of, set_aside, to_pay
from receivables.domain.disputes.settling import InvoiceIsBeingMade
from receivables.domain.disputes.subject import subject_of_line
from receivables.models import Dispute, DisputedCharge, DisputeStep
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, received
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute, a_reason, charges_of, line_of, of_charges

pytestmark = pytest.mark.django_db
State = Dispute.State


def an_open_one(*quantities: int) -> BillingPeriod:
    """A rated open period at $2.50 each."""
    period = an_open_period()
    if not PriceRule.objects.exists():
        a_price()
    received(period, *(quantities or (2, 4)))
    rate(period, at=NOVEMBER_3)
    return period


def test_what_is_accepted_before_the_invoice_is_excluded_at_zero_and_shown_on_it(frank: User) -> None:
    period = an_open_one(2, 4)
    disputed, other = charges_of(period)
    dispute = a_dispute(of_charges(period, 0))

    accept(dispute, words="You are right.", by=frank, at=NOVEMBER_10)
    rate(period, at=NOVEMBER_10)

    charges = dict(Charge.objects.values_list("pk", "reason"))
    assert charges == {disputed: "disputed", other: ""}
    invoice = billed(period)
    lines = list(invoice.lines.values_list("kind", "reason", "amount").order_by("position"))
    assert lines == [("charges", "", Decimal(10)), ("not_charged", "disputed", Decimal(0))]
    dispute.refresh_from_db()
    assert (dispute.state, dispute.decided_by, list(dispute.charges.values_list("is_accepted"))) == (
        "accepted",
        frank,
        [(True,)],
    )


def test_accepted_in_part_excludes_only_what_is_accepted(frank: User) -> None:
    period = an_open_one(1, 2, 3)
    first, *_ = charges_of(period)
    dispute = a_dispute(of_charges(period))

    for wrong in ([], charges_of(period), [999]):
        with pytest.raises(WrongCharges):
            accept_in_part(dispute, accepted=wrong, words="Only one.", by=frank, at=NOVEMBER_10)
    accept_in_part(dispute, accepted=[first], words="Only one.", by=frank, at=NOVEMBER_10)
    rate(period, at=NOVEMBER_10)

    assert list(Charge.objects.filter(reason="disputed").values_list("pk", flat=True)) == [first]
    assert dispute.steps.last().kind == "in_part"  # type: ignore[union-attr]  # there are two


def test_a_rejection_needs_words_and_changes_no_charge(frank: User) -> None:
    period = an_open_one()
    dispute = a_dispute(of_charges(period))

    with pytest.raises(WordsMissing):
        reject(dispute, words=" ", by=frank, at=NOVEMBER_10)
    reject(dispute, words="Both addresses work.", by=frank, at=NOVEMBER_10)
    rate(period, at=NOVEMBER_10)

    assert not Charge.objects.exclude(reason="").exists()
    steps = list(dispute.steps.order_by("pk").values_list("kind", "words", "by"))
    assert steps == [("opened", "They bounced.", None), ("rejected", "Both addresses work.", frank.pk)]
    deed = Deed.objects.get(verb="dispute_decided")
    assert (deed.person, deed.reason, deed.after["state"]) == (frank, "", "rejected")


def test_between_close_and_issue_nothing_is_accepted_but_it_may_be_rejected(frank: User) -> None:
    period = an_open_one()
    dispute = a_dispute(of_charges(period))
    billed(period)

    with pytest.raises(InvoiceIsBeingMade, match="not issued yet"):
        accept(dispute, words="", by=frank, at=NOVEMBER_10)
    assert Dispute.objects.get().state == "open"
    assert DisputedCharge.objects.filter(is_undecided=True, is_accepted=None).count() == 2
    assert reject(dispute, words="They work.", by=frank, at=NOVEMBER_10).state == "rejected"


def test_the_clock_waits_while_we_wait_for_evidence(frank: User) -> None:
    dispute = a_dispute(issued(a_draft(3), frank))
    first = dispute.decide_by

    with pytest.raises(WordsMissing):
        ask_for_evidence(dispute, words="", by=frank, at=NOVEMBER_10)
    waiting = ask_for_evidence(dispute, words="Send the bounce.", by=frank, at=NOVEMBER_10)
    assert (waiting.state, waiting.decide_by) == ("waiting", first)
    with pytest.raises(NothingAdded):
        answer(dispute, words="", by=CONTACT, at=NOVEMBER_10)
    answered = answer(dispute, words="Here.", by=CONTACT, at=NOVEMBER_10 + timedelta(days=3))

    assert (answered.state, answered.decide_by) == ("open", first + timedelta(days=3))
    # A second answer adds to the evidence and moves nothing.
    assert answer(dispute, words="Also.", by=CONTACT, at=NOVEMBER_10).decide_by == answered.decide_by
    assert [step.kind for step in dispute.steps.order_by("pk")] == ["opened", "asked", "answered", "answered"]


def test_above_its_sum_a_reason_is_decided_by_two_people(frank: User, fay: User) -> None:
    period = an_open_one(4)
    dispute = a_dispute(of_charges(period), reason=a_reason(decided_alone_up_to=Decimal("9.99")))

    proposed = accept(dispute, words="You are right.", by=frank, at=NOVEMBER_10)
    assert (proposed.state, proposed.proposed) == ("open", "accepted")
    request = ApprovalRequest.objects.get()
    with pytest.raises(RequestWaits):
        reject(dispute, words="No.", by=fay, at=NOVEMBER_10)
    with pytest.raises(AuthorApproves):
        approve(request, by=frank, at=NOVEMBER_10)
    assert not Charge.objects.filter(action__waiver__isnull=False).exists()
    approve(request, by=fay, at=NOVEMBER_10)

    dispute.refresh_from_db()
    assert (dispute.state, dispute.proposed, dispute.decided_by) == ("accepted", "", fay)
    assert dispute.steps.last().words == "You are right."  # type: ignore[union-attr]  # there are two
    assert Charge.objects.filter(action__waiver__is_dispute=True).count() == 1


def test_up_to_its_sum_one_person_decides(frank: User) -> None:
    period = an_open_one(4)
    dispute = a_dispute(of_charges(period), reason=a_reason(decided_alone_up_to=Decimal(10)))

    assert accept(dispute, words="", by=frank, at=NOVEMBER_10).state == "accepted"


def test_who_opened_it_does_not_approve_its_decision(frank: User, fay: User) -> None:
    period = an_open_one(4)
    dispute = a_dispute(of_charges(period), by=fay, reason=a_reason(decided_alone_up_to=Decimal(1)))
    accept(dispute, words="", by=frank, at=NOVEMBER_10)

    with pytest.raises(AuthorApproves):
        approve(ApprovalRequest.objects.get(), by=fay, at=NOVEMBER_10)
    assert Dispute.objects.get().state == "open"


def test_a_proposal_that_is_sent_back_leaves_the_dispute_as_it_was(frank: User, fay: User) -> None:
    period = an_open_one(4)
    dispute = a_dispute(of_charges(period), reason=a_reason(decided_alone_up_to=Decimal(1)))
    accept(dispute, words="", by=frank, at=NOVEMBER_10)

    send_back(ApprovalRequest.objects.get(), by=fay, at=NOVEMBER_10, words="Ask for the bounce first.")

    dispute.refresh_from_db()
    assert (dispute.state, dispute.proposed, list(dispute.charges.values_list("is_accepted"))) == (
        "open",
        "",
        [(None,)],
    )


def test_after_a_rejection_another_person_looks_once(frank: User, fay: User) -> None:
    period = an_open_one(4)
    dispute = reject(a_dispute(of_charges(period)), words="It works.", by=frank, at=NOVEMBER_10)

    look = ask_for_second_look(dispute, words="It does not.", by=CONTACT, at=NOVEMBER_10)
    assert (look.state, look.decide_by) == ("second_look", date(2026, 11, 24))
    with pytest.raises(SecondLookByTheSame):
        reject(dispute, words="It does.", by=frank, at=NOVEMBER_10)
    reject(dispute, words="We called it.", by=fay, at=NOVEMBER_10)

    with pytest.raises(WrongState, match="final"):
        ask_for_second_look(dispute, words="Again.", by=CONTACT, at=NOVEMBER_10)
    dispute.refresh_from_db()
    assert (dispute.state, dispute.decided_by) == ("rejected", fay)


def test_what_is_decided_is_decided(frank: User) -> None:
    period = an_open_one(4)
    dispute = accept(a_dispute(of_charges(period)), words="", by=frank, at=NOVEMBER_10)

    with pytest.raises(WrongState, match="is accepted"):
        reject(dispute, words="No.", by=frank, at=NOVEMBER_10)
    with pytest.raises(WrongState, match="is accepted"):
        withdraw(dispute, words="", by=CONTACT, at=NOVEMBER_10)
    with pytest.raises(WrongState, match="is accepted"):
        ask_for_evidence(dispute, words="More.", by=frank, at=NOVEMBER_10)
    for change in ({"state": "open", "decided_at": None, "decided_by": None}, {"amount": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Dispute.objects.filter(pk=dispute.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        dispute.charges.update(is_accepted=False)
    assert DisputeStep.objects.count() == 2


def test_a_dry_run_of_many_says_what_then_happens(frank: User) -> None:
    open_one = a_dispute(of_charges(an_open_one(2)))
    period = an_open_one(3)
    being_made = a_dispute(of_charges(period))
    billed(period)
    above = a_dispute(of_charges(an_open_one(9)), reason=a_reason("duplicate", decided_alone_up_to=Decimal(1)))
    decided = reject(a_dispute(of_charges(an_open_one(5))), words="No.", by=frank, at=NOVEMBER_10)
    every = [open_one, being_made, above, decided]

    planned = dry_run(every, verdict=State.ACCEPTED, words="", by=frank)
    assert {each.state for each in Dispute.objects.exclude(pk=decided.pk)} == {"open"}
    done = decide_all(every, verdict=State.ACCEPTED, words="", by=frank, at=NOVEMBER_10)

    assert done == planned
    assert [each.does for each in planned] == [
        "1 action excluded from the invoice, $5.00 before tax.",
        "",
        "1 action excluded from the invoice, $22.50 before tax. One person decides “Duplicate” up to $1.00."
        " A second person must approve it.",
        "",
    ]
    assert [each.refused for each in planned][3] == f"{decided} is rejected."
    now = dict(Dispute.objects.values_list("pk", "state"))
    assert [now[each.pk] for each in every] == ["accepted", "open", "open", "rejected"]
    above.refresh_from_db()
    assert above.proposed == "accepted"


def test_what_is_disputed_is_apart_from_what_is_to_be_paid(frank: User) -> None:
    period = an_open_period(tax_rate=7)
    a_price()
    received(period, 2, 4)
    invoice = issued(billed(period), frank)
    dispute = a_dispute(of_charges(period, 1))

    assert (
        disputed_of(invoices=[invoice.pk])
        == disputed_of(customers=[period.customer_id])
        == {invoice.pk: Decimal("10.7")}
    )
    assert to_pay(invoice.total, Decimal("10.7")) == Decimal("5.35")
    assert (to_pay(Decimal(5), Decimal(10)), to_pay(Decimal(0), Decimal(10))) == (0, 0)
    reject(dispute, words="It works.", by=frank, at=NOVEMBER_10)
    assert disputed_of(invoices=[invoice.pk]) == {}


@pytest.mark.parametrize(
    ("decided", "again"),
    [
        (datetime(2026, 11, 20, 4, 59, tzinfo=UTC), []),  # 14 days after the 19th there is the invoice's due day
        (datetime(2026, 11, 20, 6, tzinfo=UTC), [DueAgain(Decimal(10), date(2026, 12, 4))]),
    ],
)
def test_what_is_rejected_falls_due_again_at_its_due_day_or_14_days_later(
    decided: datetime, again: list[DueAgain], frank: User
) -> None:
    invoice = issued(a_draft(4, time_zone="America/Chicago"), frank)
    assert invoice.due_on == date(2026, 12, 3)
    reject(a_dispute(invoice), words="It works.", by=frank, at=decided)

    assert due_of([invoice.pk]) == ({invoice.pk: again} if again else {})
    # Reminders leave it out until then.
    left_out = {invoice.pk: again[0].amount} if again else {}
    for day, aside in ((3, left_out), (4, {})):
        assert set_aside([invoice.customer_id], at=datetime(2026, 12, day, 12, tzinfo=UTC)) == aside


def test_a_line_of_no_charges_is_disputed_as_a_whole(frank: User) -> None:
    draft = a_draft(4, monthly_minimum=Decimal(50))
    invoice = issued(draft, frank)
    minimum = invoice.lines.get(kind=InvoiceLine.Kind.MINIMUM)
    assert line_of(invoice) != minimum

    minimum.invoice = invoice
    dispute = a_dispute(subject_of_line(minimum))
    assert (dispute.amount, dispute.charges.count()) == (Decimal(40), 0)
