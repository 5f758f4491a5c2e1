"""The rules and the carried-over facts of an invoice, in the published formats of `manage.py price`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from billing_engine.core.calendar.wall_clock import local_time
from billing_engine.core.calendar.wall_clock import written as clock
from invoices.domain.proof.rows import WrittenRows
from invoices.domain.proof.writing import Hidden, maybe_moment, maybe_number, moment_in_utc, number, time_in_utc
from leads.models import Action, ActionType, BillingPeriod, Product, Source
from pricing.domain.audit.terms import Terms
from pricing.domain.rate.actions import number_of
from pricing.rating.counters import Counters
from pricing.rating.instants import instant, whole_days
from pricing.rating.prices import Kind, Price
from pricing.rating.values import ActionId, KindId, RuleFacts

RULES_OF_CHARGES = """
    SELECT DISTINCT charge.rule_id
      FROM leads_action action JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE action.period_id = %s AND charge.rule_id IS NOT NULL
"""


def rules_of_charges(period: BillingPeriod, terms: Terms) -> list[RuleFacts]:
    """The rules that decided something in the period, with all revisions of each: they count and limit together.

    Rules that decided nothing are left out: without them, the same ones decide.
    """
    with connection.cursor() as cursor:
        cursor.execute(RULES_OF_CHARGES, [period.pk])
        decided = {pk for (pk,) in cursor.fetchall()}
    lineages = {rule.lineage for rule in terms.rules if rule.id in decided}
    found = [rule for rule in terms.rules if rule.lineage in lineages and rule.price.code]
    return sorted(found, key=lambda rule: (str(rule.lineage).zfill(20), rule.effective_from, str(rule.id).zfill(20)))


def names_of(rules: Iterable[RuleFacts]) -> dict[Any, str]:
    """What each rule is called in the bundle: `2.1` is the first revision of its second rule. Our own names stay inside."""
    lineages, revisions, names = dict[object, int](), dict[object, int](), dict[Any, str]()
    for rule in rules:
        lineage = lineages.setdefault(rule.lineage, len(lineages) + 1)
        revisions[rule.lineage] = revisions.get(rule.lineage, 0) + 1
        names[rule.id] = f"{lineage}.{revisions[rule.lineage]}"
    return names


@dataclass(frozen=True, slots=True)
class PriceFiles:
    """Writes rules.json and carried.json of one period."""

    period: BillingPeriod
    terms: Terms
    rules: list[RuleFacts]
    names: Mapping[Any, str]
    hidden: Hidden

    def rules_json(self, kinds: Mapping[object, str]) -> bytes:
        """RULES.json, with each rule on a line of its own, so that a changed one can be named."""
        customer = self.period.customer
        head = {
            "code": customer.code,
            "currency": customer.currency,
            "time_zone": customer.time_zone,
            "cycle": customer.cycle,
            "excluded_domains": sorted(self.terms.customer.excluded_domains),
        }
        types = [{"code": code, "billable": self._is_billable(kind)} for kind, code in kinds.items()]
        codes = self._codes()
        rules = b",\n".join(msgspec.json.encode(self._rule(rule, codes)) for rule in self.rules)
        return (
            b'{"customers": [' + msgspec.json.encode(head) + b'],\n"action_types": ' + msgspec.json.encode(types)
        ) + (b',\n"rules": [\n' + rules + b"\n]}\n")

    def carried_json(self, rows: WrittenRows, counters: Counters) -> bytes:
        """CARRIED.json: the instants of the terms, and what other periods carry over to the leads and persons in it."""
        customer, period = self.terms.customer, self.period
        found = {
            "customer": period.customer.code,
            "period": period.label,
            "starts_at": time_in_utc(period.start_at),
            "ends_at": time_in_utc(period.end_at),
            "terms": {
                "contract_from": maybe_moment(customer.contract_start),
                "contract_to": maybe_moment(customer.contract_end),
                "hard_budget": maybe_number(customer.hard_budget),
            },
            "rules": [
                {
                    "rule": self.names[rule.id],
                    "effective_from": moment_in_utc(rule.effective_from),
                    "effective_to": maybe_moment(rule.effective_to),
                }
                for rule in self.rules
            ],
            "action_types": [self._kind(kind, code) for kind, code in rows.kinds.items()],
            "paid": list(self._paid(rows, counters)),
            "charged_to_leads": list(self._charged_to_leads(rows, counters)),
        }
        return msgspec.json.format(msgspec.json.encode({"periods": [found]}), indent=1) + b"\n"

    def _is_billable(self, kind: object) -> bool:
        return self.terms.catalog.is_billable[KindId(kind)]

    def _kind(self, kind: object, code: str) -> dict[str, Any]:
        later = self.terms.catalog.is_billable_later.get(KindId(kind), ())
        changes = [{"at": moment_in_utc(at), "billable": billable} for at, billable in later]
        return {"code": code, "billable": self._is_billable(kind), "changes": changes}

    def _lineages(self) -> dict[object, str]:
        return {rule.lineage: self.names[rule.id].partition(".")[0] for rule in self.rules}

    def _paid(self, rows: WrittenRows, counters: Counters) -> Iterator[dict[str, str]]:
        lineages = self._lineages()
        found = [
            (
                paid.at,
                paid.action,
                lineages[lineage],
                self.hidden.person(str(name)) if per_person else rows.leads[name],
                per_person,
                rows.kinds[kind],
            )
            for (lineage, per_person, name, kind), ones in counters.paid.items()
            if lineage in lineages
            and kind in rows.kinds
            and (name in rows.persons if per_person else name in rows.leads)
            for paid in ones
        ]
        called = self._called([action for _, action, *_ in found])
        for moment, action, rule, whose, per_person, kind in sorted(found, key=lambda each: (each[0], str(each[1]))):
            yield {
                "rule": rule,
                "per": "person" if per_person else "lead",
                "name": whose,
                "action_type": kind,
                "occurred_at": moment_in_utc(moment),
                "action": called[number_of(action)],
            }

    def _called(self, actions: Collection[ActionId]) -> dict[int, str]:
        ids = {number_of(action) for action in actions}
        found = Action.objects.filter(pk__in=ids).values_list("pk", "lead__source__code", "external_id")
        return {pk: self.hidden.reference(source, name) for pk, source, name in found}

    def _charged_to_leads(self, rows: WrittenRows, counters: Counters) -> Iterator[dict[str, str]]:
        lineages = self._lineages()
        for (lineage, lead), amount in counters.by_lead.items():
            if lineage in lineages and lead in rows.leads and amount:
                yield {"rule": lineages[lineage], "lead": rows.leads[lead], "amount": number(amount)}

    def _codes(self) -> dict[str, dict[object, str]]:
        """The codes of what the rules' scopes fix."""
        return {
            "product": dict(_named(Product, "sku", [rule.product for rule in self.rules])),
            "source": dict(_named(Source, "code", [rule.source for rule in self.rules])),
            "action_type": dict(_named(ActionType, "code", [rule.action_type for rule in self.rules])),
        }

    def _rule(self, rule: RuleFacts, codes: Mapping[str, Mapping[object, str]]) -> dict[str, Any]:
        zone, once = self.period.customer.zone, rule.once
        scope = {
            "customer": rule.customer and self.period.customer.code,
            "product": rule.product and codes["product"][rule.product],
            "category": rule.category or None,
            "source": rule.source and codes["source"][rule.source],
            "channel": rule.channel or None,
            "action_type": rule.action_type and codes["action_type"][rule.action_type],
        }
        end = rule.effective_to
        return {
            "id": self.names[rule.id],
            "lineage": self.names[rule.id].partition(".")[0],
            "scope": {name: value for name, value in scope.items() if value},
            "priority": rule.priority,
            "currency": rule.currency,
            "effective_from": clock(local_time(instant(rule.effective_from), zone)),
            "effective_to": None if end is None else clock(local_time(instant(end), zone)),
            "price": price_form(rule.price),
            "once": once and {"per": "person" if once.per_person else "lead", "days": whole_days(once.within)},
            "highest_only": rule.highest_only,
            "cap_per_lead": maybe_number(rule.cap_per_lead),
            "cap_per_period": maybe_number(rule.cap_per_period),
        }


def price_form(price: Price) -> dict[str, Any]:
    """A price in the published format."""
    found: dict[str, Any] = {"model": price.code}
    for field in price.fields:
        value = getattr(price, field.name)
        if field.kind.is_tiers:
            found[field.name] = [
                {"up_to": maybe_number(tier.up_to), field.rate: number(tier.rate), "flat_fee": number(tier.flat_fee)}
                for tier in value
            ]
        else:
            found[field.name] = value if field.kind is Kind.ACTIONS else maybe_number(value)
    return found


def _named(model: type[Product | Source | ActionType], column: str, ids: list[Any]) -> Iterable[tuple[int, str]]:
    wanted = {pk for pk in ids if pk is not None}
    return model._meta.base_manager.filter(pk__in=wanted).values_list("pk", column)
