"""What a server that strangers reach must be told: it starts with all of it or not at all."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

KEY_LENGTH = 50  # what `check --deploy` asks for


def refuse_what_is_missing(*, debug: bool, secret_key: str, hosts: str, database: Mapping[str, object]) -> None:
    """Raise ImproperlyConfigured with everything that is missing, at once and by the variable's name."""
    faults = {
        "DEBUG must be off": debug,
        f"SECRET_KEY must have {KEY_LENGTH} characters or more": len(secret_key) < KEY_LENGTH,
        "ALLOWED_HOSTS must name the hosts, and not all": not hosts.strip() or "*" in hosts.split(","),
        "DATABASE_URL must name a host and a password": not (database.get("HOST") and database.get("PASSWORD")),
    }
    missing = [words for words, fault in faults.items() if fault]
    if missing:
        raise ImproperlyConfigured(f"With HTTPS=1 this is no desk: {'; '.join(missing)}.")
