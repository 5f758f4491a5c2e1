"""Priced actions, and those without a price."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from billing_engine.core.money import SUM_DIGITS
from leads.models import Action, BillingPeriod
from pricing.models.rule import PriceRule
from pricing.rating import caps, exclude
from pricing.wording.caps import OF_A_RULE
from pricing.wording.decision import REASONS


def _exact(**options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6, **options)


def _cut(help_text: str) -> "models.DecimalField[Any, Any]":
    """An amount that is empty if the cap cut nothing."""
    return _exact(null=True, blank=True, help_text=help_text)


def _adds_up() -> Q:
    """Most charges are not cut, and the first half is enough for them; the second half checks the sum."""
    cuts = ("cut_per_lead", "cut_per_period", "cut_by_budget")
    is_whole = Q(full_amount=F("amount"), **{f"{cut}__isnull": True for cut in cuts})
    nothing = Value(0, output_field=_exact())
    adds_up = Q(full_amount=sum((Coalesce(cut, nothing) for cut in cuts), start=F("amount")))
    for cut in cuts:
        adds_up &= Q(**{cut: None}) | Q(**{f"{cut}__gt": 0})
    return is_whole | adds_up


IS_CUT = Q(cut_per_lead__isnull=False) | Q(cut_per_period__isnull=False) | Q(cut_by_budget__isnull=False)


class Charge(models.Model):
    """One action priced: an amount, or zero with the reason for the exclusion."""

    class Reason(models.TextChoices):
        """Why an action was excluded, in the order of `pricing.rating.exclude`."""

        VOIDED = exclude.VOIDED, REASONS[exclude.VOIDED]
        NOT_BILLABLE = exclude.NOT_BILLABLE, REASONS[exclude.NOT_BILLABLE]
        TEST_LEAD = exclude.TEST_LEAD, REASONS[exclude.TEST_LEAD]
        OUTSIDE_CONTRACT = exclude.OUTSIDE_CONTRACT, REASONS[exclude.OUTSIDE_CONTRACT]
        DISPUTED = exclude.DISPUTED, REASONS[exclude.DISPUTED]
        EXCLUDED_CONTACT = exclude.EXCLUDED_CONTACT, REASONS[exclude.EXCLUDED_CONTACT]
        WAIVED = exclude.WAIVED, REASONS[exclude.WAIVED]
        ALREADY_CHARGED = exclude.ALREADY_CHARGED, REASONS[exclude.ALREADY_CHARGED]
        NOT_HIGHEST = exclude.NOT_HIGHEST, REASONS[exclude.NOT_HIGHEST]

    class Cap(models.TextChoices):
        """What reduces a charge, in the order of `pricing.rating.caps`."""

        PER_LEAD = caps.PER_LEAD, OF_A_RULE[caps.PER_LEAD]
        PER_PERIOD = caps.PER_PERIOD, OF_A_RULE[caps.PER_PERIOD]
        BUDGET = caps.BUDGET, OF_A_RULE[caps.BUDGET]

    # The action is the primary key: rows written in the order of actions keep this index cheap. Three foreign keys,
    # checked row by row, would cost ten times as much as the writing; triggers (in `sql/`) check the same once per
    # statement: period and rule exist, and neither they nor an action are ever deleted.
    action = models.OneToOneField(
        Action, on_delete=models.PROTECT, primary_key=True, related_name="charge", db_constraint=False
    )
    period = models.ForeignKey(
        BillingPeriod, on_delete=models.PROTECT, related_name="charges", db_constraint=False, db_index=False
    )
    rule = models.ForeignKey(
        PriceRule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charges",
        db_constraint=False,
        db_index=False,
    )
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    amount = _exact()
    full_amount = _exact(help_text="Before any cap.")
    cut_per_lead = _cut("Cut from the full price by the rule's limit per lead.")
    cut_per_period = _cut("Cut from the remainder by the rule's limit per period.")
    cut_by_budget = _cut("Cut from the remainder by the customer's monthly budget.")
    quantity_before = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=6,
        help_text="Quantity that the rule had counted in the period before this action.",
    )

    value_before = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Money value that the rule had counted before, for a percentage.",
    )
    # No constraint and no index: it points to a charge written at the same time, and charges are never looked up by it.
    paid_by = models.ForeignKey(
        Action,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="pays_for",
        db_constraint=False,
        db_index=False,
        help_text="The action whose charge also pays for this one, or the lead's highest-priced action.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_charge_names_the_rule_that_priced_it_or_the_exclusion",
                condition=Q(reason="", rule__isnull=False) | (~Q(reason="") & Q(amount=0)),
            ),
            models.CheckConstraint(name="a_charge_is_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="a_charge_is_its_full_price_less_what_each_cap_cut", condition=_adds_up()),
        ]
        indexes = [
            # Of the charges that people look for by reason or cap: 0.1 µs a row when rating writes. An index of all
            # charges by period would cost 0.5 µs, one by period and rule 1 µs.
            models.Index(name="charge_excluded", fields=["period", "reason", "action"], condition=~Q(reason="")),
            models.Index(name="charge_cut", fields=["period", "action"], condition=IS_CUT),
        ]

    def __str__(self) -> str:
        return f"Charge of action {self.pk}"

    @property
    def cuts(self) -> list[tuple[Cap, Decimal]]:
        """What each cap cut off, in order."""
        cut = (self.cut_per_lead, self.cut_per_period, self.cut_by_budget)
        return [(cap, amount) for cap, amount in zip(self.Cap, cut, strict=True) if amount is not None]


class UnratedAction(models.Model):
    """An action without a price: neither excluded nor free, it blocks the close of its period."""

    class Code(models.TextChoices):
        """Why the action has no price."""

        NO_RULE = "no_rule", "No rule matches"
        UNPRICEABLE = "unpriceable", "Can't be priced"

    action = models.OneToOneField(Action, on_delete=models.CASCADE, primary_key=True, related_name="unrated")
    period = models.ForeignKey(BillingPeriod, on_delete=models.CASCADE, related_name="unrated_actions")
    code = models.CharField(max_length=11, choices=Code.choices, default=Code.NO_RULE, db_default=Code.NO_RULE)
    message = models.TextField(blank=True, db_default="", help_text="What went wrong during pricing.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="what_cannot_be_priced_says_why", condition=~Q(code="unpriceable") | ~Q(message="")
            )
        ]
        indexes = [models.Index(name="unrated_unpriceable", fields=["action"], condition=Q(code="unpriceable"))]

    def __str__(self) -> str:
        return f"Action {self.pk}"


class Waiver(models.Model):
    """A person's decision that an action is not charged, and why."""

    action = models.OneToOneField(Action, on_delete=models.PROTECT, primary_key=True, related_name="waiver")
    is_dispute = models.BooleanField(
        default=False, db_default=False, help_text="The customer disputed the action, and we accepted."
    )
    note = models.CharField("reason", max_length=200)
    waived_at = models.DateTimeField()
    waived_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="a_waiver_says_why", condition=~Q(note=""))]

    def __str__(self) -> str:
        return self.note


class PeriodTally(models.Model):
    """The results of a period's last rating; written with its charges, so that pages need not count them."""

    period = models.OneToOneField(BillingPeriod, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    actions = models.PositiveIntegerField()
    charged = models.PositiveIntegerField()
    excluded = models.PositiveIntegerField()
    excluded_by = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), help_text="Number of actions by reason."
    )
    unrated = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)
    rated_at = models.DateTimeField()

    rated_to_at = models.DateTimeField(null=True, blank=True, help_text="When the last action rated occurred.")
    rated_to_action = models.BigIntegerField(null=True, blank=True, help_text="The last action rated.")
    counters = models.JSONField(
        null=True,
        blank=True,
        help_text="Counters at that action, to continue from. Empty: the whole period must be rated.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="stored_actions_are_charged_or_excluded_or_unrated",
                condition=Q(actions=models.F("charged") + models.F("excluded") + models.F("unrated")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.charged} charged, {self.excluded} excluded, {self.unrated} unrated"
