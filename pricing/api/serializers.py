"""The answers of the API about charges: one serializer for each audience, each a list of what that audience may see."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing_engine.core.money import SUM_DIGITS
from leads.api.serializers import ChangeSerializer
from pricing.models import Charge


class CutSerializer(serializers.Serializer[Any]):
    """What a cap cut from a charge."""

    cap = serializers.ChoiceField(Charge.Cap.values)
    amount = serializers.CharField()


def cuts_shape(cuts: Iterable[tuple[Charge.Cap, Decimal]]) -> list[dict[str, Any]]:
    """As `CutSerializer` describes."""
    return [{"cap": cap.value, "amount": str(cut)} for cap, cut in cuts]


class FateSerializer(serializers.Serializer[Any]):
    """What happened to an action: what every source may know."""

    outcome = serializers.ChoiceField(["charged", "excluded"])
    reason = serializers.ChoiceField(
        Charge.Reason.values, allow_null=True, help_text="Why the action is not charged; null if it is."
    )


class PriceForSourceSerializer(serializers.Serializer[Any]):
    """The price of an action, for a source whose key has the scope `prices`."""

    currency = serializers.CharField()
    amount = serializers.DecimalField(
        SUM_DIGITS, 6, allow_null=True, help_text="Null if it depends on what other sources sent."
    )
    full_amount = serializers.DecimalField(SUM_DIGITS, 6, allow_null=True, help_text="The amount before any cap.")
    cuts = CutSerializer(many=True, allow_null=True, help_text="How much each cap cut off the full amount, in order.")


class PricedFateSerializer(PriceForSourceSerializer, FateSerializer):
    """What happened to an action, with its price."""

    rule = serializers.IntegerField(allow_null=True, help_text="The ID of the rule's revision.")
    rule_name = serializers.CharField(allow_null=True)


class AlsoMatchedSerializer(serializers.Serializer[Any]):
    """A rule that also matched, and what it lost on."""

    rule = serializers.IntegerField()
    name = serializers.CharField()
    lost_on = serializers.CharField()


class CorrectionSerializer(serializers.Serializer[Any]):
    """What a person changed before the action was stored."""

    kind = serializers.CharField(help_text="The step of the quarantined item, such as repaired.")
    by = serializers.CharField(allow_null=True)
    at = serializers.CharField()
    changes = ChangeSerializer(many=True)


class FactsForStaffSerializer(FateSerializer):
    """Everything behind a charge."""

    rule = serializers.IntegerField(allow_null=True)
    rule_name = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    quantity_before = serializers.CharField(help_text="What the rule had counted in the period, of all sources.")
    quantity_after = serializers.CharField()
    value_before = serializers.CharField()
    value_after = serializers.CharField()
    full_amount = serializers.CharField()
    amount = serializers.CharField()
    cuts = CutSerializer(many=True)
    paid_by = serializers.IntegerField(allow_null=True, help_text="The action whose charge also pays for this one.")
    also_matched = AlsoMatchedSerializer(many=True, required=False)
    parts = serializers.ListField(child=serializers.DictField(), required=False, help_text="The price tier by tier.")
    corrections = CorrectionSerializer(many=True, required=False)


class _Explanation(serializers.Serializer[Any]):
    action = serializers.IntegerField(help_text="The action's id, which is also the charge's id.")
    sentences = serializers.ListField(child=serializers.CharField())


class ExplanationForSourceSerializer(_Explanation):
    """What happened to an action and why, for its source."""

    facts = FateSerializer()


class PricedExplanationForSourceSerializer(_Explanation):
    """The same with the price, for a key with the scope `prices`."""

    facts = PricedFateSerializer()


class ExplanationForStaffSerializer(_Explanation):
    """One explanation in two forms: sentences for people, data for programs."""

    facts = FactsForStaffSerializer()
