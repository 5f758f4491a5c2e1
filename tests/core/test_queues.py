"""What an action raises decides the outcome of its item, in the same way for every kind of queue."""

from datetime import timedelta
from typing import Any, Never

import pytest
from django.db import OperationalError

from billing_engine.core.errors import Refused
from invoices.domain.month_close.bulk_action import BulkActions
from invoices.domain.run.bills import Bills
from invoices.models import BillingRunItem, SkippedInvoice
from pricing.domain.simulation.simulate import Simulations
from pricing.models import SimulatedCustomer
from tests.core.dying import due, work
from tests.core.queues.case import NOVEMBER_3
from tests.core.queues.invoices import a_bill, two_invoices_to_issue
from tests.core.queues.pricing import a_simulated_customer

pytestmark = pytest.mark.django_db

LATER = NOVEMBER_3 + timedelta(hours=1)


class TooLate(Refused):
    """A refusal."""

    code = "too_late"
    message = "It is too late."


def raising(kind: type[Any], error: Exception) -> Any:
    """A queue of this kind whose action raises."""

    def act(*_: object, **__: object) -> Never:
        raise error

    return type(f"{kind.__name__}ThatRaise", (kind,), {"act": act, "__module__": __name__})()


def bills() -> list[Any]:
    return list(BillingRunItem.objects.values_list("state", "code", "message"))


def skipped() -> list[Any]:
    return list(SkippedInvoice.objects.values_list("code", "message"))


def simulated() -> list[Any]:
    return list(SimulatedCustomer.objects.values_list("state", "message"))


KINDS = [
    (a_bill, Bills, bills),
    (two_invoices_to_issue, BulkActions, skipped),
    (a_simulated_customer, Simulations, simulated),
]


@pytest.mark.parametrize(
    ("make", "kind", "told", "words"),
    [
        (*KINDS[0], [("failed", "too_late", "It is too late.")]),
        (*KINDS[1], [("too_late", "It is too late.")] * 2),
        (*KINDS[2], [("failed", "It is too late.")]),
    ],
)
def test_a_refusal_fails_an_item_with_its_code_and_words(make: Any, kind: Any, told: Any, words: Any) -> None:
    make()
    queue = raising(kind, TooLate())
    work(queue, due(queue, at=LATER), at=LATER)

    assert told() == words
    assert not queue.waiting().exists()


@pytest.mark.parametrize(
    ("make", "kind", "told", "words"),
    [
        (*KINDS[0], [("failed", "unexpected", "ValueError: broken")]),
        (*KINDS[1], [("unexpected", "ValueError: broken")] * 2),
        (*KINDS[2], [("failed", "ValueError: broken")]),
    ],
)
def test_any_other_error_is_logged_with_its_trace_and_fails_its_item_alone(
    make: Any, kind: Any, told: Any, words: Any, caplog: pytest.LogCaptureFixture
) -> None:
    make()
    queue = raising(kind, ValueError("broken"))
    work(queue, due(queue, at=LATER), at=LATER)

    assert told() == words
    traces = [record.exc_info is not None for record in caplog.records if "failed" in record.message]
    assert traces == [True] * (len(words) + (kind is BulkActions))  # its batch fails first
    assert not queue.waiting().exists()


@pytest.mark.parametrize(("make", "kind", "told"), KINDS)
def test_while_the_database_is_in_the_way_an_item_waits(make: Any, kind: Any, told: Any) -> None:
    make()
    queue = raising(kind, OperationalError("the connection is gone"))
    with pytest.raises(OperationalError):
        work(queue, due(queue, at=LATER), at=LATER)

    assert [item.attempts for item in queue.waiting()] == [1]
    assert "failed" not in str(told())
    assert due(queue, at=LATER + timedelta(hours=2)) != []
