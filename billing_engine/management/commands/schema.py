"""`manage.py schema`: write docs/schema.dbml from the models, and docs/schema.txt from the migrations."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from billing_engine.reference.dbml import schema
from billing_engine.reference.stored_schema import stored_schema


class Command(BaseCommand):
    """Writes the schema of the models and that of a migrated database, or checks whether the first is up to date."""

    help = "Write docs/schema.dbml and docs/schema.txt; --check only says whether the first is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; exit with 1 if the file is stale.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        drawn = settings.BASE_DIR / "docs" / "schema.dbml"
        if check:
            if not _is(drawn, schema()):
                raise CommandError(
                    f"{drawn.relative_to(settings.BASE_DIR)} is out of date. Update it with: manage.py schema"
                )
            self.stdout.write("docs/schema.dbml is up to date.")
            return
        self._write(drawn, schema())
        with _freshly_migrated():
            self._write(settings.BASE_DIR / "docs" / "schema.txt", stored_schema())

    def _write(self, file: Path, new: str) -> None:
        is_new = not _is(file, new)
        if is_new:
            file.write_text(new, encoding="utf-8")
        self.stdout.write(f"{file.relative_to(settings.BASE_DIR)} {'written' if is_new else 'unchanged'}.")


def _is(file: Path, new: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == new


@contextmanager
def _freshly_migrated() -> Iterator[None]:
    """Read it from a temporary database next to the one in the settings."""
    before = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"schema_of_{before}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
