"""Work out every charge again with the billing function, and add them up by line and into the fingerprint."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from invoices.domain.proof.verifier.container import ACTIONS, CHARGES, LEAVES, MOST_NAMES, Files, lines
from invoices.domain.proof.verifier.content import Actions, Period, decoded, micro, sortable, written
from invoices.domain.proof.verifier.difference import NotABundle, Report
from invoices.domain.proof.verifier.tree import Tree, leaf_of, nonce_of
from pricing.rating.period import rate_period
from pricing.rating.values import Decision

MARK = 4  # bytes of each leaf in leaves.bin: enough to name the line that was changed
LineKey = tuple[str, str, str, str, str]  # product, action type, rule, reason, first day of the late period


@dataclass(slots=True)
class Sums:
    """The actions of a line, counted and added up, in micro-units."""

    actions: int = 0
    quantity: int = 0
    amount: int = 0


@dataclass(slots=True)
class Recomputed:
    """What working out the charges gave."""

    tree: Tree = field(default_factory=Tree)
    sums: defaultdict[LineKey, Sums] = field(default_factory=lambda: defaultdict(Sums))
    excluded: int = 0


def charge_line(action: str, decision: Decision, period: str) -> bytes:
    """The line of a charge, as `manage.py price` prints it."""
    outcome = "unrated" if decision.is_unrated else "excluded" if decision.reason else "charged"
    rule = "null" if decision.rule is None else f'"{decision.rule}"'
    reason = f'"{decision.reason}"' if decision.reason else "null"
    return (
        f'{{"action":"{action}","outcome":"{outcome}","amount":"{written(decision.amount)}",'
        f'"full_amount":"{written(decision.full_amount)}","rule":{rule},"reason":{reason},"period":"{period}"}}\n'
    ).encode()


def name_of(place: int, count: int) -> str:
    """The id of an action in the bundle: its place, with as many digits as the last one, at least six."""
    return f"{place:0{max(6, len(str(count)))}d}"


def recompute(files: Files, period: Period, *, owner: bytes, salt: bytes, count: int, report: Report) -> Recomputed:
    """Rate the actions again and compare each charge, to the last digit; differences go to the report."""
    found, actions = Recomputed(), Actions(files, period.catalog)
    charges, marks = lines(files, CHARGES), _marks(files)
    decisions = rate_period(
        actions, customer=period.customer, rules=period.rules, catalog=period.catalog, carried=period.carried()
    )
    before = ""
    for place, decision in enumerate(_rated(decisions), start=1):
        action, name, stored = actions.last, name_of(place, count), next(charges, b"")
        expected = charge_line(name, decision, period.label)
        if stored != expected:
            report.differs(_charge_in_words(action, stored, expected))
        leaf = leaf_of(nonce_of(salt, place), owner, place, actions.line + stored)
        if leaf[:MARK] != next(marks, b"") and stored == expected:
            report.differs(f"action {_called(action)}: it is not the line of {ACTIONS} that was signed")
        found.tree.add(leaf)
        before = _in_order(action, name, before, report)
        _add(found, action, decision, period, report)
    if next(charges, b""):
        report.differs(f"{CHARGES} has more charges than there are actions")
    if found.tree.size != count:
        report.differs(f"{ACTIONS} has {found.tree.size:,} actions, {count:,} were signed")
    return found


def _rated(decisions: Iterator[Decision]) -> Iterator[Decision]:
    try:
        yield from decisions
    except (KeyError, ValueError) as error:
        raise NotABundle(f"An action can't be priced by these rules: {error}") from error


def _marks(files: Files) -> Iterator[bytes]:
    rest = b""
    for chunk in files.chunks(LEAVES):
        rest += chunk
        whole = len(rest) - len(rest) % MARK
        for place in range(0, whole, MARK):
            yield rest[place : place + MARK]
        rest = rest[whole:]


def _in_order(action: dict[str, Any], name: str, before: str, report: Report) -> str:
    """Actions come by time and their ids count up, so none is there twice; return the time of this one."""
    at = sortable(action["occurred_at"])
    if action["id"] != name or at < before:
        report.differs(f"action {_called(action)}: it is not number {name}")
    return at


def _add(found: Recomputed, action: dict[str, Any], decision: Decision, period: Period, report: Report) -> None:
    late, at = action["late_from"] or "", sortable(action["occurred_at"])
    if decision.reason:
        found.excluded += 1
        key: LineKey = "", action["type"], "", decision.reason, ""
    else:
        key = action["product"], action["type"], str(decision.rule), "", late
    if (period.starts_text <= at < period.ends_text) == bool(late):
        report.differs(f"action {_called(action)}: it is {'not ' if late else ''}late, but its line says otherwise")
    sums = found.sums[key]
    if len(found.sums) > MOST_NAMES:
        raise NotABundle(f"{ACTIONS} makes more than the {MOST_NAMES:,} lines that are read.")
    sums.actions += 1
    sums.quantity += micro(action["quantity"])
    sums.amount += decision.amount


def _called(action: dict[str, Any]) -> str:
    reference = action.get("reference")
    return f"{action['id']} ({reference})" if reference else str(action["id"])


def _charge_in_words(action: dict[str, Any], stored: bytes, expected: bytes) -> str:
    if not stored:
        return f"charge {_called(action)}: {CHARGES} does not have it"
    have, want = decoded(stored, CHARGES), decoded(expected, CHARGES)
    parts = [
        f"{name} {have.get(name)!r}, worked out {value!r}" for name, value in want.items() if have.get(name) != value
    ]
    rule = f" by rule {want['rule']}" if want["rule"] else ""
    return f"charge {_called(action)}{rule}: " + ("; ".join(parts) or "written differently")
