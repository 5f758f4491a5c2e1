"""After issue, what is accepted makes a credit note for exactly those charges."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from receivables.domain.disputes.deciding import accept, accept_in_part
from receivables.models import CreditNote
from tests.invoices.made import a_price, an_open_period, billed, issued, received
from tests.receivables.disputes.made import NOVEMBER_10, a_dispute, charges_of, of_charges

pytestmark = pytest.mark.django_db


def test_what_is_accepted_in_part_is_credited_charge_by_charge(frank: User) -> None:
    period = an_open_period(tax_rate=7)
    a_price("3.333333")
    received(period, 1, 1, 1)
    invoice = issued(billed(period), frank)
    first, second, _ = charges_of(period)
    dispute = a_dispute(of_charges(period))

    accept_in_part(dispute, accepted=[first, second], words="Two of them bounced.", by=frank, at=NOVEMBER_10)

    note = CreditNote.objects.get()
    assert (note.invoice, note.subtotal, note.tax) == (invoice, Decimal("6.67"), Decimal("0.47"))
    assert (note.reason, note.sentence, note.origin, note.state) == (
        dispute.reason,
        "Two of them bounced.",
        dispute.number,
        "draft",
    )
    credited = note.lines.get().charges.values_list("action", "amount").order_by("action")
    assert list(credited) == [(first, Decimal("3.34")), (second, Decimal("3.33"))]


def test_accepting_without_words_says_the_reason_on_the_credit_note(frank: User) -> None:
    period = an_open_period()
    a_price()
    received(period, 2)
    issued(billed(period), frank)

    accept(a_dispute(of_charges(period)), words="", by=frank, at=NOVEMBER_10)

    assert CreditNote.objects.get().sentence == "We accepted your dispute: Invalid contact."
