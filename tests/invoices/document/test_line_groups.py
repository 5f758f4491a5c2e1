"""The lines by action: tiers as products × tiers, what is included at zero, and sums for the first page of a long invoice."""

from decimal import Decimal

import pytest

from invoices.domain.document.content import content_of
from invoices.domain.document.content_lines import TierPart
from invoices.domain.document.parts.line_groups import ActionSum, LineGroup, LineRow
from invoices.domain.document.parts.tier_columns import Tier, TierCell
from invoices.models import Invoice, InvoiceLine
from leads.models import ActionType, Product
from tests.factories.pricing import graduated, tiered
from tests.invoices.made import IN_OCTOBER, IN_SEPTEMBER, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db


def groups_of(invoice: Invoice) -> tuple[LineGroup, ...]:
    return content_of(invoice).groups


def test_tiers_are_columns_and_products_rows_with_what_was_counted_in_each() -> None:
    period = an_open_period()
    graduated((5, "2.40", "0"), (15, "2.10", "0"), (None, "1.80", "25"))
    received(period, 3, 6, product="Aurora", at=IN_OCTOBER)
    received(period, 8, product="Drift", at=IN_OCTOBER)

    [group] = groups_of(billed(period))

    assert group == LineGroup(
        "Sample order",
        "sample",
        (
            LineRow("Aurora", (), "9", "", "$20.40", (TierCell("5"), TierCell("4"), TierCell("")), position=1),
            LineRow("Drift", (), "8", "", "$41.20", (TierCell(""), TierCell("6"), TierCell("2 + $25.00")), position=2),
        ),
        (Tier("units 1–5", "$2.40"), Tier("units 6–15", "$2.10"), Tier("units 16 and above", "$1.80")),
        LineRow(
            "All products",
            (),
            "17",
            "",
            "$61.60",
            (TierCell("5", "$12.00"), TierCell("10", "$21.00"), TierCell("2 + $25.00", "$28.60")),
        ),
        "All products count together, in order of time.",
    )


def test_one_product_has_no_sum_of_its_own_and_says_what_each_tier_cost() -> None:
    period = an_open_period()
    graduated((2, "1.00", "0"), (None, "0.50", "0"))
    received(period, 4)

    [group] = groups_of(billed(period))

    assert (group.total, group.note) == (None, "")
    assert group.rows[0].cells == (TierCell("2", "$2.00"), TierCell("2", "$1.00"))


def test_a_volume_says_that_the_sum_of_the_period_decides() -> None:
    period = an_open_period()
    tiered("volume", (5, "4", "0"), (None, "3", "20"))
    received(period, 3, 4)
    received(period, 1, product="Walnut")

    [group] = groups_of(billed(period))

    assert group.note == "All products count together; the sum of the period decides the price."
    assert group.tiers == (Tier("units 6 and above", "$3.00"),)
    assert [row.cells[0].counted for row in group.rows] == ["7 + $20.00", "1"]
    assert group.total is not None
    assert group.total.cells == (TierCell("8 + $20.00", "$44.00"),)


def test_what_a_cap_cut_is_the_last_column() -> None:
    period = an_open_period()
    graduated((2, "3", "0"), (None, "2", "0"), cap_per_lead=Decimal(7))
    received(period, 4)

    [group] = groups_of(billed(period))

    assert [tier.name for tier in group.tiers] == ["units 1–2", "units 3 and above", "above the limit per lead"]
    assert group.rows[0].cells == (TierCell("2", "$6.00"), TierCell("2", "$4.00"), TierCell("-$3.00"))


def test_tiers_that_are_too_many_for_columns_stand_below_their_line() -> None:
    period = an_open_period()
    graduated(*((number, "1", "0") for number in range(1, 6)), (None, "0.5", "0"))
    received(period, 7)

    [group] = groups_of(billed(period))

    assert group.tiers == ()
    assert group.rows[0].tiers[-1] == TierPart("units 6 and above", "2", "$0.50", "$1.00")
    assert len(group.rows[0].tiers) == 6


def test_figures_that_are_too_long_for_columns_stand_below_their_line() -> None:
    period = an_open_period()
    graduated(("1000000", "99999999.123456", "0"), (None, "0.5", "0"))
    received(period, "1000000.123456")

    [group] = groups_of(billed(period))

    assert (group.tiers, len(group.rows[0].tiers)) == ((), 2)


def test_lines_of_one_action_stand_together_late_ones_too() -> None:
    period = an_open_period()
    a_price("2.50")
    received(period, 3)
    received(period, 1, kind="quote_request")
    received(period, 1, 1, product="Newsletter")
    received(period, 2, at=IN_SEPTEMBER)
    invoice = billed(period)

    paper = content_of(invoice)

    assert [(group.heading, [(row.name, row.notes) for row in group.rows]) for group in paper.groups] == [
        (
            "Sample order",
            [("Newsletter", ()), ("Oak veneer", ()), ("Oak veneer", ("Late activity from September 2026",))],
        ),
        ("Quote request", [("Oak veneer", ())]),
    ]


def test_a_credit_line_stands_apart_and_counts_no_action() -> None:
    invoice = billed_with_a_credit_line()

    paper = content_of(invoice)

    assert [(group.heading, group.unit, [row.amount for row in group.rows]) for group in paper.groups] == [
        ("Sample order", "sample", ["$7.50"]),
        ("Credits", "", ["-$2.50"]),
    ]
    assert paper.subject == "1 action received: 1 charged, 0 included at zero, 0 not charged, none waiting"


def billed_with_a_credit_line() -> Invoice:
    """A draft of one line, with a line that takes back another invoice's charge."""
    period = an_open_period()
    a_price("2.50")
    received(period, 3)
    invoice = billed(period)
    [line] = invoice.lines.all()
    InvoiceLine.objects.create(
        invoice=invoice,
        position=2,
        kind=InvoiceLine.Kind.CREDIT,
        description="Credit for INV-2026-000001, line 1",
        product=line.product,
        action_type=line.action_type,
        actions=1,
        quantity=1,
        unit="sample",
        exact_amount=Decimal("-2.50"),
        amount=Decimal("-2.50"),
    )
    return invoice


def test_the_received_are_the_charged_the_included_and_the_uncharged() -> None:
    period = an_open_period()
    a_price("0")
    received(period, 1, 1)
    received(period, 1, 1, 1, is_test=True)

    paper = content_of(billed(period))

    assert paper.subject == "5 actions received: 0 charged, 2 included at zero, 3 not charged, none waiting"
    assert paper.groups[0].rows[0].notes == ("Included in your prices",)
    assert (paper.headline, [line.actions for line in paper.uncharged]) == ("$0.00 due", ["3"])


def test_the_names_of_an_invoice_stay_when_a_product_or_an_action_gets_another() -> None:
    period = an_open_period()
    a_price()
    received(period, 1, product="Oak · natural")
    received(period, 2, product="Ash")
    invoice = billed(period)
    before = groups_of(invoice)

    Product.objects.filter(name="Ash").update(name="Ash tree")
    ActionType.objects.update(name="Order of a sample")

    after = groups_of(invoice)
    assert [row.name for row in before[0].rows] == ["Ash", "Oak · natural"]
    assert (after[0].heading, after[0].rows[0].name) == ("Sample order", "Ash")
    said = {word for group in after for row in group.rows for word in (group.heading, row.name)}
    assert not {"Ash tree", "Order of a sample"} & said


def test_above_twenty_lines_the_first_page_lists_actions() -> None:
    period = an_open_period()
    a_price("0.50")
    for number in range(19):
        received(period, 2, product=f"Product {number:02}")
    received(period, 1, product="Product 00", kind="quote_request")
    short = billed(period)
    assert content_of(short).actions == ()

    longer = an_open_period()
    for number in range(20):
        received(longer, 2, product=f"Product {number:02}")
    received(longer, 1, product="Product 00", kind="quote_request")

    assert content_of(billed(longer)).actions == (
        ActionSum("Quote request", "1 line", "1 sample", "$0.50"),
        ActionSum("Sample order", "20 lines", "40 sample", "$20.00"),
    )


def test_yen_and_dinars_stand_in_tiers_with_their_own_decimals() -> None:
    for currency, counted in (("JPY", "¥2"), ("KWD", "KWD\xa02.000")):
        period = an_open_period(currency=currency)
        graduated((2, "1", "0"), (None, "0.5", "0"), currency=currency)
        received(period, 4)

        [group] = groups_of(billed(period))

        assert group.rows[0].cells[0] == TierCell("2", counted)
