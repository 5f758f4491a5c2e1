"""Alerts by email, at a real mail server: once, to whom it may concern at that moment, and not tried forever."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User

from invoices.domain.mail.notice import MOST_ATTEMPTS, PAUSE
from leads.models import QuarantinedItem
from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.mail import ALERT_MAILS
from reports.domain.alerts.subscriptions import choose_kinds
from reports.models import Alert, AlertMail
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.invoices.post import PostOffice

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)
AT = RECEIVED + timedelta(days=8)


@pytest.fixture
def mail(mara: User) -> AlertMail:
    """An email about a source with an item waiting in quarantine."""
    delivery = DeliveryFactory.create(source=SourceFactory.create(name="Website"), received_at=RECEIVED)
    QuarantinedItemFactory.create(delivery=delivery, received_at=RECEIVED)
    choose_kinds({"quarantine": "email"}, by=mara, at=RECEIVED)
    evaluate(at=AT)
    found: AlertMail = AlertMail.objects.get()
    return found


def send(mail: AlertMail, *, at: datetime = AT) -> tuple[str, str]:
    """What the worker does; the state and the reason afterward."""
    mail.refresh_from_db()
    ALERT_MAILS.work(mail.pk, attempt=mail.attempts, at=at)
    mail.refresh_from_db()
    return mail.state, mail.reason


def test_an_alert_arrives_with_its_reason_and_its_page(mail: AlertMail, post_office: PostOffice) -> None:
    assert send(mail) == ("sent", "")

    (arrived,) = post_office.arrived
    alert = Alert.objects.get()
    assert post_office.recipients == [["mara@engine.example"]]
    assert arrived["Subject"] == "Website: 1 item in quarantine for more than 7 days"
    assert arrived.get_content().replace("\r\n", "\n") == (
        "Website: 1 item in quarantine for more than 7 days\n"
        "The oldest was received October 15, 2026, 12:00 UTC. Fix and retry, or discard with a reason.\n"
        f"/admin/reports/alert/{alert.pk}/change/\n"
        "\n"
        "You get this email because you chose “Long in quarantine” under Alerts in the Lead Billing Engine:"
        " /admin/reports/alerts/settings/\n"
    )


def test_a_message_that_comes_twice_or_late_sends_nothing_again(mail: AlertMail, post_office: PostOffice) -> None:
    for _ in range(3):
        ALERT_MAILS.work(mail.pk, attempt=0, at=AT)

    assert len(post_office.arrived) == 1
    assert ALERT_MAILS.sweep(at=AT + timedelta(days=1)) == 0


def test_a_lost_message_is_found_by_the_sweep(mail: AlertMail) -> None:
    assert ALERT_MAILS.due(at=AT) == [{"item_id": mail.pk, "attempt": 0}]


def test_a_worker_that_ends_while_sending_is_followed_by_another_with_the_same_message_id(
    mail: AlertMail, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ALERT_MAILS, "settle", _end_the_worker)
    with pytest.raises(SystemExit):
        send(mail)
    monkeypatch.undo()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.next_attempt_at) == ("waiting", 1, AT + ALERT_MAILS.lease)

    assert send(mail, at=AT + ALERT_MAILS.lease) == ("sent", "")

    first, second = post_office.arrived
    assert first["Message-ID"] == second["Message-ID"]


def _end_the_worker(*_: object, **__: object) -> None:
    raise SystemExit


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("role taken", "The person may no longer see this."),
        ("inactive", "The person may no longer see this."),
        ("no staff", "The person may no longer see this."),
        ("not chosen", "The person no longer wants these emails."),
        ("only here", "The person no longer wants these emails."),
        ("no address", "The person has no email address."),
        ("resolved", "The alerts were resolved before."),
    ],
)
def test_nothing_is_sent_to_who_may_not_see_it_or_does_not_want_it_when_it_is_sent(
    mail: AlertMail, mara: User, post_office: PostOffice, change: str, reason: str
) -> None:
    if change == "role taken":
        mara.groups.remove(Group.objects.get(name="Operations"))
    elif change in ("not chosen", "only here"):
        choose_kinds({"quarantine": "off" if change == "not chosen" else "page"}, by=mara, at=AT)
    elif change == "resolved":
        QuarantinedItem.objects.update(state="discarded", settled_at=AT, settled_note="spam")
        evaluate(at=AT)
    else:
        values = {"inactive": {"is_active": False}, "no staff": {"is_staff": False}, "no address": {"email": ""}}
        User.objects.filter(pk=mara.pk).update(**values[change])

    assert send(mail) == ("dropped", reason)
    assert post_office.arrived == []


def test_a_refusal_for_good_is_not_tried_again(mail: AlertMail, post_office: PostOffice) -> None:
    post_office.refusal = "550 5.1.1 No such box"

    assert send(mail) == ("failed", "550 5.1.1 No such box")
    assert (mail.attempts, mail.next_attempt_at) == (1, None)


def test_a_server_that_refuses_for_now_is_tried_again_but_not_forever(mail: AlertMail, post_office: PostOffice) -> None:
    post_office.answer, at = "452 4.3.1 Out of storage", AT
    while send(mail, at=at)[0] == "waiting":
        assert mail.next_attempt_at == at + PAUSE
        at += PAUSE

    assert (mail.state, mail.attempts, mail.reason) == ("failed", MOST_ATTEMPTS, "452 4.3.1 Out of storage")
    assert post_office.arrived == []


def test_without_a_mail_server_the_alert_is_in_the_list_and_the_email_says_why_not(mail: AlertMail) -> None:
    assert send(mail) == ("dropped", "There is no mail server.")
    assert Alert.objects.open().count() == 1


def test_many_alerts_are_one_email_of_bounded_length(mara: User, post_office: PostOffice) -> None:
    for place in range(60):
        delivery = DeliveryFactory.create(source=SourceFactory.create(name=f"Source {place}"), received_at=RECEIVED)
        QuarantinedItemFactory.create(delivery=delivery, received_at=RECEIVED)
    choose_kinds({"quarantine": "email"}, by=mara, at=RECEIVED)
    evaluate(at=AT)

    assert send(AlertMail.objects.get()) == ("sent", "")
    (arrived,) = post_office.arrived
    assert arrived["Subject"] == "60 alerts: Long in quarantine"
    assert "And 10 more, under Alerts." in arrived.get_content()
