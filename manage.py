#!/usr/bin/env python
"""The command line: on a machine without PostgreSQL or Redis, it starts its own first."""

import os
import sys
from pathlib import Path

import environ

from billing_engine import local_servers

CHECKOUT = Path(__file__).resolve().parent
# Commands that use neither the database nor Redis. The settings require both, so they get addresses that are never
# connected to, unless the environment has some.
WITHOUT_DATABASE = ("price", "down")
# These change tables or what only the owner writes. On the desk, the other commands can't.
AS_OWNER = ("migrate", "migrate_alone", "roles")
# This one creates a database of its own, as the tests do.
AS_TESTS = ("schema",)
NOWHERE = {"DATABASE_URL": "postgres:///", "REDIS_URL": "redis://", "SECRET_KEY": "signs-nothing"}


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_engine.settings")
    environ.Env.read_env(CHECKOUT / ".env")
    command = sys.argv[1] if sys.argv[1:] else ""
    try:
        if command in WITHOUT_DATABASE:
            os.environ |= {name: place for name, place in NOWHERE.items() if not os.environ.get(name)}
        else:
            local_servers.provide(os.environ, CHECKOUT, test=command in AS_TESTS)
    except local_servers.LocalServerError as error:
        sys.exit(str(error))
    if command in AS_OWNER and os.environ.get(local_servers.OWNER_URL):
        os.environ["DATABASE_URL"] = os.environ[local_servers.OWNER_URL]

    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- reads settings, so after the servers

    from billing_engine.core.deeds import origin  # noqa: PLC0415 -- as above

    origin.command(" ".join(sys.argv[1:2]))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
