"""`manage.py wait_for_migrations`: until the database is there and knows every migration of this code."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_engine import health

STEP_SECONDS = 1.0


class Command(BaseCommand):
    """A worker on tables that are not there yet would only fail: it waits until somebody has migrated."""

    help = "Wait until every migration has been applied."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=600, help="How long to wait before giving up.")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        deadline = time.monotonic() + seconds
        while (fault := health.fault_of("migrations")) is not None:
            if time.monotonic() > deadline:
                raise CommandError(f"Not within {seconds:.0f} seconds: {fault}")
            time.sleep(STEP_SECONDS)
