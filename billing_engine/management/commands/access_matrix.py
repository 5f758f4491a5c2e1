"""`manage.py access_matrix`: write docs/access-matrix.txt, which says who may open which address."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing_engine.reference.access_matrix import access_matrix


class Command(BaseCommand):
    help = "Write docs/access-matrix.txt from the addresses and the permissions that each states."
    requires_system_checks = ()  # some of them ask the database, which the matrix does not need

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.BASE_DIR / "docs" / "access-matrix.txt"
        file.write_text(access_matrix(), encoding="utf-8")
        self.stdout.write(f"{file.relative_to(settings.BASE_DIR)} written.")
