"""Which actions a change of facts would judge differently."""

from datetime import UTC, datetime, time, timedelta

from django.db.models import DateField, F, Func, QuerySet
from django.db.models.functions import Cast

from leads.models import Action, BillingPeriod, CatalogRevision, Product
from leads.models.revision import BEGINNING

# No time zone is further ahead of UTC.
FURTHEST = timedelta(hours=15)
OF_SUBJECT = {"product": "lead__product", "source": "lead__source", "action_type": "action_type"}


def has_priced_actions(revision: CatalogRevision) -> bool:
    """Return whether there is an action of the subject on or after the revision's first day.

    Actions of closed periods count: a period that is opened again is rated by the facts of today.
    """
    return priced_actions(revision).exists()


def priced_actions(revision: CatalogRevision) -> QuerySet[Action]:
    """Return the actions of the subject that occurred on the revision's first day or later, in the customer's time zone."""
    found = Action.objects.filter(**{OF_SUBJECT[revision.SUBJECT]: revision.subject})
    if revision.first_day != BEGINNING:
        earliest = _earliest(revision)
        day = Cast(Func(F("period__customer__time_zone"), F("occurred_at"), function="timezone"), DateField())
        found = found.filter(
            # These two let PostgreSQL use the order in which periods are rated.
            period__in=BillingPeriod.objects.filter(end_at__gt=earliest),
            occurred_at__gte=earliest,
        )
        found = found.annotate(own_day=day).filter(own_day__gte=revision.first_day)
    return found


def open_periods_since(revision: CatalogRevision) -> QuerySet[BillingPeriod]:
    """Return the open periods that reach into the revision's first day or later, of the product's customer or of all."""
    found = BillingPeriod.objects.open()
    if isinstance(revision.subject, Product):
        found = found.filter(customer=revision.subject.customer)
    return found if revision.first_day == BEGINNING else found.filter(end_at__gt=_earliest(revision))


def _earliest(revision: CatalogRevision) -> datetime:
    """Return an instant before the first day has started anywhere."""
    return datetime.combine(revision.first_day, time.min, tzinfo=UTC) - FURTHEST


def priced_periods(revision: CatalogRevision) -> QuerySet[BillingPeriod]:
    """Return the open periods of these actions: those whose charges may change."""
    return BillingPeriod.objects.open().filter(pk__in=priced_actions(revision).values("period"))
