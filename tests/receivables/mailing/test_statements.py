"""Statements by email: by hand, in bulk with a dry run, and each month; each continues the one before, and goes out once."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing_engine.core.calendar.spans import Month
from billing_engine.core.models import Deed
from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.papers.doubt import count_as_sent
from receivables.domain.statements.monthly import MONTHLY, set_monthly
from receivables.domain.statements.plan import NO_CONTACT, QUIET, plan
from receivables.domain.statements.requesting import (
    NoSuchAccount,
    StatementDays,
    next_days,
    request_month,
    send_statement,
)
from receivables.domain.statements.sending import STATEMENTS
from receivables.models import LedgerDocument, Paper, StatementMail
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.made import a_document
from tests.receivables.mailing.made import invoiced
from tests.receivables.mailing.test_reminder_letter import pdf_in, text_of

pytestmark = pytest.mark.django_db

Kind = LedgerDocument.Kind
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_1 = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def a_customer(code: str = "ASH", **more: object) -> Customer:
    contacts = {"billing_contacts": [f"books@{code.lower()}.example"]}
    return CustomerFactory.create(code=code, name=code.title(), **contacts | more)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def paid(customer: Customer, amount: int, on: date) -> LedgerDocument:
    return a_document(customer, Kind.PAYMENT, amount, on=on, at=noon(on))


def send(at: datetime) -> None:
    for message in STATEMENTS.due(at=at):
        STATEMENTS.work(**message, at=at)


def begin(at: datetime) -> None:
    for message in MONTHLY.due(at=at):
        MONTHLY.work(**message, at=at)


def states() -> list[tuple[str, str, str]]:
    rows = StatementMail.objects.order_by("pk").values_list("customer__code", "month", "state")
    return [(code, f"{month:%Y-%m}" if month else "by hand", state) for code, month, state in rows]


def planned(month: Month = NOVEMBER, **asked: bool) -> list[tuple[str, int, str]]:
    found = plan(month, at=DECEMBER_1, **asked)  # type: ignore[arg-type]  # one flag
    return [(each.customer.code, int(each.closing), each.why_not) for each in found]


def test_a_statement_of_a_month_goes_out_with_its_pdf_which_is_stored(post_office: PostOffice) -> None:
    ash = a_customer()
    invoiced(ash, 100, on=date(2026, 10, 5))
    paid(ash, 30, date(2026, 11, 4))
    request_month(NOVEMBER, by=with_role("Finance"), at=DECEMBER_1)
    send(DECEMBER_1)

    [mail] = post_office.arrived
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["Subject"] == "Statement of account, November 2026: $70.00 open"
    assert body.get_content().replace("\r\n", "\n") == (
        "Hello Ash,\n\nyour statement of account for November 2026 is attached.\n\nOpening balance: $100.00\nCharged: $0.00\n"
        "Paid or credited: $30.00\nClosing balance: $70.00\n\n$100.00 overdue, $30.00 credit not used.\n\n"
        "Is something missing or wrong? Reply to this email.\n\nLead Billing Engine\n\n-- \n"
        "You get this because “Monthly statements” is on in your email settings for Ash.\nLead Billing Engine\n"
    )
    paper, row = Paper.objects.get(), StatementMail.objects.get()
    assert (pdf_in(mail), row.paper, row.opening, row.closing) == (bytes(paper.content or b""), paper, 100, 70)
    assert "Closing balance" in text_of(pdf_in(mail))


def test_who_gets_one_with_what_balance_and_who_is_left_out_and_why() -> None:
    invoiced(a_customer("ASH"), 100, on=date(2026, 10, 5))
    invoiced(a_customer("BIRCH", billing_contacts=[]), 20, on=date(2026, 11, 5))
    quiet, late = a_customer("CEDAR"), a_customer("DOGWOOD")
    settled = invoiced(quiet, 5, on=date(2026, 10, 5))
    payment = paid(quiet, 5, date(2026, 10, 6))
    match([Match(payment, settled, payment.amount)], on=payment.posted_on, at=payment.recorded_at)
    invoiced(late, 7, on=date(2026, 12, 1))
    a_customer("ELM")

    assert planned() == [("ASH", 100, ""), ("BIRCH", 20, NO_CONTACT), ("CEDAR", 0, QUIET)]
    assert planned(also_quiet=True)[2] == ("CEDAR", 0, "")
    request_month(NOVEMBER, by=None, at=DECEMBER_1)
    assert states() == [("ASH", "2026-11", "waiting")]
    assert planned()[0] == ("ASH", 100, "Requested on December 1, 2026: waiting.")
    assert request_month(NOVEMBER, by=None, at=DECEMBER_1) == 0


def test_a_month_is_over_by_the_customers_clock() -> None:
    for code, zone in (("ASH", "Pacific/Auckland"), ("BIRCH", "America/Los_Angeles")):
        invoiced(a_customer(code, time_zone=zone), 10, on=date(2026, 11, 5))
    at = datetime(2026, 12, 1, 1, tzinfo=UTC)

    assert [(each.customer.code, each.why_not) for each in plan(NOVEMBER, at=at)] == [
        ("ASH", ""),
        ("BIRCH", "The month is not over in the customer’s time zone."),
    ]


def test_each_month_a_customer_that_wants_it_gets_one_and_one_without_movement_gets_none(
    post_office: PostOffice,
) -> None:
    by = with_role("Finance")
    ash, birch, cedar = a_customer("ASH"), a_customer("BIRCH"), a_customer("CEDAR")
    for customer in (ash, birch):
        invoiced(customer, 10, on=date(2026, 10, 20))
    for customer in (ash, cedar):
        set_monthly(customer, is_monthly=True, by=by, at=noon(date(2026, 11, 10)))
    begin(noon(date(2026, 11, 11)))
    begin(datetime(2026, 12, 1, 5, tzinfo=UTC))
    assert states() == []

    begin(DECEMBER_1)
    begin(DECEMBER_1)
    send(DECEMBER_1)
    assert states() == [("ASH", "2026-11", "sent")]
    begin(noon(date(2027, 1, 1)))
    assert states() == [("ASH", "2026-11", "sent"), ("ASH", "2026-12", "waiting")]
    set_monthly(ash, is_monthly=False, by=by, at=noon(date(2027, 1, 2)))
    begin(noon(date(2027, 2, 1)))
    assert len(states()) == 2
    assert Deed.objects.filter(verb="statement_schedule_set").count() == 3


def test_the_first_statement_after_a_gap_begins_where_the_last_one_ended(post_office: PostOffice) -> None:
    ash = a_customer()
    invoice = invoiced(ash, 100, on=date(2026, 9, 5))
    request_month(Month(2026, 9), by=None, at=noon(date(2026, 10, 1)))
    send(noon(date(2026, 10, 1)))
    payment = paid(ash, 100, date(2026, 10, 6))
    match([Match(payment, invoice, payment.amount)], on=payment.posted_on, at=payment.recorded_at)

    request_month(NOVEMBER, by=None, at=DECEMBER_1)
    send(DECEMBER_1)
    rows = StatementMail.objects.order_by("pk").values_list("first", "last", "opening", "closing")
    assert list(rows) == [
        (date(2026, 9, 1), date(2026, 9, 30), 0, 100),
        (date(2026, 10, 1), date(2026, 11, 30), 100, 0),
    ]
    assert planned(Month(2026, 12))[0][2] == "The month is not over in the customer’s time zone."
    december = plan(Month(2026, 12), at=noon(date(2027, 1, 1)))
    assert [each.why_not for each in december] == [QUIET]


WEEKS = st.lists(st.lists(st.tuples(st.integers(-20, 0), st.integers(-9, 9)), max_size=4), min_size=4, max_size=4)


class AnyLedger(TestCase):
    @settings(max_examples=20)
    @given(WEEKS)
    def test_each_opens_with_the_closing_balance_of_the_last_one_however_late_documents_are_recorded(
        self, weeks: list[list[tuple[int, int]]]
    ) -> None:
        ash, by = a_customer(), with_role("Finance")
        invoiced(ash, 50, on=date(2026, 10, 1))
        owed, closing = 50, 0
        for week, documents in enumerate(weeks):
            last = date(2026, 10, 7) + DAY * 7 * week
            for day, amount in documents:
                kind = Kind.REFUND if amount > 0 else Kind.PAYMENT
                a_document(ash, kind, abs(amount) or 1, on=last + DAY * day, at=noon(last))
                owed += amount or -1
            mail = send_statement(
                ash, account=("USD", 0), first=last - DAY * 6, last=last, to=["a@b.example"], by=by, at=noon(last)
            )
            written = STATEMENTS.written(mail, at=noon(last))
            assert written is not None
            STATEMENTS.kept(mail, written)
            mail.state, mail.settled_at, mail.next_attempt_at, mail.reason = "written", noon(last), None, "Recorded."
            mail.save()
            assert mail.closing == owed
            assert mail.opening == closing or not week
            closing = owed


def test_what_is_recorded_late_for_earlier_days_is_on_the_next_statement(post_office: PostOffice) -> None:
    ash = a_customer()
    invoiced(ash, 100, on=date(2026, 11, 5))
    request_month(NOVEMBER, by=None, at=DECEMBER_1)
    send(DECEMBER_1)
    a_document(ash, Kind.PAYMENT, 40, on=date(2026, 11, 30), at=noon(date(2026, 12, 2)))
    at = noon(date(2027, 1, 1))
    request_month(Month(2026, 12), by=None, at=at)
    send(at)

    rows = StatementMail.objects.order_by("pk").values_list("opening", "closing")
    assert list(rows) == [(0, 100), (100, 60)]


def test_a_statement_by_hand_is_of_days_up_to_today_and_goes_out_even_if_nothing_moved(
    post_office: PostOffice,
) -> None:
    ash, by = a_customer(), with_role("Finance")
    invoiced(ash, 100, on=date(2026, 11, 5))
    first, last = next_days(ash, ("USD", 0), at=DECEMBER_1)
    asked = {"customer": ash, "account": ("USD", 0), "to": ["cfo@ash.example"], "by": by, "at": DECEMBER_1}
    for days, refusal in (
        ({"first": first, "last": last + DAY}, StatementDays),
        ({"first": last, "last": first}, StatementDays),
        ({"first": first - DAY * 900, "last": last}, StatementDays),
        ({"first": first, "last": last, "account": ("EUR", 0)}, NoSuchAccount),
    ):
        with pytest.raises(refusal):
            send_statement(**asked | days)  # type: ignore[arg-type]  # what is asked for
    assert StatementMail.objects.count() == 0

    mail = send_statement(**asked, first=first, last=last)  # type: ignore[arg-type]  # as above
    again = send_statement(**asked, first=first, last=last, request=mail.request)  # type: ignore[arg-type]  # as above
    assert again == mail
    send(DECEMBER_1)
    assert (states(), post_office.recipients) == ([("ASH", "by hand", "sent")], [["cfo@ash.example"]])
    assert next_days(ash, ("USD", 0), at=DECEMBER_1 + DAY * 9) == (date(2026, 12, 2), date(2026, 12, 10))


def test_an_account_has_one_statement_a_month() -> None:
    ash = a_customer()
    invoiced(ash, 100, on=date(2026, 11, 5))
    request_month(NOVEMBER, by=None, at=DECEMBER_1)
    mail = StatementMail.objects.get()
    mail.pk, mail.request = None, uuid4()
    mail._state.adding = True
    with pytest.raises(IntegrityError, match="an_account_has_one_statement_a_month"), transaction.atomic():
        mail.save(force_insert=True)


def test_one_whose_end_is_unknown_is_perhaps_sent_and_a_person_decides(post_office: PostOffice) -> None:
    invoiced(a_customer(), 100, on=date(2026, 11, 5))
    request_month(NOVEMBER, by=None, at=DECEMBER_1)
    post_office.dies_after = True
    send(DECEMBER_1)
    send(DECEMBER_1 + DAY)

    assert (states(), len(post_office.arrived)) == ([("ASH", "2026-11", "perhaps")], 1)
    count_as_sent(StatementMail.objects.get(), by=with_role("Finance"))
    assert states() == [("ASH", "2026-11", "sent")]
