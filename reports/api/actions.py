"""`GET /api/v1/actions/{source}/{action}`: the state of an action, for its source and for staff."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from billing_engine.core.errors import Refused
from billing_engine.core.money import SUM_DIGITS
from leads.api.authentication import ApiKeyAuthentication
from leads.api.serializers import SettledSerializer
from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.domain.identity import external_id
from leads.models import Action, ApiKey, Source
from leads.queries.receipts import settled
from pricing.api.charges import CutSerializer, cuts_shape
from pricing.models import Charge
from reports.queries.action_state import STATES, ActionState, state_of

MAY_SEE = ("leads.view_action", "leads.view_quarantineditem", "pricing.view_charge", "invoices.view_invoice")


class LeadMissing(Refused):
    """The lead of the action is missing."""

    code = "lead_missing"
    http_status = 400
    message = "Name the lead (?lead=…), because the ID of an action is unique only within its lead."


class ChargeSerializer(serializers.Serializer[Any]):
    """What the action costs, or why it costs nothing."""

    amount = serializers.DecimalField(SUM_DIGITS, 6)
    full_amount = serializers.DecimalField(SUM_DIGITS, 6, help_text="The amount before any cap.")
    currency = serializers.CharField()
    rule = serializers.CharField(allow_null=True, help_text="The price rule's name.")
    rule_id = serializers.IntegerField(allow_null=True, help_text="The ID of the rule's revision.")
    reason = serializers.ChoiceField(
        Charge.Reason.values, allow_blank=True, help_text="Why the action is not charged; empty if it is."
    )
    cuts = CutSerializer(many=True, help_text="How much each cap cut off the full amount, in order.")
    explanation = serializers.CharField(help_text="The URL of the full explanation.")


class InvoicedSerializer(serializers.Serializer[Any]):
    """The issued invoice the action is on."""

    number = serializers.CharField()
    issued_on = serializers.DateField()


class RefusalSerializer(SettledSerializer):
    """One refusal of the action, with its current state."""

    quarantined_item = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class ActionStateSerializer(serializers.Serializer[Any]):
    """The state of one action, from intake to invoice."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not the option of that name
    lead = serializers.CharField()
    id = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    message = serializers.CharField(help_text="The state as a sentence.")
    action = serializers.IntegerField(allow_null=True, help_text="Our ID of the action; null if it is not stored.")
    type = serializers.CharField(allow_null=True)
    occurred_at = serializers.DateTimeField(allow_null=True)
    quantity = serializers.DecimalField(18, 6, allow_null=True)
    value = serializers.DecimalField(18, 6, allow_null=True)
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField(allow_blank=True)
    flags = serializers.ListField(
        child=serializers.ChoiceField([BEFORE_ITS_LEAD]),
        help_text="What is unusual about it: it occurred before its lead.",
    )
    period = serializers.CharField(allow_null=True, help_text="The billing period the action is assigned to.")
    charge = ChargeSerializer(allow_null=True)
    invoice = InvoicedSerializer(allow_null=True)
    quarantine = RefusalSerializer(many=True, help_text="Each refusal of the action, latest first.")


EXAMPLE = OpenApiExample(
    "Charged",
    value={
        "source": "web",
        "lead": "L-88231",
        "id": "A-1",
        "state": "charged",
        "message": "Charged $7.50 by the rule “Samples”.",
        "action": 4711,
        "type": "sample_order",
        "occurred_at": "2026-10-31T22:41:09Z",
        "quantity": "3.000000",
        "value": None,
        "voided_at": None,
        "void_reason": "",
        "flags": [],
        "period": "2026-10",
        "charge": {
            "amount": "7.500000",
            "full_amount": "7.500000",
            "currency": "USD",
            "rule": "Samples",
            "rule_id": 12,
            "reason": "",
            "cuts": [],
            "explanation": "/api/v1/charges/4711/explanation",
        },
        "invoice": None,
        "quarantine": [],
    },
    response_only=True,
)


class ActionView(APIView):
    """Returns the state of an action."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]

    @extend_schema(
        operation_id="action",
        tags=["Leads in"],
        summary="Retrieve the state of an action",
        description="Whether the action is in quarantine, waiting to be rated, excluded (and why), charged "
        "(how much, and by which rule) or invoiced (and on which invoice). A source can see only "
        "its own actions; staff can see all.",
        parameters=[
            OpenApiParameter("source", str, OpenApiParameter.PATH, description="The source's code."),
            OpenApiParameter("action", str, OpenApiParameter.PATH, description="The action's ID, as it was sent."),
            OpenApiParameter(
                "lead",
                str,
                required=True,
                description="The lead's ID, because an action's ID is unique only within its lead.",
            ),
        ],
        responses={
            200: OpenApiResponse(ActionStateSerializer, "The state", [EXAMPLE]),
            **problems(400, 401, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, source: str, action: str) -> Response:
        lead = external_id(request.query_params.get("lead", ""))
        if not lead:
            raise LeadMissing
        sender = _visible_to(request, source)
        found = (
            state_of(sender, lead=lead, action=external_id(action)) if sender and "\0" not in lead + action else None
        )
        if sender is None or found is None:
            raise Http404
        named = {"source": sender.code, "lead": lead, "id": external_id(action)}
        return Response(ActionStateSerializer(named | _as_json(found)).data)


def _visible_to(request: Request, code: str) -> Source | None:
    if isinstance(request.auth, ApiKey):
        own = request.auth.source
        return own if own.code.lower() == code.lower() else None
    if "\0" in code or not request.user.has_perms(MAY_SEE):
        return None
    return Source.objects.filter(code__iexact=code).first()


def _as_json(found: ActionState) -> dict[str, Any]:
    return {
        "state": found.state,
        "message": found.message,
        **_action_members(found.action),
        "charge": found.charge and _charge(found.charge),
        "invoice": found.invoice,
        "quarantine": [
            {"quarantined_item": item.pk, "code": item.code, "message": item.message, **settled(item)}
            for item in found.refusals
        ],
    }


def _action_members(action: Action | None) -> dict[str, Any]:
    if action is None:
        names = ("action", "type", "occurred_at", "quantity", "value", "voided_at", "period")
        return dict.fromkeys(names) | {"void_reason": "", "flags": []}
    return {
        "action": action.pk,
        "type": action.action_type.code,
        "occurred_at": action.occurred_at,
        "quantity": action.quantity,
        "value": action.value,
        "voided_at": action.voided_at,
        "void_reason": action.void_reason,
        "flags": [BEFORE_ITS_LEAD] if hasattr(action, "early") else [],
        "period": action.period.label,
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "amount": charge.amount,
        "full_amount": charge.full_amount,
        "currency": charge.action.period.customer.currency,
        "rule": charge.rule.name if charge.rule else None,
        "rule_id": charge.rule_id,
        "reason": charge.reason,
        "cuts": cuts_shape(charge.cuts),
        "explanation": reverse("explanation", args=[charge.pk]),
    }
