"""Why a question can't be asked."""

from billing_engine.core.errors import Refused


class BadQuestion(Refused):
    """The question can't be answered as asked; `facts["part"]` is the part of the address to change."""

    code = "bad_question"
    http_status = 400

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message, part=part)

    @property
    def part(self) -> str:
        """The part of the address to change."""
        return str(self.facts["part"])
