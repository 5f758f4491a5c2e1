"""Simulations: drafts tried on past actions. Nothing here is a charge, and no billing data refers to it."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing_engine.core.money import SUM_DIGITS
from billing_engine.core.queues.items import LeasedItem
from leads.models import Action, ActionType, BillingPeriod, Customer
from pricing.models.rule import PriceRule


def money_sum() -> "models.DecimalField[object, object]":
    """A sum of charges, with six decimal places."""
    return models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)


class Simulation(models.Model):
    """Drafts of price rules, or proposed terms and facts, tried on the real actions of past periods; nothing real is changed."""

    drafts = models.ManyToManyField(PriceRule, related_name="simulations", blank=True)
    draft_snapshots = models.JSONField(default=list, help_text="The drafts as they were, each as [id, name, terms].")
    proposals = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="The changes of terms or facts that are tried, each as [reference, name].",
    )
    months = ArrayField(models.CharField(max_length=10), help_text="Cycles, such as 2026-10.")
    from_the_start = models.BooleanField(
        "as if in force already",
        default=True,
        help_text="Drafts start with the first month instead of on their own day.",
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="When a user stopped it.")

    def __str__(self) -> str:
        return f"Simulation {self.pk}"


class SimulatedCustomerQuerySet(models.QuerySet["SimulatedCustomer"]):
    """Queries for the customers of simulations."""

    def unsettled(self) -> Self:
        return self.filter(state__in=(SimulatedCustomer.State.WAITING, SimulatedCustomer.State.RUNNING))


class SimulatedCustomer(LeasedItem):
    """One customer's part of a simulation: its periods, rated in order."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="customers", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    actions = models.PositiveIntegerField(help_text="Number of actions to rate.")
    actions_rated = models.PositiveIntegerField(default=0)
    behind = models.PositiveIntegerField(
        default=0, help_text="Periods that were waiting to be rated, so their current cost was unknown."
    )
    message = models.TextField(blank=True, help_text="Why it failed.")

    objects = SimulatedCustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_simulation_has_a_customer_once", fields=["simulation", "customer"]),
            models.CheckConstraint(name="a_failed_simulation_says_why", condition=~Q(state="failed") | ~Q(message="")),
            models.CheckConstraint(
                name="a_simulated_customer_that_waits_says_until_when",
                condition=Q(state__in=["waiting", "running"], next_attempt_at__isnull=False)
                | ~Q(state__in=["waiting", "running"]) & Q(next_attempt_at=None),
            ),
        ]
        indexes = [
            models.Index(
                name="simulation_unsettled", fields=["next_attempt_at"], condition=Q(state__in=["waiting", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} in simulation {self.simulation_id}"


class SimulatedSum(models.Model):
    """The sums of one period, rule and action type: now, and with the drafts."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="sums")
    period = models.ForeignKey(BillingPeriod, on_delete=models.CASCADE, related_name="+", db_index=False)
    # A draft may be deleted after the simulation; its results stay readable.
    rule = models.ForeignKey(
        PriceRule, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    rule_name = models.CharField(max_length=200, blank=True)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="+", db_index=False)
    now_charges = models.IntegerField(default=0)
    now_amount = money_sum()
    now_excluded = models.IntegerField(default=0)
    now_unrated = models.IntegerField(default=0)
    then_charges = models.IntegerField(default=0)
    then_amount = money_sum()
    then_excluded = models.IntegerField(default=0)
    then_unrated = models.IntegerField(default=0)
    newly_charged = models.IntegerField(default=0)
    newly_excluded = models.IntegerField(default=0, help_text="Actions that are now charged or unrated.")
    newly_unrated = models.IntegerField(default=0, help_text="Actions that are now charged or excluded.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_simulation_sums_a_rule_and_an_action_type_once",
                fields=["simulation", "period", "rule", "action_type"],
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule_name or 'no rule'}: {self.now_amount} → {self.then_amount}"


class SimulatedMove(models.Model):
    """An action whose outcome differs much between now and a simulation."""

    class Kind(models.TextChoices):
        AMOUNT = "amount", "Another amount"
        UNRATED = "unrated", "Newly unrated"
        EXCLUDED = "excluded", "Newly excluded"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="moves")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    period = models.ForeignKey(BillingPeriod, on_delete=models.CASCADE, related_name="+", db_index=False)
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="+", db_index=False)
    now_amount = money_sum()
    then_amount = money_sum()
    now_words = models.CharField(max_length=300)
    then_words = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.now_words} → {self.then_words}"
