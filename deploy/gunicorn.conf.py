"""How gunicorn serves the engine: threads, because psycopg2 waits outside Python's lock; everything by environment."""

import gc
import os

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 25
keepalive = 75
# It would live in the home directory, which a container does not have.
control_socket_disable = True
accesslog = "-"
# Without the query string: it may hold a lead's data.
access_log_format = '%({x-forwarded-for}i)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


def when_ready(_server: object) -> None:
    """What is loaded stays: the collector need not walk through it again and again, nor workers copy its pages for that.

    Requests make few cycles and, in a large delivery, very many objects; looking for cycles every 700 of them costs more
    than the delivery.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
