"""What can be done: each verb is declared once, beside the function that does it."""

from dataclasses import dataclass

_known: dict[str, "Verb"] = {}


@dataclass(frozen=True, slots=True)
class Verb:
    """A kind of deed: a stable code, and words in the past tense that a timeline shows, such as `Approved`.

    `values_need` is the permission to see what it changed, if viewing the row is not enough: contact data.
    """

    code: str
    words: str
    values_need: str = ""

    def __post_init__(self) -> None:
        if self.code in _known:
            raise ValueError(f"The verb {self.code} is declared twice.")
        _known[self.code] = self


def verbs() -> dict[str, Verb]:
    """Return every declared verb by its code."""
    return dict(sorted(_known.items()))


def values_need(code: str) -> str:
    """Return the permission that a verb's values need; empty if viewing the row is enough."""
    verb = _known.get(code)
    return verb.values_need if verb else ""


def in_words(code: str) -> str:
    """Return the words of a verb; a code that is no longer in use reads as it is."""
    verb = _known.get(code)
    return verb.words if verb else code.replace("_", " ").capitalize()
