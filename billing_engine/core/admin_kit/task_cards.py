"""Cards on a page that say what waits for a person: how many, of what, what to do about it, and where."""

from dataclasses import dataclass

from billing_engine.core.counts import count_in_words


@dataclass(frozen=True, slots=True)
class TaskCard:
    """Something that waits, in words, with the colour of its edge."""

    count: str
    what: str
    advice: str
    address: str
    tone: str

    @classmethod
    def of(cls, count: int, what: str, advice: str, address: str, tone: str) -> "TaskCard":
        """The card of so many."""
        return cls(count_in_words(count), what, advice, address, tone)
