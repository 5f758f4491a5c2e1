"""What every letter says at its head: who writes to whom, when, and about what."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.conf import settings

from invoices.domain.document.content import LabeledValue, Party, party_of
from leads.models import Company, Customer


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


def seller_on(company: Company | None, day: date) -> dict[str, Any]:
    """Return the details of the company on a day, as an invoice stores them; None is the seller in the settings."""
    names = ("address", "tax_id", "email", "pay_to")
    if company is None:
        return {name: settings.SELLER.get(name, "") for name in ("name", *names)}
    details = company.details_on(day)
    return {"name": company.name, **{name: getattr(details, name) for name in names}}


def customer_on(customer: Customer, day: date) -> dict[str, Any]:
    """Return who gets a letter on a day, as an invoice stores it."""
    terms = customer.terms.on(day)
    return {
        "name": terms.legal_name or customer.name,
        "address": terms.address,
        "tax_id": terms.tax_id,
        "contacts": list(terms.billing_contacts),
        "locale": terms.locale,
    }


def details_of(*details: tuple[str, str]) -> tuple[LabeledValue, ...]:
    """Return labeled values, without empty ones."""
    return tuple(LabeledValue(label, value) for label, value in details if value)
