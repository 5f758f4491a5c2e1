"""Billing periods, and the marks on periods that need rating."""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value

from billing_engine.core.calendar.spans import Span
from billing_engine.core.calendar.wording import span_in_words
from leads.models.customer import Customer
from leads.models.terms import CustomerTerms


class BillingPeriodQuerySet(models.QuerySet["BillingPeriod"]):
    """Named filters for billing periods."""

    def open(self) -> Self:
        return self.filter(state=BillingPeriod.State.OPEN)

    def closed(self) -> Self:
        return self.filter(state=BillingPeriod.State.CLOSED)

    def closed_or_sealed(self) -> Self:
        return self.filter(Q(state=BillingPeriod.State.CLOSED) | Q(is_sealed=True))

    def labeled(self, label: str) -> Self:
        return self.filter(label=label)


class BillingPeriod(models.Model):
    """One customer × one cycle; every action is assigned to exactly one."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="periods", db_index=False)
    label = models.CharField(max_length=10, db_index=True, help_text="The name of the cycle, such as 2026-10.")
    start_at = models.DateTimeField(help_text="Inclusive.")
    end_at = models.DateTimeField(help_text="Exclusive.")
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_sealed = models.BooleanField(
        "sealed",
        default=False,
        db_default=False,
        help_text="The month is locked: the period takes no new actions, even if it is still open.",
    )

    objects = BillingPeriodQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_customer_has_one_period_of_a_cycle", fields=["customer", "label"]),
            models.CheckConstraint(name="a_period_ends_after_it_starts", condition=Q(end_at__gt=F("start_at"))),
            models.CheckConstraint(
                name="a_closed_period_says_when",
                condition=Q(state="open", closed_at=None) | Q(state="closed", closed_at__isnull=False),
            ),
            ExclusionConstraint(
                name="periods_of_one_customer_never_overlap",
                expressions=[
                    # Core PostgreSQL has no "=" for integers in an exclusion; a range of one number has "&&".
                    (Func(F("customer_id"), F("customer_id"), Value("[]"), function="int8range"), "&&"),
                    (Func(F("start_at"), F("end_at"), function="tstzrange"), "&&"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.label}"

    @property
    def span(self) -> Span:
        return Span(self.start_at, self.end_at)

    @property
    def first_day(self) -> date:
        return self.customer.day_of(self.start_at)

    @property
    def customer_terms(self) -> CustomerTerms:
        """The terms that the period is billed by: those of its first day."""
        return self.customer.terms.on(self.first_day)

    @property
    def in_words(self) -> str:
        """`October 2026`, or the first and last day."""
        return span_in_words(self.start_at, self.end_at, self.customer.zone)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class UnratedMark(models.Model):
    """A note that a period has to be rated (again), left by any change that its rating depends on."""

    # Marks are only added, and only removed by the rating that has seen the change. So sources never wait for each
    # other, and no mark is lost, however they interleave.

    period = models.ForeignKey(BillingPeriod, on_delete=models.CASCADE, related_name="unrated_marks")
    reason = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.period}: {self.reason}"
