"""Who and what is the same: ids as text, the person behind an e-mail address, instants."""

from datetime import UTC, datetime


def external_id(given: str | int) -> str:
    """Sources send ids as numbers and as text; 17 and "17" are the same."""
    return str(given).strip()


def in_utc(instant: datetime) -> datetime:
    """The same instant; an offset may be larger than PostgreSQL knows."""
    return instant.astimezone(UTC)


def person_key(email: str) -> str:
    """The same person whatever the spelling: case, surrounding space and a plus-address do not matter."""
    local, at, domain = email.strip().lower().rpartition("@")
    if not (local and domain):
        return ""
    return local.partition("+")[0] + at + domain
