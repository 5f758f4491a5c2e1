"""Format counts and lists of names."""

from collections.abc import Sequence

NAMED = 3


def count_in_words(count: int) -> str:
    """`1,234`."""
    return f"{count:,}"


def names_in_words(names: Sequence[str], *, of: int = 0) -> str:
    """`Ash, Birch, Cedar and 4 more`: the first few by name; `of` is how many there are, if not all are given."""
    more = max(of, len(names)) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {count_in_words(more)} more" if more > 0 else "")
