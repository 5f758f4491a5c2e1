"""The portal as a Django app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The customers' portal, and the staff's lens on it."""

    name = "portal"
