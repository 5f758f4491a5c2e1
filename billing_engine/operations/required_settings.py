"""The required settings: the engine starts with all of them or not at all, and reports everything that is missing."""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

KEY_LENGTH = 50  # what `check --deploy` requires
TOKEN_LENGTH = 20
NEEDED = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
INSTEAD = {"DATABASE_URL": ("DATABASE_HOST",), "REDIS_URL": ("REDIS_HOST",)}  # the parts, see service_addresses.py


def need(environ: Mapping[str, str]) -> None:
    """Raise ImproperlyConfigured with every required variable that is missing or empty."""
    missing = [
        name for name in NEEDED if not any(environ.get(one, "").strip() for one in (name, *INSTEAD.get(name, ())))
    ]
    if missing:
        raise ImproperlyConfigured(
            f"Missing in the environment and in .env: {', '.join(missing)}. See .env.example; locally, `make run` sets them."
        )


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """The value, if it is one of those allowed; raises ImproperlyConfigured with the variable's name."""
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be one of {', '.join(allowed)}.")
    return value


def refuse_what_is_missing(
    *,
    debug: bool,
    secret_key: str,
    hosts: str,
    database: Mapping[str, object],
    redis_url: str,
    metrics_token: str,
) -> None:
    """Raise ImproperlyConfigured with everything that a public server lacks, by the variable's name."""
    faults = {
        "DEBUG must be off": debug,
        f"SECRET_KEY must have {KEY_LENGTH} characters or more": len(secret_key) < KEY_LENGTH,
        "ALLOWED_HOSTS must name the hosts, and not all": not hosts.strip() or "*" in hosts.split(","),
        "DATABASE_URL must name a host and a password": not (database.get("HOST") and database.get("PASSWORD")),
        "REDIS_URL must name a host": not urlsplit(redis_url).hostname,
        f"METRICS_TOKEN must have {TOKEN_LENGTH} characters or more": 0 < len(metrics_token) < TOKEN_LENGTH,
    }
    missing = [words for words, fault in faults.items() if fault]
    if missing:
        raise ImproperlyConfigured(f"With HTTPS=1 this server is public: {'; '.join(missing)}.")
