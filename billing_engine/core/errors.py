"""A refusal is a class beside the code that raises it; this is their one base."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):
    """Something a person or a source asked for, and why it was not done.

    `code` is stable and meant for programs, the message for people; `http_status` is what an API door answers.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 409
    message: ClassVar[str] = "Refused."

    def __init__(self, message: str | None = None, **facts: object) -> None:
        self.facts = facts
        super().__init__(message or self.message)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field of what a person filled in: a stable code, and words to stand beside the field.

    `row` counts from zero where the field is one of several rows, such as the tiers of a price.
    """

    field: str
    code: str
    words: str
    row: int | None = None


class HasFaults(Refused):
    """What was filled in contradicts itself or the house's rules: every door is told the same faults."""

    code = "has_faults"
    http_status = 422

    def __init__(self, faults: Sequence[FieldFault], message: str | None = None) -> None:
        self.faults = tuple(faults)
        told = [{"field": one.field, "row": one.row, "code": one.code, "detail": one.words} for one in faults]
        super().__init__(message or " ".join(fault.words for fault in faults), faults=told)
