"""A spreadsheet of price rules: planned row by row without changing anything, then made into drafts, all or none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.forms import inlineformset_factory

from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from billing_engine.core.tables.read import Row
from pricing.admin.rules.columns import (
    COLUMN_OF,
    COLUMNS,
    Cells,
    Differences,
    Faults,
    Names,
    as_text,
    differs,
    form_data,
    unknown_columns,
)
from pricing.admin.rules.form import RuleForm
from pricing.admin.rules.tier_form import TierForm, TierFormSet
from pricing.domain.rule_book.drafts import with_tiers
from pricing.domain.rule_book.fit import LastMonth
from pricing.domain.rule_book.history import record_saved, stored_terms
from pricing.domain.rule_book.rules import revise
from pricing.domain.rule_book.warnings import Caution, cautions_about
from pricing.models import PriceRule, PriceTier

TierForms: Any = inlineformset_factory(PriceRule, PriceTier, form=TierForm, formset=TierFormSet)
RELATED = ("customer", "product", "source", "action_type")

NEW, REVISION, CHANGED, SAME = "new draft", "revision", "changed draft", "unchanged"


class SheetHasFaults(Refused):
    """Nothing of a sheet is taken while something of it is wrong."""

    code = "sheet_has_faults"


class UnknownColumns(Refused):
    """A header that nobody knows."""

    code = "unknown_columns"


class RowForm(RuleForm):
    """A row as a form. What its own words cover is not asked of the database again: that takes 30 ms a row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.validate_constraints = _held_by_the_database  # type: ignore[method-assign]  # for this row alone


def _held_by_the_database(exclude: object = None) -> None:
    """It keeps its promises when the draft is stored, in any case."""


@dataclass(slots=True)
class Plan:
    """What one row will do, or what is wrong with it."""

    number: int
    name: str
    does: str
    rule: PriceRule | None = None
    changed: Differences = field(default_factory=list)
    faults: Faults = field(default_factory=list)
    form: RuleForm | None = None
    tiers: Any = None


def plan(rows: list[Row]) -> list[Plan]:
    """What each row would do; nothing is written. Raises UnknownColumns."""
    if rows and (unknown := unknown_columns(rows[0][1])):
        raise UnknownColumns(f"Unknown columns: {', '.join(unknown)}. There are: {', '.join(COLUMNS)}.")
    ids = [int(cells["id"]) for _, cells in rows if cells.get("id", "").isdecimal()]
    rules = PriceRule.objects.filter(pk__in=ids).select_related(*RELATED).prefetch_related("tiers").in_bulk()
    names, seen = Names.read(), set[str]()
    return [_planned(number, cells, rules, names, seen) for number, cells in rows]


def preview(each: Plan, *, at: datetime, last_month: LastMonth) -> tuple[PriceRule, list[Caution]] | None:
    """The draft that a good row would make, not stored, and what a person should think about; None for an idle one."""
    if each.form is None or each.faults:
        return None
    rule: PriceRule = each.form.instance
    if each.does == REVISION and each.rule is not None:
        rule.revises, rule.first_revision_id = each.rule, each.rule.lineage
    kept = [form.instance for form in each.tiers.forms if not form.cleaned_data.get("DELETE")]
    return rule, cautions_about(with_tiers(rule, kept), at=at, last_month=last_month)


@transaction.atomic
def apply(plans: list[Plan], *, by: User, at: datetime) -> dict[str, int]:
    """Make the drafts, all or none; answers how many of what. Raises SheetHasFaults."""
    faulty = [each for each in plans if each.faults]
    if faulty:
        raise SheetHasFaults(
            f"{len(faulty)} row{'s have' if len(faulty) > 1 else ' has'} faults: nothing was imported."
        )
    done = {NEW: 0, REVISION: 0, CHANGED: 0}
    for each in plans:
        if each.does != SAME:
            _save(each, by=by, at=at)
            done[each.does] += 1
    return done


def _planned(number: int, cells: Cells, rules: dict[int, PriceRule], names: Names, seen: set[str]) -> Plan:
    given = cells.get("id", "").strip()
    rule = rules.get(int(given)) if given.isdecimal() else None
    found = Plan(number, cells.get("name") or (rule.name if rule else ""), NEW, rule)
    if given and rule is None:
        found.faults.append(("id", f"There is no rule {given}; leave it empty for a new one."))
    if given and given in seen:
        found.faults.append(("id", f"Rule {given} stands in this sheet twice."))
    seen.add(given)
    if rule is not None:
        _compare(found, rule, cells)
        cells = as_text(rule) | cells  # a column that is left out of the sheet stays as it is
    if found.does != SAME and not found.faults:
        _check(found, cells, names)
    return found


def _compare(found: Plan, rule: PriceRule, cells: Cells) -> None:
    found.changed = differs(rule, cells)
    if not found.changed:
        found.does = SAME
    elif rule.state == PriceRule.State.DRAFT:
        found.does = CHANGED
    elif rule.state == PriceRule.State.RETIRED:
        found.faults.append(("state", "It is retired: make a new rule, with an empty id."))
    else:
        found.does = REVISION
        if COLUMN_OF["wall_from"] not in [column for column, _, _ in found.changed]:
            words = f"From when? A rule in force is revised from a later time than {in_words(rule.wall_from)}."
            found.faults.append((COLUMN_OF["wall_from"], words))


def _check(found: Plan, cells: Cells, names: Names) -> None:
    data, faults = form_data(cells, names)
    stored = found.rule if found.does == CHANGED else None
    found.form = RowForm(data=data, instance=stored)
    is_valid = found.form.is_valid()
    found.tiers = TierForms(data=data, instance=found.form.instance, prefix="tiers")
    is_valid = found.tiers.is_valid() and is_valid
    known = {column for column, _ in faults}
    found.faults = [*faults, *(() if is_valid else (one for one in _told(found) if one[0] not in known))]
    _check_beginning(found)


def _check_beginning(found: Plan) -> None:
    rule, form = found.rule, found.form
    if found.does != REVISION or rule is None or form is None:
        return
    since = form.cleaned_data.get("wall_from")
    if since is None:
        return
    column = COLUMN_OF["wall_from"]
    if since <= rule.wall_from:
        words = f"A revision begins after the rule it revises, which begins on {in_words(rule.wall_from)}."
        found.faults.append((column, words))
    elif rule.wall_to is not None and since >= rule.wall_to:
        found.faults.append((column, f"The rule ends on {in_words(rule.wall_to)}: make a new one."))


def _told(found: Plan) -> Iterator[tuple[str, str]]:
    form = found.form
    for name, errors in (form.errors if form else {}).items():
        yield COLUMN_OF.get(name, "row"), " ".join(map(str, errors))
    for errors in found.tiers.non_form_errors():
        yield "tiers", str(errors)
    for number, tier in enumerate(found.tiers.forms, start=1):
        for errors in tier.errors.values():
            yield "tiers", f"Tier {number}: {' '.join(map(str, errors))}"


def _save(each: Plan, *, by: User, at: datetime) -> None:
    form = each.form
    if form is None:
        return
    rule: PriceRule = form.instance
    before = None
    if each.does == CHANGED:
        before = stored_terms(rule.pk)
    elif each.does == REVISION and each.rule is not None:
        draft = revise(each.rule, by=by, at=at, since=rule.wall_from)
        before = stored_terms(draft.pk)
        rule.pk, rule.revises, rule.first_revision_id = draft.pk, each.rule, each.rule.lineage
        rule.created_at, rule._state.adding = draft.created_at, False
    if each.does != CHANGED:
        rule.created_by = by
    rule.save()
    rule.tiers.all().delete()
    for tier in each.tiers.forms:
        if not tier.cleaned_data.get("DELETE"):
            tier.instance.rule = rule
            tier.instance.save()
    record_saved(PriceRule.objects.get(pk=rule.pk), before=before, by=by, at=at)
