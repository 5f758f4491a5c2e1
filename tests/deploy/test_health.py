"""Liveness, readiness, and a server that starts only with all required settings."""

import os
import subprocess
import sys
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from billing_engine.operations import health
from billing_engine.operations.beat import BeatingScheduler
from billing_engine.operations.required_settings import need
from tests.deploy.roles import CHECKOUT
from tests.processes import empty_broker

OK = {"ready": True, "database": "ok", "migrations": "ok", "broker": "ok", "beat": "ok"}
LONG = "0123456789" * 5


@pytest.fixture
def beat() -> None:
    empty_broker()
    health.beats()


def test_who_lives_says_so_to_any_host_over_plain_http_without_asking_the_database(settings: LazySettings):
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get("/livez", headers={"host": "10.0.0.7"})

    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_ready_is_who_has_all_four(db: None, beat: None):
    answer = Client().get("/readyz", headers={"host": "10.0.0.7"})

    assert (answer.status_code, answer.json()) == (200, OK)


def test_without_beats_sign_nobody_is_ready_but_a_load_balancer_may_ask_for_less(db: None):
    empty_broker()

    everything, less = Client().get("/readyz"), Client().get("/readyz?only=database,migrations")

    assert everything.status_code == 503
    assert everything.json() == OK | {"ready": False, "beat": "not seen for 60 seconds"}
    assert (less.status_code, less.json()) == (200, {"ready": True, "database": "ok", "migrations": "ok"})


def test_a_migration_that_is_not_applied_makes_nobody_ready(db: None, beat: None):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()) == (503, OK | {"ready": False, "migrations": "1 not applied"})
    with pytest.raises(CommandError, match="Not within 0 seconds: 1 not applied"):
        call_command("wait_for_migrations", seconds=0)


def test_whether_all_migrations_are_applied_is_asked_without_reading_the_code_again(
    db: None, beat: None, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
):
    assert Client().get("/readyz").json() == OK
    monkeypatch.delattr(MigrationLoader, "build_graph")

    with django_assert_max_num_queries(3):
        assert Client().get("/readyz").json() == OK


def test_a_broker_that_does_not_answer_is_named_and_nothing_more_is_told(db: None, settings: LazySettings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = Client().get("/readyz")

    away = {"ready": False, "broker": "does not answer", "beat": "does not answer"}
    assert (answer.status_code, answer.json()) == (503, OK | away)


def test_who_asks_for_a_check_there_is_not_is_told_which_there_are():
    answer = Client().get("/readyz?only=moon")

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "only may name database, migrations, broker, beat"},
    )


@pytest.mark.django_db(transaction=True)  # beat ends transactions
def test_beat_leaves_its_sign_with_an_end_at_its_first_look(settings: LazySettings):
    empty_broker()
    app = Celery(set_as_current=False)
    app.conf.beat_schedule = {}
    scheduler = BeatingScheduler(app=app, lazy=True)
    scheduler.setup_schedule()

    assert scheduler.tick() <= 5.0
    scheduler.close()

    assert 0 < redis.Redis.from_url(settings.REDIS_URL).ttl(health.BEAT_KEY) <= health.BEAT_LATE_SECONDS


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have 50 characters or more"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the hosts, and not all"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts, and not all"),
        ({"DATABASE_URL": "postgres:///engine"}, "DATABASE_URL must name a host and a password"),
        ({"DEBUG": "1"}, "DEBUG must be off"),
        ({"REDIS_URL": "redis:///0"}, "REDIS_URL must name a host"),
        ({"METRICS_TOKEN": "guess me"}, "METRICS_TOKEN must have 20 characters or more"),
    ],
)
def test_a_server_that_strangers_reach_does_not_start_with_less_than_it_must_be_told(wrong: dict[str, str], words: str):
    done = _started(**wrong)

    assert done.returncode != 0
    assert f"With HTTPS=1 this server is public: {words}." in done.stderr


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"DATABASE_URL": " "}, "Missing in the environment and in .env: DATABASE_URL. See .env.example"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD', but must be one of DEBUG, INFO, WARNING, ERROR."),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is 'xml', but must be one of json, lines."),
        ({"PROXIES": "nginx"}, "PROXIES must be addresses or ranges, such as 10.0.0.0/16: 'nginx'"),
        ({"METRICS_NETWORKS": "10.0.0.1/8"}, "METRICS_NETWORKS must be addresses or ranges, such as 10.0.0.0/16"),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_said_by_the_variables_name(wrong: dict[str, str], words: str):
    done = _started(**wrong)

    assert done.returncode != 0
    assert words in done.stderr


def test_everything_that_is_missing_is_said_at_once():
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL, REDIS_URL"):
        need({"SECRET_KEY": "x"})


def test_a_server_that_was_told_everything_passes_djangos_own_questions_for_a_deployment():
    done = _started()

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


def _started(**more: str) -> "subprocess.CompletedProcess[str]":
    told = {
        "HTTPS": "1",
        "SECRET_KEY": LONG,
        "ALLOWED_HOSTS": "engine.example",
        "DATABASE_URL": "postgres://engine:secret@db.example:5432/engine",
        "REDIS_URL": "redis://redis.example:6379/0",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE": "", **told, **more},
        capture_output=True,
        text=True,
        check=False,
    )
