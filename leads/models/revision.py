"""What revisions have in common: a first day, an author, a reason; written once, and never changed once in force."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import Combinable

# The first day of what has always been so; shown as "from the beginning".
BEGINNING = date.min

AnyRevision = TypeVar("AnyRevision", bound="Revision")


class RevisionQuerySet(models.QuerySet[AnyRevision]):
    """Named filters for revisions."""

    def in_force(self) -> Self:
        """Return those that took effect, or will on their first day; not those that wait for approval."""
        return self.exclude(in_force_at=None)

    def waiting(self) -> Self:
        return self.filter(in_force_at=None, withdrawn_at=None)

    def by_day(self) -> Self:
        """Sort so that the last one that begins by a day is the one in force on that day."""
        return self.order_by("first_day", "in_force_at", "pk")


class Revision(models.Model):
    """Terms or facts from a first day on, until the next revision begins."""

    first_day = models.DateField(help_text="In the customer's time zone.")
    reason = models.CharField(max_length=500, blank=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    in_force_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was put in force. Empty: it waits for approval, or was withdrawn."
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="a_%(class)s_in_force_is_not_withdrawn", condition=Q(in_force_at=None) | Q(withdrawn_at=None)
            )
        ]

    def __str__(self) -> str:
        return (
            "from the beginning"
            if self.first_day == BEGINNING
            else f"from {self.first_day:%B} {self.first_day.day}, {self.first_day.year}"
        )


class RevisionOfTerms(Revision):
    """A revision of several terms: it names those that it sets, and repeats the others as they are on its first day."""

    TERMS: ClassVar[tuple[str, ...]]

    changed = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="The terms that this revision sets. Empty: it carries an earlier change into later terms.",
    )

    class Meta(Revision.Meta):
        abstract = True

    def values(self) -> dict[str, Any]:
        """All terms by name."""
        return {name: getattr(self, name) for name in self.TERMS}


def in_force_on(revisions: Iterable[AnyRevision], day: date) -> AnyRevision:
    """Return the revision in force on this day, from all of one subject; LookupError if none begins by then."""
    started = [each for each in revisions if each.in_force_at is not None and each.first_day <= day]
    if not started:
        raise LookupError(f"Nothing is in force on {day}.")
    # Of one day, the last that was put in force; one that is tried and not stored comes after all others.
    return max(started, key=lambda each: (each.first_day, each.in_force_at, each.pk is None, each.pk))


class FactsRevision(Revision):
    """Facts of the catalog from a first day on."""

    FACTS: ClassVar[tuple[str, ...]]
    SUBJECT: ClassVar[str]

    class Meta(Revision.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject}, {super().__str__()}"

    @property
    def subject(self) -> Any:
        """The product, source or action type."""
        return getattr(self, self.SUBJECT)

    @property
    def waits(self) -> bool:
        """Whether it waits for approval."""
        return self.in_force_at is None and self.withdrawn_at is None


def one_waits(subject: str) -> models.UniqueConstraint:
    """Return the constraint that only one revision of a subject waits for approval."""
    name = f"only_one_change_of_{'an' if subject[0] == 'a' else 'a'}_{subject}_waits"
    return models.UniqueConstraint(name=name, fields=[subject], condition=Q(in_force_at=None, withdrawn_at=None))


def fact_on(revisions: type[FactsRevision], fact: str, day: date | Combinable, *, of: str = "pk") -> Subquery:
    """Return a subquery of a fact in force on a day, for the subject that the outer query names by `of`."""
    manager: Any = revisions._meta.default_manager
    found = manager.in_force().filter(**{revisions.SUBJECT: OuterRef(of), "first_day__lte": day})
    return Subquery(found.order_by("-first_day", "-in_force_at", "-pk").values(fact)[:1])


def facts_in_force(subject: str, *facts: str) -> str:
    """The SQL of a table of a subject's facts, each from its first day until the next revision in force begins.

    Of one day, the last counts.
    """
    return f"""(
        SELECT {subject}_id, {", ".join(facts)}, first_day,
               lead(first_day, 1, 'infinity') OVER (PARTITION BY {subject}_id ORDER BY first_day, in_force_at, id) AS until
          FROM leads_{subject.replace("_", "")}revision WHERE in_force_at IS NOT NULL)
    """  # noqa: S608 -- names of our own columns
