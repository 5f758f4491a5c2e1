"""`manage.py schema`: docs/schema.dbml, to be opened in dbdiagram.io."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing_engine.dbml import schema


class Command(BaseCommand):
    """Writes the schema anew from the models, or looks whether it is still the one that is stored."""

    help = "Write docs/schema.dbml from the models; --check only says whether it is stale."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; exit with 1 if the file is stale.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        file: Path = settings.BASE_DIR / "docs" / "schema.dbml"
        name, new = file.relative_to(settings.BASE_DIR), schema()
        if file.is_file() and file.read_text(encoding="utf-8") == new:
            self.stdout.write(f"{name} shows the models as they are.")
            return
        if check:
            raise CommandError(f"{name} is stale. Write it anew with: manage.py schema")
        file.write_text(new, encoding="utf-8")
        self.stdout.write(f"{name} written.")
