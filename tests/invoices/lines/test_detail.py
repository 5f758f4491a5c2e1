"""From a line to its charges: every charge on one line, every line the sum of its charges, to the cent."""

from decimal import Decimal

import pytest

from billing_engine.core import money
from invoices.domain.lines.detail import DetailCharge, detail_of, line_of
from invoices.domain.lines.kept import place_of, reached, shares_from
from invoices.domain.lines.one_line import page_of_line
from invoices.models import Invoice, InvoiceLine
from pricing.models import Charge
from tests.invoices.made import IN_SEPTEMBER, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db


def a_mixed_invoice(currency: str = "USD") -> Invoice:
    """Charges that round, late ones, several products, what is not charged, and a minimum."""
    a_price("0.333", currency=currency)
    period = an_open_period(currency=currency, monthly_minimum=Decimal(500))
    received(period, 1, 1, 1, 2, "0.5", 1, 1)
    received(period, 3, product="Felt panel")
    received(period, 1, 1, at=IN_SEPTEMBER)
    received(period, 1, 1, is_test=True)
    return billed(period)


def whole_line(line: InvoiceLine, limit: int) -> list[tuple[DetailCharge, Decimal]]:
    """All pages in order, each allocated separately."""
    found: list[tuple[DetailCharge, Decimal]] = []
    after = None
    while rows := page_of_line(line, limit=limit, after=after):
        here = reached(line, place_of(rows[0]))
        assert here.sums == (
            len(found),
            sum((one.quantity for one, _ in found), money.ZERO),
            sum((one.exact_amount for one, _ in found), money.ZERO),
            sum((share for _, share in found), money.ZERO),
        )
        found += zip(rows, shares_from(line, here, rows), strict=True)
        after = rows[-1].occurred_at, rows[-1].action
    return found


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_every_charge_is_on_one_line_and_every_line_is_the_sum_of_its_charges(currency: str) -> None:
    invoice = a_mixed_invoice(currency)

    rows = list(detail_of(invoice))

    lines = list(invoice.lines.order_by("position"))
    assert sorted(one.action for _, one, _ in rows) == sorted(Charge.objects.values_list("pk", flat=True))
    told = {line.position: (line.kind, line.description, line.actions, line.amount) for line in lines}
    summed = {
        position: (
            kind,
            description,
            sum(line.position == position for line, _, _ in rows),
            sum((share for line, _, share in rows if line.position == position), money.ZERO),
        )
        for position, kind, description in {line for line, _, _ in rows}
    }
    assert summed == {position: line for position, line in told.items() if line[0] != "minimum"}
    assert [line.kind for line in lines if line.position not in summed] == ["minimum"]


def test_pages_of_a_line_together_are_the_line() -> None:
    invoice = a_mixed_invoice()
    whole = [(one, share) for line, one, share in detail_of(invoice) if line.position == 2]
    line = invoice.lines.get(position=2)

    assert (line.description, line.actions, len(whole)) == ("Oak veneer · Sample order", 7, 7)
    assert [whole_line(line, limit) for limit in (1, 2, 3, 100)] == [whole] * 4
    assert sum(share for _, share in whole) == line.amount == Decimal("2.50")


def test_the_page_before_is_the_page_one_came_from() -> None:
    line = a_mixed_invoice().lines.get(position=2)
    first = page_of_line(line, limit=3)
    second = page_of_line(line, limit=3, after=(first[-1].occurred_at, first[-1].action))

    assert page_of_line(line, limit=3, before=(second[0].occurred_at, second[0].action)) == first


def test_every_charge_knows_its_line() -> None:
    invoice = a_mixed_invoice()
    expected = {one.action: line.position for line, one, _ in detail_of(invoice)}

    found = {charge.pk: line_of(charge) for charge in Charge.objects.select_related("period")}

    assert {key: line and line.position for key, line in found.items()} == expected


def test_a_charge_that_is_not_billed_yet_is_on_no_line() -> None:
    a_mixed_invoice()
    charge = Charge.objects.select_related("period").first()
    assert charge is not None
    Invoice.objects.get().delete()

    assert line_of(charge) is None
