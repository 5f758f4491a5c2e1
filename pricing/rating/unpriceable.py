"""A rule with an invalid price: the actions it wins stay unrated with a message; all others are priced."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

from pricing.rating.prices import Case, Clause, Counted, Field, Given, Price, Row, TierPart
from pricing.rating.statement import Statement


class CannotPrice(Exception):
    """Why an action has no price, for people."""


@dataclass(frozen=True, slots=True)
class Unpriceable(Price):
    """A placeholder for an invalid price: it can be inspected, but prices nothing."""

    code: ClassVar[str] = ""
    title: ClassVar[str] = "No"
    meaning: ClassVar[str] = "An invalid price."
    fields: ClassVar[tuple[Field, ...]] = ()

    words: str

    @classmethod
    def of(cls, given: Given) -> Self:
        raise NotImplementedError

    @property
    def costs_anything(self) -> bool:
        return False

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        self._refuse()

    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        self._refuse()

    def clause(self) -> Clause:
        self._refuse()

    def explained(self, case: Case) -> Iterator[Statement]:
        self._refuse()

    def row(self, part: int) -> Row:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise CannotPrice(self.words)


def in_words(error: Exception) -> str:
    """Why an action could not be priced."""
    return str(error) if isinstance(error, CannotPrice) else f"{type(error).__name__}: {error}"
