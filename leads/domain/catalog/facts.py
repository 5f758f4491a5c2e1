"""Write the facts of products, sources and action types: the only place that does.

A fact holds from a first day on. If no action of that day or later could be judged by it, it is in force at once;
otherwise it waits for a second person, who sees its effect.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import changes as changed_values
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from billing_engine.core.validation import row_faults
from leads.domain.catalog.priced import has_priced_actions, open_periods_since
from leads.domain.catalog.second_person import (
    ask_second_person,
    check_effect_is_known,
    check_no_change_waits,
)
from leads.domain.catalog.wording import in_words, label
from leads.domain.periods import mark_unrated
from leads.models import (
    ActionType,
    ActionTypeRevision,
    CatalogRevision,
    Product,
    ProductRevision,
    Source,
    SourceRevision,
    Subject,
)
from leads.models.revision import BEGINNING, in_force_on

FACTS_CHANGED = Verb("facts_changed", "Changed facts")
FACTS_APPROVED = Verb("facts_approved", "Approved facts")

REVISIONS: dict[type[Subject], type[CatalogRevision]] = {
    Product: ProductRevision,
    Source: SourceRevision,
    ActionType: ActionTypeRevision,
}
# What prices depend on. The others (an action type's unit and its limits) change no charge.
RATED_BY = {"category", "channel", "is_billable"}


class FactsHaveFaults(HasFaults):
    """Facts that contradict our rules, or that change nothing."""

    code = "facts_have_faults"


class NothingChanges(Refused):
    """A change of facts needs another value."""

    code = "no_fact_changes"
    message = "These facts are in force on that day already."


def first_facts(subject: Subject, *, at: datetime, by: User | None, facts: Mapping[str, Any]) -> CatalogRevision:
    """Return the unsaved facts that a new subject has from the beginning."""
    return _revision(subject, facts, first_day=BEGINNING, reason="", by=by, at=at, in_force_at=at)


@transaction.atomic
def write_facts(
    subject: Subject, *, changes: Mapping[str, Any], first_day: date, reason: str, by: User, at: datetime
) -> CatalogRevision:
    """Change facts from a first day on.

    In force at once if no action could be judged otherwise; else it waits for the approval of a second person, which
    needs a reason. Raises FactsHaveFaults, NothingChanges or AnotherChangeWaits without changing anything.
    """
    _lock(subject)
    check_no_change_waits(subject)
    before = values(subject.facts_on(first_day))
    after = {**before, **changes}
    if before == after:
        raise NothingChanges
    revision = _revision(subject, after, first_day=first_day, reason=reason, by=by, at=at)
    if faults := row_faults(revision):
        raise FactsHaveFaults(faults)
    told_before, told_after = changed_values(before, after)
    if RATED_BY & told_after.keys() and has_priced_actions(revision):
        if not reason.strip():
            words = "Actions since that day would be priced differently. Give a reason."
            raise FactsHaveFaults([FieldFault("reason", "missing", words)])
        revision.save(force_insert=True)
        model = type(revision)
        differences = [
            (label(model, name), in_words(model, name, told_before[name]), in_words(model, name, told_after[name]))
            for name in told_after
        ]
        ask_second_person(revision, by=by, at=at, reason=reason, differences=differences)
        return revision
    revision.in_force_at = at
    revision.save(force_insert=True)
    _take_effect(revision, at, is_rated_by=bool(RATED_BY & told_after.keys()))
    record(
        FACTS_CHANGED,
        on=subject,
        by=by,
        reason=reason,
        before=told_before,
        after=told_after | {"first_day": first_day},
        also=[revision],
    )
    return revision


@transaction.atomic
def put_in_force(revision: CatalogRevision, *, by: User, at: datetime, reason: str) -> CatalogRevision:
    """Put facts that waited in force, approved by a second person; open periods are rated again."""
    subject = revision.subject
    check_effect_is_known(revision, at=at)
    _lock(subject)
    before, after = changed_values(values(subject.facts_on(revision.first_day)), values(revision))
    revision.in_force_at = at
    revision.save(update_fields=["in_force_at"])
    _take_effect(revision, at, is_rated_by=True)
    record(
        FACTS_APPROVED,
        on=subject,
        by=by,
        reason=reason,
        before=before,
        after=after | {"first_day": revision.first_day},
        also=[revision],
    )
    return revision


def enact(revision: CatalogRevision, at: datetime) -> None:
    """Store the facts as if they were in force, for a trial that is rolled back."""
    tried = copy(revision)
    tried.pk, tried._state.adding, tried.in_force_at = None, True, at
    tried.save(force_insert=True)
    _store(_carried(tried, at))


def values(revision: CatalogRevision) -> dict[str, Any]:
    """Return the facts by name."""
    return {name: getattr(revision, name) for name in revision.FACTS}


def _revision(subject: Subject, facts: Mapping[str, Any], **more: Any) -> CatalogRevision:
    model = REVISIONS[type(subject)]
    more["written_by"], more["written_at"], more["reason"] = more.pop("by"), more.pop("at"), more["reason"].strip()
    return model(**{model.SUBJECT: subject}, **facts, **more)


def _lock(subject: Subject) -> None:
    type(subject).objects.select_for_update(no_key=True).get(pk=subject.pk)


def _take_effect(revision: CatalogRevision, at: datetime, *, is_rated_by: bool) -> None:
    _store(_carried(revision, at))
    if is_rated_by:
        # Also where there is no action yet: one may be coming in right now.
        mark_unrated(open_periods_since(revision), reason="catalog changed")


def _carried(revision: CatalogRevision, at: datetime) -> list[CatalogRevision]:
    """Return the later revisions as they become: each goes on with a fact that it had only repeated.

    Each revision holds every fact. Without this, a change from March on would end with a change of another fact in April.
    """
    theirs = type(revision).objects.filter(**{revision.SUBJECT: revision.subject}).exclude(pk=revision.pk)
    known: list[CatalogRevision] = list(theirs.exclude(in_force_at=None).order_by("first_day", "in_force_at", "pk"))
    started = [each for each in known if each.first_day <= revision.first_day]
    before = values(_on(started, revision.first_day))
    carry = {name: value for name, value in values(revision).items() if before[name] != value}
    found = []
    for day in sorted({each.first_day for each in known if each.first_day > revision.first_day}):
        later = values(_on(known, day))
        carry = {name: value for name, value in carry.items() if later[name] == before[name]}
        if not carry:
            break
        facts = {**later, **carry}
        more = {"reason": revision.reason, "by": revision.written_by, "at": revision.written_at, "in_force_at": at}
        found.append(_revision(revision.subject, facts, first_day=day, **more))
    return found


def _on(revisions: Iterable[CatalogRevision], day: date) -> CatalogRevision:
    found: CatalogRevision = in_force_on(revisions, day)
    return found


def _store(revisions: Iterable[CatalogRevision]) -> None:
    for each in revisions:
        each.save(force_insert=True)
