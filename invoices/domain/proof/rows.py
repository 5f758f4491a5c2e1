"""Write the actions and charges of an invoice, in rating order, as they lie in its bundle."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import msgspec

from invoices.domain.lines.charge_sums import LATE_FROM
from invoices.domain.proof.verifier.charges import MARK, charge_line, name_of
from invoices.domain.proof.verifier.container import ACTIONS, CHARGES, LEAVES
from invoices.domain.proof.verifier.tree import Tree, leaf_of, nonce_of
from invoices.domain.proof.writing import Hidden, maybe_number, moment_in_utc, number
from leads.models import BillingPeriod
from pricing.domain.rate.actions import ACTIONS as STORED_ACTIONS
from pricing.domain.rate.actions import COLUMNS, START, Row, StoredActions
from pricing.rating.values import ActionFacts, Catalog, Decision

MICRO = 1_000_000
NAMES = """, lead.external_id, action.external_id, source.code, product.sku, type.code,
           charge.rule_id, charge.reason, charge.amount, charge.full_amount, {late_from}"""
JOINS = """
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_source source ON source.id = lead.source_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_actiontype type ON type.id = action.action_type_id"""


class Named(NamedTuple):
    """What an action and its charge are called, and the charge itself."""

    lead: str
    action: str
    source: str
    sku: str
    kind: str
    rule: int | None
    reason: str
    amount: Decimal
    full_amount: Decimal
    late_from: str


@dataclass(slots=True)
class ChargedActions(StoredActions):
    """The actions of one closed period with their names and charges, read through a cursor."""

    query: ClassVar[str] = STORED_ACTIONS.format(columns=NAMES.format(late_from=LATE_FROM), joins=JOINS)

    zone: str = ""

    def rows(self) -> Iterator[tuple[ActionFacts, Named]]:
        """Each action with its names and its charge."""
        count = len(COLUMNS)
        for rows in self._fetched():
            for row in rows:
                yield ActionFacts._make(row[:count]), Named._make(row[count:])

    def made(self, rows: list[Row]) -> Iterator[ActionFacts]:
        return (ActionFacts._make(row[: len(COLUMNS)]) for row in rows)

    def _asked(self) -> dict[str, Any]:
        return super(ChargedActions, self)._asked() | {"zone": self.zone}  # in a class with slots, super needs both


@dataclass(slots=True)
class WrittenRows:
    """What writing the rows gave: the fingerprint, and what else of the bundle depends on who is in it."""

    tree: Tree = field(default_factory=Tree)
    kinds: dict[object, str] = field(default_factory=dict)  # the action types that occur
    leads: dict[object, str] = field(default_factory=dict)  # the leads that occur, if something carries over to them
    persons: set[str] = field(default_factory=set)  # likewise


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one bundle's rows: whose they are, what they are called, and what hides their persons."""

    period: BillingPeriod
    owner: bytes
    salt: bytes
    catalog: Catalog
    rules: Mapping[int, str]
    hidden: Hidden
    carries: bool
    count: int

    def write(self, folder: Path) -> WrittenRows:
        """Write the three files of rows into a folder."""
        found = WrittenRows()
        stored = ChargedActions({self.period.pk: START}, zone=self.period.customer.time_zone)
        encode = msgspec.json.Encoder().encode
        with ExitStack() as files:
            actions, charges, marks = (
                files.enter_context((folder / name).open("wb")) for name in (ACTIONS, CHARGES, LEAVES)
            )
            for place, (facts, named) in enumerate(stored.rows(), start=1):
                name = name_of(place, self.count)
                action = encode(self._action(name, facts, named)) + b"\n"
                charge = charge_line(name, self._decision(facts, named), self.period.label)
                leaf = leaf_of(nonce_of(self.salt, place), self.owner, place, action + charge)
                found.tree.add(leaf)
                actions.write(action)
                charges.write(charge)
                marks.write(leaf[:MARK])
                found.kinds[facts.action_type] = named.kind
                if self.carries:
                    found.leads[facts.lead] = self.hidden.reference(named.source, named.lead)
                    found.persons.add(facts.person)
        return found

    def _action(self, name: str, facts: ActionFacts, named: Named) -> dict[str, Any]:
        return {
            "id": name,
            "lead": self.hidden.reference(named.source, named.lead),
            "person": self.hidden.person(facts.person) or None,
            "customer": self.period.customer.code,
            "product": named.sku,
            "category": self.catalog.product_of(facts).category,
            "source": named.source,
            "channel": self.catalog.source_of(facts).channel,
            "type": named.kind,
            "occurred_at": moment_in_utc(facts.occurred_at),
            "quantity": number(facts.quantity),
            "value": maybe_number(facts.value),
            "is_test": facts.is_test,
            "voided": facts.is_voided,
            "waived": facts.is_waived,
            "disputed": facts.is_disputed,
            "period": self.period.label,
            "late_from": named.late_from or None,
            "reference": self.hidden.reference(named.source, named.action),
        }

    def _decision(self, facts: ActionFacts, named: Named) -> Decision:
        rule: Any = None if named.rule is None else self.rules[named.rule]
        amount, full = int(named.amount * MICRO), int(named.full_amount * MICRO)
        return Decision(facts.id, rule, named.reason, amount, full)
