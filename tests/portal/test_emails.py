"""What people of a customer hear by email: their own choice, and links that stop them without a log-in."""

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.timezone import now

from billing_engine.core.models import Deed
from leads.domain.memberships.emails import Reader, choose, readers_of, stop_address, stop_headers
from leads.models import Customer, EmailChoice, EmailTopic, MemberRole
from tests.factories.leads import CustomerFactory
from tests.portal.made import a_person, home, logged_in

pytestmark = pytest.mark.django_db

SITE = "https://billing.example.com"
BOOKS, IMO = "books@northlight.example", "imo@northlight.example"
DISPUTES, BUDGET, STATEMENTS = EmailTopic.DISPUTES, EmailTopic.BUDGET, EmailTopic.STATEMENTS
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def _site(settings: LazySettings) -> None:
    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "site": SITE}


@pytest.fixture
def northlight(db: None) -> Customer:
    return CustomerFactory.create(name="Northlight Carpet Mills", billing_contacts=[BOOKS])


def stop(customer: Customer, email: str = BOOKS, topic: EmailTopic = DISPUTES) -> str:
    """The path of the link in an email."""
    return stop_address(Reader(customer, email, topic)).removeprefix(SITE)


def choices() -> list[tuple[str, str, bool]]:
    return list(EmailChoice.objects.values_list("email", "topic", "is_wanted").order_by("pk"))


@pytest.mark.parametrize(
    ("role", "told"),
    [
        (MemberRole.VIEWER, {DISPUTES: [BOOKS], BUDGET: [BOOKS], STATEMENTS: [BOOKS]}),
        (MemberRole.BILLING, {DISPUTES: [BOOKS, IMO], BUDGET: [BOOKS, IMO], STATEMENTS: [BOOKS]}),
    ],
)
def test_the_role_decides_until_a_person_chooses(
    northlight: Customer, role: MemberRole, told: dict[EmailTopic, list[str]]
) -> None:
    a_person(northlight, role=role)
    assert {topic: readers_of(northlight, topic) for topic in EmailTopic} == told

    for topic in EmailTopic:
        choose(Reader(northlight, IMO, topic), is_wanted=True, by=northlight, at=now())
        choose(Reader(northlight, BOOKS.upper(), topic), is_wanted=False, by=northlight, at=now())
    assert {topic: readers_of(northlight, topic) for topic in EmailTopic} == {topic: [IMO] for topic in EmailTopic}


def test_each_person_chooses_for_themselves_in_the_settings(northlight: Customer) -> None:
    imo = a_person(northlight, role=MemberRole.BILLING)
    browser, address = logged_in(imo), f"{home(northlight)}settings/emails/"
    page = browser.get(address).content.decode()
    assert [f'name="{topic}"' in page for topic in EmailTopic] == [True] * 3
    assert page.count("checked") == 2  # disputes and budget, but not the statements of the billing contacts
    assert "Invoices, credit notes and payment reminders can’t be switched off." in page
    assert BOOKS in page

    assert browser.post(address, {"statements": "on", "disputes": "on"})["Location"] == address
    assert choices() == [(IMO, "budget", False), (IMO, "statements", True)]
    deeds = Deed.objects.filter(verb="email_choice_changed").order_by("pk")
    assert [(deed.person, deed.after) for deed in deeds] == [
        (imo, {"email": IMO, "Budget alerts": "off"}),
        (imo, {"email": IMO, "Monthly statements": "on"}),
    ]
    assert browser.post(address, {"statements": "on", "disputes": "on"}).status_code == 302
    assert Deed.objects.filter(verb="email_choice_changed").count() == 2  # the same again changes nothing


def test_looking_at_the_link_changes_nothing_and_one_click_stops_it(northlight: Customer) -> None:
    for _ in range(3):  # mail scanners
        assert "Stop emails about disputes?" in Client().get(stop(northlight)).content.decode()
    assert choices() == []

    answer = Client(enforce_csrf_checks=True).post(stop(northlight), ONE_CLICK)
    assert (answer.status_code, choices()) == (200, [(BOOKS, "disputes", False)])
    assert "Emails about disputes are off" in answer.content.decode()
    assert (readers_of(northlight, DISPUTES), readers_of(northlight, BUDGET)) == ([], [BOOKS])

    assert Client().post(stop(northlight), {"again": ""}).status_code == 200
    assert readers_of(northlight, DISPUTES) == [BOOKS]


def test_the_headers_are_those_of_rfc_8058_and_only_by_https(northlight: Customer, settings: LazySettings) -> None:
    reader = Reader(northlight, BOOKS, DISPUTES)
    assert stop_headers(reader) == {
        "List-Unsubscribe": f"<{SITE}{stop(northlight)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "site": "http://billing.example.com"}
    assert stop_headers(reader) == {}


@pytest.mark.parametrize("changed", ["", "x", "cut", "another"], ids=["none", "nonsense", "cut", "another customer"])
def test_a_link_that_was_changed_stops_nothing(northlight: Customer, changed: str) -> None:
    token = stop(northlight).partition("token=")[2]
    body, _, signed = token.rpartition("%3A")
    given = {"cut": token[:-3], "another": f"{stop(CustomerFactory.create(), topic=BUDGET)[26:60]}%3A{signed}"}
    answer = Client().post(f"/portal/emails/stop/?token={given.get(changed, changed)}", ONE_CLICK)

    assert body
    assert (answer.status_code, choices()) == (404, [])
    assert "This link is incomplete" in answer.content.decode()
