"""A real replica: reports are read from it, say how far it lags, and read the main database while it is gone."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection

from reports.queries.freshness import UNREACHABLE
from tests.factories.leads import CustomerFactory
from tests.factories.people import superuser
from tests.processes import at_once
from tests.replica import NoReplica, Replica, a_replica

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.xdist_group("replica")]

LAGS = 2  # seconds, from which on a replica is said to lag here

REPORTS = """
import html, json, logging, re
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from billing_engine.core.read_replica import reporting
from leads.models import Customer
warnings = []
class Handler(logging.Handler):
    def emit(self, record):
        warnings.append(record)
logging.getLogger("billing_engine.core.read_replica").addHandler(Handler())
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
client, said = Client(headers={"host": "localhost"}), []
client.force_login(User.objects.get(is_superuser=True))
for name in ("reports_unbilled", "reports_invariants"):
    answer = client.get(reverse("admin:" + name))
    assert answer.status_code == 200, answer.content
    found = re.search(r'report-freshness">(.*?)</p>', answer.content.decode())
    said.append(html.unescape(found[1]) if found else "")
with reporting():
    names = list(Customer.objects.order_by("pk").values_list("name", flat=True))
print(json.dumps({"said": said, "names": names, "warnings": len(warnings)}))
"""


@pytest.fixture
def replica(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replica]:
    with ExitStack() as stack:
        try:
            replica = stack.enter_context(a_replica(connection.settings_dict))
        except NoReplica as error:
            pytest.skip(str(error))
        monkeypatch.setenv("COPY_DATABASE_URL", replica.url)
        yield replica


def test_a_report_from_a_replica_that_keeps_up_is_up_to_date_and_one_that_lags_says_how_far(replica: Replica):
    superuser()
    CustomerFactory.create(name="Terrazza")

    replica.catch_up(written())
    found = reports()

    assert [keeps_up(words) for words in found["said"]] == [True, True]
    assert found["names"] == ["Terrazza"]

    replica.pause()
    CustomerFactory.create(name="Later")
    a_moment()
    found = reports()

    for words in found["said"]:
        count, _, unit = ages(words).partition(" ")
        assert int(count) >= LAGS
        assert unit in {"seconds behind.", "minutes behind."}
    assert found["names"] == ["Terrazza"]

    replica.resume()
    replica.catch_up(written())
    found = reports()

    assert [keeps_up(words) for words in found["said"]] == [True, True]
    assert found["names"] == ["Terrazza", "Later"]


def test_while_the_replica_is_gone_reports_read_the_main_database_and_say_so(replica: Replica):
    superuser()
    CustomerFactory.create(name="Terrazza")
    replica.stop()

    # It is tried once, and not again by each report.
    assert reports() == {"said": [UNREACHABLE, UNREACHABLE], "names": ["Terrazza"], "warnings": 1}

    replica.start()
    replica.catch_up(written())

    assert [keeps_up(words) for words in reports()["said"]] == [True, True]


def test_without_a_replica_a_report_says_nothing_of_its_age():
    superuser()

    assert reports() == {"said": ["", ""], "names": [], "warnings": 0}


def reports() -> dict[str, Any]:
    """What a new process of the engine shows and reads."""
    [answer] = at_once(REPORTS, seconds=300)
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def ages(words: str) -> str:
    """What follows the instant."""
    assert words.startswith("Data as of "), words
    return words.partition(" UTC, ")[2]


def keeps_up(words: str) -> bool:
    """Whether a report says so; other tests write to the same server meanwhile, so a second is granted."""
    return ages(words) in {"up to date.", "1 second behind."}


def written() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
        return str(cursor.fetchone()[0])


def a_moment() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [LAGS + 0.1])
