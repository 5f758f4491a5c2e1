"""The Celery application: every task has a name, every name a queue, and beat sweeps every queue of rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_engine.settings")

app = Celery("billing_engine", task_cls="billing_engine.operations.monitoring.task_log:WatchedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
