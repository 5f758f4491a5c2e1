"""The full addresses of a customer's portal pages, for its emails."""

from django.db.models import Model
from django.urls import reverse

from billing_engine.accounts.login.door import PORTAL_ADDRESSES
from billing_engine.core.letters.brand import portal_site
from leads.domain.memberships.public_ids import public_id
from leads.models import Customer, CustomerPortal


def portal_address(customer: Customer | int, page: str, *rows: Model) -> str:
    """Return the address of a page; "" if the customer has no people there, or the settings don't say where it is."""
    site = portal_site()
    if not site:
        return ""
    portals = CustomerPortal.objects.filter(customer=customer, customer__memberships__isnull=False)
    portal = portals.first()
    if portal is None:
        return ""
    ids = [public_id(portal, row) for row in rows]
    return site + reverse(f"portal:{page}", urlconf=PORTAL_ADDRESSES, args=[portal.public_id, *ids])
