"""Each cause alerts once: it opens, it is resolved when it is gone, and opens again only when it comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction

from billing_engine.core.models import Deed
from billing_engine.core.queues.hold import held
from leads.models import Action, QuarantinedItem
from pricing.domain.waive import waive
from reports.domain.alerts.evaluate import TASK, evaluate
from reports.domain.alerts.subscriptions import choose_kinds, choose_one
from reports.models import Alert, AlertMail
from tests.factories.leads import CustomerFactory, DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import with_role
from tests.invoices.made import a_price
from tests.reports.alerts.test_money import spent

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LATE = RECEIVED + 8 * DAY


def waiting(name: str = "Website") -> QuarantinedItem:
    """An item in quarantine since October 15."""
    delivery = DeliveryFactory.create(source=SourceFactory.create(name=name), received_at=RECEIVED)
    item: QuarantinedItem = QuarantinedItemFactory.create(delivery=delivery, received_at=RECEIVED)
    return item


def discard(*items: QuarantinedItem) -> None:
    QuarantinedItem.objects.filter(pk__in=[item.pk for item in items]).update(
        state="discarded", settled_at=LATE, settled_note="spam"
    )


def alerts() -> list[tuple[str, datetime, datetime | None]]:
    return list(Alert.objects.order_by("pk").values_list("kind", "opened_at", "resolved_at"))


def mails() -> list[tuple[str, list[str]]]:
    """To whom, about which sources."""
    return [
        (mail.person.username, sorted(mail.alerts.values_list("source__name", flat=True)))
        for mail in AlertMail.objects.select_related("person").order_by("pk")
    ]


def test_a_cause_opens_one_alert_however_often_it_is_found() -> None:
    waiting()

    assert [evaluate(at=LATE + hour * timedelta(hours=1)) for hour in range(3)] == [1, 0, 0]
    assert alerts() == [("quarantine", LATE, None)]


def test_an_alert_is_resolved_when_its_cause_is_gone_and_a_new_one_opens_when_it_comes_back() -> None:
    item = waiting()
    evaluate(at=LATE)
    discard(item)
    evaluate(at=LATE + DAY)
    evaluate(at=LATE + 2 * DAY)
    assert alerts() == [("quarantine", LATE, LATE + DAY)]

    QuarantinedItemFactory.create(delivery=item.delivery, received_at=RECEIVED)
    evaluate(at=LATE + 3 * DAY)

    assert alerts() == [("quarantine", LATE, LATE + DAY), ("quarantine", LATE + 3 * DAY, None)]


def test_each_alert_makes_one_deed_when_it_opens_and_one_when_it_is_resolved() -> None:
    item = waiting()
    evaluate(at=LATE)
    discard(item)
    evaluate(at=LATE + DAY)
    evaluate(at=LATE + 2 * DAY)

    alert = Alert.objects.get()
    assert list(Deed.objects.on(alert).order_by("pk").values_list("verb", "actor", "subject_name")) == [
        ("alert_opened", "engine", "Website: 1 item in quarantine for more than 7 days"),
        ("alert_resolved", "engine", "Website: 1 item in quarantine for more than 7 days"),
    ]


def test_who_chose_it_gets_one_email_about_all_that_opened_in_one_pass(mara: User) -> None:
    choose_kinds({"quarantine": "email"}, by=mara, at=RECEIVED)
    first, second = waiting("Website"), waiting("Webinar")
    evaluate(at=LATE)
    evaluate(at=LATE + DAY)

    assert mails() == [(mara.username, ["Webinar", "Website"])]
    discard(first, second)
    evaluate(at=LATE + 2 * DAY)
    waiting("Event")
    evaluate(at=LATE + 3 * DAY)

    assert mails() == [(mara.username, ["Webinar", "Website"]), (mara.username, ["Event"])]


def test_only_who_chose_this_kind_and_this_source_by_email_is_told(mara: User) -> None:
    paul, vera, nina = (with_role("Operations") for _ in range(3))
    mine, other = waiting("Mine"), waiting("Other")
    choose_one("quarantine", by=mara, at=RECEIVED, source=mine.source)
    choose_one("silence", by=mara, at=RECEIVED, source=other.source)
    choose_kinds({"quarantine": "page"}, by=paul, at=RECEIVED)
    choose_kinds({"unrated": "email"}, by=vera, at=RECEIVED)
    choose_kinds({"quarantine": "email"}, by=nina, at=RECEIVED)
    choose_one("quarantine", by=nina, at=RECEIVED, source=mine.source)  # twice, told once
    User.objects.filter(pk=nina.pk).update(is_active=True)

    evaluate(at=LATE)

    assert sorted(mails()) == sorted([(mara.username, ["Mine"]), (nina.username, ["Mine", "Other"])])


def test_a_pass_that_another_worker_makes_is_left_to_it() -> None:
    waiting()
    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s || ' 0', 0))", [TASK])
            assert evaluate(at=LATE) == 0
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s || ' 0', 0))", [TASK])
    finally:
        connection.close()

    assert evaluate(at=LATE) == 1


def test_the_database_keeps_one_open_alert_of_a_cause() -> None:
    waiting()
    evaluate(at=LATE)
    alert = Alert.objects.get()
    alert.pk = None
    with pytest.raises(IntegrityError, match="a_cause_has_one_open_alert"), transaction.atomic():
        alert.save(force_insert=True)


def test_a_pass_that_fails_in_one_kind_keeps_the_others_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if the worker ended in the middle: what is committed stays, what is not is found again."""
    waiting()
    with pytest.raises(RuntimeError), monkeypatch.context() as patch:
        patch.setattr("reports.domain.alerts.evaluate._tell", _die)
        evaluate(at=LATE)
    assert (alerts(), Deed.objects.filter(verb="alert_opened").count()) == ([], 0)

    with held(TASK, 0) as is_free:
        assert is_free
    assert evaluate(at=LATE + DAY) == 1


def _die(rule: object, opened: list[Alert], **_: object) -> None:
    if opened:
        raise RuntimeError


def test_what_is_nearly_usual_again_keeps_an_alert_open_but_opens_none(mara: User) -> None:
    a_price("1")
    customer = CustomerFactory.create()
    for month in (7, 8, 9):
        spent(customer, month, (3, "100"))
    at = datetime(2026, 10, 9, tzinfo=UTC)

    spent(customer, 10, (3, "190"))
    assert evaluate(at=at) == 0
    spent(customer, 10, (4, "11"))
    assert evaluate(at=at) == 1
    waive(Action.objects.latest("pk"), note="sent by mistake", by=mara, at=at)
    spent(customer, 10)

    assert evaluate(at=at + DAY) == 0
    assert alerts() == [("spend", at, None)]
