"""Read the published formats of a bundle as the values that rating takes: exact numbers, no name twice."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from invoices.domain.proof.verifier.container import (
    ACTIONS,
    CARRIED,
    MOST_ACTIONS,
    MOST_NAMES,
    MOST_VALUES,
    RULES,
    Files,
    lines,
    read,
)
from invoices.domain.proof.verifier.difference import NotABundle
from pricing.rating.amounts import Micro
from pricing.rating.counters import Counters
from pricing.rating.instants import Instant, moment, stretch
from pricing.rating.once import Paid
from pricing.rating.prices import MODELS, Field, Given, GivenTier, Kind, Price
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    Catalog,
    CustomerFacts,
    CustomerId,
    KindId,
    LeadId,
    LineageId,
    Once,
    ProductFacts,
    ProductId,
    RuleFacts,
    RuleId,
    SourceFacts,
    SourceId,
)

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]{0,30})(?:\.([0-9]{1,6}))?", re.ASCII)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)


def micro(number: str) -> Micro:
    """`2.5` as 2500000."""
    found = NUMBER.fullmatch(number)
    if found is None:
        raise ValueError(f"{number!r} is not a number")
    size = int(found[2] + (found[3] or "").ljust(6, "0"))
    return Micro(-size if found[1] else size)


def written(number: int) -> str:
    """2500000 as `2.500000`."""
    whole, part = divmod(abs(number), 10**6)
    return f"{'-' if number < 0 else ''}{whole}.{part:06d}"


def maybe(number: str | None) -> Micro | None:
    """The same for a number that may be null."""
    return None if number is None else micro(number)


def at(text: str) -> Instant:
    """`2026-10-01T04:00:00Z` in microseconds since 1970."""
    if INSTANT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a time in UTC")
    return moment(datetime.fromisoformat(text.removesuffix("Z") + "+00:00"))


def sortable(text: str) -> str:
    """A time in UTC as text that sorts: with all six decimal places."""
    whole, _, part = text.removesuffix("Z").partition(".")
    return f"{whole}.{part.ljust(6, '0')}"


def maybe_at(text: str | None) -> Instant | None:
    """The same for a time that may be null."""
    return None if text is None else at(text)


def decoded(content: bytes, name: str) -> Any:
    """The JSON value; NotABundle if it is not JSON, has a name twice, or a number that is not whole."""
    # Commas and brackets inside strings count, too: there are far fewer of them than this.
    if content.count(b",") + content.count(b"{") + content.count(b"[") > MOST_VALUES:
        raise NotABundle(f"{name} has more than the {MOST_VALUES:,} values that are read.")
    try:
        return json.loads(content, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotABundle(f"{name} can't be read: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not a string")


@dataclass(slots=True)
class Period:
    """The period of the invoice: its instants, the customer's terms, the rules and what earlier periods carry over."""

    label: str
    starts_at: Instant
    ends_at: Instant
    customer: CustomerFacts
    rules: list[RuleFacts]
    catalog: Catalog
    paid: list[dict[str, str]]
    charged_to_leads: list[dict[str, str]]

    starts_text: str  # both as sortable text
    ends_text: str

    def carried(self) -> Counters:
        """The counters at the start of the period."""
        counters = Counters()
        for paid in self.paid:
            key = LineageId(paid["rule"]), paid["per"] == "person", LeadId(paid["name"]), KindId(paid["action_type"])
            counters.paid[key].append(Paid(at(paid["occurred_at"]), ActionId(paid["action"])))
        for total in self.charged_to_leads:
            counters.by_lead[LineageId(total["rule"]), LeadId(total["lead"])] += micro(total["amount"])
        return counters


def period_of(files: Files) -> Period:
    """The period, from rules.json and carried.json."""
    rules, carried = decoded(read(files, RULES), RULES), decoded(read(files, CARRIED), CARRIED)
    try:
        return _period(rules, carried)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotABundle(f"{RULES} or {CARRIED} has an unexpected value: {error}") from error


def _period(rules: dict[str, Any], carried: dict[str, Any]) -> Period:
    [period], [customer] = carried["periods"], rules["customers"]
    terms, kinds = period["terms"], period["action_types"]
    times = {each["rule"]: each for each in period["rules"]}
    return Period(
        label=period["period"],
        starts_at=at(period["starts_at"]),
        ends_at=at(period["ends_at"]),
        customer=CustomerFacts(
            id=CustomerId(customer["code"]),
            currency=customer["currency"],
            contract_start=maybe_at(terms["contract_from"]),
            contract_end=maybe_at(terms["contract_to"]),
            excluded_domains=frozenset(customer["excluded_domains"]),
            hard_budget=maybe(terms["hard_budget"]),
        ),
        rules=[rule_of(rule, times[rule["id"]]) for rule in rules["rules"]],
        catalog=Catalog(
            products={},
            sources={},
            is_billable={KindId(kind["code"]): kind["billable"] for kind in kinds},
            is_billable_later={
                KindId(kind["code"]): [(at(change["at"]), change["billable"]) for change in kind["changes"]]
                for kind in kinds
                if kind["changes"]
            },
        ),
        paid=period["paid"],
        charged_to_leads=period["charged_to_leads"],
        starts_text=sortable(period["starts_at"]),
        ends_text=sortable(period["ends_at"]),
    )


def rule_of(rule: dict[str, Any], times: Mapping[str, str | None]) -> RuleFacts:
    """A rule, between the instants that the period gives."""
    scope, once = rule["scope"], rule.get("once")
    named: Callable[[str], Any] = scope.get
    return RuleFacts(
        id=RuleId(rule["id"]),
        lineage=LineageId(rule["lineage"]),
        price=_price(rule["price"]),
        currency=rule["currency"],
        effective_from=at(times["effective_from"] or ""),
        effective_to=maybe_at(times["effective_to"]),
        customer=named("customer"),
        product=named("product"),
        category=scope.get("category") or "",
        source=named("source"),
        channel=scope.get("channel") or "",
        action_type=named("action_type"),
        priority=rule["priority"],
        once=None if once is None else Once(once["per"] == "person", stretch(timedelta(days=once["days"]))),
        highest_only=rule["highest_only"],
        cap_per_lead=maybe(rule["cap_per_lead"]),
        cap_per_period=maybe(rule["cap_per_period"]),
    )


def _price(given: dict[str, Any]) -> Price:
    model = MODELS[given["model"]]
    amounts = {each.name: _amount(each, given.get(each.name)) for each in model.fields if not each.kind.is_tiers}
    tiers = [_tiers(given[each.name], each) for each in model.fields if each.kind.is_tiers]
    return model.of(Given(amounts, *tiers))


def _amount(field: Field, text: str | int | None) -> int | None:
    if text is None or field.kind is Kind.ACTIONS:
        return None if text is None else int(text)
    return micro(str(text))


def _tiers(tiers: list[dict[str, Any]], of: Field) -> list[GivenTier]:
    return [GivenTier(maybe(tier["up_to"]), micro(tier[of.rate]), micro(tier["flat_fee"])) for tier in tiers]


@dataclass(slots=True)
class Actions:
    """The actions of a bundle, read again each time they are iterated, so that memory does not grow with them."""

    files: Files
    catalog: Catalog
    line: bytes = b""  # of the last action read
    last: dict[str, Any] = field(default_factory=dict)  # the same, decoded

    def __iter__(self) -> Iterator[ActionFacts]:
        products: dict[Any, ProductFacts] = self.catalog.products  # type: ignore[assignment]  # made here, see `_period`
        sources: dict[Any, SourceFacts] = self.catalog.sources  # type: ignore[assignment]  # likewise
        for place, line in enumerate(lines(self.files, ACTIONS), start=1):
            if place > MOST_ACTIONS:
                raise NotABundle(f"{ACTIONS} has more than the {MOST_ACTIONS:,} actions that are read.")
            action = decoded(line, ACTIONS)
            try:
                product = ProductFacts(ProductId(action["product"]), action["category"])
                source = SourceFacts(SourceId(action["source"]), action["channel"])
                products[product], sources[source] = product, source
                if max(len(products), len(sources)) > MOST_NAMES:
                    raise NotABundle(f"{ACTIONS} names more than the {MOST_NAMES:,} products or sources that are read.")
                facts = _facts(action, product, source)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise NotABundle(f"{ACTIONS} has an unexpected value: {error}") from error
            self.line, self.last = line, action
            yield facts


def _facts(action: dict[str, Any], product: ProductFacts, source: SourceFacts) -> ActionFacts:
    return ActionFacts(
        ActionId(action["id"]),
        LeadId(action["lead"]),
        action["person"] or "",
        ProductId(product),
        SourceId(source),
        KindId(action["type"]),
        at(action["occurred_at"]),
        micro(action["quantity"]),
        maybe(action["value"]),
        action["is_test"],
        action["voided"],
        action["waived"],
        action["disputed"],
    )
