"""Read and check both files: the inputs to rating, or every fault."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from billing_engine.core.calendar.spans import Cycle
from pricing.files import carried, forms
from pricing.files.carried import CarriedOver
from pricing.files.checks import problems_of
from pricing.files.decode import FormDecoder
from pricing.files.faults import Fault, FilesRefused, Problem
from pricing.files.values import Customer, Placed, customer_of, placed, rule_facts
from pricing.rating.values import RuleFacts


@dataclass(frozen=True, slots=True)
class RuleSet:
    """RULES.json, read."""

    rules: list[RuleFacts] = field(default_factory=list)
    customers: dict[str, Customer] = field(default_factory=dict)
    is_billable: dict[str, bool] = field(default_factory=dict)
    is_billable_later: dict[str, list[tuple[date, bool]]] = field(default_factory=dict)
    carried: CarriedOver = field(default_factory=CarriedOver)

    def customer(self, code: str) -> Customer:
        """The listed customer, or one with the defaults."""
        found = self.customers.get(code)
        if found is None:
            found = self.customers[code] = customer_of(forms.Customer(code))
        return found


def read_files(rules: Path, actions: Path, carried_over: Path | None = None) -> tuple[RuleSet, list[Placed]]:
    """The rules, and the actions in the order of the file. Raises FilesRefused with every fault of all files."""
    faults: list[Fault] = []
    rule_set = _read_rules(rules, faults)
    if carried_over is not None:
        rule_set = replace(rule_set, carried=_read_carried(carried_over, rule_set, faults))
    found = _read_actions(actions, rule_set, faults)
    if faults:
        raise FilesRefused(faults)
    return rule_set, found


def _read_rules(file: Path, faults: list[Fault]) -> RuleSet:
    try:
        content = file.read_bytes()
    except OSError as error:
        faults.append(_unreadable(file, error))
        return RuleSet()
    read = FormDecoder(forms.rules_form()).decode(content)
    problems = read if isinstance(read, list) else list(problems_of(read))
    if isinstance(read, list) or problems:
        faults += [Fault(str(file), None, problem) for problem in problems]
        return RuleSet()
    return RuleSet(
        [rule_facts(rule) for rule in read.rules],
        {customer.code: customer_of(customer) for customer in read.customers},
        {kind.code: kind.billable for kind in read.action_types},
        {
            kind.code: [(date.fromisoformat(each.first_day), each.billable) for each in kind.changes]
            for kind in read.action_types
        },
    )


def _read_carried(file: Path, rule_set: RuleSet, faults: list[Fault]) -> CarriedOver:
    try:
        content = file.read_bytes()
    except OSError as error:
        faults.append(_unreadable(file, error))
        return CarriedOver()
    read = FormDecoder(carried.Carried).decode(content)
    problems = read if isinstance(read, list) else list(carried.problems_of(read, rule_set.rules))
    faults += [Fault(str(file), None, problem) for problem in problems]
    return CarriedOver() if isinstance(read, list) else CarriedOver(read.periods)


def _read_actions(file: Path, rule_set: RuleSet, faults: list[Fault]) -> list[Placed]:
    found: list[Placed] = []
    try:
        with file.open("rb") as lines:
            for number, read in _read_lines(lines, rule_set):
                if isinstance(read, list):
                    faults += [Fault(str(file), number, problem) for problem in read]
                else:
                    found.append(read)
    except OSError as error:
        faults.append(_unreadable(file, error))
    return found


def _read_lines(lines: Iterable[bytes], rule_set: RuleSet) -> Iterator[tuple[int | None, Placed | list[Problem]]]:
    """Each line with its number: the action or its problems; blank lines are skipped."""
    decoder = FormDecoder(forms.Action)
    taken: dict[str, int] = {}
    seen: dict[Any, Any] = {}
    some = False
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        some = True
        read = decoder.decode(line)
        if isinstance(read, list):
            yield number, read
            continue
        first = taken.setdefault(read.id, number)
        if first != number:
            yield number, [Problem("/id", f'"{read.id}" is already used in line {first}')]
            continue
        if read.period and not _is_cycle(read.period):
            yield (
                number,
                [Problem("/period", f'"{read.period}" is not a cycle such as 2026-10, 2026-W43 or 2026-W43x2')],
            )
            continue
        try:
            yield number, placed(read, rule_set.customer(read.customer), seen)
        except ValueError as error:
            yield number, [Problem("/occurred_at", str(error))]
    if not some:
        yield None, [Problem("", "contains no action")]


def _is_cycle(label: str) -> bool:
    try:
        Cycle.parse(label)
    except ValueError:
        return False
    return True


def _unreadable(file: Path, error: OSError) -> Fault:
    return Fault(str(file), None, Problem("", f"cannot be read: {error.strerror}"))
