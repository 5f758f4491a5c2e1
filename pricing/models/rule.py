"""Price rules: scope, price and effective dates."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from leads.models import ActionType, Channel, Customer, Product, Source
from leads.models.customer import validate_currency
from pricing.models.wall_clock import WallClockField
from pricing.rating.highest import goes_with
from pricing.rating.prices import MODELS, Kind, PerUnit, amount_fields


def _one(expression: F | Coalesce, range_type: str) -> Func:
    """A range that holds exactly this value, so that an exclusion constraint can compare it for equality with "&&"."""
    return Func(expression, expression, Value("[]"), function=range_type)


def money_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """An amount in the rule's currency, with six decimal places."""
    return models.DecimalField(max_digits=16, decimal_places=6, **options)


TIERS_AT_MOST = 1_000  # of a price: more is a mistake, and a form with them takes minutes


def price_models() -> list[tuple[str, str]]:
    """The price models to choose from."""
    return [(model.code, model.title) for model in MODELS.values()]


def _priced() -> Q:
    """The fields that a model needs are all set; those that only other models need are empty."""
    needed = {model: {each.name for each in model.fields if each.is_required} for model in MODELS.values()}
    every = [each.name for each in amount_fields() if any(each.name in names for names in needed.values())]
    condition = Q()
    for model, names in needed.items():
        optional = {each.name for each in model.fields} - names
        parts = {f"{part}__isnull": part not in names for part in every if part not in optional}
        condition |= Q(price_model=model.code, **parts)
    return condition


def _not_negative() -> Q:
    fields = [each for each in amount_fields() if each.kind is not Kind.ACTIONS]  # whole numbers have their own check
    empty = [each for each in fields if each.is_required or each.may_be_open]
    condition = Q()
    for each in empty:
        if each.is_positive:
            condition &= Q(**{each.name: None}) | Q(**{f"{each.name}__gt": 0})
    for name in [*(each.name for each in empty if not each.is_positive), "cap_per_lead", "cap_per_period"]:
        condition &= Q(**{name: None}) | Q(**{f"{name}__gte": 0})
    return condition & Q(**{f"{each.name}__gte": 0 for each in fields if each not in empty})


def _compares_prices() -> Q:
    """Each action is priced by itself: a model that stands alone, without an allowance."""
    nothing_free = {each.name: 0 for each in amount_fields() if each.is_allowance}
    return Q(price_model__in=tuple(model.code for model in goes_with()), **nothing_free)


def _meaning(name: str) -> str:
    return next(each.meaning for each in amount_fields() if each.name == name)


class PriceRuleQuerySet(models.QuerySet["PriceRule"]):
    """Queries for price rules."""

    def in_force(self) -> Self:
        """All rules that are or were in force, or will be; rating chooses from these."""
        return self.exclude(state=PriceRule.State.DRAFT)

    def open_to(self, customer: Customer) -> Self:
        """The rules that could price an action of this customer."""
        return self.filter(Q(customer=None) | Q(customer=customer), currency=customer.currency)


class PriceRule(models.Model):
    """Scope, price and effective dates of one price; revised, never overwritten."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    class Once(models.TextChoices):
        LEAD = "lead", "per lead"
        PERSON = "person", "per person"

    name = models.CharField(max_length=200, help_text="Shown in explanations, so name what is priced.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAFT)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="price_rules")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="price_rules")
    category = models.CharField(max_length=80, blank=True, help_text="Product category.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="price_rules")
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True)
    action_type = models.ForeignKey(
        ActionType, on_delete=models.PROTECT, null=True, blank=True, related_name="price_rules"
    )
    priority = models.SmallIntegerField(
        default=0, help_text="The highest priority wins. If equal, the most specific rule wins."
    )

    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency])
    # Not instants: each customer's time zone turns them into instants (`pricing.domain.rate.inputs`).
    wall_from = WallClockField("from", help_text="First day (or time) in each customer's own time zone.")
    wall_to = WallClockField(
        "until", null=True, blank=True, help_text="First day (or time) that the rule no longer prices. Empty: no end."
    )

    price_model = models.CharField(max_length=20, choices=price_models, default=PerUnit.code)
    unit_price = money_field(null=True, blank=True, help_text=_meaning("unit_price"))
    free_units = models.DecimalField(max_digits=18, decimal_places=6, default=0, help_text=_meaning("free_units"))
    package_size = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text=_meaning("package_size")
    )
    package_price = money_field(null=True, blank=True, help_text=_meaning("package_price"))
    percent = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True, help_text=_meaning("percent"))
    fixed_fee = money_field(default=0, help_text=_meaning("fixed_fee"))
    minimum = money_field(null=True, blank=True, help_text=_meaning("minimum"))
    maximum = money_field(null=True, blank=True, help_text=_meaning("maximum"))
    free_actions = models.PositiveIntegerField(default=0, help_text=_meaning("free_actions"))
    free_value = money_field(default=0, help_text=_meaning("free_value"))

    once_per = models.CharField("charge once", max_length=6, choices=Once.choices, blank=True)
    once_days = models.PositiveIntegerField(
        "within days", null=True, blank=True, help_text="Since the last charged action of the same type."
    )
    highest_only = models.BooleanField(
        default=False, help_text="Charge only a lead's highest-priced action in a period."
    )
    cap_per_lead = money_field(null=True, blank=True, help_text="Maximum for one lead, over all periods.")
    cap_per_period = money_field(null=True, blank=True, help_text="Maximum for all leads in one period.")

    first_revision = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="revisions",
        help_text="Revisions of a rule count their quantities together.",
    )
    revises = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="revised_by")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = PriceRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="active_rules_of_one_scope_never_overlap",
                condition=~Q(state="draft"),
                expressions=[
                    (_one(Coalesce(F("customer_id"), Value(0)), "int8range"), "&&"),
                    (_one(Coalesce(F("product_id"), Value(0)), "int8range"), "&&"),
                    (_one(F("category"), "textrange"), "&&"),
                    (_one(Coalesce(F("source_id"), Value(0)), "int8range"), "&&"),
                    (_one(F("channel"), "textrange"), "&&"),
                    (_one(Coalesce(F("action_type_id"), Value(0)), "int8range"), "&&"),
                    (_one(F("currency"), "textrange"), "&&"),
                    (_one(F("priority"), "int4range"), "&&"),
                    (Func(F("wall_from"), F("wall_to"), function="tsrange"), "&&"),
                ],
                violation_error_message="Another active rule already covers this scope, priority and time.",
            ),
            models.CheckConstraint(
                name="a_rule_does_not_end_before_it_begins", condition=Q(wall_to__gte=F("wall_from"))
            ),
            models.CheckConstraint(name="a_rule_has_the_price_its_model_needs", condition=_priced()),
            models.CheckConstraint(name="nothing_in_a_price_is_negative", condition=_not_negative()),
            models.CheckConstraint(name="a_maximum_is_not_below_its_minimum", condition=Q(maximum__gte=F("minimum"))),
            models.CheckConstraint(
                name="charging_once_says_within_how_many_days",
                condition=Q(once_per="", once_days=None) | (~Q(once_per="") & Q(once_days__gte=1)),
            ),
            models.CheckConstraint(
                name="highest_only_needs_a_price_that_each_action_has_by_itself",
                condition=Q(highest_only=False) | _compares_prices(),
            ),
            models.CheckConstraint(
                name="a_rule_in_force_says_since_when", condition=Q(state="draft") | Q(activated_at__isnull=False)
            ),
        ]
        indexes = [models.Index(name="price_rule_state", fields=["state", "wall_from"])]

    def __str__(self) -> str:
        return self.name

    @property
    def lineage(self) -> int:
        """The id of the first revision, which all revisions of a rule share."""
        return self.first_revision_id or self.pk


class PriceTier(models.Model):
    """One step of a tiered price: from above the previous step up to and including `up_to`."""

    rule = models.ForeignKey(PriceRule, on_delete=models.CASCADE, related_name="tiers", db_index=False)
    up_to = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="Last unit of this tier. Empty: no end."
    )
    unit_price = money_field(null=True, blank=True)
    percent = models.DecimalField(
        max_digits=10,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Percent of the value, for a graduated percentage.",
    )
    flat_fee = money_field(default=0, help_text="Charged with the first unit that enters the tier.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="no_two_tiers_of_a_rule_end_at_the_same_unit", fields=["rule", "up_to"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="tiers_and_their_prices_are_not_negative",
                condition=(Q(up_to=None) | Q(up_to__gt=0)) & Q(flat_fee__gte=0),
            ),
            models.CheckConstraint(
                name="a_tier_has_a_unit_price_or_a_percent",
                condition=Q(unit_price__gte=0, percent=None) | Q(unit_price=None, percent__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return "and above" if self.up_to is None else f"up to {self.up_to.normalize():f}"
