"""Access control of the invoices API."""

from rest_framework.views import APIView

from leads.api.authentication import SOURCES_AND_STAFF


class InvoicesView(APIView):
    """A view for staff who can see invoices and charges; a source's API key never gives access to invoices."""

    authentication_classes = SOURCES_AND_STAFF
    staff_needs = ("invoices.view_invoice", "pricing.view_charge")
