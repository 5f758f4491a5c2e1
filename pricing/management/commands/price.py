"""`manage.py price --rules RULES.json --actions ACTIONS.ndjson [--carried CARRIED.json] [--explain]`: no database."""

import io
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from pricing.files.charges import price_files
from pricing.files.faults import FilesRefused

LINES_AT_A_TIME = 1_000


class Command(BaseCommand):
    """Rates files with the billing function; prints one JSON object per action in rating order."""

    help = "Price the actions of a file with the rules of a file, without a database. Formats: docs/price-files.md."
    # Checks would require settings that are missing without a database.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rules", type=Path, required=True, metavar="RULES.json")
        parser.add_argument("--actions", type=Path, required=True, metavar="ACTIONS.ndjson")
        parser.add_argument(
            "--carried",
            type=Path,
            metavar="CARRIED.json",
            help="What earlier periods carry over, and the terms of the periods.",
        )
        parser.add_argument("--explain", action="store_true", help="Add an explanation to each charge.")

    def handle(
        self, *args: Any, rules: Path, actions: Path, explain: bool, carried: Path | None, **options: Any
    ) -> None:
        try:
            self._print(price_files(rules, actions, carried=carried, explain=explain))
        except FilesRefused as refusal:
            for fault in refusal.faults:
                self.stderr.write(str(fault))
            raise SystemExit(2) from refusal

    def _print(self, lines: Iterator[bytes]) -> None:
        # JSON is UTF-8, regardless of the terminal's language.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        try:
            while some := b"".join(islice(lines, LINES_AT_A_TIME)):
                self.stdout.write(some.decode(), ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # The reader has closed the pipe, as `head` does; discard what is still buffered.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
