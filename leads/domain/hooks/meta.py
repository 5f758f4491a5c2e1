"""Meta lead ads: the app's webhook for the field `leadgen` of a page."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from leads.domain.body.parcel import Placed
from leads.domain.hooks.call import Call, HookChallengeRefused, is_same, need_signature
from leads.domain.hooks.kind import Answer, Kind, text_of

SIGNATURE = "X-Hub-Signature-256"
# What Meta's testing tool sends as the ID of a lead that does not exist.
TEST_LEAD = "444444444444"


class Meta(Kind):
    """A body has entries, one per page, each with changes; a change names a lead by its ID."""

    secret_label = "App secret"  # noqa: S105 -- a label
    creates_secret = False
    says_hello = True
    steps = (
        "In Meta for Developers, open your app, then Webhooks, and choose Page.",
        "Paste the address as Callback URL, and its last part, from lbh_ on, as Verify token.",
        "Select Verify and save, then subscribe to the field leadgen.",
        "Subscribe the page to the app, for example with the Lead Ads testing tool.",
    )

    def challenge(self, call: Call, secrets: Sequence[str]) -> Answer:
        """Return the challenge; the verify token is the token of the address."""
        is_right = is_same(call.query.get("hub.verify_token", ""), call.token)
        if call.query.get("hub.mode") != "subscribe" or not is_right:
            raise HookChallengeRefused("hub.verify_token is not the last part of this address.")
        return Answer(content=call.query.get("hub.challenge", ""))

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        given = call.header(SIGNATURE)
        expected = [f"sha256={hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()}" for secret in secrets]
        need_signature(given, expected, header=SIGNATURE)

    def records(self, content: Any, call: Call) -> list[Placed]:
        found = list[Placed]()
        entries = content.get("entry") if isinstance(content, dict) else None
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            changes = entry.get("changes") if isinstance(entry, dict) else None
            if not isinstance(changes, list):
                found.append(Placed(f"/entry/{place}", entry))
                continue
            page = {name: entry[name] for name in ("id", "time") if name in entry}
            found += [
                Placed(
                    f"/entry/{place}/changes/{number}", change | {"page": page} if isinstance(change, dict) else change
                )
                for number, change in enumerate(changes)
            ]
        return found if isinstance(entries, list) else [Placed("", content)]

    def record_id(self, record: Any, call: Call) -> str:
        return text_of(record, "value", "leadgen_id")

    def is_test(self, record: Any) -> bool:
        return text_of(record, "value", "leadgen_id") == TEST_LEAD
