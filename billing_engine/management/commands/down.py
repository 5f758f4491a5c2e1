"""`manage.py down`: stops the embedded servers that another command left running."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing_engine import desk


class Command(BaseCommand):
    """The data stays."""

    help = "Stop this checkout's embedded PostgreSQL and Redis."

    def handle(self, *args: Any, **options: Any) -> None:
        desk.down(settings.BASE_DIR)
