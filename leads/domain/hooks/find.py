"""Find the webhook that a call means, and what its calls are signed with."""

from datetime import datetime

from billing_engine.core.errors import Refused
from leads.domain.credentials.encryption import decrypt
from leads.domain.credentials.key_text import is_right, prefix_of
from leads.models import Hook


class HookNotHere(Refused):
    """The token is right, but the address is no longer valid; its caller hears only that there is nothing."""

    code = "hook_not_here"
    http_status = 404


def known_hook(token: str) -> Hook | None:
    """Return the webhook with this token and its source, whether it may still be used or not; compared in constant time."""
    prefix = prefix_of(token, Hook.MARK)
    hook = Hook.objects.filter(prefix=prefix).select_related("source").first() if prefix else None
    return hook if is_right(hook, token) else None


def refuse_unused(hook: Hook, *, source: str, at: datetime) -> None:
    """Raise HookNotHere if the webhook is revoked or expired, its source is inactive, or the address names another one."""
    if hook.source.code != source.lower():
        raise HookNotHere("The address names another source.")
    if not hook.source.is_active:
        raise HookNotHere("The source is inactive.")
    if not hook.is_usable(at):
        raise HookNotHere("The address was revoked." if hook.revoked_at else "The address has expired.")


def secrets_of(hook: Hook, *, at: datetime) -> list[str]:
    """Return the secrets that calls may be signed with, the current one first."""
    sealed = [hook.sealed]
    if hook.earlier_sealed and hook.earlier_until and hook.earlier_until > at:
        sealed.append(hook.earlier_sealed)
    return [plaintext for each in sealed if (plaintext := decrypt(each)) is not None]
