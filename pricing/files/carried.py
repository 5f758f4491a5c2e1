"""The form of CARRIED.json: what earlier periods carry into a period, and the terms that the period was rated by."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from billing_engine.core.calendar.spans import Cycle
from pricing.files.faults import Problem
from pricing.files.forms import Form, Instant, Name, Number
from pricing.files.values import micro
from pricing.rating.counters import Counters
from pricing.rating.instants import Instant as Moment
from pricing.rating.instants import moment
from pricing.rating.once import Paid
from pricing.rating.values import ActionId, Catalog, CustomerFacts, KindId, LeadId, LineageId, RuleFacts

Starts = Annotated[Instant | None, Meta(description="Inclusive; null for no start.")]
Ends = Annotated[Instant | None, Meta(description="Exclusive; null for no end.")]


class PaidCharge(Form):
    """A charge of another period that pays for repeats of its lead or person."""

    rule: Annotated[Name, Meta(description="The lineage of the rule that charged.")]
    per: Literal["lead", "person"]
    name: Annotated[Name, Meta(description="The lead, or the person as the actions have it.")]
    action_type: Name
    occurred_at: Instant
    action: Annotated[Name, Meta(description="The action that was charged.")]


class LeadTotal(Form):
    """What other periods charged for a lead under a rule with a cap per lead."""

    rule: Annotated[Name, Meta(description="The lineage of the rule that charged.")]
    lead: Name
    amount: Number


class Contract(Form):
    """The instants of the contract and the hard budget of exactly this period."""

    contract_from: Starts = None
    contract_to: Ends = None
    hard_budget: Annotated[
        Number | None, Meta(description="The most charged in this period; null if there is no hard budget.")
    ] = None


class RuleTimes(Form):
    """The instants at which a rule starts and ends for this customer."""

    rule: Annotated[Name, Meta(description="The id of the rule.")]
    effective_from: Instant
    effective_to: Ends = None


class KindChange(Form):
    """Whether an action type is billable from an instant on."""

    at: Instant
    billable: bool


class KindTimes(Form):
    """Whether an action type is billable, at first and later."""

    code: Name
    billable: bool
    changes: Annotated[list[KindChange], Meta(description="In order.")] = []


class Period(Form):
    """One period of one customer; what is left out is worked out from RULES.json."""

    customer: Name
    period: Annotated[Name, Meta(description="The cycle: 2026-10, 2026-W43 or 2026-W43x2.", examples=["2026-10"])]
    starts_at: Annotated[Instant | None, Meta(description="Inclusive. For information.")] = None
    ends_at: Annotated[Instant | None, Meta(description="Exclusive. For information.")] = None
    terms: Contract | None = None
    rules: Annotated[list[RuleTimes], Meta(description="Rules whose instants are given.")] = []
    action_types: Annotated[list[KindTimes], Meta(description="Action types whose instants are given.")] = []
    paid: Annotated[list[PaidCharge], Meta(description="In the order in which they occurred.")] = []
    charged_to_leads: list[LeadTotal] = []


class Carried(Form):
    """What earlier periods carry over, by customer and period."""

    periods: list[Period] = field(default_factory=list)


class CarriedOver:
    """CARRIED.json, read: the periods by customer and label."""

    def __init__(self, periods: Iterable[Period] = ()) -> None:
        self._periods = {(period.customer, period.period): period for period in periods}

    def of(self, customer: str, cycle: Cycle) -> Period:
        """The period, or one in which everything has its default."""
        return self._periods.get((customer, str(cycle))) or Period(customer, str(cycle))


def carry(period: Period, counters: Counters) -> None:
    """Add what other periods carry over to the counters at the start of this one."""
    for paid in period.paid:
        key = LineageId(paid.rule), paid.per == "person", LeadId(paid.name), KindId(paid.action_type)
        counters.paid[key].append(Paid(at(paid.occurred_at), ActionId(paid.action)))
    for total in period.charged_to_leads:
        counters.by_lead[LineageId(total.rule), LeadId(total.lead)] += micro(total.amount)


def contracted(period: Period, customer: CustomerFacts) -> CustomerFacts:
    """The customer by the terms that the period was rated by; unchanged if they are not given."""
    terms = period.terms
    if terms is None:
        return customer
    return replace(
        customer,
        contract_start=_maybe(terms.contract_from),
        contract_end=_maybe(terms.contract_to),
        hard_budget=None if terms.hard_budget is None else micro(terms.hard_budget),
    )


def timed(period: Period, rules: list[RuleFacts]) -> list[RuleFacts]:
    """The rules, at the instants that the period gives."""
    times = {each.rule: each for each in period.rules}
    return [_at(rule, times[str(rule.id)]) if str(rule.id) in times else rule for rule in rules]


def _at(rule: RuleFacts, times: RuleTimes) -> RuleFacts:
    return replace(rule, effective_from=at(times.effective_from), effective_to=_maybe(times.effective_to))


def billed(period: Period, catalog: Catalog) -> Catalog:
    """The catalog, with the action types as the period gives them."""
    if not period.action_types:
        return catalog
    given = {KindId(kind.code): kind for kind in period.action_types}
    later = {
        code: [(at(change.at), change.billable) for change in kind.changes]
        for code, kind in given.items()
        if kind.changes
    }
    kept = {code: changes for code, changes in catalog.is_billable_later.items() if code not in given}
    first = {code: kind.billable for code, kind in given.items()}
    return replace(catalog, is_billable={**catalog.is_billable, **first}, is_billable_later=kept | later)


def at(written: str) -> Moment:
    """The instant of a written time with its offset."""
    return moment(datetime.fromisoformat(written))


def _maybe(written: str | None) -> Moment | None:
    return None if written is None else at(written)


def problems_of(read: Carried, rules: Iterable[RuleFacts]) -> Iterator[Problem]:
    """What is invalid in a file that matches the schema: periods, rules and instants that do not exist."""
    known, first = list(rules), dict[tuple[str, str], int]()
    ids, lineages = {str(rule.id) for rule in known}, {str(rule.lineage) for rule in known}
    for place, period in enumerate(read.periods):
        same = first.setdefault((period.customer, period.period), place)
        if same != place:
            yield Problem(f"/periods/{place}", f"{period.customer} {period.period} is already at /periods/{same}")
        for where, reason in (*_unreadable(period), *_unknown(period, ids, lineages)):
            yield Problem(f"/periods/{place}/{where}", reason)


def _unreadable(period: Period) -> Iterator[tuple[str, str]]:
    try:
        Cycle.parse(period.period)
    except ValueError as error:
        yield "period", str(error)
    for where, written in _instants(period):
        try:
            at(written)
        except (ValueError, OverflowError) as error:
            yield where, f"{written} does not exist: {error}"


def _unknown(period: Period, ids: set[str], lineages: set[str]) -> Iterator[tuple[str, str]]:
    for name, named, known in (
        ("rules", [each.rule for each in period.rules], ids),
        ("paid", [each.rule for each in period.paid], lineages),
        ("charged_to_leads", [each.rule for each in period.charged_to_leads], lineages),
    ):
        for item, rule in enumerate(named):
            if rule not in known:
                yield f"{name}/{item}/rule", f'no rule is called "{rule}"'


def _instants(period: Period) -> Iterator[tuple[str, str]]:
    """Every written instant of the period, with its place."""
    terms = period.terms or Contract()
    single = {
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "terms/contract_from": terms.contract_from,
        "terms/contract_to": terms.contract_to,
    }
    yield from ((where, written) for where, written in single.items() if written)
    for item, rule in enumerate(period.rules):
        yield f"rules/{item}/effective_from", rule.effective_from
        if rule.effective_to:
            yield f"rules/{item}/effective_to", rule.effective_to
    for item, kind in enumerate(period.action_types):
        for nth, change in enumerate(kind.changes):
            yield f"action_types/{item}/changes/{nth}/at", change.at
    for item, paid in enumerate(period.paid):
        yield f"paid/{item}/occurred_at", paid.occurred_at
