"""The forms of RULES.json and of a line of ACTIONS.ndjson; the published JSON Schemas are generated from them."""

from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, TypeVar, assert_never, cast

from msgspec import Meta, Struct, defstruct, field

from pricing.rating import prices
from pricing.rating.prices import MODELS, Kind

# "(?!\n)": in Python "$" also matches before a final line feed; in other dialects this changes nothing.
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
FlatFee = Annotated[Number, Meta(description="Charged with the first unit (or value) that enters the tier.")]


class Form(Struct, forbid_unknown_fields=True):
    """Unknown members are refused."""


SomeForm = TypeVar("SomeForm", bound=Form)


class Customer(Form):
    """A customer; unlisted customers have all the defaults."""

    code: Name
    currency: Currency = "USD"
    time_zone: Annotated[
        Name, Meta(description="IANA name. Cycles, contract days and rules start at midnight here.")
    ] = "UTC"
    cycle: Annotated[
        Literal["monthly", "weekly", "fortnightly"],
        Meta(description="Calendar months, weeks from Monday, or two weeks, counted from January 1, 2024."),
    ] = "monthly"
    monthly_budget: Annotated[
        Number | None, Meta(description="What the customer plans to spend per month. Prorated for weekly cycles.")
    ] = None
    hard_budget: Annotated[bool, Meta(description="Charge nothing above the budget.")] = False
    excluded_domains: Annotated[list[Domain], Meta(description="Email domains that are never charged.")] = []
    contract_from: Annotated[Day | None, Meta(description="First day, in the customer's time zone.")] = None
    contract_to: Annotated[Day | None, Meta(description="Last day, in the customer's time zone.")] = None


class BillableChange(Form):
    """Whether an action type is billable from a day on."""

    first_day: Annotated[Day, Meta(description="In each customer's time zone.")]
    billable: bool


class ActionType(Form):
    """An action type; unlisted types are billable."""

    code: Name
    billable: bool = True
    changes: Annotated[
        list[BillableChange], Meta(description="What changes later; an action is judged by the state of its own day.")
    ] = []


class Scope(Form):
    """The values that a rule fixes; what is missing or null is open."""

    customer: Name | None = None
    product: Name | None = None
    category: Name | None = None
    source: Name | None = None
    channel: Name | None = None
    action_type: Name | None = None


class UnitTier(Form):
    """From above the previous tier up to and including `up_to`."""

    up_to: Annotated[
        Positive | None, Meta(description="Last unit of the tier; null for the last tier, which has no end.")
    ]
    unit_price: Number
    flat_fee: FlatFee = "0"


class PercentTier(Form):
    """From above the previous tier up to and including `up_to` of value."""

    up_to: Annotated[
        Positive | None, Meta(description="Last value of the tier; null for the last tier, which has no end.")
    ]
    percent: Number
    flat_fee: FlatFee = "0"


class Price(Form, tag_field="model"):
    """A price of one of the models; `rules_form` has the form of each."""


class Once(Form):
    """Charge once per lead, or per person, and action type."""

    per: Literal["lead", "person"]
    days: Annotated[int, Meta(ge=1, le=36_500, description="Number of days since the last charged action.")]


class Rule(Form, kw_only=True):
    """A price rule: scope, price and the time [effective_from, effective_to) in each customer's own time zone."""

    id: Name
    lineage: Annotated[
        Name | None,
        Meta(description="Revisions of one rule share it, and count and limit together; null: the rule's own id."),
    ] = None
    scope: Scope = field(default_factory=Scope)
    priority: Annotated[
        int,
        Meta(
            ge=-1_000_000_000,
            le=1_000_000_000,
            description="The highest priority wins. If equal, the most specific scope wins.",
        ),
    ] = 0
    currency: Currency = "USD"
    effective_from: Annotated[WallClock, Meta(description="A day or a time in each customer's own time zone.")]
    effective_to: Annotated[
        WallClock | None, Meta(description="First day (or time) that the rule no longer prices; null for no end.")
    ] = None
    price: Price
    once: Once | None = None
    highest_only: Annotated[
        bool,
        Meta(
            description="Charge only a lead's highest-priced action in a period. Needs a per-unit or"
            " percentage price without an allowance."
        ),
    ] = False
    cap_per_lead: Annotated[Number | None, Meta(description="Maximum for one lead, over all periods.")] = None
    cap_per_period: Annotated[Number | None, Meta(description="Maximum for all leads in one period.")] = None


class Rules(Form, kw_only=True):
    """Customers, action types and price rules to rate actions by."""

    customers: list[Customer] = []
    action_types: list[ActionType] = []
    rules: list[Rule]


def rules_form() -> type[Rules]:
    """The form of RULES.json; rules can have a price of any model."""
    return _rules_form(tuple(MODELS.values()))


@cache
def _rules_form(models: tuple[type[prices.Price], ...]) -> type[Rules]:
    price = reduce(or_, map(_price_form, models))
    rule = _extended(Rule, price=price)
    return _extended(Rules, rules=list[rule])  # type: ignore[valid-type]  # made just now


def _price_form(model: type[prices.Price]) -> Any:
    """The form of one price model: its fields, required ones first."""
    members = [(each.name, *_member(each)) for each in sorted(model.fields, key=lambda each: not each.is_required)]
    doc = {"__doc__": model.meaning}
    return defstruct(model.__name__, members, bases=(Price,), tag=model.code, namespace=doc, module=__name__)


def _member(field: prices.Field) -> tuple[Any, ...]:
    """A member's type, and its default."""
    meta = Meta(description=field.meaning)
    match field.kind:
        case Kind.UNIT_TIERS:
            return (Annotated[list[UnitTier], Meta(min_length=1, description=field.meaning)],)
        case Kind.VALUE_TIERS:
            return (Annotated[list[PercentTier], Meta(min_length=1, description=field.meaning)],)
        case Kind.ACTIONS:
            return Annotated[int, Meta(ge=0, le=1_000_000_000, description=field.meaning)], 0
        case Kind.MONEY | Kind.UNITS | Kind.PERCENT:
            number: Any = Positive if field.is_positive else Number
            if field.is_required:
                return (Annotated[number, meta],)
            return (Annotated[number | None, meta], None) if field.may_be_open else (Annotated[number, meta], "0")
        case _ as unreachable:
            assert_never(unreachable)


def _extended(form: type[SomeForm], **members: Any) -> type[SomeForm]:
    """The form with other types for some members."""
    doc = {"__doc__": form.__doc__}
    made = defstruct(form.__name__, list(members.items()), bases=(form,), kw_only=True, namespace=doc, module=__name__)
    return cast("type[SomeForm]", made)


class Action(Form, kw_only=True):
    """One thing a lead did; one line of the file."""

    id: Annotated[Name, Meta(description="Unique in the file.")]
    lead: Name
    person: Annotated[str | None, Meta(description="The lead's email address; null or empty if unknown.")] = None
    customer: Name
    product: Name
    category: Annotated[str, Meta(description="The product's category.")] = ""
    source: Name
    channel: Annotated[str, Meta(description="The source's channel.")] = ""
    type: Name
    occurred_at: Instant
    quantity: Number = "1"
    value: Annotated[
        Number | None, Meta(description="The action's value in the customer's currency; null for none.")
    ] = None
    is_test: bool = False
    voided: bool = False
    waived: Annotated[bool, Meta(description="We decided not to charge it.")] = False
    disputed: Annotated[bool, Meta(description="The customer disputed it, and we accepted.")] = False
    period: Annotated[
        Name | None,
        Meta(description="The cycle it is billed in, if it arrived late; null: the one it occurred in."),
    ] = None
    late_from: Annotated[
        Day | None,
        Meta(description="The first day of the cycle it occurred in, if it arrived late. Changes no charge."),
    ] = None
    reference: Annotated[str | None, Meta(description="The source's own ID. Changes no charge.")] = None
