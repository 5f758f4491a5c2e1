"""Disputes in figures: by reason and by source."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead
from receivables.domain.disputes.conversation import withdraw
from receivables.domain.disputes.deciding import accept_in_part, reject
from receivables.queries.disputes.figures import by_reason, by_source
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute, a_reason, charges_of, of_charges

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)


def test_disputes_are_counted_by_reason_and_by_source(frank: User, finance: Client) -> None:
    invoice = issued(a_draft(1, 2, 4, 8, 16), frank)  # at $2.50 each
    first, *_ = charges_of(invoice.period)
    accept_in_part(
        a_dispute(of_charges(invoice.period, 0, 1)), accepted=[first], words="One.", by=frank, at=NOVEMBER_10
    )
    ours = a_reason("price_wrong")
    reject(a_dispute(of_charges(invoice.period, 2), reason=ours), words="No.", by=frank, at=NOVEMBER_10)
    a_dispute(of_charges(invoice.period, 3), reason=ours)
    withdraw(a_dispute(of_charges(invoice.period, 4)), words="", by=CONTACT, at=NOVEMBER_10)

    found = [
        (each.name, each.disputes, each.charges, each.disputed, each.accepted, each.rejected, each.undecided)
        for each in by_reason(*NOVEMBER)
    ]
    assert found == [
        ("Wrong price", 2, 2, Decimal(30), Decimal(0), Decimal(10), Decimal(20)),
        ("Invalid contact", 1, 2, Decimal("7.5"), Decimal("2.5"), Decimal(5), Decimal(0)),
    ]
    source = Lead.objects.get().source
    [whole] = by_source(*NOVEMBER)
    assert (whole.name, whole.disputes, whole.disputed) == (source.name, 3, Decimal("37.5"))
    assert by_reason(date(2026, 10, 1), date(2026, 10, 31)) == []

    address = "/admin/receivables/disputes/figures/"
    page = finance.get(f"{address}?first=2026-11-01&last=2026-11-30").content.decode()
    assert "Wrong price" in page
    assert "$30.00" in page
    assert (
        "The first day is after the last."
        in finance.get(f"{address}?first=2026-12-01&last=2026-11-30").content.decode()
    )
