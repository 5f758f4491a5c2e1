"""The roof as Django apps: its management commands, and the admin with the house's own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BillingEngineConfig(AppConfig):
    """Holds the commands that concern everything: `up`, `down`, `roles`, `schema`."""

    name = "billing_engine"
    label = "billing_engine"


class BillingAdminConfig(AdminConfig):
    """Django's admin, on the house's own site."""

    default_site = "billing_engine.admin_site.BillingAdminSite"
