"""Plan a spreadsheet of price rules row by row without changing anything, then create all drafts or none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from billing_engine.core.tables.read import Row
from pricing.domain.rule_book.drafting import save_draft
from pricing.domain.rule_book.drafts import with_tiers
from pricing.domain.rule_book.history import stored_terms
from pricing.domain.rule_book.price_parts import leave_out_what_says_nothing, tiers_of
from pricing.domain.rule_book.rules import copied_for_revision, locked
from pricing.domain.rule_book.sheet.cells import Names, Terms, terms_of
from pricing.domain.rule_book.sheet.columns import (
    COLUMN_OF,
    COLUMNS,
    Cells,
    Differences,
    Faults,
    as_text,
    differs,
    unknown_columns,
)
from pricing.domain.rule_book.validate import TIERS, currency_of, rule_faults, tiers_faults
from pricing.domain.rule_book.warnings import DraftWarning, warnings_for
from pricing.domain.scope.fit import LastMonth
from pricing.models import PriceRule, PriceTier

RELATED = ("customer", "product", "source", "action_type")
NEW, REVISION, CHANGED, SAME = "new draft", "revision", "changed draft", "unchanged"


class SheetHasFaults(Refused):
    """A sheet with any fault is not imported."""

    code = "sheet_has_faults"


class UnknownColumns(Refused):
    """The sheet has unknown column headers."""

    code = "unknown_columns"


@dataclass(slots=True)
class Plan:
    """What one row will do, or what is wrong with it."""

    number: int
    name: str
    does: str
    rule: PriceRule | None = None
    changed: Differences = field(default_factory=list)
    faults: Faults = field(default_factory=list)
    draft: PriceRule | None = None
    tiers: list[PriceTier] = field(default_factory=list)


def plan(rows: list[Row], *, after_each: Callable[[int], None]) -> list[Plan]:
    """Plan what each row would do without writing anything. Raises UnknownColumns.

    `after_each` is called with the number of rows that are planned; what it raises ends the plan.
    """
    if rows and (unknown := unknown_columns(rows[0][1])):
        raise UnknownColumns(f"Unknown columns: {', '.join(unknown)}. Known columns: {', '.join(COLUMNS)}.")
    ids = [int(cells["id"]) for _, cells in rows if cells.get("id", "").isdecimal()]
    rules = PriceRule.objects.filter(pk__in=ids).select_related(*RELATED).prefetch_related("tiers").in_bulk()
    names, seen = Names.read(), set[str]()
    plans = list[Plan]()
    for number, cells in rows:
        plans.append(_planned(number, cells, rules, names, seen))
        after_each(len(plans))
    return plans


def preview(each: Plan, *, at: datetime, last_month: LastMonth) -> tuple[PriceRule, list[DraftWarning]] | None:
    """The unsaved draft that a valid row would create, and its warnings; None for a row without changes."""
    rule = each.draft
    if rule is None or each.faults:
        return None
    if each.does == REVISION and each.rule is not None:
        rule.revises, rule.first_revision_id = each.rule, each.rule.lineage
    return rule, warnings_for(with_tiers(rule, each.tiers), at=at, last_month=last_month)


@transaction.atomic
def apply(plans: list[Plan], *, by: User, after_each: Callable[[int], None]) -> dict[int, int]:
    """Create all drafts or none; return the id of each draft by its row. Raises SheetHasFaults."""
    check_has_no_faults(sum(bool(each.faults) for each in plans))
    created = dict[int, int]()
    for each in plans:
        if each.draft is not None:
            terms = stored_terms(each.rule.pk) if each.does == REVISION and each.rule else None
            draft = save_draft(_draft_of(each, each.draft, by=by), each.tiers, by=by, revision_of=terms)
            created[each.number] = draft.pk
            after_each(len(created))
    return created


def check_has_no_faults(faulty: int) -> None:
    """Refuse a sheet with faulty rows."""
    if faulty:
        raise SheetHasFaults(f"{faulty:,} row{'s have' if faulty > 1 else ' has'} faults. Nothing was imported.")


def _draft_of(each: Plan, draft: PriceRule, *, by: User) -> PriceRule:
    """The draft to save; a revision is the copy that `revise` creates, with the row's terms."""
    if each.does != REVISION or each.rule is None:
        return draft
    copy = copied_for_revision(locked(each.rule), by=by, since=draft.wall_from)
    for name in COLUMN_OF:
        setattr(copy, name, getattr(draft, name))
    return copy


def _planned(number: int, cells: Cells, rules: dict[int, PriceRule], names: Names, seen: set[str]) -> Plan:
    given = cells.get("id", "").strip()
    rule = rules.get(int(given)) if given.isdecimal() else None
    found = Plan(number, cells.get("name") or (rule.name if rule else ""), NEW, rule)
    if given and rule is None:
        found.faults.append(("id", f"There is no rule {given}. Leave the id empty to create a new one."))
    if given and given in seen:
        found.faults.append(("id", f"Rule {given} appears twice in this sheet."))
    seen.add(given)
    if rule is not None:
        _compare(found, rule, cells)
        cells = as_text(rule) | cells  # a column missing from the sheet keeps its value
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
        found.faults.append(("state", "This rule is retired. Leave the id empty to create a new one."))
    else:
        found.does = REVISION
        if COLUMN_OF["wall_from"] not in [column for column, _, _ in found.changed]:
            words = f"Enter when the revision starts, later than {in_words(rule.wall_from)}."
            found.faults.append((COLUMN_OF["wall_from"], words))


def _check(found: Plan, cells: Cells, names: Names) -> None:
    """Read the row into a draft, and validate it like any other rule."""
    stored = found.rule if found.does == CHANGED else None
    draft = stored or PriceRule()
    terms = terms_of(cells, names, own_currency=draft.currency)
    leave_out_what_says_nothing(terms.given, terms.unread)
    if not terms.given["currency"] and "currency" not in terms.unread:
        terms.given["currency"] = currency_of(terms.given["customer"], terms.given["product"])
    for name in COLUMN_OF:
        setattr(draft, name, terms.given.get(name))
    found.draft = draft
    found.tiers = terms.tiers if tiers_of(draft.price_model) else []
    found.faults = [*terms.faults(), *_faults_of(draft, terms)]
    _check_beginning(found, terms)


def _faults_of(draft: PriceRule, terms: Terms) -> Iterator[tuple[str, str]]:
    """What is wrong with the readable cells, by column."""
    for fault in rule_faults(draft):
        if fault.field not in terms.unread:
            yield COLUMN_OF.get(fault.field, "row"), fault.words
    if tiers_of(draft.price_model) and TIERS not in terms.unread:
        yield from ((TIERS, words) for words in _told_of_tiers(draft, terms))


def _told_of_tiers(draft: PriceRule, terms: Terms) -> Iterator[str]:
    faults = tiers_faults(draft, terms.tiers)
    yield from (fault.words for fault in faults if fault.row is None)
    for row, unread in enumerate(terms.unread_of_tiers):
        told = dict(unread)
        for fault in faults:
            if fault.row == row and fault.field not in unread:
                told[fault.field] = fault.words
        yield from (f"Tier {row + 1}: {words}" for words in told.values())


def _check_beginning(found: Plan, terms: Terms) -> None:
    """A revision starts while the rule it revises is in force."""
    rule, since = found.rule, terms.given.get("wall_from")
    if found.does != REVISION or rule is None or since is None:
        return
    column = COLUMN_OF["wall_from"]
    if since <= rule.wall_from:
        words = f"A revision must start after the rule it revises, which starts on {in_words(rule.wall_from)}."
        found.faults.append((column, words))
    elif rule.wall_to is not None and since >= rule.wall_to:
        found.faults.append((column, f"The rule ends on {in_words(rule.wall_to)}. Create a new one."))
