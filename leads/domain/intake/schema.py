"""The schema of what a source may send: the members of leads and actions.

The OpenAPI document is generated from these classes, and every lead is read with them.
"""

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from leads.domain.occurrence import Instant

Id = Annotated[str, Meta(min_length=1, max_length=200)] | int
Short = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=200)]


# For the OpenAPI document only: actions are read one by one if one is invalid, so that it doesn't affect its lead.
_ACTIONS = {
    "items": {"anyOf": [{"$ref": "#/components/schemas/ActionItem"}, {"$ref": "#/components/schemas/VoidItem"}]}
}


class ProductItem(Struct, forbid_unknown_fields=True, gc=False):
    """The product the lead is about; name and category are used if the source may add products."""

    sku: Annotated[str, Meta(min_length=1, max_length=100)] | int
    customer: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    name: Text = ""
    category: Short = ""


class ContactItem(Struct, forbid_unknown_fields=True, gc=False):
    """What is known about the person."""

    name: Text = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    firm: Text = ""
    country: Short = ""
    region: Short = ""


class LeadItem(Struct, forbid_unknown_fields=True, gc=False):
    """A lead with its actions; without a product, it adds actions to a lead sent earlier."""

    id: Id
    product: ProductItem | None = None
    contact: ContactItem = field(default_factory=ContactItem)
    channel: Annotated[str, Meta(max_length=40)] = ""
    campaign: Text = ""
    consent: dict[str, Any] = field(default_factory=dict)
    occurred_at: Instant | None = None
    is_test: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    actions: Annotated[list[Any], Meta(extra_json_schema=_ACTIONS)] = field(default_factory=list)


class ActionItem(Struct, forbid_unknown_fields=True, gc=False):
    """One thing the lead did. Quantity and value are exact, as JSON numbers or strings."""

    id: Id
    type: Annotated[str, Meta(min_length=1, max_length=60)]
    occurred_at: Instant
    quantity: Decimal = Decimal(1)
    value: Decimal | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class Void(Struct, forbid_unknown_fields=True, gc=False):
    """Why an action is voided."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class VoidItem(Struct, forbid_unknown_fields=True, gc=False):
    """Voids an action sent earlier."""

    id: Id
    void: Void


class WholeLead(LeadItem, gc=False):
    """A lead read in one step with all its actions."""

    actions: list[ActionItem] = field(default_factory=list)


# How a quantity or value is written if sent as a string; also in the OpenAPI document.
AMOUNT = r"^\d{1,12}(\.\d{1,6})?$"
