"""`manage.py down`: stop the embedded servers that other commands or interrupted tests left running."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing_engine import local_servers


class Command(BaseCommand):
    """Stops the servers; the data stays."""

    help = "Stop every embedded PostgreSQL and Redis of this checkout, including those of tests."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        local_servers.down_all(settings.BASE_DIR)
