"""What rules have counted in a period, read from the charges."""

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from leads.models import BillingPeriod
from pricing.domain.rate.inputs import micro
from pricing.models import Charge


def volume_totals(period: BillingPeriod, lineages: set[int]) -> dict[int, int]:
    """The period's whole quantity by lineage in micro-units, all revisions together; it picks a volume's tier."""
    rows = (
        Charge.objects.filter(action__period=period, reason="")
        .annotate(lineage=Coalesce("rule__first_revision_id", "rule_id"))
        .filter(lineage__in=lineages)
        .values_list("lineage")
        .annotate(total=Sum("action__quantity"))
    )
    return {lineage: micro(total) for lineage, total in rows}


def actions_before(charge: Charge, lineage: int) -> int:
    """How many actions the rule had charged in the period before this one, including those without a value."""
    at, pk = charge.action.occurred_at, charge.action_id
    earlier = Q(action__occurred_at__lt=at) | Q(action__occurred_at=at, action_id__lt=pk)
    of_the_rule = Q(rule_id=lineage) | Q(rule__first_revision_id=lineage)
    return Charge.objects.filter(earlier, of_the_rule, action__period_id=charge.period_id, reason="").count()
