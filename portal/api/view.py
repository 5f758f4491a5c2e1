"""What every address of the customer API shares: a customer's key, its own rows, and answers that no cache keeps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.filters import asked_text
from billing_engine.core.api.paging import LIMIT, page_response
from billing_engine.core.errors import Refused
from leads.api.authentication import CustomerKeyAuthentication
from leads.domain.memberships.public_ids import LENGTH
from leads.models import CustomerKey
from portal.gate import OwnRows

READ, DISPUTES = CustomerKey.Scope.READ.value, CustomerKey.Scope.DISPUTES.value
ID = {"type": "string", "minLength": LENGTH, "maxLength": LENGTH}
AFTER = OpenApiParameter("after", ID, description="Continue after this one; taken from `next` of a response.")
PAGED = (AFTER, LIMIT)
AnyRow = TypeVar("AnyRow", bound=Model)
Item = TypeVar("Item")


class NotThere(Refused):
    """No row of this customer has the ID; one of another customer is not there either."""

    code = "not_found"
    http_status = 404

    def __init__(self, **where: str) -> None:
        named = next(iter(where.values()))
        super().__init__(f"{named} is not one of your IDs.", **where)


class CustomerView(APIView):
    """A view for customers' keys; it names what the key must allow, by method."""

    authentication_classes = (CustomerKeyAuthentication,)
    for_customers: ClassVar[dict[str, str]] = {"GET": READ}

    @property
    def key(self) -> CustomerKey:
        """The key of the request; the permission requires one."""
        return cast("CustomerKey", self.request.auth)

    @property
    def own(self) -> OwnRows:
        """The rows of the key's customer, and no others."""
        return OwnRows(self.key.customer.portal)

    def at(self, instant: datetime | None) -> datetime | None:
        """The instant with the offset of the customer's time zone."""
        return None if instant is None else instant.astimezone(self.key.customer.zone)

    def find_asked(self, rows: QuerySet[AnyRow], name: str) -> AnyRow | None:
        """Return the row that a parameter names; None if it names none. Raises NotThere."""
        text = asked_text(self.request, name)
        return self.find_given(rows, text, parameter=name) if text else None

    def find_given(self, rows: QuerySet[AnyRow], text: str, **where: str) -> AnyRow:
        """Return the row with an ID that a parameter or the body has. Raises NotThere, which says where it was."""
        try:
            return self.own.find(rows, text)
        except Http404:
            raise NotThere(**where) from None

    def page(self, rows: Sequence[Item], results: list[Any], *, limit: int, kind: type[Model], pk: str) -> Response:
        """The results, and the next page if more rows than the limit were read; `pk` names a row's number."""
        own = self.own
        return page_response(
            self.request, rows, results, limit=limit, place=lambda row: own.id_of_number(kind, getattr(row, pk))
        )

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def in_path(name: str, of: str) -> OpenApiParameter:
    """An ID in the address, for the API schema."""
    return OpenApiParameter(
        name, ID, OpenApiParameter.PATH, description=f"The ID of {of}, as in the portal's addresses."
    )
