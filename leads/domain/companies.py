"""Save the companies that send invoices."""

from django.db import transaction

from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.number_prefixes import refusal_of_prefix
from leads.models import Company


class CompanyHasFaults(HasFaults):
    """A company whose invoices could be mistaken for another's, or that lacks details."""

    code = "company_has_faults"


def prefix_faults(company: Company) -> list[FieldFault]:
    """Return why the company can't issue numbers under its prefix."""
    words = refusal_of_prefix(company.number_prefix, seller=company)
    return [FieldFault("number_prefix", "number_prefix_taken", words)] if words else []


@transaction.atomic
def save_company(company: Company) -> Company:
    """Save a new or changed company; a new prefix applies from its next invoice on. Raises CompanyHasFaults."""
    if faults := prefix_faults(company) or row_faults(company):
        raise CompanyHasFaults(faults)
    save_changes(company)
    return company
