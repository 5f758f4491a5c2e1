"""Why a charge costs what it costs, in the words of the design sheet: a sentence of facts, the calculation, the ladder."""

import pytest

from pricing.rating.amounts import MICRO, Micro
from pricing.rating.prices import Case, Counted, Graduated, PerUnit, Price, Volume
from pricing.rating.prices.tiers import Tier
from pricing.wording import buyer
from pricing.wording.buyer import Range, Step

OCTOBER = buyer.Counted("sample", "October", "USD")
SAMPLES = Graduated(
    (
        Tier(Micro(50 * MICRO), Micro(2_400_000)),
        Tier(Micro(150 * MICRO), Micro(2_100_000)),
        Tier(None, Micro(1_800_000), Micro(25_000_000)),
    )
)
VIEWS = Volume(
    (
        Tier(Micro(100 * MICRO), Micro(50_000)),
        Tier(Micro(300 * MICRO), Micro(40_000)),
        Tier(None, Micro(30_000)),
    )
)


def case(price: Price, quantity: float, *, before: float = 0, total: int = 0) -> Case:
    counted = Counted(quantity=int(before * MICRO))
    units, whole = int(quantity * MICRO), total * MICRO
    return Case(counted, units, None, whole, price.price_within(whole, counted, units))


def test_a_price_per_unit() -> None:
    price = PerUnit(Micro(18_000_000))
    counted = buyer.Counted("quote request", "October", "USD")

    assert buyer.sentence(price, case(price, 1), counted) == "A quote request costs $18.00."
    assert list(buyer.calculation(price, case(price, 1), counted)) == [Step("1 quote request", "1 × $18.00", "$18.00")]
    assert buyer.ladder(price, case(price, 1), counted) == []


def test_a_charge_across_a_border_says_what_each_unit_cost() -> None:
    across = case(SAMPLES, 3, before=49)

    assert buyer.sentence(SAMPLES, across, OCTOBER) == (
        "These were your 50th, 51st and 52nd samples of October."
        " The 50th still cost $2.40; from the 51st on a sample costs $2.10."
    )
    assert list(buyer.calculation(SAMPLES, across, OCTOBER)) == [
        Step("1 sample, the 50th", "1 × $2.40", "$2.40"),
        Step("2 samples, the 51st and 52nd", "2 × $2.10", "$4.20"),
    ]
    assert buyer.ladder(SAMPLES, across, OCTOBER) == [
        Range("1st to 50th", "$2.40", is_hit=True),
        Range("51st to 150th", "$2.10", is_hit=True),
        Range("from the 151st", "$1.80 + $25.00 once", is_hit=False),
    ]


@pytest.mark.parametrize(
    ("before", "quantity", "said"),
    [
        (3, 1, "This was your 4th sample of October: from the 1st to the 50th, a sample costs $2.40."),
        (
            119,
            4,
            "These were your 120th to 123rd samples of October: from the 51st to the 150th, a sample costs $2.10.",
        ),
        (209, 2, "These were your 210th and 211th samples of October: from the 151st on, a sample costs $1.80."),
    ],
)
def test_a_charge_within_a_range_says_its_place(before: int, quantity: int, said: str) -> None:
    assert buyer.sentence(SAMPLES, case(SAMPLES, quantity, before=before), OCTOBER) == said


def test_a_fee_that_is_due_once_is_part_of_the_calculation() -> None:
    [step] = buyer.calculation(SAMPLES, case(SAMPLES, 1, before=150), OCTOBER)

    assert step == Step("1 sample, the 151st", "1 × $1.80 + $25.00 once", "$26.80")


def test_a_price_by_the_months_total() -> None:
    counted = buyer.Counted("page view", "October", "USD")

    assert buyer.sentence(VIEWS, case(VIEWS, 1, total=334), counted) == (
        "You had 334 page views in October."
        " With more than 300 in a month, every page view of that month costs $0.03, the first ones too."
    )
    assert list(buyer.calculation(VIEWS, case(VIEWS, 1, total=334), counted)) == [
        Step("1 page view", "1 × $0.03", "$0.03")
    ]


def test_in_an_open_month_what_is_counted_is_said_to_be_as_of_today() -> None:
    is_open = buyer.Counted("sample", "October", "USD", is_open=True)
    alone = PerUnit(Micro(MICRO))

    assert buyer.sentence(SAMPLES, case(SAMPLES, 1), is_open).endswith(" This is as of today; the month's end decides.")
    assert buyer.sentence(alone, case(alone, 1), is_open) == "A sample costs $1.00."


def test_a_price_is_told_by_places_and_by_totals() -> None:
    views = buyer.Counted("view", "", "USD")

    assert buyer.price_in_words(SAMPLES, OCTOBER) == (
        "the 1st to the 50th sample of a month $2.40 each, the 51st to the 150th $2.10 each,"
        " from the 151st $1.80 each plus $25.00 once"
    )
    assert buyer.price_in_words(VIEWS, views) == (
        "by the month's total, for all of them: up to 100 $0.05 each, up to 300 $0.04 each, more than 300 $0.03 each"
    )


def test_units_that_are_not_whole_have_no_place() -> None:
    assert buyer.places(int(0.5 * MICRO), MICRO) == ""
    assert [buyer.ordinal(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 112, 1_001)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "1,001st"),
    ]
    assert [buyer.plural(unit) for unit in ("sample", "inquiry", "day", "search", "views")] == [
        *("samples", "inquiries", "days", "searches", "views"),
    ]
