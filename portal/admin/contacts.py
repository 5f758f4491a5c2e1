"""Whether the customer's people see email addresses of leads in full, or masked: decided by staff, for a reason."""

from django.http import HttpRequest

from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from leads.admin.customers import CustomerAdmin
from leads.domain.memberships.portal import SHOW_CONTACTS, show_contacts, shows_contacts
from leads.models import Customer


@button(
    "Show lead contacts",
    permission=SHOW_CONTACTS,
    icon="visibility",
    offered=lambda customer: not shows_contacts(customer),
    asks=Dialog(
        lambda customer: f"Show lead contacts to {customer}?",
        "In the portal, its files and the customer API, everyone of the customer sees email addresses of leads in full.",
        form=WithReason,
    ),
)
def show_lead_contacts(_: object, request: HttpRequest, row: Customer, answers: dict[str, str]) -> Done:
    """Show them from now on."""
    show_contacts(row, shown=True, by=person(request), reason=answers["reason"])
    return Done("The customer's people see email addresses of leads in full.")


@button(
    "Mask lead contacts",
    permission=SHOW_CONTACTS,
    icon="visibility_off",
    offered=shows_contacts,
    asks=Dialog(
        lambda customer: f"Mask lead contacts for {customer}?",
        "In the portal, its files and the customer API, email addresses of leads are masked from now on.",
        form=WithReason,
    ),
)
def mask_lead_contacts(_: object, request: HttpRequest, row: Customer, answers: dict[str, str]) -> Done:
    """Mask them from now on."""
    show_contacts(row, shown=False, by=person(request), reason=answers["reason"])
    return Done("Email addresses of leads are masked for the customer's people.")


CustomerAdmin.extend_more(show_lead_contacts, mask_lead_contacts)
