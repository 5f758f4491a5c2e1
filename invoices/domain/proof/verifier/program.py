"""`verify.py [--key DIGEST] [--keys KEYS.json] FILE…`: check proof bundles, or proofs of one charge.

It reads only the files that you name, and asks nothing of the internet. Exit code 0: everything holds; 1: something
differs or a file is refused; 2: the command is wrong.
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

from invoices.domain.proof.verifier.bundle import Key, linked, verify
from invoices.domain.proof.verifier.content import decoded
from invoices.domain.proof.verifier.difference import NotABundle, Report, plain
from invoices.domain.proof.verifier.one_charge import LARGEST, verify_charge

SHORTEST_KEY = 32  # digits of a key's digest that can't be found by trying


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    parser = ArgumentParser(prog="verify.py", description="Check proof bundles of invoices, oldest first.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a bundle, or the proof of one charge")
    parser.add_argument("--key", action="append", default=[], metavar="DIGEST", help="the key's digest on the PDF")
    parser.add_argument("--keys", type=Path, metavar="KEYS.json", help="the list of keys from the well-known address")
    given = parser.parse_args(arguments)
    try:
        keys = [*map(typed_key, given.key), *(keys_in(given.keys) if given.keys else ())]
    except (OSError, ValueError, NotABundle) as error:
        parser.error(str(error))
    return run(given.files, keys=keys)


def typed_key(text: str) -> Key:
    """The key with this digest, as it is printed on the PDF."""
    digest = re.sub(r"\s", "", text).lower()
    if len(digest) < SHORTEST_KEY or re.fullmatch(r"[0-9a-f]+", digest) is None:
        raise ValueError(f"{text!r} is not the digest of a key: it has at least {SHORTEST_KEY} digits.")
    return Key(digest)


def keys_in(path: Path) -> list[Key]:
    """The keys of a file with the published list."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("A list of keys is not that large.")
    return listed_keys(content)


def listed_keys(content: bytes) -> list[Key]:
    """The keys of the published list."""
    try:
        return [
            Key(key["digest"], key["valid_from"], key["valid_to"])
            for key in decoded(content, "The list of keys")["keys"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"The list of keys has an unexpected value: {error}") from error


def run(files: Sequence[Path], *, keys: Sequence[Key], write: Callable[[str], object] = sys.stdout.write) -> int:
    """Check each file, write what was found, and return the exit code."""
    reports = []
    for path in files:
        try:
            report = check(path, keys=keys)
        except (NotABundle, OSError) as error:
            write(f"{plain(f'{path.name}: refused. {error}')}\n")
            return 1
        write(f"{plain(path.name)}\n{report.as_text()}")
        reports.append(report)
    wrong = linked(reports)
    if wrong:
        write("".join(f"differs: {plain(words)}\n" for words in wrong))
    return 0 if all(report.holds for report in reports) and not wrong else 1


def check(path: Path, *, keys: Sequence[Key]) -> Report:
    """Check one file, whichever of the two it is."""
    with path.open("rb") as file:
        if file.read(1) == b"{":
            file.seek(0)
            return verify_charge(file.read(LARGEST + 1), keys=keys)
        return verify(file, keys=keys)
