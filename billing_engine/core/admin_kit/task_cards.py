"""Cards for pending tasks: how many, of what, what to do about it, and where."""

from dataclasses import dataclass

from billing_engine.core.counts import count_in_words


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A pending task, with the color of the card's edge."""

    count: str
    what: str
    advice: str
    address: str
    tone: str

    @classmethod
    def of(cls, count: int, what: str, advice: str, address: str, tone: str) -> "TaskCard":
        """The card for this count."""
        return cls(count_in_words(count), what, advice, address, tone)
