"""Who may put a draft in force: a second person where the house asks for one, or where it reaches into the past."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from leads.models import BillingPeriod
from pricing.domain.history import last_author
from pricing.domain.scopes import known_of, neighbours, rank_of
from pricing.models import PriceRule


class SecondPersonNeeded(Refused):
    """Who wrote a draft does not put it in force."""

    code = "second_person_needed"
    message = "You wrote this draft: a second person activates it."


class BackdatingNeedsAReason(Refused):
    """Nobody changes the price of what has occurred without saying why."""

    code = "backdating_needs_a_reason"


class BackdatingNeedsASecondPerson(Refused):
    """Nobody changes the price of what has occurred alone."""

    code = "backdating_needs_a_second_person"


def check_people(rule: PriceRule, *, by: User, at: datetime, reason: str) -> None:
    """Refuse an activation that lacks its second person or its reason."""
    is_author = last_author(rule) == by.pk
    if settings.FOUR_EYES and is_author:
        raise SecondPersonNeeded
    repriced = taken_over(rule, at=at)
    if not repriced:
        return
    names = ", ".join(f"«{other}»" for other in repriced[:3]) + (" and others" if len(repriced) > 3 else "")
    since = f"It begins on {rule.effective_from:%Y-%m-%d} and changes what {names} priced until now"
    if not reason.strip():
        raise BackdatingNeedsAReason(f"{since}: say why.")
    if is_author:
        raise BackdatingNeedsASecondPerson(f"{since}: who wrote it does not activate it; ask a second person.")


def taken_over(rule: PriceRule, *, at: datetime) -> list[PriceRule]:
    """The rules in force from which this one would take what has occurred before `at`, in periods still open.

    What nobody has priced yet may be priced by anybody: then there are none.
    """
    if rule.effective_from >= at:
        return []
    customer = known_of(rule).get("customer_id") if rule.revises is None else None
    touched = BillingPeriod.objects.open().filter(end_at__gt=rule.effective_from, start_at__lt=at)
    if not (touched if customer is None else touched.filter(customer_id=customer)).exists():
        return []
    until = at if rule.effective_to is None else min(at, rule.effective_to)
    ours = rank_of(rule)
    found = neighbours(rule, begin=rule.effective_from, end=until)
    lost = [other for other in found if other.pk == rule.revises_id or rank_of(other) < ours]
    revised = rule.revises
    if revised and revised not in lost and (revised.effective_to is None or revised.effective_to > rule.effective_from):
        lost.append(revised)
    return lost
