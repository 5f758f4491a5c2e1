"""Statements: they continue each other, agree with ageing, and say the same as a page and as a PDF."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis.extra.django import TestCase
from pypdf import PdfReader

from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.ledger.open_items import Basis, Question, Scope
from receivables.domain.statements.content import content_of
from receivables.domain.statements.statement import statement
from receivables.models import LedgerDocument
from receivables.queries.ageing import ageing
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.receivables.ageing.random_ledger import DAYS, EVENTS, FIRST, Event, build
from tests.receivables.made import a_document

Kind = LedgerDocument.Kind
D = date(2026, 11, 24)
DAY = timedelta(days=1)


class AnyLedger(TestCase):
    @settings(max_examples=20)
    @given(EVENTS)
    def test_a_statement_opens_with_the_last_ones_closing_and_ends_with_the_ageing(self, events: list[Event]):
        built = build(events)
        for customer in built.customers:
            for question in Question:
                _continues(customer, question)


def _continues(customer: Customer, question: Question) -> None:
    half = FIRST + DAY * (DAYS // 2)
    earlier = statement(customer, first=FIRST - DAY * 3, last=half, question=question)
    later = statement(customer, first=half + DAY, last=FIRST + DAY * DAYS, question=question)

    assert later.opening == earlier.closing
    for found in (earlier, later):
        sums = ageing(Basis(found.basis.day, question), Scope([customer.pk])).total.sums
        opened = sum((each.item.left for each in found.open_debits), Decimal(0))
        assert (found.closing, found.overdue, found.unapplied, opened) == (
            *(sums.balance, sums.overdue, sums.unapplied),
            sums.outstanding,
        )
        assert [each.balance for each in found.movements][-1:] in ([], [found.closing])
        assert all(each.credited + each.paid + each.item.left == each.item.amount for each in found.open_debits)


@pytest.fixture
def northlight(db: None) -> Customer:
    """What the sketch of a statement shows, without its invoices: debits are refunds here."""
    customer = CustomerFactory.create(
        name="Northlight", code="NORTHLIGHT", address="90 Loom Street\nDalton, GA 30720", time_zone="America/Chicago"
    )
    a_document(customer, Kind.REFUND, "1187.70", on=date(2026, 10, 2), due=date(2026, 11, 1), reference="398")
    payment = a_document(customer, Kind.PAYMENT, "900", on=date(2026, 10, 30), reference="ACH 1001")
    note = a_document(customer, Kind.CREDIT_NOTE, "18.19", on=date(2026, 10, 20), reference="CN-9")
    newer = a_document(customer, Kind.REFUND, "1360.53", on=date(2026, 11, 3), due=date(2026, 12, 3), reference="441")
    older = LedgerDocument.objects.get(reference="398")
    for credit, debit in ((payment, older), (note, newer)):
        match([Match(credit, debit, credit.amount)], on=credit.posted_on, at=credit.recorded_at)
    return customer


def test_a_statement_says_what_came_and_went_what_is_open_and_how_old_it_is(northlight: Customer):
    content = content_of(statement(northlight, first=date(2026, 10, 15), last=D))

    assert content.headline == "$1,630.04 open"
    assert content.summary == "$287.70 overdue, $1,342.34 due from December 3, 2026"
    assert [(line.document, line.note, line.charged, line.credited, line.balance) for line in content.movements] == [
        ("Credit note CN-9", "for 441", "", "$18.19", "$1,169.51"),
        ("Payment ACH 1001", "for 398", "", "$900.00", "$269.51"),
        ("Refund 441", "due Dec 3, 2026", "$1,360.53", "", "$1,630.04"),
    ]
    assert (content.opening.balance, content.closing.charged, content.closing.credited, content.closing.balance) == (
        *("$1,187.70", "$1,360.53", "$918.19"),
        "$1,630.04",
    )
    assert [(line.document, line.due, line.credited, line.paid, line.open) for line in content.open_lines] == [
        ("Refund 398", "Nov 1, 2026, 23 days ago", "–", "$900.00", "$287.70"),
        ("Refund 441", "Dec 3, 2026, in 9 days", "$18.19", "–", "$1,342.34"),
    ]
    assert [amount for _, amount in content.ages] == [
        *("$1,342.34", "$287.70", "$0.00", "$0.00", "$0.00", "$0.00"),
        "$1,630.04",
    ]


def test_a_match_of_a_later_day_is_not_on_the_statement_of_an_earlier_one(northlight: Customer):
    content = content_of(statement(northlight, first=date(2026, 10, 1), last=date(2026, 10, 25)))

    assert [(line.document, line.note) for line in content.movements] == [
        ("Refund 398", "due Nov 1, 2026"),
        ("Credit note CN-9", ""),
    ]
    assert content.summary == "$1,187.70 due from November 1, 2026, $18.19 credit not used"


def test_credit_beyond_what_is_owed_is_in_the_customers_favor(db: None):
    customer = CustomerFactory.create()
    a_document(customer, Kind.PAYMENT, 5, on=D)

    assert content_of(statement(customer, first=D, last=D)).headline == "$5.00 in your favor"


def test_the_page_and_the_pdf_say_the_same(client: Client, northlight: Customer):
    client.force_login(with_role("Finance"))
    asked = {"customer": northlight.pk, "first": "2026-10-15", "as_of": str(D)}

    html = client.get("/admin/receivables/statement/", asked).content.decode()
    pdf = client.get("/admin/receivables/statement/pdf/", asked)

    page = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
    paper = " ".join(each.extract_text() for each in PdfReader(io.BytesIO(pdf.content)).pages)
    content = content_of(statement(northlight, first=date(2026, 10, 15), last=D))
    for line in (content.opening, *content.movements, content.closing):
        assert line.balance in page
        assert line.balance in paper
    for words in (content.headline, content.summary, content.ages_title, "Northlight"):
        assert words in page
        assert words in re.sub(r"\s+", " ", paper)
    assert pdf.headers["Content-Disposition"] == f'attachment; filename="statement-NORTHLIGHT-{D}.pdf"'


@pytest.mark.parametrize(
    ("first", "said"), [("2026-11-25", "Choose a day up to November 24, 2026."), ("2020-01-01", "Choose a day from ")]
)
def test_days_in_the_wrong_order_or_years_of_them_are_refused(
    client: Client, northlight: Customer, first: str, said: str
):
    client.force_login(with_role("Finance"))
    asked = {"customer": northlight.pk, "first": first, "as_of": str(D)}

    assert said in client.get("/admin/receivables/statement/", asked).content.decode()
    refused = client.get("/admin/receivables/statement/pdf/", asked)
    assert (refused.status_code, said in refused.content.decode()) == (400, True)
