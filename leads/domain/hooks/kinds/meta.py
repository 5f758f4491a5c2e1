"""Meta lead ads: the app's webhook for the field `leadgen` of a page."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from leads.domain.body.parcel import Placed
from leads.domain.hooks.kinds.call import Call, HookChallengeRefused, is_same, need_signature
from leads.domain.hooks.kinds.kind import Answer, Kind, Request, text_of

SIGNATURE = "X-Hub-Signature-256"
# What Meta's testing tool sends as the ID of a lead that does not exist.
TEST_LEAD = "444444444444"
GRAPH = "https://graph.facebook.com/v23.0"
FIELDS = "id,created_time,ad_id,adset_id,campaign_id,campaign_name,form_id,platform,field_data"
# What Graph answers for a token that is wrong, expired or has too few permissions.
TOKEN_REFUSED = (10, 102, 190, *range(200, 300))
LONGEST_FIELD = 1_000


class Meta(Kind):
    """A body has entries, one per page, each with changes; a change names a lead by its ID."""

    secret_label = "App secret"  # noqa: S105 -- a label
    creates_secret = False
    says_hello = True
    token_label = "Page access token"  # noqa: S105 -- a label
    steps = (
        "In Meta for Developers, open your app, then Webhooks, and choose Page.",
        "Paste the address as Callback URL, and its last part, from lbh_ on, as Verify token.",
        "Select Verify and save, then subscribe to the field leadgen.",
        "Subscribe the page to the app, for example with the Lead Ads testing tool.",
        "Here, open the webhook and enter a page access token, so that names and contacts are fetched.",
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

    def fetch_of(self, record: Any, *, token: str, secret: str) -> Request | None:
        """Return the request to the Graph API; its proof is what an app can require beside the token."""
        lead = text_of(record, "value", "leadgen_id")
        if text_of(record, "field") != "leadgen" or not lead or self.is_test(record):
            return None
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        query = urlencode({"fields": FIELDS, "appsecret_proof": proof})
        return Request(lead, f"{GRAPH}/{quote(lead, safe='')}?{query}", {"authorization": f"Bearer {token}"})

    def fields_of(self, content: Any) -> dict[str, str]:
        """Return the answers to the form by the names of its questions, and the name of the campaign."""
        answers = content.get("field_data") if isinstance(content, dict) else None
        found = dict[str, str]()
        for answer in answers if isinstance(answers, list) else ():
            values = answer.get("values") if isinstance(answer, dict) else None
            if (name := text_of(answer, "name")) and isinstance(values, list):
                found[name] = ", ".join(each for each in values if isinstance(each, str))[:LONGEST_FIELD]
        names = [found[name] for name in ("first_name", "last_name") if found.get(name)]
        if names:
            found.setdefault("full_name", " ".join(names))
        for name in ("campaign_name", "campaign_id", "platform"):
            if found and (text := text_of(content, name)):
                found.setdefault(name, text)
        return found

    def refusal_of(self, content: Any) -> str:
        code = text_of(content, "error", "code")
        refused = code.isdecimal() and int(code) in TOKEN_REFUSED
        return f"Meta refused the page access token (code {code})." if refused else ""
