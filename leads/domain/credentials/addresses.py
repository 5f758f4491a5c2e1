"""From which addresses an API key was used lately: at most ten, each noted at most once a minute."""

from datetime import UTC, datetime

from django.db import transaction

from leads.domain.credentials.lifetime import LAST_USED_PRECISION, note_use
from leads.models import ApiKey

ADDRESSES = 10


def note_use_from(key: ApiKey, *, at: datetime, address: str | None) -> None:
    """Record that the key was used, and from where; usually the key already says so, and nothing is written.

    Never waits for a concurrent change of the key. If all ten addresses were noted within the last minute, another one is
    not noted, so that many addresses can't make every request write.
    """
    if address is None:
        note_use(key, at=at)
    elif _has_news(key.used_from, at=at, address=address):
        _note(key, at=at, address=address)


def addresses_of(key: ApiKey) -> list[tuple[str, datetime]]:
    """Return the addresses the key was last used from, latest first."""
    return sorted(_instants(key.used_from).items(), key=lambda used: used[1], reverse=True)


def _instants(used_from: dict[str, str]) -> dict[str, datetime]:
    return {address: datetime.fromisoformat(noted) for address, noted in used_from.items()}


def _has_news(used_from: dict[str, str], *, at: datetime, address: str) -> bool:
    """Whether this use is worth a write: the address is new or was noted a minute ago, and there is room for it."""
    if address in used_from:
        return at - datetime.fromisoformat(used_from[address]) >= LAST_USED_PRECISION
    return len(used_from) < ADDRESSES or at - min(_instants(used_from).values()) >= LAST_USED_PRECISION


@transaction.atomic
def _note(key: ApiKey, *, at: datetime, address: str) -> None:
    free = ApiKey.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key.pk)
    stored = free.only("used_from").first()
    if stored is None or not _has_news(stored.used_from, at=at, address=address):
        return
    latest = sorted((_instants(stored.used_from) | {address: at}).items(), key=lambda used: used[1])[-ADDRESSES:]
    used_from = {where: when.astimezone(UTC).isoformat() for where, when in latest}
    ApiKey.objects.filter(pk=key.pk).update(used_from=used_from, last_used_at=at)
