"""Print the work done and the checks as tables."""

import sys
from collections.abc import Sequence

from tests.soak.held import Held
from tests.soak.ledger import Ledger

SHOWN = 10  # violations of a check


def say(words: str) -> None:
    """Print progress, unbuffered."""
    print(words, flush=True)


def print_tables(ledger: Ledger, found: Sequence[Held], *, seed: int) -> None:
    """Print everything to standard output."""
    print(f"\nDone (seed {seed})")
    for what, count in sorted(ledger.done.items()):
        print(f"  {what:<52}{count:>10,}")
    print("\nRefused, as it should be")
    for what, count in sorted(ledger.refused.items()):
        print(f"  {what:<52}{count:>10,}")
    print("\nHeld")
    for one in found:
        print(
            f"  {'holds' if not one.faults else 'FAILS':<7}{one.name}{f' ({one.looked_at})' if one.looked_at else ''}"
        )
        for fault in one.faults[:SHOWN]:
            print(f"           {fault}")
        if len(one.faults) > SHOWN:
            print(f"           … and {len(one.faults) - SHOWN:,} more")
    sys.stdout.flush()
