"""LinkedIn lead gen forms: notifications of Lead Sync, signed with the app's client secret."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any

from leads.domain.body.decode import as_json
from leads.domain.hooks.kinds.call import Call, HookChallengeRefused, need_signature
from leads.domain.hooks.kinds.kind import Answer, Kind, is_marked, text_of

SIGNATURE = "X-LI-Signature"
SIGNED = "hmacsha256="  # LinkedIn signs this text and the body
# A UUID. Anything else could be a body with its prefix, for which the answer would be a valid signature.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")
FORM = re.compile(r"urn:li:leadGenForm:(\d+)")


class LinkedIn(Kind):
    """A body names one response to a form by its URN."""

    secret_label = "Client secret"  # noqa: S105 -- a label
    creates_secret = False
    says_hello = True
    steps = (
        "In LinkedIn's developer portal, open your app, then Auth, and copy the client secret.",
        "Create a lead notification subscription (leadNotifications) whose webhook is the address.",
        "LinkedIn checks the address at once, and again every two hours; both are answered here.",
    )

    def challenge(self, call: Call, secrets: Sequence[str]) -> Answer:
        """Return the challenge with its signature, which LinkedIn wants within three seconds."""
        code = call.query.get("challengeCode", "")
        if not CHALLENGE.fullmatch(code) or not secrets:
            raise HookChallengeRefused("challengeCode is missing, or is not a code.")
        signed = hmac.new(secrets[0].encode(), code.encode(), hashlib.sha256).hexdigest()
        content = as_json({"challengeCode": code, "challengeResponse": signed})
        return Answer(content=content, content_type="application/json")

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        given = call.header(SIGNATURE).removeprefix(SIGNED)
        signed = SIGNED.encode() + call.body
        expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
        need_signature(given, expected, header=SIGNATURE)

    def event_id(self, content: Any, call: Call) -> str:
        response, action = text_of(content, "leadGenFormResponse"), text_of(content, "leadAction")
        return f"{response} {action}" if response and action else response

    def facts(self, record: Any) -> dict[str, Any]:
        """Return the number of the form, which stays the same in each version of it."""
        found = FORM.search(text_of(record, "leadGenForm"))
        return {"form": found[1]} if found else {}

    def is_test(self, record: Any) -> bool:
        return is_marked(record, "testLead")
