"""Terms as a page shows them: in force now, to come, and past changes."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

from billing_engine.core.admin_kit.cells import instant
from leads.domain.terms.wording import from_in_words, label_of, value_in_words
from leads.models import Company, Customer
from leads.models.revision import RevisionOfTerms
from leads.queries.terms import ShownRevision, cycle_changes, shown_terms

NOTHING_CHANGED = "Nothing has changed so far."


def terms_of_customer(customer: Customer) -> dict[str, Any]:
    """What the page of a customer shows of its terms; its billing cycles are in the same history."""
    revisions = list(customer.terms.select_related("seller"))
    shown = shown_terms(revisions, today=customer.today, currency=customer.currency)
    cycles = cycle_changes(customer)
    to_come = [each for each in cycles if each.first_day > customer.today]
    started = [each for each in cycles if each.first_day <= customer.today]
    past = sorted([*shown.past, *started], key=lambda each: (each.first_day, each.written_at), reverse=True)
    return {
        "now": _now(customer.terms.on(customer.today), currency=customer.currency),
        "waiting": _rows(shown.waiting, customer.zone),
        "to_come": _rows([*shown.to_come, *to_come], customer.zone),
        "past": _rows(past, customer.zone),
    }


def details_of_company(company: Company) -> dict[str, Any]:
    """What the page of a company shows of its details."""
    shown = shown_terms(list(company.details.all()), today=company.today)
    return {
        "now": _now(company.details_today),
        "waiting": _rows(shown.waiting),
        "to_come": _rows(shown.to_come),
        "past": _rows(shown.past),
    }


def _now(terms: RevisionOfTerms, *, currency: str = "") -> list[tuple[str, str]]:
    return [
        (label_of(type(terms), name), value_in_words(name, value, currency=currency))
        for name, value in terms.values().items()
    ]


def _rows(revisions: Sequence[ShownRevision], zone: tzinfo = UTC) -> list[dict[str, Any]]:
    return [
        {
            "since": from_in_words(each.first_day).removeprefix("from "),
            "changed": each.changed,
            "reason": each.reason,
            "author": each.author,
            "written": instant(each.written_at, zone),
            "approver": each.approver,
            "is_withdrawn": each.is_withdrawn,
        }
        for each in revisions
    ]
