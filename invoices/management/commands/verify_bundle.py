"""`manage.py verify_bundle FILE… [--keys KEYS.json]`: check proof bundles, and say what differs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoices.domain.proof.keys import trusted
from invoices.domain.proof.verifier.difference import NotABundle
from invoices.domain.proof.verifier.program import keys_in, run


class Command(BaseCommand):
    """Writes nothing; exits with 0 if everything holds, 1 if something differs or a file is refused, 2 if a list is."""

    help = "Check proof bundles of invoices, oldest first. The same as verify.py, with the keys of this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="A bundle, or the proof of one charge.")
        parser.add_argument(
            "--keys", type=Path, metavar="KEYS.json", help="Trust the keys of this list instead; needs no database."
        )

    def handle(self, *args: Any, files: list[Path], keys: Path | None, **options: Any) -> None:
        try:
            known = trusted() if keys is None else keys_in(keys)
        except (OSError, ValueError, NotABundle) as error:
            raise CommandError(str(error), returncode=2) from error
        if code := run(files, keys=known, write=self.stdout.write):
            raise SystemExit(code)
