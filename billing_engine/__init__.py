"""The project: settings, URLs, Celery and the admin site. It may import every app; apps import only its `core`."""

from billing_engine.celery import app as celery_app

__all__ = ["celery_app"]
