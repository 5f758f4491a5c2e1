"""The roof: settings, URLs, Celery and the admin site. It may import everyone; nobody imports it but `core`."""

from billing_engine.celery import app as celery_app

__all__ = ["celery_app"]
