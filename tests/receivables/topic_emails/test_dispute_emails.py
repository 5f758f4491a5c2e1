"""The steps of a dispute reach the customer's people, once each, if they want to hear of them."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.contrib.auth.models import User

from leads.domain.memberships.addresses import portal_address
from leads.domain.memberships.emails import Reader, choose, reader_of
from leads.models import Customer, EmailTopic, MemberRole
from receivables.domain.disputes.conversation import ask_for_evidence, ask_for_second_look
from receivables.domain.disputes.deciding import accept_in_part, reject
from receivables.domain.disputes.telling import tell_of
from receivables.domain.papers.doubt import count_as_sent
from receivables.domain.topic_emails.sending import TOPIC_EMAILS
from receivables.models import Dispute, DisputeStep, TopicEmail
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued
from tests.invoices.post import PostOffice
from tests.portal.made import a_person
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute, charges_of, of_charges
from tests.receivables.topic_emails.conftest import SITE

pytestmark = pytest.mark.django_db

BOOKS, IMO = "books@ash.example", "imo@northlight.example"


@pytest.fixture
def dispute() -> Dispute:
    """Three charges of an issued invoice, disputed by a contact without a log-in."""
    invoice = issued(a_draft(1, 2, 3, name="Ash", billing_contacts=[BOOKS]), with_role("Finance"))
    a_person(invoice.customer, role=MemberRole.VIEWER, email="viewer@ash.example")
    return a_dispute(of_charges(invoice.period))


def send(at: object = NOVEMBER_10) -> None:
    for message in TOPIC_EMAILS.due(at=at):  # type: ignore[arg-type]  # an instant
        TOPIC_EMAILS.work(**message, at=at)  # type: ignore[arg-type]  # likewise


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_contacts_and_who_opened_it_are_told_and_a_viewer_is_not(dispute: Dispute, post_office: PostOffice) -> None:
    send()

    assert sorted(post_office.recipients) == [[BOOKS], [IMO]]
    first = next(mail for mail in post_office.arrived if mail["To"] == BOOKS)
    address = portal_address(dispute.customer, "dispute", dispute)
    assert first["Subject"] == f"Dispute {dispute} received: {dispute.total_in_words}"
    assert text(first).partition("\n-- ")[0] == (
        f"We received your dispute of 3 charges of invoice {dispute.invoice}, and decide it by November 24, 2026. Until then"
        f" you need not pay it, and we don’t remind you of it.\n\nReason: {dispute.reason}\n"
        f"Disputed: {dispute.total_in_words}\nWe decide by: November 24, 2026\n\nSee the dispute:\n{address}\n"
    )
    html = first.get_body(("html",))
    assert html is not None
    assert f'href="{address}"' in html.get_content()
    assert list(TopicEmail.objects.values_list("state", "email", "paper").order_by("pk")) == [
        ("sent", BOOKS, None),
        ("sent", IMO, None),
    ]


def test_each_email_can_be_stopped_with_one_click_by_its_reader_alone(
    dispute: Dispute, post_office: PostOffice
) -> None:
    send()

    [to_books] = [mail for mail in post_office.arrived if mail["To"] == BOOKS]
    address = to_books["List-Unsubscribe"].strip().strip("<>")
    assert address.startswith(f"{SITE}/portal/emails/stop/?token=")
    assert to_books["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert reader_of(address.partition("token=")[2].replace("%3A", ":")) == Reader(
        dispute.customer, BOOKS, EmailTopic.DISPUTES
    )
    assert f"Stop these emails: {address}" in text(to_books)


def test_a_step_is_told_once_however_often_it_is_requested(dispute: Dispute, post_office: PostOffice) -> None:
    step = DisputeStep.objects.get()
    for _ in range(2):
        tell_of(step)
        send()

    assert sorted(post_office.recipients) == [[BOOKS], [IMO]]


@pytest.mark.parametrize("when", ["before the step", "before it leaves"])
def test_who_switched_it_off_is_not_told(dispute: Dispute, post_office: PostOffice, when: str) -> None:
    books = Reader(dispute.customer, BOOKS, EmailTopic.DISPUTES)
    TopicEmail.objects.all().delete()
    if when == "before the step":
        choose(books, is_wanted=False, by=dispute.customer, at=NOVEMBER_10)
    tell_of(DisputeStep.objects.get())
    if when == "before it leaves":
        choose(books, is_wanted=False, by=dispute.customer, at=NOVEMBER_10)
    send()

    assert post_office.recipients == [[IMO]]
    left = TopicEmail.objects.exclude(email=IMO).values_list("state", "reason")
    assert list(left) == (
        []
        if when == "before the step"
        else [("dropped", "The person switched these emails off, or no longer belongs to the customer.")]
    )


def test_what_was_to_come_is_not_said_after_the_decision(dispute: Dispute, post_office: PostOffice) -> None:
    frank = with_role("Finance")
    reject(dispute, words="Both addresses work.", by=frank, at=NOVEMBER_10)
    send()

    assert [mail["Subject"] for mail in post_office.arrived] == [f"Dispute {dispute} not accepted"] * 2
    assert set(TopicEmail.objects.values_list("state", "reason")) == {
        ("sent", ""),
        ("dropped", "It was settled before."),
    }


def test_each_kind_of_step_has_its_own_words(dispute: Dispute, post_office: PostOffice, frank: User) -> None:
    def told(step: str) -> str:
        send()
        mail = post_office.arrived[-1]
        return f"{step}: {mail['Subject']}\n{text(mail).partition(chr(10) + '-- ')[0]}"

    told("opened")
    ask_for_evidence(dispute, words="Which addresses bounced?\n\nPlease send the reports.", by=frank, at=NOVEMBER_10)
    asked = told("asked")
    assert (
        f"asked: Dispute {dispute}: we need more from you\nWhich addresses bounced?\n\nPlease send the reports."
        in asked
    )
    assert "\n\nAnswer:\nhttps://billing.example.com/portal/" in asked

    reject(dispute, words="They work.", by=frank, at=NOVEMBER_10)
    rejected = told("rejected")
    assert f"They work.\n\nReason: {dispute.reason}\nNot accepted, stays: {dispute.total_in_words}\nDue: " in rejected
    assert "You can ask once for another person to look at it again." in rejected

    ask_for_second_look(dispute, words="Look again.", by=CONTACT, at=NOVEMBER_10)
    assert f"second: Dispute {dispute}: another person looks at it again\n" in told("second")

    first, *_ = charges_of(dispute.period)
    accept_in_part(dispute, accepted=[first], words="One did not exist.", by=with_role("Finance"), at=NOVEMBER_10)
    decided = told("decided")
    assert f"decided: Dispute {dispute} decided: 1 of 3 charges accepted\nOne did not exist.\n" in decided
    assert "Accepted: $2.50\nNot accepted, stays: $12.50\n" in decided


def test_one_of_unknown_outcome_waits_for_a_person(dispute: Dispute, post_office: PostOffice, frank: User) -> None:
    post_office.dies_after = True
    send()
    assert set(TopicEmail.objects.values_list("state", flat=True)) == {"perhaps"}
    post_office.dies_after = False
    arrived = len(post_office.arrived)
    send(NOVEMBER_10 + timedelta(days=1))
    assert len(post_office.arrived) == arrived  # never again by itself

    mail = TopicEmail.objects.order_by("pk")[0]
    count_as_sent(mail, by=frank)
    mail.refresh_from_db()
    assert (mail.state, mail.decided_by) == ("sent", frank)


def test_who_left_the_customer_is_not_told(dispute: Dispute, post_office: PostOffice) -> None:
    TopicEmail.objects.all().delete()
    late = a_person(dispute.customer, role=MemberRole.BILLING, email="late@ash.example")
    tell_of(DisputeStep.objects.get())
    Customer.objects.get(pk=dispute.customer_id).memberships.filter(person=late.pk).delete()
    send()

    assert sorted(post_office.recipients) == [[BOOKS], [IMO]]
    assert TopicEmail.objects.get(email="late@ash.example").state == "dropped"
