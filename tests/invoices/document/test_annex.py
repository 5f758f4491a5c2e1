"""The annex of a PDF lists every charge, in the reader's numbers, and adds up to the lines to the cent."""

from decimal import Decimal

import pytest

from invoices.domain.document import annex as annexes
from invoices.domain.document.annex import annex_of
from invoices.domain.document.content import content_of
from leads.models import Action, Lead
from tests.invoices.made import a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db


def test_every_charge_of_every_line_adding_up_to_it_to_the_cent() -> None:
    a_price("0.333333")
    period = an_open_period()
    received(period, 1, 1, 1)
    received(period, 5, product="Felt panel")
    received(period, 1, is_test=True)

    annex = annex_of(billed(period))

    assert annex is not None
    assert [
        (part.description, part.amount, [(row[0], row[3], row[4]) for row in part.rows]) for part in annex.parts
    ] == [
        ("Felt panel · Sample order", "$1.67", [("Oct 15, 12:00", "5", "$1.67")]),
        (
            "Oak veneer · Sample order",
            "$1.00",
            [("Oct 15, 12:00", "1", "$0.34"), ("Oct 15, 12:00", "1", "$0.33"), ("Oct 15, 12:00", "1", "$0.33")],
        ),
    ]


def test_long_ids_are_shortened_in_their_middle() -> None:
    a_price()
    period = an_open_period()
    received(period, 1, external_id="lead-" + "x" * 90 + "-1")
    Action.objects.update(external_id="order-" + "y" * 90 + "-2")

    annex = annex_of(billed(period))

    assert annex is not None
    (_, lead, action, _, _) = annex.parts[0].rows[0]
    assert (lead.startswith(Lead.objects.get().source.name), lead.endswith("x-1"), len(lead)) == (True, True, 44)
    assert (action.startswith("order-"), action.endswith("y-2"), len(action)) == (True, True, 22)


def test_there_is_none_where_the_customer_wants_none_and_a_note_where_it_would_be_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_price()
    periods = [an_open_period(detail_annex=False), an_open_period()]
    for period in periods:
        received(period, 1, 1)
    without, long = (billed(period) for period in periods)
    monkeypatch.setattr(annexes, "MAX_CHARGES", 1)

    found = annex_of(long)

    assert annex_of(without) is None
    assert found is not None
    assert (found.parts, found.note) == ((), "2 charges are too many to list here. Please ask us for the file.")


def test_numbers_and_days_read_as_the_customer_writes_them() -> None:
    a_price("1234.5", currency="EUR")
    period = an_open_period(locale="de_DE", currency="EUR", tax_rate=Decimal("7.5"))
    received(period, 1000)

    invoice = billed(period)
    paper, annex = content_of(invoice), annex_of(invoice)

    assert annex is not None
    line = paper.lines[0]
    assert (line.quantity, line.unit_price, line.amount) == ("1.000", "1.234,50\xa0€", "1.234.500,00\xa0€")
    assert [(fact.label, fact.value) for fact in paper.subtotals] == [
        ("Before tax", "1.234.500,00\xa0€"),
        ("Tax, 7,5% of 1.234.500,00\xa0€", "92.587,50\xa0€"),
    ]
    assert ("Period", "1 – 31 October 2026") in [(fact.label, fact.value) for fact in paper.details]
    assert annex.parts[0].rows[0][0] == "15 Oct, 12:00"
