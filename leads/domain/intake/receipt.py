"""The receipt of a delivery: one result per lead and action, in the order sent, and counts that add up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from leads.domain.faults import Fault
from leads.models.delivery import OUTCOMES

CREATED, UPDATED, DUPLICATE, CONFLICT, QUARANTINED, TEST = OUTCOMES
# The outcomes with which something was stored or changed.
STORED_OUTCOMES = (CREATED, UPDATED, TEST)

HELD = Fault("lead_quarantined", "", "Held with its lead.")


class Result(msgspec.Struct, gc=False):
    """The outcome of one item, found at `pointer` in the body."""

    pointer: str
    id: str | None
    outcome: str = ""
    fault: Fault | None = None
    quarantined_item: int | None = None  # the ID under which it is waiting
    waits_for: str | None = None  # the action it waits for; "" for its lead, None if it needs a person
    waits_until: datetime | None = None
    actions: list["Result"] = msgspec.field(default_factory=list)
    flags: tuple[str, ...] = ()  # unusual, but accepted

    def refuse(self, fault: Fault, *, outcome: str = QUARANTINED) -> None:
        self.outcome, self.fault = outcome, fault

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": self.id, "outcome": self.outcome}
        if self.fault:
            answer |= {
                "code": self.fault.code,
                "pointer": self.pointer + self.fault.pointer,
                "message": self.fault.message + self._wait_in_words(),
                "quarantined_item": self.quarantined_item,
            }
            if self.waits_until:
                answer["waits_until"] = self.waits_until
        if self.flags:
            answer["flags"] = self.flags
        if self.actions:
            answer["actions"] = [action.as_json() for action in self.actions]
        return answer

    def _wait_in_words(self) -> str:
        if self.waits_until is None or self.waits_for is None:
            return ""
        return f" Waits for its {'action' if self.waits_for else 'lead'} until {self.waits_until:%Y-%m-%d %H:%M} UTC."


@dataclass(frozen=True)
class Receipt:
    """The receipt of one delivery; `kept` is the earlier receipt if the idempotency key was repeated."""

    delivery_id: int
    results: list[Result]
    kept: bytes = b""
    is_test: bool = False
    voided: Sequence[int] = ()  # the actions that it voided; unknown of a repeated one

    @classmethod
    def again(cls, delivery_id: int, kept: bytes) -> "Receipt":
        """Rebuild the receipt of an earlier delivery."""
        return cls(delivery_id, [_result(one) for one in msgspec.json.decode(kept)["results"]], kept)

    @property
    def is_repeated(self) -> bool:
        return bool(self.kept)

    def counts(self) -> dict[str, int]:
        """The counts as the columns of a delivery, such as `leads_received`."""
        return self._counts

    @cached_property
    def _counts(self) -> dict[str, int]:
        actions = [action for lead in self.results for action in lead.actions]
        return _counted("leads", self.results) | _counted("actions", actions)

    @cached_property
    def as_bytes(self) -> bytes:
        """The response to the source, which the delivery keeps."""
        return self.kept or msgspec.json.encode(self.as_json())

    def as_json(self) -> dict[str, Any]:
        return {
            "receipt": self.delivery_id,
            **({"test": True} if self.is_test else {}),
            "counts": self.counts(),
            "results": [result.as_json() for result in self.results],
        }


def _result(kept: dict[str, Any]) -> Result:
    """Rebuild a result; the pointer of its fault starts at the body."""
    return Result(
        pointer="",
        id=kept["id"],
        outcome=kept["outcome"],
        fault=Fault(code=kept["code"], pointer=kept["pointer"], message=kept["message"]) if "code" in kept else None,
        quarantined_item=kept.get("quarantined_item"),
        actions=[_result(action) for action in kept.get("actions", ())],
        waits_until=datetime.fromisoformat(kept["waits_until"]) if "waits_until" in kept else None,
        flags=tuple(kept.get("flags", ())),
    )


def _counted(kind: str, results: list[Result]) -> dict[str, int]:
    outcomes = Counter(result.outcome for result in results)
    return {f"{kind}_received": len(results)} | {f"{kind}_{outcome}": outcomes[outcome] for outcome in OUTCOMES}
