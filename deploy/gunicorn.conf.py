"""How gunicorn serves the engine: threads, because psycopg2 waits outside Python's lock; everything by environment."""

import gc
import os
import shutil
import tempfile

from django.conf import settings

from billing_engine.operations.database_stalls import slots

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_engine.settings")
# Where the processes share their request counts. A reload reads this file again and keeps the folder.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="engine-counts-")

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
places = int(os.environ.get("WEB_THREADS", "4"))
# One more than work or wait: it answers /livez, and refuses any request that finds no place, at once.
threads = places + slots.WAITING + 1
slots.allow(places)
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 25
keepalive = 75
# The two longest possible ids, each character written as %F0%9F%98%80, take 4,800 bytes.
limit_request_line = 8190
# It would be in the home directory, which a container does not have.
control_socket_disable = True
# The engine logs each request itself (billing_engine/operations/monitoring/request_log.py); gunicorn's own messages
# go the same way.
accesslog = None
logconfig_dict = settings.LOGGING


def when_ready(_server: object) -> None:
    """What is loaded stays: the collector need not walk through it again and again, nor workers copy its pages for that.

    Requests make few cycles and, in a large delivery, very many objects; looking for cycles every 700 of them costs more
    than the delivery.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def on_exit(_server: object) -> None:
    """What was counted is over with the processes that counted it."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
