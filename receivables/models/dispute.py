"""Disputes of charges: what is disputed and why, the steps until the decision, and the files that were sent."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core import money
from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models import Invoice, InvoiceLine
from leads.models import Action, BillingPeriod, Customer
from receivables.models.reason import Reason

CONTACT_LENGTH = 254
FILE_BYTES = 10_000_000
AFTER_A_REJECTION = 14  # days


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Named filters for disputes."""

    def undecided(self) -> Self:
        return self.filter(state__in=Dispute.UNDECIDED)


class Dispute(models.Model):
    """What a customer does not want to pay, and why; finance decides it, and the customer reads each step."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WAITING = "waiting", "Waiting for evidence"
        SECOND_LOOK = "second_look", "Second look"
        ACCEPTED = "accepted", "Accepted"
        ACCEPTED_IN_PART = "in_part", "Accepted in part"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    UNDECIDED: ClassVar = (State.OPEN, State.WAITING, State.SECOND_LOOK)
    DECIDED: ClassVar = (State.ACCEPTED, State.ACCEPTED_IN_PART, State.REJECTED)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="disputes", db_index=False)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="disputes")
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        help_text="Empty: it was opened before the invoice.",
    )
    line = models.ForeignKey(
        InvoiceLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        db_index=False,
        help_text="If a whole line is disputed.",
    )
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, related_name="disputes", db_index=False)
    state = models.CharField(max_length=11, choices=State.choices, default=State.OPEN)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Before tax.")
    tax = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, default=0)
    over_quota = models.BooleanField(
        default=False, help_text="It exceeded the customer's quota, so a second person decides, too."
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    contact = models.CharField(
        max_length=CONTACT_LENGTH, blank=True, help_text="The customer's contact who opened it. Empty: we did."
    )
    decide_by = models.DateField(help_text="In the customer's time zone. It moves while we wait for evidence.")
    waits_since = models.DateTimeField(null=True, blank=True)
    second_look_at = models.DateTimeField(null=True, blank=True, help_text="When a second look was asked for, once.")
    proposed = models.CharField(
        max_length=11,
        choices=State.choices,
        blank=True,
        help_text="The pending decision, which a second person must approve.",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_dispute_is_about_an_amount", condition=Q(amount__gt=0, tax__gte=0)),
            models.CheckConstraint(
                name="a_dispute_says_who_opened_it", condition=Q(opened_by__isnull=False) | ~Q(contact="")
            ),
            models.CheckConstraint(
                name="a_decided_dispute_says_when_and_by_whom",
                condition=Q(
                    state__in=["accepted", "in_part", "rejected"], decided_at__isnull=False, decided_by__isnull=False
                )
                | Q(state__in=["open", "waiting"], decided_at=None, decided_by=None)
                | Q(state__in=["second_look", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="a_dispute_waits_since_an_instant",
                condition=Q(state="waiting", waits_since__isnull=False) | (~Q(state="waiting") & Q(waits_since=None)),
            ),
            models.CheckConstraint(
                name="a_second_look_says_when_it_was_asked_for",
                condition=~Q(state="second_look") | Q(second_look_at__isnull=False),
            ),
            models.CheckConstraint(
                name="only_a_decision_is_proposed_and_only_while_there_is_none",
                condition=Q(proposed="")
                | Q(proposed__in=["accepted", "in_part", "rejected"], state__in=["open", "waiting", "second_look"]),
            ),
            models.CheckConstraint(
                name="a_disputed_line_is_on_the_invoice", condition=Q(line=None) | Q(invoice__isnull=False)
            ),
        ]
        indexes = [
            models.Index(name="dispute_of_customer", fields=["customer", "opened_at"]),
            models.Index(
                name="dispute_undecided",
                fields=["decide_by", "id"],
                condition=Q(state__in=["open", "waiting", "second_look"]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """`DSP-2026-0031`, by the customer's year."""
        return f"DSP-{self.customer.day_of(self.opened_at).year}-{self.pk:04d}"

    @property
    def total(self) -> Decimal:
        """The amount with its tax."""
        return self.amount + self.tax

    @property
    def total_in_words(self) -> str:
        return money.in_words(self.total, self.currency)

    def due_again_on(self, was_due: date) -> date:
        """The day on which what was rejected falls due: the invoice's, or 14 days after the decision if that is later."""
        assert self.decided_at is not None, "a rejection says when"  # noqa: S101 -- for mypy
        return max(was_due, self.customer.day_of(self.decided_at) + timedelta(days=AFTER_A_REJECTION))

    def rejected(self, accepted: Decimal) -> Decimal:
        """What was rejected, with its share of the tax, if this much was accepted before tax."""
        share = money.rounded(self.tax * accepted / self.amount, self.currency)
        return self.total - accepted - share

    @property
    def is_undecided(self) -> bool:
        return self.state in self.UNDECIDED

    @property
    def opener(self) -> str:
        """Who opened it: the customer's contact, or one of us."""
        return self.contact or (self.opened_by.get_full_name() or str(self.opened_by) if self.opened_by else "")


class DisputedCharge(models.Model):
    """One disputed charge and its share of its line; the decision says whether it is accepted."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="charges")
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="disputed", db_index=False)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Before tax.")
    is_accepted = models.BooleanField(null=True, blank=True, help_text="Empty: not decided.")
    is_undecided = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_disputed_charge_is_not_negative", condition=Q(amount__gte=0)),
            models.UniqueConstraint(name="a_dispute_names_each_charge_once", fields=["dispute", "action"]),
            models.UniqueConstraint(
                name="a_charge_is_in_at_most_one_undecided_dispute", fields=["action"], condition=Q(is_undecided=True)
            ),
        ]
        indexes = [models.Index(name="disputed_charge_of_action", fields=["action"])]

    def __str__(self) -> str:
        return f"Charge of action {self.action_id}"


class DisputeStep(models.Model):
    """One step of a dispute, with its person, its instant, and the words that the customer reads."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        ASKED = "asked", "Asked for more"
        ANSWERED = "answered", "Answered"
        ACCEPTED = "accepted", "Accepted"
        ACCEPTED_IN_PART = "in_part", "Accepted in part"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        SECOND_LOOK = "second_look", "Second look asked for"

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    contact = models.CharField(
        max_length=CONTACT_LENGTH, blank=True, help_text="The customer's contact. Empty: one of us."
    )
    words = models.TextField(blank=True, help_text="The customer reads them.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_step_of_a_dispute_says_who_took_it", condition=Q(by__isnull=False) | ~Q(contact="")
            ),
            models.CheckConstraint(
                name="a_question_or_a_decision_has_words",
                condition=~Q(kind__in=["asked", "in_part", "rejected"]) | ~Q(words=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispute}: {self.get_kind_display().lower()}"


class DisputeFile(models.Model):
    """A file that was sent as evidence, with its bytes and their digest."""

    step = models.ForeignKey(DisputeStep, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_file_of_a_dispute_is_neither_empty_nor_too_large",
                condition=Q(size__gt=0, size__lte=FILE_BYTES),
            ),
            models.CheckConstraint(
                name="a_file_of_a_dispute_has_its_digest", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
            models.UniqueConstraint(name="a_step_of_a_dispute_has_a_file_once", fields=["step", "sha256", "name"]),
        ]

    def __str__(self) -> str:
        return self.name
