"""Which alerts a person wants, and whether by email."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import deed_of, record, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer, Source
from reports.domain.alerts.kinds import RULES
from reports.models import AlertSubscription

ALERTS_CHOSEN = Verb("alerts_chosen", "Alerts chosen")
ALERTS_CHANGED = Verb("alerts_changed", "Email for alerts changed")
ALERTS_LEFT = Verb("alerts_left", "Alerts no longer chosen")

MOST = 200  # choices of one person
OFF, ON_PAGE, BY_EMAIL = "off", "page", "email"
CHOICES = {BY_EMAIL: "By email", ON_PAGE: "In the list", OFF: "Off"}


class NotYours(Refused):
    """A person is alerted only to figures that the person may see."""

    code = "alert_not_yours"
    http_status = 403
    message = "You may not see what this alert is about."


class WrongSubject(Refused):
    """Some kinds are about customers, the others about sources."""

    code = "alert_wrong_subject"


class ChosenAlready(Refused):
    """The same alert is chosen once."""

    code = "alert_chosen_already"
    message = "You have chosen this already."


class TooMany(Refused):
    """The number of choices is bounded."""

    code = "alert_too_many"
    message = f"You have {MOST} choices. Remove one first, or choose all of its kind."


@transaction.atomic
def choose_kinds(wanted: Mapping[str, str], *, by: User, at: datetime) -> int:
    """Set for kinds whether the person hears of all their alerts: `email`, `page` or `off`; return how many changed.

    Raises NotYours.
    """
    of_all = AlertSubscription.objects.filter(person=by, customer=None, source=None).select_for_update()
    there = {choice.kind: choice for choice in of_all}
    deeds = []
    for kind, how in wanted.items():
        _check_right(kind, by)
        choice, is_mail = there.get(kind), how == BY_EMAIL
        if choice is None and how != OFF:
            choice = AlertSubscription.objects.create(person=by, kind=kind, by_email=is_mail, chosen_at=at)
            deeds.append(deed_of(ALERTS_CHOSEN, on=choice, by=by, after={"email": is_mail}))
        elif choice is not None and how == OFF:
            deeds.append(deed_of(ALERTS_LEFT, on=choice, by=by))
            choice.delete()
        elif choice is not None and choice.by_email != is_mail:
            before, choice.by_email = choice.by_email, is_mail
            choice.save(update_fields=["by_email"])
            deeds.append(deed_of(ALERTS_CHANGED, on=choice, by=by, before={"email": before}, after={"email": is_mail}))
    record_all(deeds)
    return len(deeds)


@transaction.atomic
def choose_one(
    kind: str,
    *,
    by: User,
    at: datetime,
    customer: Customer | None = None,
    source: Source | None = None,
    by_email: bool = True,
) -> AlertSubscription:
    """Let the person hear of the alerts of one customer or source.

    Raises NotYours, WrongSubject, ChosenAlready or TooMany.
    """
    _check_right(kind, by)
    rule = RULES[kind]
    needed, other = (source, customer) if rule.is_of_sources else (customer, source)
    if needed is None or other is not None:
        raise WrongSubject(
            f"{rule.kind.label} is about {'sources' if rule.is_of_sources else 'customers'}. Choose one."
        )
    User.objects.select_for_update().get(pk=by.pk)  # so that two choices at once are both counted
    chosen = AlertSubscription.objects.filter(person=by)
    if chosen.filter(kind=kind, customer=customer, source=source).exists():
        raise ChosenAlready
    if chosen.count() >= MOST:
        raise TooMany
    choice = AlertSubscription.objects.create(
        person=by, kind=kind, customer=customer, source=source, by_email=by_email, chosen_at=at
    )
    record(ALERTS_CHOSEN, on=choice, by=by, after={"email": by_email})
    return choice


@transaction.atomic
def leave(choice: AlertSubscription, *, by: User) -> None:
    """Remove one of the person's own choices. Raises NotYours."""
    if choice.person_id != by.pk:
        raise NotYours
    record(ALERTS_LEFT, on=choice, by=by)
    choice.delete()


def _check_right(kind: str, by: User) -> None:
    if kind not in RULES or not RULES[kind].is_seen_by(by):
        raise NotYours
