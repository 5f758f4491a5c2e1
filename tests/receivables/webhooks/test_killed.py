"""A worker that is killed while it sends: the delivery is sent at least once, with the same ID."""

import os
import signal
from datetime import timedelta

import pytest

from receivables.domain.webhooks.deliveries import ENDPOINTS, LEASE
from receivables.models import WebhookEndpoint
from tests.factories.leads import CustomerFactory
from tests.processes import PROLOGUE, fork
from tests.receivables.webhooks.made import NOON, a_payment, an_endpoint, states, sweep
from tests.receivables.webhooks.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

PASS = f"""
from datetime import datetime
from django.conf import settings
settings.WEBHOOKS_REACH_LOOPBACK = True
from receivables.domain.webhooks.deliveries import ENDPOINTS
at = datetime.fromisoformat({NOON.isoformat()!r})
for message in ENDPOINTS.due(at=at):
    ENDPOINTS.work(**message, at=at)
"""


def test_a_worker_killed_while_it_sends_leaves_a_delivery_that_is_sent_again_with_the_same_id(
    receiver: Receiver,
) -> None:
    an_endpoint(receiver.url)
    customer = CustomerFactory.create()
    a_payment(customer)
    a_payment(customer)
    ENDPOINTS.tidy(at=NOON)
    receiver.hangs = True
    worker = fork(PROLOGUE + PASS)
    assert receiver.reached.wait(60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    receiver.hangs = False
    receiver.released.set()

    assert states() == [(1, "waiting", 1, False), (2, "waiting", 0, False)]
    sweep(NOON + timedelta(minutes=1))  # its lease stands
    assert len(receiver.arrived) == 1

    sweep(NOON + LEASE + timedelta(minutes=1))
    assert receiver.sequences == [1, 1, 2]
    assert receiver.ids[0] == receiver.ids[1] != receiver.ids[2]
    assert states() == [(1, "sent", 2, False), (2, "sent", 1, False)]
    assert WebhookEndpoint.objects.get().attempts == 0
