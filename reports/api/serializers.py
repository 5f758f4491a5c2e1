"""The state of an action: one serializer for each audience, each a list of what that audience may see."""

from typing import Any

from rest_framework import serializers

from billing_engine.core.money import SUM_DIGITS
from leads.api.serializers import SettledSerializer
from leads.domain.early_actions import BEFORE_ITS_LEAD
from pricing.api.serializers import CutSerializer, PriceForSourceSerializer
from pricing.models import Charge
from reports.queries.action_state import STATES


class InvoicedSerializer(serializers.Serializer[Any]):
    """The issued invoice the action is on."""

    number = serializers.CharField()
    issued_on = serializers.DateField()


class RefusalSerializer(SettledSerializer):
    """One refusal of the action, with its current state."""

    quarantined_item = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class FateOfActionSerializer(serializers.Serializer[Any]):
    """Whether the action is charged, and why if it is not."""

    reason = serializers.ChoiceField(
        Charge.Reason.values, allow_blank=True, help_text="Why the action is not charged; empty if it is."
    )
    explanation = serializers.CharField(help_text="The URL of the full explanation.")


class PricedFateOfActionSerializer(PriceForSourceSerializer, FateOfActionSerializer):
    """The same with the price, for a source whose key has the scope `prices`."""

    rule = serializers.CharField(allow_null=True, help_text="The price rule's name.")
    rule_id = serializers.IntegerField(allow_null=True, help_text="The ID of the rule's revision.")


class ChargeForStaffSerializer(FateOfActionSerializer):
    """What the action costs, or why it costs nothing."""

    amount = serializers.DecimalField(SUM_DIGITS, 6)
    full_amount = serializers.DecimalField(SUM_DIGITS, 6, help_text="The amount before any cap.")
    currency = serializers.CharField()
    rule = serializers.CharField(allow_null=True, help_text="The price rule's name.")
    rule_id = serializers.IntegerField(allow_null=True, help_text="The ID of the rule's revision.")
    cuts = CutSerializer(many=True, help_text="How much each cap cut off the full amount, in order.")


class ActionForSourceSerializer(serializers.Serializer[Any]):
    """The state of one action, for its source."""

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
    charge: Any = FateOfActionSerializer(allow_null=True)
    quarantine = RefusalSerializer(many=True, help_text="Each refusal of the action, latest first.")


class PricedActionForSourceSerializer(ActionForSourceSerializer):
    """The same with the price and the invoice, for a source whose key has the scope `prices`."""

    charge: Any = PricedFateOfActionSerializer(allow_null=True)
    invoice = InvoicedSerializer(allow_null=True)


class ActionForStaffSerializer(ActionForSourceSerializer):
    """The state of one action, from intake to invoice."""

    charge: Any = ChargeForStaffSerializer(allow_null=True)
    invoice = InvoicedSerializer(allow_null=True)
