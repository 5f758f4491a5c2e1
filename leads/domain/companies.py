"""Save the companies that send invoices: a new one with its first details, and later its name and invoice numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import bank_faults
from leads.domain.number_prefixes import refusal_of_length, refusal_of_prefix
from leads.models import Company, CompanyDetails
from leads.models.company import DETAILS
from leads.models.revision import BEGINNING

COMPANY_SAVED = Verb("company_saved", "Company saved")


class CompanyHasFaults(HasFaults):
    """A company whose invoices could be mistaken for another's, or that lacks details."""

    code = "company_has_faults"


def prefix_faults(company: Company) -> list[FieldFault]:
    """Return why the company can't issue numbers under its prefix."""
    if words := refusal_of_prefix(company.number_prefix, seller=company):
        return [FieldFault("number_prefix", "number_prefix_taken", words)]
    words = refusal_of_length(company.number_prefix, company.number_digits)
    return [FieldFault("number_prefix", "number_too_long", words)] if words else []


@transaction.atomic
def add_company(company: Company, *, details: Mapping[str, Any], by: User, at: datetime) -> Company:
    """Save a new company with its first details, which are in force at once: it has no customer yet.

    Raises CompanyHasFaults, also if the person may not change bank details.
    """
    first = CompanyDetails(company=company, first_day=BEGINNING, changed=list(DETAILS), **details)
    first.written_by, first.written_at, first.in_force_at = by, at, at
    faults = [*bank_faults(by, [name for name, value in details.items() if value]), *prefix_faults(company)]
    if faults := faults or row_faults(company) or row_faults(first, exclude={"company"}):
        raise CompanyHasFaults(faults)
    company.save(force_insert=True)
    first.save(force_insert=True)
    told: dict[str, Any] = {name: (None, details[name]) for name in details}
    record_saved(COMPANY_SAVED, on=company, stored=None, by=by, **told)
    return company


@transaction.atomic
def save_company(company: Company, *, by: User) -> Company:
    """Save a company's name and invoice numbers; a new prefix applies from its next invoice on. Raises CompanyHasFaults."""
    stored = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    if faults := prefix_faults(company) or row_faults(company):
        raise CompanyHasFaults(faults)
    save_changes(company, since=stored)
    record_saved(COMPANY_SAVED, on=company, stored=stored, by=by)
    return company
