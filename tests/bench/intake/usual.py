"""The conventional way with Django REST framework: nested serializers and `bulk_create`; and a view that does nothing.

The usual way is let off lightly: it keeps no raw body and no quarantine, one bad item fails the whole request, an id
that is there already is an error, its answer is a count, and the whole request is one transaction.
"""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.calendar.spans import Month
from leads.domain.identity import person_key
from leads.models import Action, ActionType, BillingPeriod, Customer, Lead, Product


class EmptyView(APIView):
    """The cost of Django and its REST framework alone: no key, no body read, nothing done."""

    authentication_classes = []
    permission_classes = []

    def post(self, request: Request) -> Response:
        return Response({})


class ActionSerializer(serializers.ModelSerializer[Action]):
    id = serializers.CharField(source="external_id", max_length=200)
    type = serializers.SlugRelatedField(source="action_type", slug_field="code", queryset=ActionType.objects.all())

    class Meta:
        model = Action
        fields = ["id", "type", "occurred_at", "quantity", "value", "attributes"]


class ContactSerializer(serializers.ModelSerializer[Lead]):
    class Meta:
        model = Lead
        fields = ["name", "email", "phone", "firm", "country", "region"]


class ProductSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    customer = serializers.SlugRelatedField(slug_field="code", queryset=Customer.objects.all())


class LeadSerializer(serializers.ModelSerializer[Lead]):
    id = serializers.CharField(source="external_id", max_length=200)
    product = ProductSerializer()
    contact = ContactSerializer()
    actions = ActionSerializer(many=True)

    class Meta:
        model = Lead
        fields = ["id", "product", "contact", "campaign", "occurred_at", "is_test", "attributes", "actions"]

    def validate_id(self, given: str) -> str:
        if Lead.objects.filter(source=self.context["source"], external_id=given).exists():
            raise serializers.ValidationError("This lead is known already.")
        return given

    def validate_product(self, given: dict[str, Any]) -> Product:
        try:
            return Product.objects.select_related("customer").get(sku=given["sku"], customer=given["customer"])
        except Product.DoesNotExist as error:
            raise serializers.ValidationError("No such product.") from error

    def create(self, validated_data: dict[str, Any]) -> Lead:
        contact, actions = validated_data.pop("contact"), validated_data.pop("actions")
        lead = Lead.objects.create(
            source=self.context["source"],
            delivery_id=0,
            received_at=now(),
            person_key=person_key(contact["email"]),
            **contact,
            **validated_data,
        )
        customer = lead.product.customer
        months = {str(Month.containing(action["occurred_at"], customer.zone)) for action in actions}
        periods = {period.label: period for period in BillingPeriod.objects.filter(customer=customer, label__in=months)}
        Action.objects.bulk_create(
            Action(
                lead=lead,
                delivery_id=0,
                period=periods[str(Month.containing(action["occurred_at"], customer.zone))],
                **action,
            )
            for action in actions
        )
        return lead


class UsualView(APIView):
    """One lead or a list of them; all or nothing."""

    parser_classes = [JSONParser]
    for_sources = "send"

    @transaction.atomic
    def post(self, request: Request) -> Response:
        source = request.auth.source
        serializer = LeadSerializer(data=request.data, many=isinstance(request.data, list), context={"source": source})
        serializer.is_valid(raise_exception=True)
        stored = serializer.save()
        return Response({"created": len(stored) if isinstance(stored, list) else 1}, status=201)
