"""A due report is mailed once, as far as SMTP allows, by a real beat and worker, even if one dies after the server took it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from reports.models import ReportMailing, ReportSchedule
from tests.factories.reports import a_reader
from tests.forks import Fork
from tests.invoices.post import PostOffice
from tests.processes import at_once, empty_broker, fork, until, worker
from tests.reports.saved.made import FIRST_DUE, QUESTION, scheduled, started

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

SEND = "from reports.tasks import MAILINGS; MAILINGS.work({mailing}, attempt={attempt}, at=now())"
START = "from reports.domain.saved.due import start_due; start_due(at=now())"
ALONE = "from django.utils.timezone import now; "


@pytest.fixture
def frank() -> User:
    empty_broker()
    return a_reader("frank")


def sending(mailing: ReportMailing) -> Fork:
    return fork(ALONE + SEND.format(mailing=mailing.pk, attempt=mailing.attempts))


def test_a_real_beat_and_worker_mail_what_is_due_once(frank: User, post_office: PostOffice, tmp_path: Path) -> None:
    row = scheduled(frank)
    due_at = now() - timedelta(minutes=1)
    ReportSchedule.objects.filter(pk=row.pk).update(next_run_at=due_at)
    with worker(tmp_path, "first"):
        until(lambda: ReportMailing.objects.exclude(state="waiting").exists())

    [mailing] = ReportMailing.objects.all()
    assert (mailing.state, mailing.due_at, mailing.attempts) == ("sent", due_at, 1)
    [message] = post_office.arrived
    assert message["Message-ID"] == mailing.message_id
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html", "text/csv"}
    stored = ReportSchedule.objects.get()
    assert stored.last_run_at == due_at
    assert stored.next_run_at is not None
    assert stored.next_run_at > due_at


def test_eight_sweeps_at_once_start_a_due_schedule_once(frank: User) -> None:
    row = scheduled(frank)
    ReportSchedule.objects.filter(pk=row.pk).update(next_run_at=now() - timedelta(minutes=1))
    at_once(*[START] * 8)

    assert ReportMailing.objects.count() == 1


def test_killed_after_the_server_took_it_a_second_copy_can_be_known_as_one(
    frank: User, post_office: PostOffice
) -> None:
    mailing = started(scheduled(frank, question=QUESTION), FIRST_DUE)
    post_office.hangs_after = True
    first = sending(mailing)
    assert post_office.reached.wait(60)
    first.kill()
    post_office.hangs_after = False
    at_once(SEND.format(mailing=mailing.pk, attempt=1))

    mailing.refresh_from_db()
    assert (mailing.state, mailing.interrupted, mailing.may_have_arrived) == ("sent", 1, True)
    assert [message["Message-ID"] for message in post_office.arrived] == [mailing.message_id] * 2
