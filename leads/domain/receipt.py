"""What a source is told: one result per lead and per action, in the order sent, and counts that add up."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leads.domain.items import Fault

CREATED = "created"
UPDATED = "updated"
DUPLICATE = "duplicate"
CONFLICT = "conflict"
QUARANTINED = "quarantined"

HELD = Fault("lead_quarantined", "", "Waits with its lead.")


@dataclass(slots=True)
class Result:
    """What became of one item, sent as the `pointer` of the body."""

    pointer: str
    id: str | None
    outcome: str = ""
    fault: Fault | None = None
    actions: list["Result"] = field(default_factory=list)

    def refused(self, fault: Fault, *, outcome: str = QUARANTINED) -> None:
        self.outcome, self.fault = outcome, fault

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": self.id, "outcome": self.outcome}
        if self.fault:
            answer |= {
                "code": self.fault.code,
                "pointer": self.pointer + self.fault.pointer,
                "message": self.fault.message,
            }
        if self.actions:
            answer["actions"] = [action.as_json() for action in self.actions]
        return answer


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one delivery."""

    delivery_id: int
    results: list[Result]

    def counts(self) -> dict[str, int]:
        """`leads_received` and so on: the columns of the delivery."""
        found: dict[str, int] = {}
        actions = [action for lead in self.results for action in lead.actions]
        for kind, results in (("leads", self.results), ("actions", actions)):
            outcomes = Counter(QUARANTINED if result.outcome == CONFLICT else result.outcome for result in results)
            found[f"{kind}_received"] = len(results)
            for outcome in (CREATED, DUPLICATE, QUARANTINED):
                found[f"{kind}_{outcome}"] = outcomes[outcome]
            if kind == "leads":
                found["leads_updated"] = outcomes[UPDATED]
        return found

    def as_json(self) -> dict[str, Any]:
        return {
            "delivery": self.delivery_id,
            "counts": self.counts(),
            "results": [result.as_json() for result in self.results],
        }
