"""Who is reminded of what: open items net of credit, by the levels of the schedule, computed and never stored."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from receivables.domain.disputes.deciding import reject
from receivables.domain.ledger.allocations import standing, take_back
from receivables.domain.payments.returning import refund, return_payment
from receivables.domain.reminders.owed import owed_by
from receivables.domain.reminders.schedule import (
    AlreadyPaused,
    LevelsOutOfOrder,
    NotOfCustomer,
    PauseInPast,
    pause,
    resume,
    set_levels,
)
from receivables.models import LedgerDocument, ReminderPause, ReminderSchedule
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.disputes.made import a_dispute
from tests.receivables.made import a_document
from tests.receivables.reminders.made import a_schedule, an_invoice, another_invoice, at_day, paid, run_at

pytestmark = pytest.mark.django_db

Kind = LedgerDocument.Kind


def owed(days: int) -> list[tuple[str, int, list[Decimal]]]:
    """Customer, level and amounts, so many days after the due day."""
    found = owed_by(None, at=at_day(days))
    return [(each.customer.name, each.level, [item.to_pay for item in each.items]) for each in found]


@pytest.mark.parametrize(
    ("days", "level"), [(-4, None), (-3, 1), (0, 1), (6, None), (7, 2), (29, 2), (30, 3), (400, 3)]
)
def test_the_level_is_the_highest_whose_day_has_come_also_for_what_was_open_before_the_schedule(
    days: int, level: int | None
) -> None:
    an_invoice()
    assert owed(days) == []

    a_schedule()
    assert owed(days) == ([("Ash", level, [Decimal(10)])] if level else [])


def test_nobody_is_reminded_of_what_is_paid_credited_or_covered_by_credit() -> None:
    a_schedule()
    for name in ("Ash", "Birch", "Cedar", "Dogwood"):
        an_invoice(name=name)
    ash, birch, cedar, _ = LedgerDocument.objects.filter(kind=Kind.INVOICE).order_by("pk")
    paid(ash, 10, at=at_day(0))
    paid(birch, 10, at=at_day(0), kind=Kind.CREDIT_NOTE)
    a_document(cedar.customer, Kind.PAYMENT, 12, at=at_day(0))

    assert owed(8) == [("Dogwood", 2, [Decimal(10)])]


def test_each_invoice_of_an_email_has_its_own_amount_and_credit_covers_the_oldest_first() -> None:
    a_schedule()
    first = an_invoice(4)
    another_invoice(first, 8)
    paid(first, 3, at=at_day(0))
    assert owed(8) == [("Ash", 2, [Decimal(7), Decimal(20)])]

    a_document(first.customer, Kind.PAYMENT, 9, at=at_day(0))
    assert owed(8) == [("Ash", 2, [Decimal(18)])]


def test_a_level_is_told_once_and_the_next_one_when_its_day_comes(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    run_at(at_day(8))

    assert [owed(days) for days in (8, 9, 29)] == [[], [], []]
    assert owed(30) == [("Ash", 3, [Decimal(10)])]


def _by_a_return(payment: LedgerDocument) -> None:
    return_payment(payment, on=at_day(10).date(), by=with_role("Finance"), at=at_day(10), reason="Bounced")


def _by_a_refund(payment: LedgerDocument) -> None:
    """It is taken back from the invoice, and paid back."""
    by, day = with_role("Finance"), at_day(10)
    take_back(standing(payment.allocations_made.get().debit), on=day.date(), at=day, reason="A mistake")
    refund(payment, payment.amount, on=day.date(), by=by, at=day, reason="They asked for it")


@pytest.mark.parametrize("opened", [_by_a_return, _by_a_refund])
def test_an_invoice_that_is_open_again_is_reminded_again_at_its_level(
    post_office: PostOffice, opened: Callable[[LedgerDocument], None]
) -> None:
    a_schedule()
    invoice = an_invoice()
    run_at(at_day(8))
    payment = paid(invoice, 10, at=at_day(9))
    assert owed(10) == []

    opened(payment)
    assert owed(11) == [("Ash", 2, [Decimal(10)])]


def test_a_paused_customer_or_invoice_is_left_out_until_its_day_is_over() -> None:
    a_schedule()
    by = with_role("Finance")
    first = an_invoice(4)
    second = another_invoice(first, 8)
    one = pause(first.customer, document=second, reason="We check it", until=at_day(8).date(), by=by, at=at_day(0))
    assert owed(8) == [("Ash", 2, [Decimal(10)])]
    assert owed(9) == [("Ash", 2, [Decimal(10), Decimal(20)])]

    with pytest.raises(AlreadyPaused):
        pause(first.customer, document=second, reason="Twice", by=by, at=at_day(0))
    resume(one, by=by, at=at_day(0))
    pause(first.customer, reason="They pay by hand", by=by, at=at_day(0))
    assert owed(300) == []


def test_a_pause_that_makes_no_sense_changes_nothing() -> None:
    by = with_role("Finance")
    ash, birch = an_invoice(name="Ash"), an_invoice(name="Birch")
    with pytest.raises(PauseInPast):
        pause(ash.customer, reason="Old", until=date(2026, 12, 1), by=by, at=at_day(0))
    with pytest.raises(NotOfCustomer):
        pause(ash.customer, document=birch, reason="Another", by=by, at=at_day(0))

    assert ReminderPause.objects.count() == 0


def test_levels_come_one_after_the_other_and_one_that_is_left_out_is_off() -> None:
    by = with_role("Finance")
    a_schedule(by)
    for wrong in ({1: 7, 2: 7}, {1: 7, 2: 3}, {1: -400}):
        with pytest.raises(LevelsOutOfOrder):
            set_levels(None, wrong, by=by)
    assert [each.days for each in set_levels(None, {1: 5, 2: 10}, by=by)] == [5, 10]
    assert ReminderSchedule.objects.get(level=3).is_active is False


def test_what_is_disputed_is_not_reminded_and_holds_up_nothing_else() -> None:
    a_schedule()
    first, other = an_invoice(4), an_invoice(6, name="Birch")
    assert first.invoice is not None
    another_invoice(first, 8)
    dispute = a_dispute(first.invoice)
    assert owed(8) == [("Ash", 2, [Decimal(20)]), ("Birch", 2, [Decimal(15)])]

    reject(dispute, words="They were reached.", by=with_role("Finance"), at=at_day(9))
    assert owed(22)[0] == ("Ash", 2, [Decimal(20)])
    assert owed(23)[0] == ("Ash", 2, [Decimal(10), Decimal(20)])
    assert other.customer.name == "Birch"
