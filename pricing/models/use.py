"""How much each price rule is used."""

from django.db import models

from billing_engine.core.money import SUM_DIGITS
from leads.models import BillingPeriod
from pricing.models.rule import PriceRule


class RuleUse(models.Model):
    """The charges of one revision of a price rule in one billing period, as of its last count."""

    rule = models.ForeignKey(PriceRule, on_delete=models.CASCADE, related_name="uses", db_index=False)
    period = models.ForeignKey(BillingPeriod, on_delete=models.CASCADE, related_name="rule_uses")
    charges = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_rules_use_in_a_period_is_counted_once", fields=["rule", "period"])
        ]

    def __str__(self) -> str:
        return f"{self.charges} charges"


class UseCount(models.Model):
    """Which rating of a billing period its rule uses were counted from."""

    period = models.OneToOneField(BillingPeriod, on_delete=models.CASCADE, primary_key=True, related_name="use_count")
    rated_at = models.DateTimeField(help_text="When that rating ran. After a newer rating, the count is stale.")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.period}, as rated {self.rated_at:%Y-%m-%d %H:%M}"
