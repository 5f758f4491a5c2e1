"""What differs between a bundle and what was signed or follows from it."""

from dataclasses import dataclass, field

SHOWN = 20
LONGEST = 1_000  # characters of one sentence
# What reading a value raises that is not what a bundle has there.
UNEXPECTED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class NotABundle(Exception):
    """The file is refused before anything in it is trusted: it is not a bundle as this program writes one."""


@dataclass(slots=True)
class Report:
    """What was checked, one row each, and what differs."""

    rows: list[tuple[str, bool, str]] = field(default_factory=list)  # subject, whether it holds, words
    differences: list[str] = field(default_factory=list)  # the first ones
    count: int = 0
    fingerprint: str = ""
    invoice: str = ""
    manifest: str = ""  # its digest
    previous: str = ""  # the digest of the customer's previous manifest; "" if this is the first

    @property
    def holds(self) -> bool:
        return self.count == 0

    def row(self, subject: str, words: str, *, since: int) -> None:
        """Add a row: it holds if nothing was found since `since` differences were known."""
        self.rows.append((subject, self.count == since, plain(words)))

    def differs(self, words: str) -> None:
        """Note a difference."""
        self.count += 1
        if len(self.differences) < SHOWN:
            self.differences.append(plain(words))

    def as_text(self) -> str:
        """The report for a terminal."""
        width = max(len("fingerprint"), *(len(subject) for subject, _, _ in self.rows)) + 2
        lines = [f"{subject:<{width}}{'ok' if ok else 'NO':<5}{words}" for subject, ok, words in self.rows]
        if self.fingerprint:
            groups = spaced(self.fingerprint)
            lines += [f"{'fingerprint':<{width}}{groups[:39]}", f"{'':<{width}}{groups[40:]}"]
        lines += [f"differs: {words}" for words in self.differences]
        if self.count > len(self.differences):
            lines.append(f"differs: … and {self.count - len(self.differences):,} more")
        return "".join(f"{line}\n" for line in lines)


def plain(words: str) -> str:
    """Words from a file, which may not move the cursor, hide a line of the report, or write one of their own."""
    return "".join(each if each.isprintable() else "\ufffd" for each in words[:LONGEST])


def spaced(digest: str) -> str:
    """`9f2c 41d7 e08b …`, in groups of four, as printed on the invoice."""
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))
