"""A rule whose price can't be told: the actions that it wins stay unrated and say why; all others are priced."""

from dataclasses import dataclass

from pricing.rating.prices import Counted


class CannotPrice(Exception):
    """Why an action has no price, in words for people."""


@dataclass(frozen=True, slots=True)
class Unpriceable:
    """Stands where a price model should."""

    words: str

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        raise CannotPrice(self.words)


def in_words(error: Exception) -> str:
    """Why an action could not be priced."""
    return str(error) if isinstance(error, CannotPrice) else f"{type(error).__name__}: {error}"
