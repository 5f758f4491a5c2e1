"""Adjustments move to the next draft when their invoice is voided, until a person withdraws them."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from invoices.domain.life.adjustments import withdraw
from invoices.domain.life.close import close
from invoices.domain.life.deeds import AdjusterApproves
from invoices.domain.life.reopen import regenerate, reopen, void
from invoices.domain.life.transitions import approve
from tests.factories.people import UserFactory
from tests.invoices.life.test_reopen import LATER, adjusted
from tests.invoices.made import a_draft, issued

pytestmark = pytest.mark.django_db


def test_the_adjustments_of_a_voided_invoice_go_onto_the_next_draft_with_reason_and_author(
    accountant: User, vera: User
) -> None:
    wanda = UserFactory.create(username="wanda")
    invoice = issued(adjusted(a_draft(4), "-0.40", wanda), accountant)
    void(invoice, reason="Wrong address", by=vera, at=LATER)

    again = close(invoice.period, at=LATER)

    assert again is not None
    assert (again.subtotal, again.total) == (Decimal("9.60"), Decimal("9.60"))
    [line] = again.lines.filter(kind="adjustment")
    assert (line.description, line.amount) == ("Goodwill", Decimal("-0.40"))
    kept = line.adjustment
    assert (kept.reason, kept.adjusted_by, kept.adjusted_at) == ("Agreed by phone", wanda, LATER)
    with pytest.raises(AdjusterApproves):
        approve(again, by=wanda, at=LATER)


def test_an_adjustment_that_was_withdrawn_or_thrown_away_does_not_come_back(accountant: User, vera: User) -> None:
    wanda = UserFactory.create(username="wanda")
    invoice = issued(adjusted(a_draft(4), "-0.40", wanda), accountant)
    void(invoice, reason="Wrong address", by=vera, at=LATER)
    again = close(invoice.period, at=LATER)
    assert again is not None
    withdraw(again.lines.get(kind="adjustment"), by=wanda)

    fresh = regenerate(again, by=UserFactory.create(), at=LATER)

    assert fresh is not None
    assert fresh.total == 10
    reopen(adjusted(fresh, "5", wanda).period, reason="All wrong", by=vera, at=LATER)
    last = close(invoice.period, at=LATER)
    assert last is not None
    assert last.total == 10


def test_an_adjustment_follows_from_void_to_void(accountant: User, vera: User) -> None:
    invoice = issued(adjusted(a_draft(4), "-0.40", UserFactory.create()), accountant)
    for _ in range(2):
        void(invoice, reason="Wrong address", by=vera, at=LATER)
        again = close(invoice.period, at=LATER)
        assert again is not None
        invoice = issued(again, accountant)

    assert (invoice.number, invoice.total) == ("INV-2026-000003", Decimal("9.60"))
