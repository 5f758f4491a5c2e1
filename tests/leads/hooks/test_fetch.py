"""Meta tells only the ID of a lead: its fields are fetched before it is stored, and until then it waits in sight."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from time_machine import travel

from billing_engine.core.models import Deed
from leads.domain.hooks.addresses import rotate_hook
from leads.domain.hooks.fetch import FETCHES, PAUSES, NothingToFetch, change_fetch_token, fetch_again
from leads.domain.hooks.kinds import meta
from leads.domain.hooks.kinds.meta import TEST_LEAD
from leads.domain.quarantine.bulk_retry import BULK_RETRIES, start_retry
from leads.domain.quarantine.joins import JOINS
from leads.domain.quarantine.settle import discard, repair
from leads.models import Action, Delivery, Hook, HookFetch, Lead, QuarantinedItem, QuarantineStep
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.leads.hooks.calls import AT, META, SECRET, Kind, Sender
from tests.leads.hooks.graph import TOKEN, Graph, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    settings.WEBHOOKS_REACH_LOOPBACK = True
    with opened(SECRET) as found:
        monkeypatch.setattr(meta, "GRAPH", found.address)
        yield found


@pytest.fixture
def sender(graph: Graph) -> Sender:
    """Meta with a token of the page."""
    ActionTypeFactory.create(code="lead_form")
    customer = CustomerFactory.create(code="ACME")
    found = Sender(SourceFactory.create(code="web", customer=customer, new_products="create"), Kind.META)
    change_fetch_token(found.hook, given=f" {TOKEN} ", by=None, at=AT)
    return found


def of_lead(number: str) -> bytes:
    body = deepcopy(META)
    body["entry"][0]["changes"][0]["value"]["leadgen_id"] = number
    return json.dumps(body).encode()


def send(sender: Sender, body: bytes = json.dumps(META).encode()) -> None:
    with travel(AT, tick=False):
        assert sender.send(body).status_code == 200


def fetch(at: datetime = AT) -> None:
    """What the workers do that the sweep wakes."""
    for message in FETCHES.due(at=at):
        FETCHES.work(**message, at=at)  # type: ignore[arg-type]  # as Celery does


def waiting() -> list[tuple[str, str, Any]]:
    return list(QuarantinedItem.objects.order_by("pk").values_list("code", "state", "waits_until"))


def stored() -> list[tuple[str, ...]]:
    return list(Lead.objects.order_by("pk").values_list("external_id", "name", "email", "phone", "person_key"))


JANE = ("233", "Jane Doe", "jane.doe@example.com", "+18005550123", "jane.doe@example.com")


def test_a_lead_waits_in_quarantine_until_its_fields_are_fetched_and_is_then_stored_with_them(
    sender: Sender, graph: Graph
):
    send(sender)
    assert (graph.asked, stored(), Action.objects.count()) == ([], [], 0)
    assert waiting() == [("lead_not_fetched", "waiting", AT + timedelta(hours=24))]
    assert QuarantinedItem.objects.get().message == "Its fields are fetched from Meta lead ads."

    fetch()

    assert (graph.asked, stored()) == (["233"], [JANE])
    assert list(Action.objects.values_list("external_id", "action_type__code")) == [("233", "lead_form")]
    assert waiting() == [("lead_not_fetched", "repaired", None)]
    assert list(HookFetch.objects.values_list("sender_id", "attempts", "settled_at", "failure")) == [("233", 1, AT, "")]
    assert list(QuarantineStep.objects.values_list("kind", "delivery")) == [
        ("joined", Delivery.objects.latest("pk").pk)
    ]
    assert Deed.objects.filter(verb="quarantined_item_joined").count() == 1
    fetch()
    assert graph.asked == ["233"]


def test_the_same_lead_sent_again_is_fetched_and_stored_once(sender: Sender, graph: Graph):
    send(sender)
    send(sender)
    batch = deepcopy(META)
    batch["entry"][0]["changes"] *= 2
    send(sender, json.dumps(batch).encode())
    fetch()
    send(sender)
    fetch()

    assert (graph.asked, stored(), HookFetch.objects.count()) == (["233"], [JANE], 1)


def test_without_a_token_and_for_the_lead_of_metas_tool_nothing_is_fetched(sender: Sender, graph: Graph):
    send(sender, of_lead(TEST_LEAD))
    change_fetch_token(sender.hook, given="", by=None, at=AT)
    sender.hook.refresh_from_db()
    send(sender)
    fetch()

    assert (graph.asked, waiting()) == ([], [])
    assert list(Lead.objects.order_by("pk").values_list("external_id", "is_test", "email")) == [
        (TEST_LEAD, True, ""),
        ("233", False, ""),
    ]


def test_a_server_that_fails_is_asked_again_for_a_day_and_then_a_person_decides(sender: Sender, graph: Graph):
    graph.failures = [(500, b""), (200, b"<html>"), (200, b'{"id": "233"}'), (302, b""), (503, b"[]")]
    del graph.leads["233"]
    send(sender)
    at, said = AT, []
    for pause in (*PAUSES, timedelta()):
        fetch(at)
        said.append(HookFetch.objects.get().failure)
        at += pause
    fetch(at)

    assert len(graph.asked) == len(PAUSES) + 1
    assert said == [
        "It answered 500.",
        *["The answer has no fields of a lead."] * 2,
        "It redirects. Enter the address that it redirects to.",
        "It answered 503.",
        *["It answered 400."] * 2,
    ]
    assert at - AT < timedelta(hours=24)
    item = QuarantinedItem.objects.get()
    assert (item.state, item.waits_until, item.message) == (
        "waiting",
        None,
        "Its fields could not be fetched. It answered 400.",
    )

    graph.leads["233"] = {"field_data": [{"name": "email", "values": ["jane.doe@example.com"]}]}
    assert fetch_again(sender.hook, by=None, at=at) == 1
    fetch(at)
    assert [row[2] for row in stored()] == ["jane.doe@example.com"]
    with pytest.raises(NothingToFetch):
        fetch_again(sender.hook, by=None, at=at)


def test_a_refused_token_ends_the_attempts_until_there_is_another_and_is_kept_nowhere(sender: Sender, graph: Graph):
    graph.token = "EAAB-new"
    send(sender)
    fetch()

    words = "Meta refused the page access token (code 190)."
    assert (graph.asked, HookFetch.objects.get().failure) == (["233"], words)
    item = QuarantinedItem.objects.get()
    assert (item.waits_until, item.message) == (None, f"Its fields could not be fetched. {words}")

    assert change_fetch_token(sender.hook, given="EAAB-new", by=UserFactory.create(), at=AT) == 1
    fetch()
    assert stored() == [JANE]
    assert TOKEN not in str(list(HookFetch.objects.values()) + list(Deed.objects.values()))
    assert TOKEN.encode() not in bytes(Hook.objects.get().fetch_sealed or b"")


def test_what_is_refused_of_a_fetched_lead_waits_with_all_its_fields(sender: Sender, graph: Graph):
    sender.source.new_products = "quarantine"
    sender.source.save()
    send(sender)
    fetch()

    first, second = QuarantinedItem.objects.order_by("pk")
    assert (first.state, second.state, second.code) == ("repaired", "waiting", "unknown_product")
    assert second.content["contact"]["email"] == "jane.doe@example.com"


def test_no_retry_stores_a_lead_without_its_fields_but_a_person_can(sender: Sender, graph: Graph):
    send(sender)
    QuarantinedItem.objects.update(waits_until=None)  # its time is over
    item = QuarantinedItem.objects.get()
    start_retry(sender.source, code="lead_not_fetched", by=None, at=AT)
    while BULK_RETRIES.work(item.source.bulk_retries.get().pk, at=AT):
        pass
    JOINS.work([item.pk], at=AT)
    assert stored() == []

    repair(item, content=item.content, by=UserFactory.create(), at=AT, by_hand=True)
    fetch()

    assert (graph.asked, stored()) == (["233"], [("233", "", "", "", "")])


def test_a_discarded_item_stays_discarded_though_its_fields_arrive(sender: Sender, graph: Graph):
    send(sender)
    discard(QuarantinedItem.objects.get(), note="Spam", by=UserFactory.create(), at=AT)

    fetch()

    assert (stored(), [state for _, state, _ in waiting()]) == ([], ["discarded"])


def test_a_rotated_address_fetches_with_the_same_token(sender: Sender, graph: Graph):
    new = rotate_hook(sender.hook, until=AT + timedelta(days=1), by=None, at=AT)

    assert bytes(new.hook.fetch_sealed or b"") == bytes(Hook.objects.get(pk=sender.hook.pk).fetch_sealed or b"")


def test_the_page_of_the_webhook_shows_what_waits_takes_a_token_and_fetches_again(
    operations: Client, sender: Sender, graph: Graph
):
    graph.token = "EAAB-new"
    send(sender)
    fetch()
    page = f"/admin/leads/hook/{sender.hook.pk}"

    text = operations.get(f"{page}/change/").content.decode()
    assert "Leads without their fields" in text
    assert "Meta refused the page access token (code 190)." in text
    assert f"{page}/fetch/" in text
    saved = operations.post(f"{page}/token/", {"given": "EAAB-new"}, follow=True).content.decode()

    assert "The token is saved. Leads that are fetched again: 1." in saved
    assert ("EAAB-new" in saved, TOKEN in saved) == (False, False)
    fetch(datetime.now(tz=AT.tzinfo))
    assert stored() == [JANE]
    assert f"{page}/fetch/" not in operations.get(f"{page}/change/").content.decode()
