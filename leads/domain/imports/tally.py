"""The outcome of a file: counts by outcome, and the faults by kind, each with its first places."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leads.domain.body.parcel import Lines, Placed
from leads.domain.intake.receipt import HELD, Result

PLACES = 5  # of each kind of fault
KINDS = 200  # of faults; a file with more has them counted together
OTHERS = ("other_faults", "")

_NUMBER = re.compile(r"/\d+(?=/|$)")
_FIRST_NUMBER = re.compile(r"\d+")


class Tally:
    """Counts and faults of the parts of a file, added up; it is stored as JSON."""

    def __init__(self, told: Mapping[str, Any] | None = None) -> None:
        told = told or {}
        self.counts = Counter[str](told.get("counts", {}))
        self.lines = Lines(*told.get("lines", ()))
        self.faults: dict[tuple[str, str], dict[str, Any]] = {
            (each["code"], each["field"]): {**each, "places": list(each["places"])} for each in told.get("faults", ())
        }

    def add(
        self, items: Sequence[Placed], results: Sequence[Result], *, counts: Mapping[str, int], lines: Lines
    ) -> None:
        """Add a part."""
        self.counts.update({name: count for name, count in counts.items() if count})
        self.lines = self.lines.plus(lines)
        for placed, result in zip(items, results, strict=True):
            if result.fault or any(action.fault for action in result.actions):
                self._note(placed.pointer, result)

    @property
    def stored(self) -> int:
        """How many leads are stored, now or before."""
        refused = self.counts["leads_quarantined"] + self.counts["leads_conflict"]
        return self.counts["leads_received"] - refused

    def as_json(self) -> dict[str, Any]:
        ordered = sorted(self.faults.values(), key=lambda each: (-each["count"], each["code"], each["field"]))
        return {"counts": dict(self.counts), "lines": list(self.lines), "faults": ordered}

    def _note(self, place: str, result: Result) -> None:
        for part in (result, *result.actions):
            fault = part.fault
            if fault is None or fault.code == HELD.code:
                continue
            field = _NUMBER.sub("", (part.pointer + fault.pointer).removeprefix(place))
            found = self._of_kind(fault.code, field)
            found["count"] += 1
            number = (_FIRST_NUMBER.findall(place) or ["1"])[0]
            if len(found["places"]) < PLACES and number not in found["places"]:
                found["places"].append(number)
            found["message"] = found["message"] or fault.message[:300]

    def _of_kind(self, code: str, field: str) -> dict[str, Any]:
        key = (code, field)
        if key not in self.faults and len(self.faults) >= KINDS:
            key = OTHERS
        return self.faults.setdefault(key, {"code": key[0], "field": key[1], "count": 0, "places": [], "message": ""})


def without_examples(told: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the examples of messages, which may quote what the file says."""
    faults: Iterable[Mapping[str, Any]] = told.get("faults", ())
    return {**told, "faults": [{**each, "message": ""} for each in faults]} if told else {}
