"""The one gate of the portal: who looks at which customer, and nothing else gets through.

The customer stands in the address. A person gets through if they belong to that customer, a staff member if they have
the right and an open look at it; everyone else finds nothing there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.cache import never_cache

from billing_engine.accounts.domain.second_factor import has_one
from billing_engine.accounts.login.door import is_portal
from billing_engine.core.access.pages import ANYONE, needs
from leads.domain.memberships.looks import VIEW_AS_CUSTOMER, open_look
from leads.domain.memberships.members import membership_of, note_seen
from leads.domain.memberships.portal import portal_at
from leads.domain.memberships.public_ids import public_id, public_id_of, row_number
from leads.models import Customer, CustomerPortal, MemberRole, Membership, PortalLook

Row = TypeVar("Row", bound=Model)
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The rows of one customer, by their ids in this customer's addresses: for pages and for the API."""

    portal: CustomerPortal

    @property
    def customer(self) -> Customer:
        return self.portal.customer

    def id_of(self, row: Model) -> str:
        """The row's id in this customer's addresses."""
        return public_id(self.portal, row)

    def id_of_number(self, kind: type[Model], pk: int) -> str:
        """The same for a row that is not at hand."""
        return public_id_of(self.portal, kind, pk)

    def number_of(self, kind: type[Model], text: str) -> int | None:
        """The row's number by its id; None if it is not an id of this customer and kind."""
        return row_number(self.portal, kind, text)

    def find(self, rows: QuerySet[Row], text: str) -> Row:
        """Return the row with this id among the customer's rows. Raises Http404."""
        number = self.number_of(rows.model, text)
        row = rows.filter(pk=number).first() if number is not None else None
        if row is None:
            raise Http404
        return row


@dataclass(frozen=True, slots=True)
class Visit(OwnRows):
    """One request to a customer's portal: by one of its people, or by staff who look."""

    user: User
    membership: Membership | None
    look: PortalLook | None
    door: str  # the namespace of the addresses

    def may(self, role: MemberRole) -> bool:
        """Whether the person may do what this role may; staff who look may do nothing."""
        return self.membership is not None and MemberRole(self.membership.role).includes(role)

    def address(self, page: str, *ids: Model | str, **asked: Any) -> str:
        """The address of a page of this portal."""
        parts = [each if isinstance(each, str) else self.id_of(each) for each in ids]
        path = reverse(f"{self.door}:{page}", args=[self.portal.public_id, *parts])
        given = {name: value for name, value in asked.items() if value not in ("", None)}
        return f"{path}?{urlencode(given, doseq=True)}" if given else path


Page = Callable[..., HttpResponseBase]


def of_customer(page: Page, *, may: MemberRole = MemberRole.VIEWER) -> Page:
    """Return the page behind the gate; it is called with the request, the visit and the ids in the address."""

    @needs(ANYONE)
    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest, customer: UUID, **ids: str) -> HttpResponseBase:
        visit = _member(request, customer) if is_portal(request) else _looker(request, customer)
        if not isinstance(visit, Visit):
            return visit
        if visit.membership is not None and not visit.may(may):
            raise Http404
        return page(request, visit, **ids)

    return guarded


def _member(request: HttpRequest, public_id: UUID) -> Visit | HttpResponseBase:
    user, portal = request.user, portal_at(public_id)
    if not isinstance(user, User):
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    membership = membership_of(user, portal.customer) if portal else None
    if portal is None or membership is None:
        raise Http404
    at = now()
    if portal.needs_second_factor(portal.customer.day_of(at)) and not has_one(user):
        return HttpResponseRedirect(f"{reverse('mfa_index')}?needed=1")
    note_seen(membership, at=at)
    return Visit(portal, user, membership, None, "portal")


def _looker(request: HttpRequest, public_id: UUID) -> Visit | HttpResponseBase:
    """A staff member's look: the staff member stays who they are, and changes nothing."""
    user, portal = request.user, portal_at(public_id)
    if not isinstance(user, User) or not user.is_staff:
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    if portal is None or not user.has_perm(VIEW_AS_CUSTOMER):
        raise Http404
    if request.method not in SAFE:
        raise PermissionDenied
    look = open_look(portal.customer, by=user, at=now())
    if look is None:
        return HttpResponseRedirect(reverse("admin:leads_customer_change", args=[portal.customer.pk]))
    return Visit(portal, user, None, look, "lens")
