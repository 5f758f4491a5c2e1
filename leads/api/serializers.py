"""The responses of the API, for its reference."""

from typing import Any

from rest_framework import serializers

from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.models import QuarantinedItem
from leads.models.delivery import OUTCOMES

SENT_AS_TEST = "True if it was sent with a test key: every lead is a test. Absent otherwise."


class CountsSerializer(serializers.Serializer[Any]):
    """received = created + updated + duplicate + conflict + quarantined + test, for leads and for actions."""

    leads_received = serializers.IntegerField()
    leads_created = serializers.IntegerField()
    leads_updated = serializers.IntegerField(help_text="Known leads that received something new.")
    leads_duplicate = serializers.IntegerField()
    leads_conflict = serializers.IntegerField()
    leads_quarantined = serializers.IntegerField()
    leads_test = serializers.IntegerField(help_text="Stored as tests and never charged.")
    actions_received = serializers.IntegerField()
    actions_created = serializers.IntegerField()
    actions_updated = serializers.IntegerField(help_text="Known actions that were voided.")
    actions_duplicate = serializers.IntegerField()
    actions_conflict = serializers.IntegerField()
    actions_quarantined = serializers.IntegerField()
    actions_test = serializers.IntegerField(help_text="Stored as tests and never charged.")


class ChangeSerializer(serializers.Serializer[Any]):
    """One place of an item that a person changed."""

    pointer = serializers.CharField(allow_blank=True, help_text="JSON pointer into the item; empty for the whole item.")
    received = serializers.CharField(allow_null=True, help_text="The JSON you sent; null if it was absent.")
    stored = serializers.CharField(allow_null=True, help_text="The JSON that was stored; null if it was removed.")


class SettledSerializer(serializers.Serializer[Any]):
    """The current state of a quarantined item."""

    state = serializers.ChoiceField(QuarantinedItem.State.values)
    settled_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="Why it was discarded.")
    changes = ChangeSerializer(many=True, help_text="What a person changed before it was stored.")


class ItemResultSerializer(serializers.Serializer[Any]):
    """The outcome of one item."""

    id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(OUTCOMES)
    code = serializers.CharField(required=False, help_text="Why it is in quarantine, as a stable code.")
    pointer = serializers.CharField(
        required=False, help_text="Where in the body it is, as a JSON pointer; `/17` is line 17."
    )
    message = serializers.CharField(required=False, help_text="Why it is in quarantine, for people.")
    quarantined_item = serializers.IntegerField(required=False, help_text="The number of the quarantined item.")
    waits_until = serializers.DateTimeField(
        required=False,
        help_text="Until when it waits for the lead or action it refers to, which has not arrived. It then joins by itself.",
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField([BEFORE_ITS_LEAD]),
        required=False,
        help_text="What is unusual about a stored action: it occurred before its lead.",
    )


class LeadResultSerializer(ItemResultSerializer):
    """The outcome of a lead and of each of its actions."""

    actions = ItemResultSerializer(many=True, required=False)


class ReceiptSerializer(serializers.Serializer[Any]):
    """One result per lead and per action, in the order sent."""

    receipt = serializers.IntegerField(help_text="The number of the receipt, for `GET /api/v1/receipts/{receipt}`.")
    test = serializers.BooleanField(required=False, help_text=SENT_AS_TEST)
    counts = CountsSerializer()
    results = LeadResultSerializer(many=True)


class ItemResultAgainSerializer(ItemResultSerializer):
    """The outcome of one item, with the current state of its quarantined item."""

    settled = SettledSerializer(required=False)


class LeadResultAgainSerializer(ItemResultAgainSerializer):
    """The same for a lead and each of its actions."""

    actions = ItemResultAgainSerializer(many=True, required=False)


class ReceiptAgainSerializer(serializers.Serializer[Any]):
    """A receipt with the current state of its quarantined items."""

    receipt = serializers.IntegerField()
    test = serializers.BooleanField(required=False, help_text=SENT_AS_TEST)
    received_at = serializers.DateTimeField()
    batch_id = serializers.CharField(allow_blank=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    counts = CountsSerializer()
    results = LeadResultAgainSerializer(many=True)


class LimitsSerializer(serializers.Serializer[Any]):
    """The limits of a delivery."""

    body_bytes = serializers.IntegerField(help_text="Size of the body, compressed and uncompressed; more: 413.")
    leads_per_delivery = serializers.IntegerField(help_text="More: 413.")
    actions_per_delivery = serializers.IntegerField(help_text="More: 413.")
    values_per_delivery = serializers.IntegerField(help_text="Commas, [ and { in the body; more: 413.")
    actions_per_lead = serializers.IntegerField(help_text="More: the lead goes to quarantine.")
    attributes_bytes = serializers.IntegerField(
        help_text="Size of `attributes`, and of `consent`, as JSON; more: quarantine."
    )
    nesting_depth = serializers.IntegerField(help_text="Nesting of objects and lists in an item; more: quarantine.")
    waiting_seconds = serializers.IntegerField(
        help_text="Wait for another request that stores the same items; longer: 503."
    )
    step_seconds = serializers.IntegerField(help_text="How long one step of storing may take; longer: 503.")
    largest_quantity = serializers.IntegerField(
        help_text="Largest quantity of an action, unless its type has another limit; more: quarantine."
    )
    largest_value = serializers.IntegerField(
        help_text="Largest value of an action, unless its type has another limit; more: quarantine."
    )
