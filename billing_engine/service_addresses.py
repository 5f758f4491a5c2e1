"""The addresses of the database and the broker: one URL each, or separate parts on platforms that need them."""

from typing import Any
from urllib.parse import quote

import environ


def database(
    url: str, *, host: str, port: int, name: str, user: str, password: str, sslmode: str, sslrootcert: str
) -> dict[str, Any]:
    """Django's database settings; the URL overrides the parts."""
    if url or not host:
        return dict(environ.Env.db_url_config(url))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": host,
        "PORT": port,
        "NAME": name,
        "USER": user,
        "PASSWORD": password,
        "OPTIONS": {"sslmode": sslmode, **({"sslrootcert": sslrootcert} if sslrootcert else {})},
    }


def broker(url: str, *, host: str, port: int, password: str, tls: bool) -> str:
    """The address of Redis; a given URL overrides the parts."""
    if url or not host:
        return url
    login = f":{quote(password, safe='')}@" if password else ""
    return f"rediss://{login}{host}:{port}/0?ssl_cert_reqs=required" if tls else f"redis://{login}{host}:{port}/0"
