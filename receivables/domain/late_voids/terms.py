"""A customer's terms for actions that are voided after billing: set with a reason, and read as of the void."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults
from billing_engine.core.validation import row_faults
from leads.models import Action, Customer
from receivables.models import VoidTerms

VOID_TERMS_SET = Verb("void_terms_set", "Terms for late voids set")
Way = VoidTerms.Way

Terms = Mapping[int, Sequence[VoidTerms]]  # by customer, the latest first


class VoidTermsHaveFaults(HasFaults):
    """Terms without a reason, or that wait for too long."""

    code = "void_terms_have_faults"


@transaction.atomic
def set_terms(customer: Customer, *, way: str, wait_days: int, reason: str, by: User, at: datetime) -> VoidTerms:
    """Set how actions that are voided from now on are credited; raises VoidTermsHaveFaults."""
    was = current(customer)
    terms = VoidTerms(customer=customer, way=way, wait_days=wait_days, since=at, reason=reason.strip(), set_by=by)
    if faults := row_faults(terms):
        raise VoidTermsHaveFaults(faults)
    terms.save(force_insert=True)
    before = {"way": was.way, "wait_days": was.wait_days}
    after = {"way": terms.way, "wait_days": terms.wait_days}
    record(VOID_TERMS_SET, on=terms, by=by, reason=terms.reason, before=before, after=after, also=[customer])
    return terms


def current(customer: Customer) -> VoidTerms:
    """Return the terms of what is voided now; unsaved ones, the default, if none were ever set."""
    found = VoidTerms.objects.filter(customer=customer).order_by("-since", "-pk").first()
    return found or VoidTerms(customer=customer, way=Way.NOTE)


def terms_of(customers: Collection[int]) -> Terms:
    """Read all terms of these customers."""
    rows = VoidTerms.objects.filter(customer__in=customers).order_by("customer", "-since", "-pk")
    return {customer: list(some) for customer, some in groupby(rows, key=lambda row: row.customer_id)}


def waits_for_an_invoice(action: Action, terms: Terms, *, at: datetime) -> bool:
    """Return whether a voided action is still to become a line of the next invoice, by the terms of its void."""
    waits_until = _waits_until(action, terms)
    return waits_until is not None and at < waits_until


def all_wait(first: datetime, customer: int, terms: Terms, *, at: datetime) -> bool:
    """Return whether everything that the customer's sources voided from an instant on still waits for an invoice."""
    of = terms.get(customer, ())
    later = [each for each in of if each.since > first]
    since_then = [*later, *of[len(later) : len(later) + 1]]
    if len(since_then) == len(later):
        return False  # the default was in force
    days = min(each.wait_days for each in since_then)
    return all(each.way == Way.LINE for each in since_then) and at < first + timedelta(days=days)


def until(action: Action, terms: Terms) -> date | None:
    """Return the customer's day on which it becomes a note, if no invoice was drafted by then; None if it is to be one."""
    ends = _waits_until(action, terms)
    return action.period.customer.day_of(ends) if ends else None


def _waits_until(action: Action, terms: Terms) -> datetime | None:
    """Return when the wait for an invoice ends; None if it is to be a note."""
    voided_at = action.voided_at
    if voided_at is None:
        return None
    found = next((each for each in terms.get(action.period.customer_id, ()) if each.since <= voided_at), None)
    return voided_at + timedelta(days=found.wait_days) if found is not None and found.way == Way.LINE else None
