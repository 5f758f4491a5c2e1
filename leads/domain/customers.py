"""Validate and save customers: a new one with its first terms, and later who it is. Terms have their own domain."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import owner_faults
from leads.domain.cycles import begin_cycle
from leads.domain.first_day import refusal_of_first_day
from leads.models import Action, BillingPeriod, Customer, CustomerTerms
from leads.models.customer import first_of_this_month
from leads.models.revision import BEGINNING
from leads.models.terms import TERMS

CUSTOMER_SAVED = Verb("customer_saved", "Customer saved")

FIXED_BY_PERIODS = ("currency", "time_zone", "billed_from")
IDENTITY = ("name", "code", "is_active", *FIXED_BY_PERIODS, "cycle")


class CustomerHasFaults(HasFaults):
    """A customer that contradicts itself, or what is already billed or locked."""

    code = "customer_has_faults"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved customer: whether its cycle changed, and when the new one starts if it has periods."""

    customer: Customer
    has_new_cycle: bool = False
    cycle_begins: datetime | None = None


def is_fixed(customer: Customer) -> bool:
    """Return whether currency, time zone and first billed day are fixed, because there are billing periods."""
    return BillingPeriod.objects.filter(customer=customer).exists()


def set_default_first_day(customer: Customer, terms: Mapping[str, Any]) -> None:
    """Default the first billed day to the first of this month, unless the amount of a minimum depends on it."""
    if _first_day(customer) is None and not terms.get("monthly_minimum"):
        customer.billed_from = first_of_this_month(customer.zone)


def customer_faults(customer: Customer) -> list[FieldFault]:
    """Return what is wrong with a customer by field, in addition to what the fields check themselves."""
    if customer.pk is not None and is_fixed(customer):
        return []
    day = _first_day(customer)
    if day is None:
        return [FieldFault("billed_from", "missing", "Enter the first day for which the minimum is due.")]
    if refusal := refusal_of_first_day(day):
        return [FieldFault("billed_from", "first_day_refused", refusal)]
    return []


def first_terms_faults(customer: Customer, terms: Mapping[str, Any]) -> list[FieldFault]:
    """Return what is wrong with a new customer's first terms, by field."""
    return row_faults(_first_terms(customer, terms), exclude={"customer", "written_at"})


def _first_terms(customer: Customer, terms: Mapping[str, Any]) -> CustomerTerms:
    return CustomerTerms(customer=customer, first_day=BEGINNING, changed=list(TERMS), **terms)


@transaction.atomic
def add_customer(customer: Customer, *, terms: Mapping[str, Any], by: User, at: datetime) -> Customer:
    """Save a new customer with its first terms, which apply from the beginning; the others have their usual values.

    They are in force at once, because no period is billed by them yet. Raises CustomerHasFaults.
    """
    set_default_first_day(customer, terms)
    first = _first_terms(customer, terms)
    first.written_by, first.written_at, first.in_force_at = by, at, at
    agreed = [name for name, value in terms.items() if value != getattr(CustomerTerms(customer=customer), name)]
    faults = [
        *customer_faults(customer),
        *owner_faults(by, [*_differ(customer, Customer(), IDENTITY), *agreed]),
    ]
    if faults := faults or row_faults(customer) or first_terms_faults(customer, terms):
        raise CustomerHasFaults(faults)
    customer.save(force_insert=True)
    first.save(force_insert=True)
    told: dict[str, Any] = {name: (None, terms[name]) for name in agreed}
    record_saved(CUSTOMER_SAVED, on=customer, stored=None, by=by, **told)
    return customer


@transaction.atomic
def save_customer(customer: Customer, *, by: User, at: datetime) -> Saved:
    """Save who a customer is. A new cycle starts where the last period ends.

    Raises CustomerHasFaults without changing anything, also if a changed field is not one of the person's own.
    """
    stored = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    set_default_first_day(customer, {})
    _check(customer, stored, by=by)
    wanted = Customer.Cycle(customer.cycle)
    customer.cycle = stored.cycle  # changed below, so that no period is cut in two
    save_changes(customer, since=stored)
    customer.cycle = wanted
    record_saved(CUSTOMER_SAVED, on=customer, stored=stored, by=by)
    if wanted == stored.cycle:
        return Saved(customer)
    begins = begin_cycle(customer, to=wanted, by=by, at=at)
    return Saved(customer, has_new_cycle=True, cycle_begins=begins)


def _first_day(customer: Any) -> date | None:
    """Return the first billed day; None for an unsaved customer without one."""
    day: date | None = customer.billed_from
    return day


def _check(customer: Customer, stored: Customer, *, by: User) -> None:
    changed = _differ(customer, stored, IDENTITY)
    faults = [*customer_faults(customer), *owner_faults(by, changed)]
    if is_fixed(stored):
        words = "This can't change once the customer has a billing period."
        faults += [FieldFault(name, "fixed_by_periods", words) for name in changed if name in FIXED_BY_PERIODS]
    if not customer.is_active and stored.is_active and (words := why_not_deactivated(stored)):
        faults.append(FieldFault("is_active", "not_billed_yet", words))
    if faults := faults or row_faults(customer):
        raise CustomerHasFaults(faults)


def why_not_deactivated(customer: Customer) -> str:
    """Return why the customer can't be deactivated, or "": no run bills an inactive customer, so it must owe nothing."""
    periods = BillingPeriod.objects.open().filter(customer=customer)
    if periods.filter(Exists(Action.objects.filter(period=OuterRef("pk")))).exists():
        return "Bill the actions of this customer before you deactivate it."
    days = [customer.today, *(customer.day_of(start) for start in periods.values_list("start_at", flat=True))]
    if any(_has_minimum(customer.terms.on(day), day) for day in days):
        return "End the monthly minimum or the contract, and bill it, before you deactivate the customer."
    return ""


def _has_minimum(terms: CustomerTerms, day: date) -> bool:
    return bool(terms.monthly_minimum) and (terms.contract_to is None or terms.contract_to >= day)


def _differ(one: Customer, other: Customer, names: Collection[str]) -> list[str]:
    return [name for name in names if getattr(one, name) != getattr(other, name)]
