"""`manage.py wait_for_migrations`: wait until the database exists and has every migration of this code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing_engine.operations import health


class Command(BaseCommand):
    """A worker without its tables would only fail, so it waits until another process has migrated."""

    help = "Wait until every migration has been applied."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=600, help="How long to wait before giving up.")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        try:
            health.wait_for("migrations", seconds=seconds)
        except TimeoutError as error:
            raise CommandError(str(error)) from error
