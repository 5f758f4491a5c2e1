"""How gunicorn serves the engine: threads, because psycopg2 waits outside Python's lock; everything by environment."""

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
