"""`manage.py migrate_alone`: apply migrations, roles and the schedule, one process at a time."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from billing_engine.database_logins import Login
from billing_engine.operations import health, heartbeat
from billing_engine.operations.database_roles import ensure_logins, grant_access
from billing_engine.operations.schedule import ensure_schedule
from billing_engine.roles import ensure_roles

STEP_SECONDS = 0.5
LOCK = 20_261_124  # an advisory lock held while migrating


class Command(BaseCommand):
    """Many web processes may start at once: one migrates, the others wait and then find nothing left to do."""

    help = (
        "Apply migrations, roles and the schedule. If several processes start at once, one does it and the others wait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=600, help="How long to wait for the database.")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        admin = Login(*settings.DATABASE_ADMIN)
        logins = {"app": Login(*settings.DATABASE_APP), "reader": Login(*settings.DATABASE_READER)}
        if admin and logins["app"]:
            _as_soon_as_it_answers(lambda: ensure_logins(settings.DATABASES["default"], admin=admin, **logins), seconds)
        try:
            health.wait_for("database", seconds=seconds)
        except TimeoutError as error:
            raise CommandError(str(error)) from error
        # Polled instead of waited for: a waiting statement holds a snapshot, and the other process's
        # CREATE INDEX CONCURRENTLY would wait for that snapshot: a deadlock.
        while not _locked():
            heartbeat.leave()
            time.sleep(STEP_SECONDS)
        try:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
            ensure_roles()
            ensure_schedule()
            grant_access(app=logins["app"].user, reader=logins["reader"].user)
        finally:
            connection.close()  # and the lock with it, even if a migration has broken the connection


def _as_soon_as_it_answers(act: Callable[[], None], seconds: float) -> None:
    """Wait for the database: that of a new stack may take a while to accept logins."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"Not within {seconds:.0f} seconds: {error}") from error
            heartbeat.leave()
            time.sleep(STEP_SECONDS)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
