"""A worker that is killed while it fetches a lead: once its lease has ended, the lead is fetched again and stored once."""

import json
from datetime import timedelta

import pytest
from django.conf import LazySettings
from time_machine import travel

from leads.domain.hooks.fetch import FETCHES, LEASE, change_fetch_token
from leads.domain.hooks.kinds import meta
from leads.models import Action, HookFetch, Lead
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.leads.hooks.calls import AT, META, SECRET, Kind, Sender
from tests.leads.hooks.graph import TOKEN, opened
from tests.processes import empty_broker, fork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

FETCH = """
from datetime import datetime
from django.conf import settings
from leads.domain.hooks.fetch import FETCHES
from leads.domain.hooks.kinds import meta
settings.WEBHOOKS_REACH_LOOPBACK, meta.GRAPH = True, {address!r}
at = datetime.fromisoformat({at!r})
for message in FETCHES.due(at=at):
    FETCHES.work(**message, at=at)
"""


def test_a_lead_whose_worker_is_killed_while_it_asks_is_asked_for_again_and_stored_once(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
):
    settings.WEBHOOKS_REACH_LOOPBACK = True
    empty_broker()
    ActionTypeFactory.create(code="lead_form")
    source = SourceFactory.create(code="web", customer=CustomerFactory.create(), new_products="create")
    sender = Sender(source, Kind.META)
    change_fetch_token(sender.hook, given=TOKEN, by=None, at=AT)
    with travel(AT, tick=False):
        assert sender.send(json.dumps(META).encode()).status_code == 200

    with opened(SECRET) as graph:
        monkeypatch.setattr(meta, "GRAPH", graph.address)
        graph.hangs = True
        worker = fork(FETCH.format(address=graph.address, at=AT.isoformat()))
        assert graph.reached.wait(60)
        worker.kill()
        graph.hangs = False
        graph.released.set()

        assert FETCHES.due(at=AT + timedelta(minutes=1)) == []  # its lease stands
        for message in FETCHES.due(at=AT + LEASE):
            FETCHES.work(**message, at=AT + LEASE)  # type: ignore[arg-type]  # as Celery does

    assert graph.asked == ["233", "233"]
    assert list(HookFetch.objects.values_list("attempts", "settled_at")) == [(2, AT + LEASE)]
    assert (Lead.objects.get().email, Action.objects.count()) == ("jane.doe@example.com", 1)
