"""What the app's login may write and call, and what the reader must not see, of the tables that exist."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model

from billing_engine.operations.database_grants import ALL, GRANTS, READ_ONLY

# The app may call these; `SECURITY DEFINER` functions that are not named here run only as triggers.
FUNCTIONS = ("intake_known", "intake_store", "next_in_series", "seal_deeds")

# What the reader must not see, because reports never need it: it lets its reader log in or sign as another.
SECRETS = {
    "auth_user": ("password",),
    "django_session": ("session_key", "session_data"),
    "leads_apikey": ("digest",),
    "leads_customerkey": ("digest",),
    "leads_customerportal": ("id_key",),
    "leads_hook": ("digest", "sealed", "earlier_sealed", "fetch_sealed"),
    "leads_signingsecret": ("sealed",),
    "receivables_paymentlink": ("token",),
    "receivables_webhooksecret": ("sealed",),
    "mfa_authenticator": ("data",),
    "socialaccount_socialapp": ("secret",),
    "socialaccount_socialtoken": ("token", "token_secret"),
    "usersessions_usersession": ("session_key", "data"),
    "account_emailconfirmation": ("key",),
}


def tables() -> dict[str, type[Model]]:
    """Every table of a model by its name, with those of many-to-many fields."""
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True) if model._meta.managed}


def grants() -> Iterator[tuple[str, str]]:
    """Each table that exists and that the app may write, with the privileges of one GRANT."""
    for name, model in tables().items():
        if rights := GRANTS.get(name, READ_ONLY):
            every = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.primary_key)
            yield name, rights.replace(ALL, f"UPDATE ({every})")


def shown_to_the_reader() -> Iterator[tuple[str, list[str]]]:
    """Each table with secrets, and the columns of it that the reader sees."""
    for name, model in tables().items():
        if name in SECRETS:
            columns = [str(field.column) for field in model._meta.concrete_fields]
            yield name, [column for column in columns if column not in SECRETS[name]]
