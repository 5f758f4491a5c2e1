"""Explain a charge to the source of its action and to staff."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from leads.api.authentication import ApiKeyAuthentication
from leads.models import ApiKey
from pricing.domain.audit.explain import explain
from pricing.models import Charge


class CutSerializer(serializers.Serializer[Any]):
    """What a cap cut from a charge."""

    cap = serializers.ChoiceField(Charge.Cap.values)
    amount = serializers.CharField()


def cuts_shape(cuts: Iterable[tuple[Charge.Cap, Decimal]]) -> list[dict[str, str]]:
    """As `CutSerializer` describes."""
    return [{"cap": cap.value, "amount": str(cut)} for cap, cut in cuts]


class ExplanationSerializer(serializers.Serializer[Any]):
    """One explanation in two forms: sentences for people, data for programs."""

    action = serializers.IntegerField(help_text="The action's id, which is also the charge's id.")
    sentences = serializers.ListField(child=serializers.CharField())
    facts = serializers.DictField()


class ExplanationView(APIView):
    """Explain a charge."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]

    @extend_schema(
        operation_id="explain_charge",
        tags=["Charges"],
        summary="Explain a charge",
        description="Returns the winning rule, other matching rules and why they lost, the counts tier by tier, the charge "
        "it duplicates, and the caps applied. A source sees charges of its own actions; staff see all charges.",
        parameters=[OpenApiParameter("charge", int, OpenApiParameter.PATH, description="The action's id.")],
        responses={200: ExplanationSerializer, **problems(401, 404, 406, 429, 503)},
    )
    def get(self, request: Request, charge: int) -> Response:
        found = _visible_to(request).filter(pk=charge).first()
        if found is None:
            raise Http404
        explanation = explain(found)
        sentences, facts = explanation.sentences, explanation.facts
        if _paid_elsewhere(request, found):
            sentences = [
                *sentences[:-1],
                "Not charged: a charge of the same person, from another source, already paid for it.",
            ]
            facts = facts | {"paid_by": None}
        return Response({"action": charge, "sentences": sentences, "facts": facts})


def _paid_elsewhere(request: Request, charge: Charge) -> bool:
    """Whether the charge that pays for this one belongs to another source, which must stay hidden."""
    return (
        isinstance(request.auth, ApiKey)
        and charge.paid_by is not None
        and charge.paid_by.lead.source_id != request.auth.source_id
    )


def _visible_to(request: Request) -> Any:
    charges = Charge.objects.select_related(
        "rule", "paid_by__lead", "period__customer", "action__lead", "action__action_type", "action__waiver__waived_by"
    )
    if isinstance(request.auth, ApiKey):
        return charges.filter(action__lead__source=request.auth.source)
    return charges if request.user.has_perm("pricing.view_charge") else charges.none()
