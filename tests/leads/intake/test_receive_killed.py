"""kill -9 between any two statements of an intake: all or nothing is stored, and sending it again completes it."""

import json
from typing import Any

import pytest

from leads.models import Action, BillingPeriod, Delivery, Lead, Product, QuarantinedItem
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.processes import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

# Each attempt is a child process that kills itself after its nth statement (before the commit, if that is the last). The last
# attempt commits and is killed before it can respond. Then a process that survives sends the same again.
PROGRAM = """
import json, os, signal
from collections import Counter
from django.db import connection, transaction
from leads.domain.intake.receive import receive
from leads.models import Source

source = Source.objects.get()
ABOUT = {about!r}
BODY = {body!r}

def body(attempt):
    return BODY.replace("ATTEMPT", str(attempt)).encode()

def counted():
    with connection.cursor() as cursor:
        found = Counter()
        for name, sql in ABOUT.items():
            cursor.execute(sql)
            found[name] = cursor.fetchone()[0]
        return found

def deliver(attempt):
    return receive(source, body=body(attempt), content_type="application/json", received_at=now(),
                        idempotency_key=f"key {{attempt}}")

def child(attempt):
    left = attempt
    def dying(execute, sql, params, many, context):
        nonlocal left
        result = execute(sql, params, many, context)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return result
    with connection.execute_wrapper(dying):
        deliver(attempt)
    os.write(pipe[1], b"through")
    os.kill(os.getpid(), signal.SIGKILL)

pipe, told, attempt, is_through = os.pipe(), [], 0, False
os.set_blocking(pipe[0], False)
while not is_through and attempt < 60:
    before = counted()
    connection.close()
    pid = os.fork()
    if pid == 0:
        child(attempt)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, status
    try:
        is_through = os.read(pipe[0], 10) == b"through"
    except BlockingIOError:
        pass
    after_kill = counted()
    answer = deliver(attempt)
    again = counted()
    counts = json.loads(answer.as_bytes)["counts"]
    told.append([is_through, dict(after_kill - before), dict(again - after_kill), answer.is_repeated, counts])
    attempt += 1
print(json.dumps(told))
"""
ABOUT = {
    model.__name__: f"SELECT count(*) FROM {model._meta.db_table}"
    for model in (Delivery, Lead, Action, Product, BillingPeriod, QuarantinedItem)
} | {"voided": "SELECT count(*) FROM leads_action WHERE voided_at IS NOT NULL"}


def action(number: int | str, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def test_a_kill_between_any_two_statements_leaves_all_or_nothing_and_sending_again_completes_it():
    SourceFactory.create(new_products="create")
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9", customer__code="ACME")
    # Each attempt has a lead with a new product, actions of months without a period, a void, a conflict and two refusals.
    leads = [
        {
            "id": "L-ATTEMPT",
            "product": {"sku": "NEW-ATTEMPT", "customer": "ACME"},
            "actions": [
                action(1),
                action(2, occurred_at="2026-09-15T12:00:00Z"),
                action(1, quantity=7),
                {"id": "A-2", "void": {"reason": "Order canceled"}},
                action(3, quantity=-1),
            ],
        },
        {"id": "M-ATTEMPT", "colour": "red"},
    ]

    [output] = at_once(PROGRAM.format(about=ABOUT, body=json.dumps(leads)))

    attempts = json.loads(output)
    *killed, (through, stored, more, is_repeated, _) = attempts
    everything = {"Delivery": 1, "Lead": 1, "Action": 2, "Product": 1, "QuarantinedItem": 3, "voided": 1}
    assert (through, stored, more, is_repeated) == (True, everything, {}, True)
    assert len(killed) > 10  # statements
    assert [attempt[:2] for attempt in killed] == [[False, {}]] * len(killed)
    assert [attempt[2] for attempt in killed] == [everything | {"BillingPeriod": 2}] + [everything] * (len(killed) - 1)
    assert [attempt[3] for attempt in killed] == [False] * len(killed)
    outcomes = {name: count for name, count in killed[0][4].items() if count}
    assert outcomes == {
        "leads_received": 2,
        "leads_created": 1,
        "leads_quarantined": 1,
        "actions_received": 5,
        "actions_created": 2,
        "actions_updated": 1,
        "actions_conflict": 1,
        "actions_quarantined": 1,
    }
    assert all(attempt[4] == killed[0][4] for attempt in attempts)
