"""`GET /api/v1/actions/{source}/{action}`: the state of an action, for its source and for staff."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from billing_engine.core.errors import Refused
from leads.api.authentication import SOURCES_AND_STAFF
from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.domain.identity import external_id
from leads.models import Action, ApiKey, Source
from leads.queries.receipts import settled
from pricing.api.serializers import cuts_shape
from pricing.domain.audit.explain_to_source import price_facts
from pricing.models import Charge
from reports.api.serializers import (
    ActionForSourceSerializer,
    ActionForStaffSerializer,
    PricedActionForSourceSerializer,
)
from reports.queries.action_state import ActionState, own_void_reason, state_of, told_to_source

# From the longest to the shortest: clients take the first that fits.
BY_AUDIENCE = [ActionForStaffSerializer, PricedActionForSourceSerializer, ActionForSourceSerializer]


class LeadMissing(Refused):
    """The lead of the action is missing."""

    code = "lead_missing"
    http_status = 400
    message = "Name the lead (?lead=…), because the ID of an action is unique only within its lead."


EXAMPLE = OpenApiExample(
    "Charged",
    value={
        "source": "web",
        "lead": "L-88231",
        "id": "A-1",
        "state": "charged",
        "message": "Charged.",
        "action": 4711,
        "type": "sample_order",
        "occurred_at": "2026-10-31T22:41:09Z",
        "quantity": "3.000000",
        "value": None,
        "voided_at": None,
        "void_reason": "",
        "flags": [],
        "period": "2026-10",
        "charge": {"reason": "", "explanation": "/api/v1/charges/4711/explanation"},
        "quarantine": [],
    },
    response_only=True,
)


class ActionView(APIView):
    """Returns the state of an action."""

    authentication_classes = SOURCES_AND_STAFF
    for_sources = ApiKey.Scope.READ.value
    staff_needs = ("leads.view_action", "leads.view_quarantineditem", "pricing.view_charge", "invoices.view_invoice")

    @extend_schema(
        operation_id="action",
        tags=["Leads in"],
        summary="Retrieve the state of an action",
        description="Whether the action is in quarantine, waiting to be rated, excluded (and why), charged or invoiced. "
        "A source can see only its own actions, and with the scope `prices` also the rule, the amount and the invoice; "
        "staff can see all.",
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
            200: OpenApiResponse(
                PolymorphicProxySerializer("ActionState", BY_AUDIENCE, resource_type_field_name=None),
                "The state",
                [EXAMPLE],
            ),
            **problems(400, 401, 403, 404, 406, 429, 503),
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
        return Response(_shaped(named | _as_json(found), found, request.auth))


def _visible_to(request: Request, code: str) -> Source | None:
    if isinstance(request.auth, ApiKey):
        own = request.auth.source
        return own if own.code.lower() == code.lower() else None
    return None if "\0" in code else Source.objects.filter(code__iexact=code).first()


def _shaped(answer: dict[str, Any], found: ActionState, key: Any) -> Any:
    """Return what the audience may see: staff, a source, or a source whose key may see prices."""
    if not isinstance(key, ApiKey):
        return ActionForStaffSerializer(answer).data
    shape = PricedActionForSourceSerializer if key.sees_prices else ActionForSourceSerializer
    charge = found.charge and answer["charge"] | price_facts(found.charge) | {"rule": _rule_name(found.charge)}
    own = {"message": told_to_source(found, with_price=key.sees_prices), "charge": charge}
    return shape(answer | own | {"void_reason": own_void_reason(found.action)}).data


def _rule_name(charge: Charge) -> str | None:
    return charge.rule.name if charge.rule and not charge.reason else None


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
