"""`GET /api/v1/customer/key`: whose the key is, and what it may do."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.problem_examples import problems
from leads.models import CustomerKey
from portal.api.view import CustomerView


class CustomerKeySerializer(serializers.Serializer[Any]):
    """The key of the request."""

    key = serializers.CharField(help_text="Without its secret part.")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(CustomerKey.Scope.choices))
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null: it is valid until it is revoked.")
    customer = serializers.CharField(help_text="Your company's name.")
    currency = serializers.CharField()
    time_zone = serializers.CharField(help_text="Your billing time zone: days and times are in it.")
    shows_contacts = serializers.BooleanField(help_text="Whether email addresses of leads are shown in full.")


class CustomerKeyView(CustomerView):
    """The key."""

    @extend_schema(
        operation_id="customer_key",
        tags=["Customer"],
        summary="Check your key",
        responses={200: CustomerKeySerializer, **problems(401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        key, customer = self.key, self.key.customer
        answer = {
            "key": key.shown,
            "name": key.name,
            "scopes": key.scopes,
            "expires_at": self.at(key.expires_at),
            "customer": customer.name,
            "currency": customer.currency,
            "time_zone": customer.time_zone,
            "shows_contacts": customer.portal.shows_contacts,
        }
        return Response(answer)
