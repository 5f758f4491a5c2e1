"""The columns of API keys and signing secrets, which never show the secret part."""

from datetime import timedelta

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, chip, code, instant, link
from billing_engine.core.admin_kit.columns import column
from leads.domain.credentials.addresses import addresses_of
from leads.models import ApiKey, CustomerKey, SigningSecret

SOON = timedelta(days=14)


def state_of(one: ApiKey | CustomerKey | SigningSecret) -> SafeString:
    """Return whether it is valid, and for how long."""
    at = now()
    if one.revoked_at:
        return chip("Revoked", "red")
    if one.expires_at is None:
        return chip("Active", "green")
    if one.expires_at <= at:
        return chip("Expired", "red")
    return chip(f"Expires in {_in_short(one.expires_at - at)}", "orange" if one.expires_at - at < SOON else "green")


def _in_short(left: timedelta) -> str:
    minutes = max(1, round(left / timedelta(minutes=1)))
    if minutes < 120:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


class ShownCredential:
    """The columns that API keys and signing secrets share."""

    shown_source = column(link, "source", title="source")
    state = column(state_of, title="state")
    created = column(instant, "created_at", title="created", order="created_at")
    creator = column(str, "created_by", title="by", empty=NOTHING)
    last_used = column(instant, "last_used_at", title="last used", order="last_used_at", empty="never")
    ended = column(lambda one: instant(one.revoked_at or one.expires_at), title="expiry")


SCOPES = column(str, "may_in_words", title="may")
KEY = column(code, "shown", title="key")
LINKED_KEY = column(lambda key: link(key, key.shown), title="key")
MODE = column(lambda is_test: chip("Test", "blue") if is_test else chip("Live"), "is_test", title="leads")
USED_FROM = column(
    lambda used: format_html_join(mark_safe("<br>"), "{} · {}", ((code(address), instant(at)) for address, at in used)),
    addresses_of,
    title="used from",
    empty="never",
)
SECRET = column(lambda hint: code(f"{hint}…"), "hint", title="secret")
