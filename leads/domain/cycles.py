"""A customer's billing cycle changes where its last period ends: every instant stays in exactly one period."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max

from billing_engine.core.errors import Refused
from leads.domain.periods import open_missing, open_periods
from leads.models import BillingPeriod, Customer, CycleChange


class SameCycle(Refused):
    """There is nothing to change."""

    code = "same_cycle"
    message = "The customer is billed by this cycle already."


@transaction.atomic
def change_cycle(customer: Customer, *, to: Customer.Cycle, by: User | None, at: datetime) -> datetime | None:
    """Bill the customer by another cycle, from the end of the last period it has; answers when that is.

    What is over by `at`, and what goes on then, is billed as it was to be: its periods are opened first. None where the
    customer's first period is not over: then it is billed so from its first day on. A change that no period has come of
    yet is replaced. Raises SameCycle.
    """
    # FOR UPDATE: this waits for a transaction that is opening a period of this customer, and the next one waits for this.
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.cycle == to:
        raise SameCycle
    open_missing(Customer.objects.filter(pk=customer.pk), until=at)
    if BillingPeriod.objects.filter(customer=customer).exists() and customer.calendar.begins_by(at):
        open_periods({customer.pk: [at]})
    begin: datetime | None = BillingPeriod.objects.filter(customer=customer).aggregate(end=Max("end_at"))["end"]
    before = _cycle_before(customer, begin)
    if begin and before != to:
        CycleChange.objects.create(
            customer=customer,
            takes_effect_at=begin,
            cycle_before=before,
            cycle_after=to,
            changed_at=at,
            changed_by=by,
        )
    customer.cycle = to
    customer.save(update_fields=["cycle"])
    return begin


def _cycle_before(customer: Customer, begin: datetime | None) -> str:
    """What the customer is billed by up to `begin`; changes from then on are deleted, as no period has used them."""
    changes = CycleChange.objects.filter(customer=customer)
    if begin is not None:
        changes = changes.filter(takes_effect_at__gte=begin)
    first = changes.order_by("takes_effect_at").first()
    changes.delete()
    return first.cycle_before if first else customer.cycle


def latest_labels() -> list[tuple[str, int]]:
    """The labels there are with how many periods each has, the latest first: they have no order of their own."""
    counted = BillingPeriod.objects.values_list("label").annotate(Count("pk"), latest=Max("end_at"))
    return [(label, count) for label, count, _ in counted.order_by("-latest", "label")]
