"""A refusal is a class beside the code that raises it; this is their one base."""

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
