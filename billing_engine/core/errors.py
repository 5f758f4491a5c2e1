"""The base of all refusals; each refusal is a class next to the code that raises it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):
    """A request by a user or a source was refused, with the reason.

    `code` is stable and meant for programs, the message for people; the API answers with `http_status`.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 409
    message: ClassVar[str] = "Refused."

    def __init__(self, message: str | None = None, **facts: object) -> None:
        self.facts = facts
        super().__init__(message or self.message)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field: a stable code, and a message to show next to the field.

    `row` counts from zero if the field is in one of several rows, such as the tiers of a price.
    """

    field: str
    code: str
    words: str
    row: int | None = None


class HasFaults(Refused):
    """The input contradicts itself or our rules; forms, files and API get the same faults."""

    code = "has_faults"
    http_status = 422

    def __init__(self, faults: Sequence[FieldFault], message: str | None = None) -> None:
        self.faults = tuple(faults)
        fields = [{"field": one.field, "row": one.row, "code": one.code, "detail": one.words} for one in faults]
        super().__init__(message or " ".join(fault.words for fault in faults), faults=fields)
