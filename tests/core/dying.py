"""Workers that are killed, at each statement in turn or always while working; and workers that compete."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection, connections

import invoices.tasks
import leads.tasks
import pricing.tasks
import receivables.tasks
import reports.tasks
from billing_engine.core.queues.queue import Message, Queue, RowQueue
from pricing.models import RatingAttempts

QUEUES: dict[str, Any] = {
    queue.task: queue for app in (leads, pricing, invoices, receivables, reports) for queue in app.tasks.QUEUES
}
LATER = timedelta(hours=2)  # than every lease
MANY = 60


class Death:
    """kill -9 before a statement or after it, where after the last one of a transaction means before its COMMIT."""

    def __init__(self, point: int) -> None:
        self.statements, self.is_after = divmod(point, 2)

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if self.statements == 0 and not self.is_after:
            die()
        answer = execute(*statement)
        if self.statements == 0:
            die()
        self.statements -= 1
        return answer


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_everywhere(task: str, *, at: datetime) -> tuple[int, datetime]:
    """Kill a worker at each point in turn, until one finishes all due work; return the kills, and the time."""
    queue, kills = QUEUES[task], 0
    for point in count():
        at += LATER
        _forget_attempts(queue)
        messages = due(queue, at=at)
        if not messages:
            break
        died = forked(lambda point=point, at=at, messages=messages: _work_until(queue, messages, at, point))
        kills += died
    return kills, at


def killed_at_the_act(task: str, *, at: datetime) -> tuple[int, datetime]:
    """Kill every worker once it has claimed its work; return the kills until nothing is due, and the time."""
    queue, kills = QUEUES[task], 0
    for _ in range(MANY):
        at += LATER
        messages = due(queue, at=at)
        if not messages:
            break
        kills += forked(lambda at=at, messages=messages: _work_until_the_act(queue, messages, at))
    return kills, at


def at_once(task: str, *, at: datetime, workers: int) -> None:
    """Give the same messages to several workers at the same time."""
    queue = QUEUES[task]
    at += LATER
    messages = due(queue, at=at)
    there, gone = os.pipe()
    children = [_fork(lambda: (os.read(there, 1), work(queue, messages, at=at))) for _ in range(workers)]
    os.write(gone, b"." * workers)
    for child in children:
        os.waitpid(child, 0)


def due(queue: Any, *, at: datetime) -> list[Message]:
    """The messages that a sweep requests."""
    queue.tidy(at=at)
    return list(queue.due(at=at))


def work(queue: Any, messages: Iterable[Message], *, at: datetime) -> None:
    """Run the queue's task with each message."""
    for message in messages:
        while queue.work(**message, at=at):
            pass


def forked(act: Callable[[], object]) -> bool:
    """Whether the child doing the work was killed; returns once PostgreSQL knows that it is gone."""
    child = _fork(act)
    _, status = os.waitpid(child, 0)
    while _others():
        time.sleep(0.005)
    return os.WIFSIGNALED(status)


def _fork(act: Callable[[], object]) -> int:
    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        act()
    finally:
        connections.close_all()
        os._exit(0)


def _others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            " AND pid <> pg_backend_pid()",
            [os.environ["PGAPPNAME"]],
        )
        return int(cursor.fetchone()[0])


def _work_until(queue: Queue, messages: list[Message], at: datetime, point: int) -> None:
    with connection.execute_wrapper(Death(point)):
        work(queue, messages, at=at)


def _work_until_the_act(queue: Any, messages: list[Message], at: datetime) -> None:
    if isinstance(queue, RowQueue):
        queue.act = die  # type: ignore[attr-defined]  # of this child alone
        work(queue, messages, at=at)
    else:  # its claim is one statement
        _work_until(queue, messages, at, point=2)


def _forget_attempts(queue: Any) -> None:
    """As if a user retried it: here the work is killed more often than its attempts allow."""
    if not isinstance(queue, RowQueue):
        RatingAttempts.objects.all().delete()
        return
    names = {"attempts", "interrupted"} & {field.name for field in queue.waiting().model._meta.fields}
    queue.waiting().model.objects.filter(pk__in=queue.waiting().values("pk")).update(**dict.fromkeys(names, 0))
