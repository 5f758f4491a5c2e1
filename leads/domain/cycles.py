"""Change a customer's billing cycle where its last period ends, so that every instant is in exactly one period."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.periods import open_missing, open_periods
from leads.models import BillingPeriod, Customer, CycleChange

CYCLE_CHANGED = Verb("billing_cycle_changed", "Billing cycle changed")


class SameCycle(Refused):
    """The customer already has this cycle."""

    code = "same_cycle"
    message = "The customer already has this billing cycle."


@transaction.atomic
def change_cycle(customer: Customer, *, to: Customer.Cycle, by: User | None, at: datetime) -> datetime | None:
    """Bill the customer by another cycle, see `begin_cycle`, and record the deed."""
    before = customer.cycle
    begin = begin_cycle(customer, to=to, by=by, at=at)
    record(CYCLE_CHANGED, on=customer, by=by, before={"cycle": before}, after={"cycle": to, "takes_effect_at": begin})
    return begin


def begin_cycle(customer: Customer, *, to: Customer.Cycle, by: User | None, at: datetime) -> datetime | None:
    """Bill the customer by another cycle from the end of its last period on; return when that is.

    The cycles up to and including the one at `at` keep the earlier cycle: their periods are opened first. Returns None if
    the customer has no period yet: then the new cycle applies from its first day on. An earlier change that no period has
    used yet is replaced. Raises SameCycle.
    """
    # FOR UPDATE: wait for any transaction that is opening a period of this customer, and make the next one wait.
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
    """Return the cycle that applies up to `begin`; delete later changes, which no period has used."""
    changes = CycleChange.objects.filter(customer=customer)
    if begin is not None:
        changes = changes.filter(takes_effect_at__gte=begin)
    first = changes.order_by("takes_effect_at").first()
    changes.delete()
    return first.cycle_before if first else customer.cycle


def latest_labels() -> list[tuple[str, int]]:
    """Return each label and its number of periods, latest first; labels of different cycles don't sort by name."""
    counted = BillingPeriod.objects.values_list("label").annotate(Count("pk"), latest=Max("end_at"))
    return [(label, count) for label, count, _ in counted.order_by("-latest", "label")]
