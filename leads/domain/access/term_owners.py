"""Who owns each term: finance, operations, or both, which means that a person of each agrees."""

from collections.abc import Iterable
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from billing_engine.core.errors import FieldFault

Person = User | AbstractBaseUser | AnonymousUser


class Owner(StrEnum):
    """Whose term it is."""

    FINANCE = "finance"
    OPERATIONS = "operations"
    BOTH = "both"


PERMISSION = {
    Owner.FINANCE: "leads.change_finance_terms",
    Owner.OPERATIONS: "leads.change_operations_terms",
    Owner.BOTH: "leads.change_commitments",
}
BANK_DETAILS = "leads.change_bank_details"

CUSTOMER_TERMS = {
    **dict.fromkeys(("name", "code", "excluded_domains"), Owner.OPERATIONS),
    **dict.fromkeys(
        (
            *("payment_terms_days", "dispute_days", "dispute_quota", "dispute_quota_sum"),
            *("billing_contacts", "tax_exempt_reason", "taxes", "seller"),
            *("legal_name", "tax_id", "address", "purchase_order", "locale", "detail_annex"),
            "electronic_invoice",
        ),
        Owner.FINANCE,
    ),
    **dict.fromkeys(
        (
            *("is_active", "currency", "time_zone", "billed_from", "cycle", "contract_from", "contract_to"),
            *("monthly_minimum", "monthly_budget", "hard_budget"),
        ),
        Owner.BOTH,
    ),
}
# Where customers send the money, and whom they believe about it.
COMPANY_BANK_DETAILS = ("pay_to", "email")


def may_change(person: Person, term: str) -> bool:
    """Return whether the person may change this term of a customer or, if both roles own it, propose a change."""
    return _has(person, PERMISSION[CUSTOMER_TERMS[term]])


def may_change_any(person: Person) -> bool:
    """Return whether the person may change at least one term of a customer."""
    return any(_has(person, permission) for permission in PERMISSION.values())


def may_agree(person: Person, term: str, *, authors: Iterable[Person]) -> bool:
    """Return whether the person may approve what the authors changed about this term.

    An author never does. A term of both roles needs an author of one role and an approver of the other.
    """
    others = list(authors)
    if not may_change(person, term) or any(person.pk == author.pk for author in others):
        return False
    if CUSTOMER_TERMS[term] is not Owner.BOTH:
        return True
    finance, operations = PERMISSION[Owner.FINANCE], PERMISSION[Owner.OPERATIONS]
    return any(
        (_has(author, finance) and _has(person, operations)) or (_has(author, operations) and _has(person, finance))
        for author in others
    )


def owner_faults(person: Person, terms: Iterable[str]) -> list[FieldFault]:
    """Return a fault for each of these changed terms that the person does not own."""
    return [
        FieldFault(term, "not_your_term", _refusal(CUSTOMER_TERMS[term]))
        for term in terms
        if not may_change(person, term)
    ]


def may_change_bank_details(person: Person) -> bool:
    """Return whether the person may change how customers pay, and where they write to."""
    return _has(person, BANK_DETAILS)


def bank_faults(person: Person, fields: Iterable[str]) -> list[FieldFault]:
    """Return a fault for each of these changed fields of a company that the person may not change."""
    words = "Only a person with permission to change bank details can change this."
    changed = [name for name in fields if name in COMPANY_BANK_DETAILS]
    return [] if may_change_bank_details(person) else [FieldFault(name, "not_your_term", words) for name in changed]


def _refusal(owner: Owner) -> str:
    if owner is Owner.BOTH:
        return "Only finance and operations can change this."
    return f"Only {owner} can change this."


def _has(person: Person, permission: str) -> bool:
    return isinstance(person, User) and person.has_perm(permission)
