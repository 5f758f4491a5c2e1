"""The pages of alerts: a list of what a person may see, and the choices of what to hear of."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from reports.domain.alerts.evaluate import evaluate
from reports.models import Alert, AlertSubscription
from tests.factories.leads import CustomerFactory, DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import UserFactory, with_role

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)
LIST, SETTINGS = reverse("admin:reports_alert_changelist"), reverse("admin:reports_alert_settings")


@pytest.fixture
def browser(mara: User, client: Client) -> Client:
    client.force_login(mara)
    return client


@pytest.fixture
def alert() -> Alert:
    """An item of a source waits in quarantine."""
    delivery = DeliveryFactory.create(source=SourceFactory.create(name="Website"), received_at=RECEIVED)
    QuarantinedItemFactory.create(delivery=delivery, received_at=RECEIVED)
    evaluate(at=RECEIVED + timedelta(days=8))
    found: Alert = Alert.objects.get()
    return found


def titles(browser: Client, **asked: str) -> list[str]:
    return [alert.title for alert in browser.get(LIST, asked).context["cl"].result_list]


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def test_open_alerts_are_listed_and_lead_to_the_figure(browser: Client, alert: Alert) -> None:
    assert titles(browser) == [alert.title]
    assert titles(browser, state="resolved") == []

    page = text_of(browser.get(reverse("admin:reports_alert_change", args=[alert.pk])))
    assert (alert.words in page, "Items of a source have waited in quarantine for more than 7 days." in page) == (
        True,
        True,
    )
    address = f"{reverse('admin:leads_quarantineditem_changelist')}?source__id__exact={alert.source_id}"
    assert f'href="{address}"' in page
    assert browser.get(address).context["cl"].result_count == 1

    Alert.objects.update(resolved_at=RECEIVED + timedelta(days=9))
    assert (titles(browser), titles(browser, state="resolved"), titles(browser, state="all")) == (
        [],
        [alert.title],
        [alert.title],
    )


def test_the_list_can_be_narrowed_to_what_a_person_chose(browser: Client, mara: User, alert: Alert) -> None:
    assert titles(browser, mine="yes") == []
    choice = {"person": mara, "kind": "quarantine", "chosen_at": RECEIVED}
    other = AlertSubscription.objects.create(source=SourceFactory.create(), **choice)
    assert titles(browser, mine="yes") == []

    AlertSubscription.objects.filter(pk=other.pk).delete()
    AlertSubscription.objects.create(**choice)

    assert titles(browser, mine="yes") == [alert.title]


def test_an_alert_is_seen_only_by_who_may_see_its_figure(client: Client, alert: Alert) -> None:
    person = UserFactory.create()
    person.user_permissions.add(Permission.objects.get(codename="view_alert"))
    client.force_login(person)

    assert titles(client) == []
    assert client.get(reverse("admin:reports_alert_change", args=[alert.pk])).status_code == 302
    assert "Your role sees none of the figures that alerts are about." in text_of(client.get(SETTINGS))


def test_the_choices_of_whole_kinds_are_saved(browser: Client, mara: User) -> None:
    off = dict.fromkeys(("budget", "spend", "silence", "quarantine", "unrated"), "off")

    answer = browser.post(SETTINGS, off | {"budget": "email", "silence": "page"}, follow=True)
    assert "Saved." in text_of(answer)
    found = AlertSubscription.objects.order_by("kind").values_list("person", "kind", "by_email")
    assert list(found) == [(mara.pk, "budget", True), (mara.pk, "silence", False)]
    assert "Nothing has changed." in text_of(
        browser.post(SETTINGS, off | {"budget": "email", "silence": "page"}, follow=True)
    )

    refused = browser.post(SETTINGS, off | {"budget": "loudly"})
    assert (refused.status_code, AlertSubscription.objects.count()) == (200, 2)


def test_one_customer_is_chosen_and_removed(browser: Client, mara: User) -> None:
    customer = CustomerFactory.create(name="Terrazza Stoneworks")
    choose = reverse("admin:reports_alert_choose")

    answer = browser.post(choose, {"kind": "budget", "customer": customer.pk, "by_email": "on"}, follow=True)
    assert "You will hear of: Budget used of Terrazza Stoneworks." in text_of(answer)
    choice = AlertSubscription.objects.get()
    assert (choice.person, choice.customer, choice.by_email) == (mara, customer, True)
    for wrong, says in (
        ({"kind": "budget", "customer": customer.pk}, "You have chosen this already."),
        ({"kind": "silence", "customer": customer.pk}, "Silent source is about sources. Choose one."),
        ({"kind": "nonsense"}, "Choose an alert, and its customer or source."),
    ):
        assert says in text_of(browser.post(choose, wrong, follow=True))
    assert AlertSubscription.objects.count() == 1

    assert "Removed: Budget used of Terrazza Stoneworks." in text_of(
        browser.post(reverse("admin:reports_alert_leave", args=[choice.pk]), follow=True)
    )
    assert not AlertSubscription.objects.exists()


def test_the_choices_of_others_are_not_found(browser: Client) -> None:
    choice = AlertSubscription.objects.create(person=with_role("Viewer"), kind="budget", chosen_at=RECEIVED)

    assert browser.post(reverse("admin:reports_alert_leave", args=[choice.pk])).status_code == 404
    assert browser.get(reverse("admin:reports_alert_leave", args=[choice.pk])).status_code == 405
    assert AlertSubscription.objects.count() == 1
