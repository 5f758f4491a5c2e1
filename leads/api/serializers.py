"""What the API answers: the shapes, for its document and for its page."""

from typing import Any

from rest_framework import serializers

from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.models import QuarantinedItem
from leads.models.delivery import OUTCOMES


class CountsSerializer(serializers.Serializer[Any]):
    """received = created + updated + duplicate + conflict + quarantined + test, for leads and for actions."""

    leads_received = serializers.IntegerField()
    leads_created = serializers.IntegerField()
    leads_updated = serializers.IntegerField(help_text="Known leads that got something new.")
    leads_duplicate = serializers.IntegerField()
    leads_conflict = serializers.IntegerField()
    leads_quarantined = serializers.IntegerField()
    leads_test = serializers.IntegerField(help_text="Stored as tests.")
    actions_received = serializers.IntegerField()
    actions_created = serializers.IntegerField()
    actions_updated = serializers.IntegerField(help_text="Known actions that were voided.")
    actions_duplicate = serializers.IntegerField()
    actions_conflict = serializers.IntegerField()
    actions_quarantined = serializers.IntegerField()
    actions_test = serializers.IntegerField(help_text="Stored as tests and never charged.")


class SettledSerializer(serializers.Serializer[Any]):
    """What has become of a quarantined item since."""

    state = serializers.ChoiceField(QuarantinedItem.State.values)
    settled_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="Why it was discarded.")


class ItemResultSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(OUTCOMES)
    code = serializers.CharField(required=False, help_text="Why it is in quarantine, for programs.")
    pointer = serializers.CharField(required=False, help_text="Where in the body (JSON pointer; `/17` is line 17).")
    message = serializers.CharField(required=False, help_text="Why, for people.")
    quarantined_item = serializers.IntegerField(required=False, help_text="The number under which it waits.")
    flags = serializers.ListField(
        child=serializers.ChoiceField([BEFORE_ITS_LEAD]),
        required=False,
        help_text="What is odd about a stored action: it occurred before its lead.",
    )


class LeadResultSerializer(ItemResultSerializer):
    """What became of a lead and of each of its actions."""

    actions = ItemResultSerializer(many=True, required=False)


class ReceiptSerializer(serializers.Serializer[Any]):
    """One result per lead and per action, in the order sent."""

    receipt = serializers.IntegerField(help_text="The receipt's number, for `GET /api/v1/receipts/{receipt}`.")
    counts = CountsSerializer()
    results = LeadResultSerializer(many=True)


class ItemResultAgainSerializer(ItemResultSerializer):
    """What became of one item, and of its quarantine since."""

    settled = SettledSerializer(required=False)


class LeadResultAgainSerializer(ItemResultAgainSerializer):
    """The same of a lead and of each of its actions."""

    actions = ItemResultAgainSerializer(many=True, required=False)


class ReceiptAgainSerializer(serializers.Serializer[Any]):
    """A receipt as it was answered, with what was settled since."""

    receipt = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    batch_id = serializers.CharField(allow_blank=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    counts = CountsSerializer()
    results = LeadResultAgainSerializer(many=True)


class LimitsSerializer(serializers.Serializer[Any]):
    """How much one delivery may hold."""

    body_bytes = serializers.IntegerField(help_text="Of a body, packed and unpacked; more: 413.")
    leads_per_delivery = serializers.IntegerField(help_text="More: 413.")
    actions_per_delivery = serializers.IntegerField(help_text="More: 413.")
    values_per_delivery = serializers.IntegerField(help_text="Commas, [ and { in the body; more: 413.")
    actions_per_lead = serializers.IntegerField(help_text="More: the lead waits in quarantine.")
    attributes_bytes = serializers.IntegerField(
        help_text="Of `attributes`, and of `consent`, as JSON; more: quarantine."
    )
    nesting_depth = serializers.IntegerField(help_text="Of an item's objects and lists; more: quarantine.")
    waiting_seconds = serializers.IntegerField(help_text="For another request that stores the same; longer: 503.")
    step_seconds = serializers.IntegerField(help_text="Of any one step of storing; longer: 503.")
    largest_quantity = serializers.IntegerField(
        help_text="Of an action, unless its type has another limit; more: quarantine."
    )
    largest_value = serializers.IntegerField(help_text="The same, in its currency.")
