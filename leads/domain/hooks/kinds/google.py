"""Google lead forms: the key is a member of the body; it is compared, and kept nowhere."""

from collections.abc import Sequence
from typing import Any

from leads.domain.body.decode import as_json
from leads.domain.hooks.kinds.call import Call, HookSignatureMissing, HookSignatureWrong, is_same
from leads.domain.hooks.kinds.kind import Answer, Kind, is_marked, text_of

KEY = "google_key"


class Google(Kind):
    """A body is one lead; `is_test` marks what Google's button "Send test data" sends."""

    secret_label = "Key"  # noqa: S105 -- a label
    secret_member = KEY
    steps = (
        "In Google Ads, open the lead form and expand Export leads, then Other data integration options.",
        "Paste the address as Webhook URL and the secret as Key.",
        "Select Send test data: the form says that it was sent, and a test lead is stored here.",
    )

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        content = call.decoded.content  # without JSON there is no key
        given = content.get(KEY) if isinstance(content, dict) else None
        if not isinstance(given, str) or not given:
            raise HookSignatureMissing(f"The member {KEY} is missing.")
        if not any([is_same(given, each) for each in secrets]):  # noqa: C419 -- no comparison is left out
            raise HookSignatureWrong(f"{KEY} is not the key of this webhook.")

    def without_secret(self, call: Call) -> bytes:
        """Return the body, encoded again without the key, wherever and however often it was written."""
        content = call.decoded.content
        return as_json(without(content, content[KEY])).encode()

    def event_id(self, content: Any, call: Call) -> str:
        return text_of(content, "lead_id")

    def is_test(self, record: Any) -> bool:
        return is_marked(record, "is_test")

    def answer(self) -> Answer:
        return Answer(content="{}", content_type="application/json")


def without(content: Any, secret: str) -> Any:
    """Return JSON without the members that hold the key, and without its text elsewhere."""
    if isinstance(content, dict):
        kept = {name: without(each, secret) for name, each in content.items() if name.partition(" (")[0] != KEY}
        return {name.replace(secret, ""): each for name, each in kept.items()}
    if isinstance(content, list):
        return [without(each, secret) for each in content]
    return content.replace(secret, "") if isinstance(content, str) else content
