"""Saved price expectations."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.money import SUM_DIGITS
from leads.models import ActionType, Channel, Customer, Product, Source


class PriceCheck(models.Model):
    """A saved expectation of what an action costs, checked before every activation."""

    name = models.CharField(max_length=200, help_text="A sentence such as “A sample order of Acme costs 12.50”.")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="price_checks")
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="price_checks",
        help_text="Empty: every product of the customer.",
    )
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="price_checks")
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="price_checks",
        help_text="Empty: every active source, or every one of the channel.",
    )
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6, default=1)
    value = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="The action's value, for a percentage."
    )
    expected = models.DecimalField(
        "costs",
        max_digits=SUM_DIGITS,
        decimal_places=6,
        help_text="As the first action of a month, in the customer's currency.",
    )
    occurs_on = models.DateField("on", null=True, blank=True, help_text="Empty: the day a rule change takes effect.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="nothing_in_a_price_check_is_negative",
                condition=Q(quantity__gte=0, expected__gte=0) & (Q(value=None) | Q(value__gte=0)),
            )
        ]

    def __str__(self) -> str:
        return self.name
