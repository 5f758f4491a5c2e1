"""Access control of the invoices API."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from leads.api.authentication import ApiKeyAuthentication
from leads.models import ApiKey


class SeesInvoices(BasePermission):
    """Allow staff who can see invoices and charges; a source's API key never gives access to invoices."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiKey):
            return False
        return bool(request.user.has_perms(("invoices.view_invoice", "pricing.view_charge")))


class InvoicesView(APIView):
    """A view for staff who can see invoices."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [SeesInvoices]
