"""No one raises the sum for a decision of their own, splits a dispute below it, or decides it in another currency alone."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from pricing.domain.rate.rate import rate
from receivables.domain.disputes.deciding import accept, reject, why_second_person
from receivables.domain.disputes.reasons import ReasonHasFaults, last_raised_by, save_reason
from receivables.models import Dispute, Reason
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, received
from tests.receivables.disputes.made import NOVEMBER_10, a_dispute, a_reason, of_charges

pytestmark = pytest.mark.django_db


def raised(reason: Reason, to: int | None, by: User) -> Reason:
    reason.decided_alone_up_to = None if to is None else Decimal(to)
    reason.decided_alone_currency = "" if to is None else "USD"
    save_reason(reason, by=by)
    return reason


def a_dispute_of(quantity: int, reason: Reason, **customer: str) -> Dispute:
    a_price("2.50", currency=customer.get("currency", "USD"))
    period = an_open_period(**customer)
    received(period, quantity)
    rate(period, at=NOVEMBER_3)
    return a_dispute(of_charges(period), reason=reason)


@pytest.mark.parametrize("to", [100, None])
def test_who_last_raised_the_sum_does_not_decide_alone(frank: User, fay: User, to: int | None) -> None:
    reason = raised(a_reason(decided_alone_up_to=Decimal(1)), to, frank)
    dispute = a_dispute_of(4, reason)

    proposed = accept(dispute, words="", by=frank, at=NOVEMBER_10)

    assert (proposed.state, proposed.proposed) == ("open", "accepted")
    assert why_second_person(dispute, fay) == ""


def test_lowering_and_other_changes_are_not_raising(frank: User, fay: User) -> None:
    reason = a_reason(decided_alone_up_to=Decimal(100))
    raised(reason, 50, frank)
    reason.name = "Dead contact"
    save_reason(reason, by=frank)
    assert last_raised_by(reason) is None

    raised(reason, 60, fay)
    raised(reason, 40, frank)
    assert last_raised_by(reason) == fay.pk


def test_who_made_the_reason_does_not_decide_alone(frank: User) -> None:
    reason = Reason(code="own", name="Own")
    save_reason(reason, by=frank)

    assert last_raised_by(reason) == frank.pk


def test_another_currency_than_that_of_the_sum_needs_a_second_person(frank: User) -> None:
    dispute = a_dispute_of(4, a_reason(decided_alone_up_to=Decimal(100)), currency="JPY")

    assert why_second_person(dispute, frank) == "One person decides “Invalid contact” in USD only."
    assert accept(dispute, words="", by=frank, at=NOVEMBER_10).state == "open"


def test_a_sum_is_in_a_currency_in_force(frank: User) -> None:
    reason = a_reason()
    reason.decided_alone_up_to, reason.decided_alone_currency = Decimal(1), "XXX"

    with pytest.raises(ReasonHasFaults):
        save_reason(reason, by=frank)
    reason.refresh_from_db()
    assert reason.decided_alone_up_to is None


def test_small_disputes_of_a_customer_period_and_reason_add_up_before_the_invoice(frank: User, fay: User) -> None:
    reason = a_reason(decided_alone_up_to=Decimal(10))
    a_price()
    period = an_open_period()
    received(period, 2, 1, 2)
    rate(period, at=NOVEMBER_3)
    first, small, second = (a_dispute(of_charges(period, place), reason=reason) for place in range(3))

    assert accept(first, words="", by=frank, at=NOVEMBER_10).state == "accepted"  # 5.00
    assert reject(small, words="It works.", by=frank, at=NOVEMBER_10).state == "rejected"
    assert accept(second, words="", by=frank, at=NOVEMBER_10).state == "accepted"  # 10.00 with the first

    received(period, 1)
    rate(period, at=NOVEMBER_3)
    last = a_dispute(of_charges(period, -1), reason=reason)
    assert (
        why_second_person(last, frank) == "One person decides “Invalid contact” of a customer and period up to $10.00."
    )
    assert why_second_person(last, fay) == ""
    assert accept(last, words="", by=frank, at=NOVEMBER_10).state == "open"
