"""Who may use the explorer, and so see, save and receive its reports."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from reports.models import SavedReport

EXPLORER = "pricing.view_charge"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class NotYours(Refused):
    """Only its owner changes a saved report or a schedule."""

    code = "not_your_report"
    http_status = 403


def name_of(person: User) -> str:
    """Return the person's name, as people know it."""
    return person.get_full_name() or person.get_username()


def readers() -> QuerySet[User]:
    """Return everyone who may use the explorer, by name."""
    allowed = User.objects.with_perm(EXPLORER, backend=BACKEND)
    return allowed.filter(is_active=True, is_staff=True).order_by("first_name", "last_name", "username")


def may_explore(person: User) -> bool:
    """Return whether the person may use the explorer now."""
    return person.is_active and person.is_staff and person.has_perm(EXPLORER)


def may_see(report: SavedReport, person: User) -> bool:
    """Return whether the person may open the report: it is theirs or shared, or they are an administrator."""
    return may_explore(person) and (report.owner_id == person.pk or report.is_shared or person.is_superuser)


def why_not_a_reader(person: User) -> str:
    """Return why a report of the explorer can't be sent to the person; empty if it can."""
    if not person.is_active:
        return "can no longer log in"
    if not may_explore(person):
        return "may not see the explorer"
    return "" if person.email else "has no email address"


def check_owner(owner: User, by: User) -> None:
    """Raise NotYours unless the person owns it."""
    if owner.pk != by.pk:
        raise NotYours(f"Only {name_of(owner)} can change this. Open it and save your own.")


def check_may_tidy(owner: User, by: User) -> None:
    """Raise NotYours unless the person owns it, or is an administrator who tidies up after people who left."""
    if not by.is_superuser:
        check_owner(owner, by)
