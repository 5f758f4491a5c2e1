"""The content of an invoice."""

from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from billing_engine.core.calendar.wording import stretch_in_words
from invoices.domain.document.content import LabeledValue, Party, content_of
from invoices.domain.document.content_lines import ChargedLine, TierPart, UnchargedLine
from invoices.domain.document.payment_reference import in_groups, payment_reference
from invoices.domain.wording import clean
from leads.models import Customer
from tests.factories.leads import agree
from tests.factories.pricing import graduated
from tests.invoices.made import (
    IN_SEPTEMBER,
    OCTOBER,
    a_draft,
    a_price,
    an_open_period,
    approved,
    billed,
    issued,
    received,
)

pytestmark = pytest.mark.django_db

SELLER = {
    "name": "Atlas Samples",
    "address": "85 Wharf Street\nPortland, ME 04101",
    "tax_id": "94-1234567",
    "email": "billing@atlas.example",
    "pay_to": "First Harbor Bank\nAccount 0012 3456 78",
}


@pytest.fixture(autouse=True)
def _seller(settings: LazySettings) -> None:
    settings.SELLER = SELLER


def test_a_draft_says_what_it_will_say_and_that_it_is_a_draft() -> None:
    paper = content_of(
        a_draft(
            3,
            name="Nordic",
            legal_name="Nordic Surfaces GmbH",
            address="Speicherstadt 4\n\n20457 Hamburg",
            tax_id="DE129273398",
            purchase_order="PO-7",
            billing_contacts=["ap@nordic.example"],
            time_zone="Europe/Berlin",
            tax_rate=Decimal(19),
        )
    )

    assert (paper.mark, paper.number, paper.headline) == ("DRAFT", "", "$8.93 due")
    assert paper.subject == "1 action received: 1 charged, 0 included at zero, 0 not charged, none waiting"
    assert paper.seller == Party(
        "Atlas Samples", ("85 Wharf Street", "Portland, ME 04101"), "94-1234567", ("billing@atlas.example",)
    )
    assert paper.bill_to == Party(
        "Nordic Surfaces GmbH", ("Speicherstadt 4", "20457 Hamburg"), "DE129273398", ("ap@nordic.example",)
    )
    assert paper.details == (
        LabeledValue("Invoice number", "When issued"),
        LabeledValue("Issued", "When issued"),
        LabeledValue("Due", "30 days after issue"),
        LabeledValue("Period", "October 1 – 31, 2026"),
        LabeledValue("Time zone", "Europe/Berlin"),
        LabeledValue("Your PO", "PO-7"),
    )
    assert paper.subtotals == (LabeledValue("Before tax", "$7.50"), LabeledValue("Tax, 19% of $7.50", "$1.43"))
    assert paper.total == LabeledValue("Total due", "$8.93 USD")
    assert paper.payment == (
        "First Harbor Bank",
        "Account 0012 3456 78",
    )
    assert paper.reference == ""  # it comes with the number


def test_an_issued_invoice_has_its_number_its_day_and_its_due_day(frank: User) -> None:
    paper = content_of(issued(a_draft(3, payment_terms_days=45), frank))

    assert (paper.mark, paper.number, paper.made_on) == ("", "INV-2026-000001", "2026-11-03")
    assert paper.headline == "$7.50 due December 18, 2026"
    assert paper.details[:2] == (
        LabeledValue("Issued", "November 3, 2026"),
        LabeledValue("Due", "December 18, 2026, net 45"),
    )
    assert paper.total == LabeledValue("Due December 18, 2026", "$7.50 USD")
    assert paper.reference == in_groups(payment_reference("INV-2026-000001"))


def test_approved_is_not_issued(frank: User) -> None:
    assert content_of(approved(a_draft(), frank)).mark == "DRAFT"


def test_what_an_issued_invoice_says_of_the_parties_stays_as_it_was(frank: User, settings: LazySettings) -> None:
    invoice = issued(a_draft(3, name="Acme", address="Old Street 1", purchase_order="PO-1"), frank)
    before = content_of(invoice)

    Customer.objects.update(name="Acme Two", time_zone="Asia/Tokyo")
    agree(invoice.customer, address="New Street 2", purchase_order="PO-2", payment_terms_days=7)
    settings.SELLER = SELLER | {"name": "Another company", "pay_to": "Another bank"}

    assert content_of(invoice) == before


def test_a_line_says_how_many_of_what_at_which_price() -> None:
    period = an_open_period()
    a_price("1.2345")
    received(period, 3, "0.5", 1250)

    assert content_of(billed(period)).lines == (
        ChargedLine(1, "Oak veneer · Sample order", (), "1,253.5", "sample", "$1.2345", "$1,547.45", ()),
    )


def test_a_tiered_line_is_shown_tier_by_tier() -> None:
    period = an_open_period()
    graduated((2, "1.00", "0"), (None, "0.50", "0"))
    received(period, 1, 3)

    (line,) = content_of(billed(period)).lines

    assert (line.quantity, line.unit_price, line.amount) == ("4", "", "$3.00")
    assert line.tiers == (
        TierPart("units 1–2", "2", "$1.00", "$2.00"),
        TierPart("units 3 and above", "2", "$0.50", "$1.00"),
    )


def test_late_activity_names_its_month() -> None:
    period = an_open_period()
    a_price()
    received(period, 1)
    received(period, 2, at=IN_SEPTEMBER)

    on_time, late = content_of(billed(period)).lines

    assert (on_time.notes, on_time.amount) == ((), "$2.50")
    assert (late.notes, late.amount) == (("Late activity from September 2026",), "$5.00")


def test_what_a_budget_cut_is_shown() -> None:
    period = an_open_period(monthly_budget=Decimal(6), hard_budget=True)
    a_price()
    received(period, 3)

    (line,) = content_of(billed(period)).lines

    assert (line.amount, line.notes) == ("$6.00", ("Full price $7.50; not charged: $1.50 above the monthly budget",))


def test_the_difference_to_the_minimum_is_a_line_without_quantity() -> None:
    _, minimum = content_of(a_draft(2, monthly_minimum=Decimal(100))).lines

    assert minimum == ChargedLine(2, "Difference to the monthly minimum of $100.00", (), "", "", "", "$95.00", ())


def test_what_was_not_charged_stands_apart_with_its_reason() -> None:
    period = an_open_period()
    a_price()
    received(period, 1)
    received(period, 1, 1, is_test=True)
    received(period, 4, kind="quote_request", is_test=True)

    paper = content_of(billed(period))

    assert [line.amount for line in paper.lines] == ["$2.50"]
    assert paper.uncharged == (
        UnchargedLine(2, "Quote request", "Test lead", (), "1"),
        UnchargedLine(3, "Sample order", "Test lead", (), "2"),
    )
    assert paper.uncharged_total == LabeledValue("3 actions not charged", "$0.00")


def test_yen_have_no_cents_and_dinars_have_three_places() -> None:
    yen, dinars = content_of(a_draft(3, currency="JPY")), content_of(a_draft(3, currency="KWD"))

    assert (yen.lines[0].amount, yen.total.value) == ("¥8", "¥8 JPY")
    assert dinars.lines[0].amount.endswith("7.500")


def test_an_invoice_of_zero_asks_for_no_payment() -> None:
    period = an_open_period()
    received(period, 1, is_test=True)

    paper = content_of(billed(period))

    assert (paper.headline, paper.lines) == ("$0.00 due", ())
    assert paper.payment == ("No payment is due: this invoice is for your records.",)


def test_control_characters_are_left_out() -> None:
    assert clean("Acme\x07 \u202eInc\u2066.\n") == "Acme Inc."
    assert clean("Łódź · 株式会社 · שלום") == "Łódź · 株式会社 · שלום"


def test_a_period_is_named_by_its_own_days() -> None:
    zone = Customer(time_zone="Asia/Tokyo").zone
    span = OCTOBER.span(zone)

    assert stretch_in_words(span.start, span.end, zone) == "October 1 – 31, 2026"


@pytest.mark.parametrize("lines", [1, 3])
def test_content_takes_five_queries_for_any_number_of_lines(
    lines: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    period = an_open_period()
    a_price()
    for number in range(lines):
        received(period, 1, product=f"Product {number}")
    invoice = billed(period)

    with django_assert_num_queries(5):  # the fifth: a draft reads the windows of disputes
        assert len(content_of(invoice).lines) == lines
