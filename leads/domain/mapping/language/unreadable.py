"""Why a record can't be converted, in words; the converter adds the field and its place."""

from typing import Any

VALUE_UNREADABLE = "value_unreadable"
VALUE_UNKNOWN = "value_unknown"
VALUE_MISSING = "value_missing"
EXPRESSION_FAILED = "expression_failed"

SHOWN = 60  # characters of a value


class NotConverted(Exception):
    """A value that can't become what its field needs."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def unreadable(words: str) -> NotConverted:
    """Return the refusal of a value that is not written as its field needs."""
    return NotConverted(VALUE_UNREADABLE, words)


def shown(value: Any) -> str:
    """Return a value in quotes, shortened."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
