"""What a kind of sender has to say: how it signs, how its body splits into records, and what it wants to hear."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from leads.domain.body.parcel import Placed
from leads.domain.hooks.kinds.call import Call, HookChallengeRefused

_WORD = re.compile(r"([a-z0-9])([A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")


class Answer(NamedTuple):
    """What the sender hears: plain text, JSON, or nothing."""

    status: int = 200
    content: str = ""
    content_type: str = "text/plain; charset=utf-8"


class Request(NamedTuple):
    """How a lead is fetched from its sender: its ID there, the address, and the headers with the token."""

    sender_id: str
    url: str
    headers: dict[str, str]


class Kind(ABC):
    """A kind of sender. Stateless: one object serves all its webhooks."""

    # Where the sender's tool shows or asks for the secret, and whether we create it if none is given.
    secret_label: ClassVar[str]
    creates_secret: ClassVar[bool] = True
    # What to do in the sender's tool, in order; shown with a new address.
    steps: ClassVar[tuple[str, ...]]
    secret_member: ClassVar[str] = ""  # of the body, which is taken out before anything is kept
    says_hello: ClassVar[bool] = False  # checks the address by GET before it sends
    # The token with which the fields of leads are fetched; empty if the sender writes them into its webhook.
    token_label: ClassVar[str] = ""

    def challenge(self, call: Call, secrets: Sequence[str]) -> Answer:
        """Answer the sender's check of the address. Raises Refused."""
        raise HookChallengeRefused("This kind of sender does not check its address.")

    @abstractmethod
    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        """Raise Refused unless the call was signed with one of the secrets, moments ago if it says when."""

    def without_secret(self, call: Call) -> bytes:
        """Return the body as it is kept: as received, unless the sender writes a secret into it."""
        return call.body

    def event_id(self, content: Any, call: Call) -> str:
        """Return the sender's own ID of all that is in the body; "" if it has none."""
        return ""

    def records(self, content: Any, call: Call) -> list[Placed]:
        """Split the body into records with their places; what does not have the sender's form stays one record."""
        return [Placed("", content)]

    def record_id(self, record: Any, call: Call) -> str | int:
        """Return the sender's own ID of one record, the same on each attempt; "" if it has none."""
        return self.event_id(record, call)

    def facts(self, record: Any) -> dict[str, Any]:
        """Return what a mapping can't find by itself; it is found at `hook`, beside the ID of the event."""
        return {}

    def is_test(self, record: Any) -> bool:
        """Return whether the sender marks the record as a test."""
        return False

    def fetch_of(self, record: Any, *, token: str, secret: str) -> Request | None:
        """Return how the fields of a lead are fetched of which the record has only the ID; None if it has them."""
        return None

    def fields_of(self, content: Any) -> dict[str, str]:
        """Return the fields by name from what was fetched; empty if it has none."""
        return {}

    def refusal_of(self, content: Any) -> str:
        """Return why the sender refuses the token; "" if it refused something else, or nothing."""
        return ""

    def answer(self) -> Answer:
        """Return what the sender hears when everything is stored."""
        return Answer()


def text_of(content: Any, *path: str) -> str:
    """Return the text or number at a path of members; "" if something else is there."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    is_id = isinstance(content, str | int) and not isinstance(content, bool)
    return str(content).strip() if is_id else ""


def is_marked(record: Any, name: str) -> bool:
    """Return whether a member says true, however it is written: a test that counts as real would be billed."""
    value = record.get(name) if isinstance(record, dict) else None
    return value is True or (isinstance(value, str | int) and str(value).strip().lower() in ("true", "1", "yes"))


def as_code(text: str) -> str:
    """Return a sender's name of an event as the code of an action type: `contact.propertyChange`, `contact_property_change`."""
    words = _WORD.sub(r"\1_\2", text)
    return _OTHER.sub("_", words.lower()).strip("_")
