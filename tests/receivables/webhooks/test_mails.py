"""Emails about events: to people who chose them and may see them, one for many events; and about endpoints that are off."""

from datetime import timedelta

import pytest

from receivables.domain.webhooks.deliveries import ENDPOINTS
from receivables.domain.webhooks.mails import EVENT_MAILS
from receivables.domain.webhooks.subscriptions import NotYourEvent, choose, kinds_of
from receivables.models import EventKind, EventMail, EventSubscription
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.post import PostOffice
from tests.receivables.webhooks.made import NOON, a_payment, an_endpoint, sweep
from tests.receivables.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

PAID = [EventKind.PAYMENT_RECEIVED]


def post_all() -> None:
    ENDPOINTS.tidy(at=NOON)
    for message in EVENT_MAILS.due(at=NOON):
        EVENT_MAILS.work(**message, at=NOON)


def outcomes() -> list[tuple[str, str]]:
    return list(EventMail.objects.order_by("pk").values_list("state", "reason"))


def test_many_events_of_a_kind_are_one_email_to_each_person_who_chose_them(post_office: PostOffice) -> None:
    ash, birch = CustomerFactory.create(name="Ash"), CustomerFactory.create(name="Birch")
    ann, ben = with_role("Finance"), with_role("Finance")
    for person in (ann, ben):
        person.email = f"{person.username}@lead.example"
        person.save()
    choose(PAID, by=ann, at=NOON)
    choose(PAID, by=ben, at=NOON, customer=birch)
    a_payment(ash, 7)
    a_payment(birch, 8)
    post_all()

    assert outcomes() == [("sent", "")] * 2
    subjects = {mail["To"]: mail["Subject"] for mail in post_office.arrived}
    assert subjects == {ann.email: "Payment received: 2", ben.email: "Payment received: Birch"}
    [to_ben] = [mail.get_content() for mail in post_office.arrived if mail["To"] == ben.email]
    assert "Birch  8 USD" in to_ben
    assert "Ash" not in to_ben


def test_rights_and_choices_are_read_when_the_email_is_sent(post_office: PostOffice) -> None:
    ann, ben, cleo = with_role("Finance"), with_role("Finance"), with_role("Finance")
    for person in (ann, ben, cleo):
        choose(PAID, by=person, at=NOON)
    a_payment(CustomerFactory.create())
    ENDPOINTS.tidy(at=NOON)
    ann.groups.clear()
    choose([], by=ben, at=NOON)
    post_all()

    assert sorted(outcomes()) == [
        ("dropped", "The person has no email address."),
        ("dropped", "The person may no longer see this."),
        ("dropped", "The person no longer wants these emails."),
    ]
    assert post_office.arrived == []


def test_a_person_chooses_only_what_the_person_may_see() -> None:
    nobody = UserFactory.create()

    assert kinds_of(nobody) == []
    with pytest.raises(NotYourEvent):
        choose(PAID, by=nobody, at=NOON)
    assert EventSubscription.objects.count() == 0


def test_an_endpoint_that_was_switched_off_is_told_once_to_its_maker(
    receiver: Receiver, post_office: PostOffice
) -> None:
    endpoint, _ = an_endpoint(receiver.url)
    maker = endpoint.created_by
    maker.email = "ann@lead.example"
    maker.save()
    receiver.statuses = [410]
    a_payment(CustomerFactory.create())
    sweep()
    sweep(NOON + timedelta(minutes=2))
    post_all()

    [mail] = post_office.arrived
    assert mail["Subject"] == "Webhook endpoint switched off: Books"
    assert "It answered 410 (gone): it wants no more deliveries." in mail.get_content()
