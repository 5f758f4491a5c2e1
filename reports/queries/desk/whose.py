"""Whose desk a person sees: that of operations, that of finance, or both."""

from django.contrib.auth.models import User

# Who acts on what: without either, a person sees both desks, as far as their rights go.
OPERATIONS, FINANCE = "leads.change_quarantineditem", "invoices.change_invoice"


def is_only_of(by: User, role: str) -> bool:
    """Return whether the person acts as this role and not as the other one."""
    (other,) = {OPERATIONS, FINANCE} - {role}
    return by.has_perm(role) and not by.has_perm(other)
