"""Explain a charge to the source of its action and to staff."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from leads.api.authentication import SOURCES_AND_STAFF
from leads.models import ApiKey
from pricing.api.serializers import (
    ExplanationForSourceSerializer,
    ExplanationForStaffSerializer,
    PricedExplanationForSourceSerializer,
)
from pricing.domain.audit.explain import explain
from pricing.domain.audit.explain_to_source import explain_to_source
from pricing.models import Charge

# From the longest to the shortest: clients take the first that fits.
BY_AUDIENCE = [ExplanationForStaffSerializer, PricedExplanationForSourceSerializer, ExplanationForSourceSerializer]


class ExplanationView(APIView):
    """Explain a charge."""

    authentication_classes = SOURCES_AND_STAFF
    for_sources = ApiKey.Scope.READ.value
    staff_needs = ("pricing.view_charge",)

    @extend_schema(
        operation_id="explain_charge",
        tags=["Charges"],
        summary="Explain a charge",
        description="A source is told what happened to its own action and why, and with the scope `prices` by which rule and "
        "for how much; never what other sources sent. Staff are told everything: the winning rule, other matching rules and "
        "why they lost, the counts tier by tier, the charge it duplicates, and the caps applied.",
        parameters=[OpenApiParameter("charge", int, OpenApiParameter.PATH, description="The action's id.")],
        responses={
            200: PolymorphicProxySerializer("Explanation", BY_AUDIENCE, resource_type_field_name=None),
            **problems(401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, charge: int) -> Response:
        key = request.auth if isinstance(request.auth, ApiKey) else None
        found = _visible_to(key).filter(pk=charge).first()
        if found is None:
            raise Http404
        return Response(_told(found, key))


def _told(charge: Charge, key: ApiKey | None) -> Any:
    if key is None:
        told, shape = explain(charge), ExplanationForStaffSerializer
        return shape({"action": charge.pk, "sentences": told.sentences, "facts": told.facts}).data
    told = explain_to_source(charge, with_price=key.sees_prices)
    answer = {"action": charge.pk, "sentences": told.sentences, "facts": told.facts}
    if key.sees_prices:
        return PricedExplanationForSourceSerializer(answer).data
    return ExplanationForSourceSerializer(answer).data


def _visible_to(key: ApiKey | None) -> Any:
    charges = Charge.objects.select_related(
        "rule", "paid_by__lead", "period__customer", "action__lead", "action__action_type", "action__waiver__waived_by"
    )
    return charges if key is None else charges.filter(action__lead__source=key.source)
