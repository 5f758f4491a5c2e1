"""The forms of RULES.json and of a line of ACTIONS.ndjson; what is published as JSON Schema is made from them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

# "(?!\n)": in Python "$" also matches before a last line feed; in other dialects it changes nothing.
_END = r"$(?!\n)"
NUMBER = r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?" + _END
POSITIVE = r"^(?=.*[1-9])" + NUMBER[1:]
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" + _END
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})" + _END
WALL_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?" + _END
DOMAIN = r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+" + _END
CURRENCY = r"^[A-Z]{3}" + _END

Name = Annotated[str, Meta(min_length=1)]
Number = Annotated[str, Meta(pattern=NUMBER, examples=["2.50"])]
Positive = Annotated[str, Meta(pattern=POSITIVE, examples=["10"])]
Day = Annotated[str, Meta(pattern=DAY, extra_json_schema={"format": "date"})]
Instant = Annotated[str, Meta(pattern=INSTANT, extra_json_schema={"format": "date-time"})]
WallClock = Annotated[str, Meta(pattern=WALL_CLOCK, examples=["2026-12-01", "2026-12-01T09:00"])]
Domain = Annotated[str, Meta(pattern=DOMAIN)]
Currency = Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217.")]
FreeUnits = Annotated[
    Number, Meta(description="The first units of a period, at no charge; tiers and packages begin after.")
]
FlatFee = Annotated[Number, Meta(description="Due with the first unit, or value, that enters the tier.")]


class Form(Struct, forbid_unknown_fields=True):
    """What is written nowhere else is not read: unknown members are refused."""


class Customer(Form):
    """A customer; one that is not listed has all the defaults."""

    code: Name
    currency: Currency = "USD"
    time_zone: Annotated[
        Name, Meta(description="IANA name; cycles, contract days and rules begin at midnight here.")
    ] = "UTC"
    cycle: Annotated[
        Literal["monthly", "weekly", "fortnightly"],
        Meta(description="Calendar months, weeks from Monday, or two of them, counted in twos from January 1, 2024."),
    ] = "monthly"
    monthly_budget: Annotated[
        Number | None, Meta(description="What the customer wants to spend a month; by days in weeks.")
    ] = None
    hard_budget: Annotated[bool, Meta(description="Charge nothing above the budget.")] = False
    excluded_domains: Annotated[list[Domain], Meta(description="E-mail domains that are never charged.")] = []
    contract_from: Annotated[Day | None, Meta(description="First day, in the customer's time zone.")] = None
    contract_to: Annotated[Day | None, Meta(description="Last day, in the customer's time zone.")] = None


class ActionType(Form):
    """A kind of action; one that is not listed is billable."""

    code: Name
    billable: bool = True


class Scope(Form):
    """What a rule fixes; what is left out, or null, is open."""

    customer: Name | None = None
    product: Name | None = None
    category: Name | None = None
    source: Name | None = None
    channel: Name | None = None
    action_type: Name | None = None


class UnitTier(Form):
    """From above the tier before, up to and with `up_to`."""

    up_to: Annotated[Positive | None, Meta(description="The last unit of the tier; null: no end, for the last tier.")]
    unit_price: Number
    flat_fee: FlatFee = "0"


class PercentTier(Form):
    """From above the tier before, up to and with `up_to` of value."""

    up_to: Annotated[Positive | None, Meta(description="The last value of the tier; null: no end, for the last tier.")]
    percent: Number
    flat_fee: FlatFee = "0"


UnitTiers = Annotated[list[UnitTier], Meta(min_length=1, description="They ascend; the last one, alone, has no end.")]
PercentTiers = Annotated[
    list[PercentTier], Meta(min_length=1, description="They ascend; the last one, alone, has no end.")
]


class PerUnit(Form, tag_field="model", tag="per_unit"):
    """Quantity × unit price."""

    unit_price: Number
    free_units: FreeUnits = "0"


class Graduated(Form, tag_field="model", tag="graduated"):
    """Each unit at the price of the tier it falls into, counted over the period."""

    tiers: UnitTiers
    free_units: FreeUnits = "0"


class Volume(Form, tag_field="model", tag="volume"):
    """The period's total picks one tier, whose price holds for all units."""

    tiers: UnitTiers
    free_units: FreeUnits = "0"


class Package(Form, tag_field="model", tag="package"):
    """A price per package started."""

    package_size: Annotated[Positive, Meta(description="Units in a package.")]
    package_price: Number
    free_units: FreeUnits = "0"


class Percentage(Form, tag_field="model", tag="percentage"):
    """Percent of the action's value plus a fixed fee."""

    percent: Number
    fixed_fee: Annotated[Number, Meta(description="Per charged action.")] = "0"
    minimum: Annotated[Number | None, Meta(description="Per charged action, the fixed fee inside it.")] = None
    maximum: Annotated[Number | None, Meta(description="Per charged action, the fixed fee inside it.")] = None
    free_actions: Annotated[
        int, Meta(ge=0, le=1_000_000_000, description="The first actions of a period; 0: not given.")
    ] = 0
    free_value: Annotated[Number, Meta(description="The first value of a period; 0: not given.")] = "0"


class GraduatedPercentage(Form, tag_field="model", tag="graduated_percentage"):
    """Each part of the value at the percent of the tier it falls into, counted over the period."""

    tiers: PercentTiers


Price = PerUnit | Graduated | Volume | Package | Percentage | GraduatedPercentage


class Once(Form):
    """Charge once per lead, or per person, and action type."""

    per: Literal["lead", "person"]
    days: Annotated[int, Meta(ge=1, le=36_500, description="Within how many days of the last charged one.")]


class Rule(Form, kw_only=True):
    """A price rule: scope, price and the time [effective_from, effective_to), on each customer's own clock."""

    id: Name
    scope: Scope = field(default_factory=Scope)
    priority: Annotated[
        int,
        Meta(
            ge=-1_000_000_000, le=1_000_000_000, description="The highest wins; among equals the most specific scope."
        ),
    ] = 0
    currency: Currency = "USD"
    effective_from: Annotated[WallClock, Meta(description="A day, or a time, in each customer's own time zone.")]
    effective_to: Annotated[
        WallClock | None, Meta(description="The first day, or time, that it no longer prices; null: no end.")
    ] = None
    price: Price
    once: Once | None = None
    highest_only: Annotated[
        bool,
        Meta(
            description="Of a lead's actions in a period, charge only the highest-priced one. Needs a per-unit or"
            " percentage price without a free part."
        ),
    ] = False
    cap_per_lead: Annotated[Number | None, Meta(description="At most this for one lead, over all periods.")] = None
    cap_per_period: Annotated[Number | None, Meta(description="At most this for all leads in a period.")] = None


class Rules(Form, kw_only=True):
    """Customers, action types and price rules to rate actions by."""

    customers: list[Customer] = []
    action_types: list[ActionType] = []
    rules: list[Rule]


class Action(Form, kw_only=True):
    """One thing a lead did: a line of the file."""

    id: Annotated[Name, Meta(description="Unique in the file.")]
    lead: Name
    person: Annotated[str | None, Meta(description="The lead's e-mail address; null or empty: not known.")] = None
    customer: Name
    product: Name
    category: Annotated[str, Meta(description="The product's.")] = ""
    source: Name
    channel: Annotated[str, Meta(description="The source's.")] = ""
    type: Name
    occurred_at: Instant
    quantity: Number = "1"
    value: Annotated[Number | None, Meta(description="Its worth in the customer's currency; null: none.")] = None
    is_test: bool = False
    voided: bool = False
