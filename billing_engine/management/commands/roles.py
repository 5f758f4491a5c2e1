"""`manage.py roles`: the groups Operations, Finance and Viewer, with exactly their permissions."""

from typing import Any

from django.core.management.base import BaseCommand

from billing_engine.roles import ensure_roles


class Command(BaseCommand):
    help = "Create the roles, or reset their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        for role in ensure_roles():
            self.stdout.write(f"{role.name}: {role.permissions.count()} permissions")
