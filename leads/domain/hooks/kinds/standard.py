"""Any sender that signs by Standard Webhooks: three headers, one event per call."""

from collections.abc import Sequence
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from leads.domain.credentials.signatures import ID, SIGNATURE, TIMESTAMP
from leads.domain.hooks.kinds.call import Call, HookSignatureWrong, need_fresh
from leads.domain.hooks.kinds.kind import Kind, as_code, text_of


class Standard(Kind):
    """A body is one event; its ID is in the header `webhook-id`, the same on each attempt."""

    secret_label = "Signing secret"  # noqa: S105 -- a label
    steps = (
        "In the sender's tool, add a webhook endpoint and paste the address.",
        "If the tool shows a signing secret (whsec_…), it must be the secret of this webhook; otherwise paste ours there.",
        "Select the events that are about leads.",
    )

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        signed = {name: call.header(name) for name in (ID, TIMESTAMP, SIGNATURE)}
        need_fresh(signed[TIMESTAMP], at=call.at, header=TIMESTAMP)
        if not any([_fits(each, signed, call.body) for each in secrets]):  # noqa: C419 -- no comparison is left out
            raise HookSignatureWrong(f"No signature in {SIGNATURE} is valid.")

    def facts(self, record: Any) -> dict[str, Any]:
        """Return the name of the event as a code."""
        return {"type": as_code(text_of(record, "type"))}

    def event_id(self, content: Any, call: Call) -> str:
        return call.headers.get(ID, "").strip()


def _fits(secret: str, signed: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: not UTF-8, not base64, no comma
        return False
    return True
