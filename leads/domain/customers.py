"""Validate and save a customer's terms, with the consequences of a change."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import CUSTOMER_TERMS, owner_faults
from leads.domain.cycles import begin_cycle
from leads.domain.first_day import refusal_of_first_day
from leads.domain.periods import mark_open_periods
from leads.models import BillingPeriod, Customer, CustomerTax
from leads.models.customer import first_of_this_month

CUSTOMER_SAVED = Verb("customer_saved", "Customer saved")

# A period's charges depend on these: if one changes, the open periods are rated again.
RATED_BY = ("contract_from", "contract_to", "excluded_domains", "monthly_budget", "hard_budget")
FIXED_BY_PERIODS = ("currency", "time_zone", "billed_from")


class CustomerHasFaults(HasFaults):
    """Terms that contradict each other, or what is already billed or locked."""

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


def set_default_first_day(customer: Customer) -> None:
    """Default the first billed day to the first of this month, unless the amount of a minimum depends on it."""
    if _first_day(customer) is None and not customer.monthly_minimum:
        customer.billed_from = first_of_this_month(customer.zone)


def terms_faults(customer: Customer) -> list[FieldFault]:
    """Return what is wrong with a customer's terms by field, in addition to what the fields check themselves."""
    found = []
    if customer.contract_from and customer.contract_to and customer.contract_to < customer.contract_from:
        words = "The contract can't end before it starts."
        found.append(FieldFault("contract_to", "ends_before_it_begins", words))
    if customer.pk is not None and is_fixed(customer):
        return found
    day = _first_day(customer)
    if day is None:
        found.append(FieldFault("billed_from", "missing", "Enter the first day for which the minimum is due."))
    elif refusal := refusal_of_first_day(day):
        found.append(FieldFault("billed_from", "first_day_refused", refusal))
    return found


@transaction.atomic
def save_customer(
    customer: Customer,
    *,
    taxes: Iterable[CustomerTax] = (),
    removed_taxes: Iterable[CustomerTax] = (),
    by: User,
    at: datetime,
) -> Saved:
    """Save a new or changed customer, with new or changed taxes and without the removed ones.

    A new cycle starts where the last period ends. If prices are affected, the open periods are rated again. Raises
    CustomerHasFaults without changing anything, also if a changed term is not one of the person's own.
    """
    stored = Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first() if customer.pk else None
    set_default_first_day(customer)
    new_taxes, old_taxes = list(taxes), list(removed_taxes)
    _check(customer, stored, by=by, has_new_taxes=bool(new_taxes or old_taxes))
    wanted = Customer.Cycle(customer.cycle)
    taxes_before = _taxes_in_words(stored)
    if stored is not None:
        customer.cycle = stored.cycle  # changed below, so that no period is cut in two
    customer.save()
    for tax in old_taxes:
        tax.delete()
    for tax in new_taxes:
        tax.customer = customer
        tax.save()
    customer.cycle = wanted
    taxes_now = _taxes_in_words(customer)
    record_saved(CUSTOMER_SAVED, on=customer, stored=stored, by=by, taxes=(taxes_before, taxes_now))
    if stored is None:
        return Saved(customer)
    if _differ(customer, stored, RATED_BY):
        mark_open_periods(customer=customer, reason="customer changed")
    if wanted == stored.cycle:
        return Saved(customer)
    begins = begin_cycle(customer, to=wanted, by=by, at=at)
    return Saved(customer, has_new_cycle=True, cycle_begins=begins)


def _taxes_in_words(customer: Customer | None) -> list[str]:
    return [] if customer is None else [str(tax) for tax in customer.taxes.order_by("pk")]


def _first_day(customer: Any) -> date | None:
    """Return the first billed day; None for an unsaved customer without one."""
    day: date | None = customer.billed_from
    return day


def _check(customer: Customer, stored: Customer | None, *, by: User, has_new_taxes: bool) -> None:
    faults = terms_faults(customer)
    changed = _differ(customer, stored or Customer(), [name for name in CUSTOMER_TERMS if name != "taxes"])
    faults += owner_faults(by, [*changed, *(["taxes"] if has_new_taxes else [])])
    if stored is not None and is_fixed(stored):
        words = "This can't change once the customer has a billing period."
        faults += [FieldFault(name, "fixed_by_periods", words) for name in _differ(customer, stored, FIXED_BY_PERIODS)]
    if faults := faults or row_faults(customer):
        raise CustomerHasFaults(faults)


def _differ(one: Customer, other: Customer, names: Collection[str]) -> list[str]:
    ids = {"seller": "seller_id"}  # compared without loading the company
    return [name for name in names if getattr(one, ids.get(name, name)) != getattr(other, ids.get(name, name))]
