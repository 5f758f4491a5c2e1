"""What every letter says at its head: who writes to whom, when, and about what."""

from dataclasses import asdict, dataclass
from typing import Any

from invoices.domain.document.content import LabeledValue, Party, party_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The head of a letter and what stands large below it: all text final, all amounts formatted."""

    title: str
    number: str = ""
    made_on: str  # ISO date, for the document's metadata
    seller: Party
    bill_to: Party
    details: tuple[LabeledValue, ...]
    headline: str
    subline: str = ""
    locale: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the content as plain lists, dictionaries and strings."""
        return asdict(self)


def parties_of(seller: dict[str, Any], customer: dict[str, Any]) -> dict[str, Party]:
    """Return both parties from the details that an invoice stores."""
    return {"seller": party_of(seller, [seller["email"]]), "bill_to": party_of(customer, customer["contacts"])}


def details_of(*details: tuple[str, str]) -> tuple[LabeledValue, ...]:
    """Return labeled values, without empty ones."""
    return tuple(LabeledValue(label, value) for label, value in details if value)
