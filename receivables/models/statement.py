"""Statements of account that go out by email, and which customers get one each month."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from billing_engine.core.queues.items import WorkItem
from leads.models import Company, Customer
from receivables.models.paper import ClaimedMail, ClaimedMailQuerySet, claimed_mail_constraints


class StatementSchedule(WorkItem):
    """Whether a customer gets statements of account each month, and when the next one is due."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="statement_schedule")
    is_monthly = models.BooleanField("monthly", default=False)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When a month is over, in the customer's time zone."
    )
    reason = models.TextField(blank=True, help_text="Why the last month could not be started.")

    class Meta:
        default_permissions = ("change", "view")
        constraints = [
            models.CheckConstraint(
                name="a_monthly_statement_is_due_at_some_time",
                condition=Q(is_monthly=True, next_at__isnull=False) | Q(is_monthly=False, next_at=None),
            ),
        ]
        indexes = [models.Index(name="statement_schedule_due", fields=["next_at"], condition=Q(is_monthly=True))]

    def __str__(self) -> str:
        return f"{self.customer}: {'monthly' if self.is_monthly else 'off'}"


class StatementMail(ClaimedMail):
    """One email with a statement of account: of one customer, company and currency, for some days."""

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the seller in the settings.",
    )
    currency = models.CharField(max_length=3)
    month = models.DateField(null=True, blank=True, help_text="Its first day. Empty: of days that a person chose.")
    first = models.DateField("from")
    last = models.DateField("to")
    opening = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, null=True, blank=True)
    closing = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, null=True, blank=True)
    newest = models.BigIntegerField(
        null=True, blank=True, help_text="The newest document that it counts: later ones are on the next statement."
    )
    was_asked_for = models.BooleanField(default=False, help_text="Sent even if nothing moved and nothing is open.")
    request = models.UUIDField(unique=True, help_text="Identifies the request: repeating it sends nothing twice.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = ClaimedMailQuerySet["StatementMail"].as_manager()

    class Meta(ClaimedMail.Meta):
        abstract = False
        verbose_name = "statement by email"
        verbose_name_plural = "statements by email"
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                name="an_account_has_one_statement_a_month",
                fields=["customer", "seller", "currency", "month"],
                condition=Q(month__isnull=False),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="a_statement_ends_after_it_begins", condition=Q(first__lte=F("last"))),
            *claimed_mail_constraints("statement_mail"),
        ]
        indexes = [
            models.Index(name="statement_mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"Statement of {self.customer}, {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}, {self.currency}"
