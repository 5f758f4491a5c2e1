"""Save the companies that send invoices."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import COMPANY_BANK_DETAILS, bank_faults
from leads.domain.number_prefixes import refusal_of_prefix
from leads.models import Company

COMPANY_SAVED = Verb("company_saved", "Company saved")


class CompanyHasFaults(HasFaults):
    """A company whose invoices could be mistaken for another's, or that lacks details."""

    code = "company_has_faults"


def prefix_faults(company: Company) -> list[FieldFault]:
    """Return why the company can't issue numbers under its prefix."""
    words = refusal_of_prefix(company.number_prefix, seller=company)
    return [FieldFault("number_prefix", "number_prefix_taken", words)] if words else []


@transaction.atomic
def save_company(company: Company, *, by: User) -> Company:
    """Save a new or changed company; a new prefix applies from its next invoice on.

    Raises CompanyHasFaults, also if the person may not change bank details and they changed.
    """
    stored = Company.objects.select_for_update(no_key=True).filter(pk=company.pk).first() if company.pk else None
    moved = [name for name in COMPANY_BANK_DETAILS if getattr(company, name) != getattr(stored or Company(), name)]
    if faults := [*bank_faults(by, moved), *prefix_faults(company)] or row_faults(company):
        raise CompanyHasFaults(faults)
    company.save()
    record_saved(COMPANY_SAVED, on=company, stored=stored, by=by)
    return company
