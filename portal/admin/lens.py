"""Look at the portal as a customer sees it: for a reason, read-only, on record, and listed to the customer."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from leads.admin.customers import CustomerAdmin
from leads.domain.memberships.looks import VIEW_AS_CUSTOMER, begin_look, end_look, open_look
from leads.domain.memberships.portal import portal_at, portal_of
from leads.models import Customer

SAYS = "For an hour you see the portal as this customer sees it, and can change nothing. The customer sees who looked and why."


@button(
    "View as customer",
    permission=VIEW_AS_CUSTOMER,
    icon="visibility",
    asks=Dialog(lambda customer: f"View the portal as {customer}", SAYS, form=WithReason),
)
def view_as_customer(_: object, request: HttpRequest, row: Customer, answers: dict[str, str]) -> Done:
    """Begin a look, and go to the customer's overview."""
    begin_look(row, by=person(request), reason=answers["reason"], at=now())
    return Done("", reverse("lens:overview", args=[portal_of(row).public_id]))


@needs(VIEW_AS_CUSTOMER)
@require_POST
def stop_looking(request: HttpRequest, customer: UUID) -> HttpResponseRedirect:
    """End the look before its hour is over."""
    portal = portal_at(customer)
    if portal is None or not isinstance(request.user, User):
        raise Http404
    look = open_look(portal.customer, by=request.user, at=now())
    if look is not None:
        end_look(look, at=now())
    return HttpResponseRedirect(address_of(portal.customer))


CustomerAdmin.extend_buttons(view_as_customer, before="change_payment")
