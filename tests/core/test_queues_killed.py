"""Work is done once, however its workers end: proven for every queue."""

import pytest

from tests.core.dying import QUEUES
from tests.core.queues import CASES, MAILED
from tests.core.queues.case import NOVEMBER_3, Case
from tests.invoices.post import PostOffice
from tests.processes import at_once, empty_broker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

LONG = 240  # seconds, on a busy machine


# Their own tests kill a worker, tests/receivables and tests/leads/hooks: here, they would need a server.
KILLED_ELSEWHERE = {"receivables.webhooks", "receivables.event_mail", "leads.fetch_leads"}


def test_every_queue_is_killed_here_or_in_its_own_tests() -> None:
    assert set(CASES) | KILLED_ELSEWHERE == set(QUEUES)


@pytest.fixture(params=sorted(CASES))
def task(request: pytest.FixtureRequest, post_office: PostOffice) -> str:
    empty_broker()
    name: str = request.param
    CASES[name].make()
    return name


def in_another_process(call: str, task: str, **more: int) -> list[str]:
    """Forked from a separate process, because this one has threads."""
    words = "".join(f", {name}={value}" for name, value in more.items())
    program = f"""
from tests.core import dying
from datetime import datetime
print(dying.{call}({task!r}, at=datetime.fromisoformat({NOVEMBER_3.isoformat()!r}){words}))
"""
    [output] = at_once("import os; os.environ['PGAPPNAME'] = 'dying'" + program, seconds=LONG)
    return output.splitlines()


def test_a_worker_killed_at_every_statement_of_its_way_does_nothing_twice_and_loses_nothing(
    task: str, post_office: PostOffice
) -> None:
    [told] = in_another_process("killed_everywhere", task)

    kills = int(told.split(",")[0].strip("("))
    assert kills >= CASES[task].least_kills
    assert CASES[task].facts() == (CASES[task].doubted or CASES[task].done)
    # SMTP has no "exactly once": copies carry the same Message-ID.
    assert len({message["Message-ID"] for message in post_office.arrived}) == (task in MAILED)


def test_work_that_kills_every_worker_is_given_up_and_told(task: str, post_office: PostOffice) -> None:
    case: Case = CASES[task]
    if case.given_up is None:
        pytest.skip("A count has no attempts: it is repeated until it is made.")

    [told] = in_another_process("killed_at_the_act", task)

    assert int(told.split(",")[0].strip("(")) == case.deaths
    assert case.facts() == case.given_up


def test_four_workers_with_the_same_messages_do_the_work_once(task: str, post_office: PostOffice) -> None:
    in_another_process("at_once", task, workers=4)

    assert CASES[task].facts() == CASES[task].done
    assert len(post_office.arrived) == (task in MAILED)
