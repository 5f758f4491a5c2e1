"""A reminder run of many customers: its rows are written, and each email is made and sent to no server."""

from typing import NamedTuple

from django.contrib.auth.models import User
from django.test import override_settings

from receivables.domain.reminders.run import start
from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.sending import REMINDERS
from receivables.models import Reminder
from tests.bench.measure import say
from tests.bench.receivables.bank_file import AT
from tests.bench.waiting import Took, timed
from tests.bench.worker import forget_peak, peak_mb

NOWHERE = "django.core.mail.backends.dummy.EmailBackend"


class RunTook(NamedTuple):
    """How long the run and its emails took, how many there were, and by how much the process grew after a tenth."""

    start: Took
    send: Took
    reminders: int
    mb: float


def remind() -> RunTook:
    """Remind every customer with something overdue."""
    say("reminding")
    person = User.objects.create(username="rita")
    set_levels(None, {1: 1, 2: 30}, by=person)
    with override_settings(EMAIL_BACKEND=NOWHERE):
        began = timed(lambda: start(None, by=person, at=AT))
        waiting = list(Reminder.objects.order_by("pk").values_list("pk", "attempts"))
        tenth = len(waiting) // 10 or 1
        first = timed(lambda: _send(waiting[:tenth]))
        forget_peak()
        before = peak_mb()
        rest = timed(lambda: _send(waiting[tenth:]))
    if Reminder.objects.waiting().exists():
        raise RuntimeError("Not every reminder was sent.")
    return RunTook(began, Took(first.ms + rest.ms, first.busy + rest.busy), len(waiting), peak_mb() - before)


def _send(waiting: list[tuple[int, int]]) -> None:
    for pk, attempts in waiting:
        REMINDERS.work(pk, attempt=attempts, at=AT)
