"""Outgoing webhooks: who is told what, the events, and their deliveries."""

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from billing_engine.core.queues.items import LeasedItem
from invoices.models import Notice, waits_or_is_settled
from leads.models import Customer

MAX_ADDRESS = 500  # characters
MAX_ANSWER = 500  # characters that are kept of an answer


class EventKind(models.TextChoices):
    """What other systems and people can be told."""

    INVOICE_ISSUED = "invoice.issued", "Invoice issued"
    INVOICE_VOIDED = "invoice.voided", "Invoice voided"
    INVOICE_PAID = "invoice.paid", "Invoice paid"
    CREDIT_NOTE_ISSUED = "credit_note.issued", "Credit note issued"
    PAYMENT_RECEIVED = "payment.received", "Payment received"
    DISPUTE_OPENED = "dispute.opened", "Dispute opened"
    DISPUTE_DECIDED = "dispute.decided", "Dispute decided"
    PERIOD_CLOSED = "period.closed", "Billing period closed"
    BUDGET_80 = "budget.reached_80", "80% of the budget used"
    BUDGET_100 = "budget.reached_100", "100% of the budget used"
    UNRATED_WAITING = "unrated.waiting", "Unrated actions are waiting"


TEST = "webhook.test"  # the kind of a test delivery


class WebhookEndpoint(LeasedItem):
    """An address of another system that receives events, of every customer or of one."""

    name = models.CharField(max_length=100, unique=True)
    url = models.URLField("address", max_length=MAX_ADDRESS)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="webhook_endpoints",
        help_text="Empty: events of every customer.",
    )
    kinds = ArrayField(models.CharField(max_length=30, choices=EventKind.choices), verbose_name="events")
    unrated_hours = models.PositiveSmallIntegerField(
        "hours unrated",
        default=24,
        help_text="How long an action is unrated before “Unrated actions are waiting” is sent.",
    )
    is_active = models.BooleanField("active", default=True)
    off_reason = models.CharField(max_length=300, blank=True, help_text="Why it was switched off.")
    off_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="The first failure since the last successful delivery."
    )
    unreachable = models.PositiveSmallIntegerField(
        default=0, help_text="How often in a row it could not be reached, or asked us to slow down."
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is sent earlier, so that it can recover."
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(name="an_endpoint_is_told_something", condition=Q(kinds__len__gt=0)),
            models.CheckConstraint(
                name="an_endpoint_that_is_off_says_why",
                condition=Q(is_active=True, off_reason="", off_at=None)
                | (Q(is_active=False, off_at__isnull=False) & ~Q(off_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                name="endpoint_waiting", fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name


class WebhookSecret(models.Model):
    """A secret that deliveries to an endpoint are signed with; while one is replaced, both sign."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.BinaryField(help_text="Encrypted with a key derived from SECRET_KEY.")
    hint = models.CharField(max_length=12, help_text="Its first characters.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When it no longer signs. Empty: it is current.")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="an_endpoint_has_one_current_secret", fields=["endpoint"], condition=Q(expires_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hint}…"


class WebhookEvent(models.Model):
    """Something that happened and that others are told, written in the transaction of what happened."""

    uid = models.UUIDField(
        default=uuid4, unique=True, help_text="The ID that receivers see, the same for every attempt."
    )
    kind = models.CharField(max_length=30, choices=[*EventKind.choices, (TEST, "Test")])
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty for a test."
    )
    subject = models.CharField(max_length=120, help_text="What it is about, such as invoices.invoice:12.")
    cause = models.CharField(
        max_length=200, blank=True, help_text="For a state that lasts: identifies it, so that it is told once."
    )
    data = models.JSONField(default=dict, help_text="IDs and sums; no names, no addresses.")
    occurred_at = models.DateTimeField(db_default=Now())
    distributed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a delivery was created for each endpoint that is told."
    )

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="an_event_that_is_no_test_has_a_customer", condition=Q(kind=TEST) | Q(customer__isnull=False)
            ),
            models.UniqueConstraint(name="a_lasting_state_is_told_once", fields=["cause"], condition=~Q(cause="")),
        ]
        indexes = [
            models.Index(name="event_not_distributed", fields=["id"], condition=Q(distributed_at=None)),
            models.Index(name="event_occurred", fields=["occurred_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.subject}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Named filters for deliveries."""

    def waiting(self) -> Self:
        return self.filter(state=WebhookDelivery.State.WAITING)

    def tests(self) -> Self:
        return self.filter(number=None)


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint: the attempts, and what the receiver answered last."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Failed"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event = models.ForeignKey(WebhookEvent, on_delete=models.PROTECT, related_name="deliveries")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    number = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Counts the events of its customer to its endpoint without a gap. Empty: a test.",
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Counted before each attempt.")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    is_parked = models.BooleanField(
        "parked", default=False, help_text="It failed several times, so later events no longer wait for it."
    )
    resent_at = models.DateTimeField(null=True, blank=True, help_text="When a person last had it sent again.")
    attempted_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The HTTP status of the last answer.")
    answer = models.CharField(max_length=MAX_ANSWER, blank=True, help_text="The start of the last answer's body.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="an_endpoint_is_told_of_an_event_once", fields=["endpoint", "event"]),
            models.UniqueConstraint(
                name="events_of_a_customer_are_numbered_by_endpoint", fields=["endpoint", "customer", "number"]
            ),
            models.CheckConstraint(
                name="a_delivery_waits_or_is_settled",
                condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="a_delivery_of_a_customer_has_a_number",
                condition=Q(customer=None, number=None) | Q(customer__isnull=False, number__gte=1),
            ),
        ]
        indexes = [
            models.Index(name="delivery_waiting", fields=["endpoint", "next_attempt_at"], condition=Q(state="waiting")),
            models.Index(
                name="delivery_that_others_wait_for",
                fields=["endpoint", "customer", "number"],
                condition=Q(state="waiting", is_parked=False),
            ),
            models.Index(name="delivery_of_endpoint", fields=["endpoint", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class EventSubscription(models.Model):
    """A person's choice to get emails about one kind of event, of every customer or of one."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="event_subscriptions")
    kind = models.CharField(max_length=30, choices=EventKind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_person_chooses_an_event_once", fields=["person", "kind", "customer"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{f' of {self.customer}' if self.customer else ''}"


class EventMail(Notice):
    """An email to one person: about events of one kind, or that an endpoint was switched off."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="event_mails")
    kind = models.CharField(max_length=30, choices=EventKind.choices, blank=True)
    events = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="The events it tells of.")
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The endpoint that was switched off, if it is about one.",
    )

    class Meta(Notice.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="an_event_mail_tells_of_events_or_of_an_endpoint",
                condition=Q(endpoint=None, events__len__gt=0) & ~Q(kind="")
                | Q(endpoint__isnull=False, events__len=0, kind=""),
            ),
            waits_or_is_settled("an_event_mail_waits_or_is_settled"),
        ]
        indexes = [models.Index(name="event_mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.get_kind_display() or 'Endpoint switched off'} to {self.person}"
