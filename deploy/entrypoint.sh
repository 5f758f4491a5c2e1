#!/bin/sh
# What a container runs, by name: web, nginx, worker, outgoing, beat, migrate, health. Every role ends in the program itself, so
# that signals reach it. The same works outside a container, from the checkout.
set -eu
cd "$(dirname "$0")/.."

# Where the parts are secrets of their own (as with RDS and ElastiCache), the addresses are put together here.
address() {
    python - "$1" <<'PYTHON'
import os, sys
from urllib.parse import quote
part = lambda name: quote(os.environ.get(name, ""), safe="")
if sys.argv[1] == "database":
    port, name = os.environ.get("DATABASE_PORT", "5432"), part("DATABASE_NAME") or "engine"
    login = part("DATABASE_USER") + ":" + part("DATABASE_PASSWORD")
    print(f"postgres://{login}@{os.environ['DATABASE_HOST']}:{port}/{name}?sslmode={part('DATABASE_SSLMODE') or 'require'}")
else:
    port = os.environ.get("REDIS_PORT", "6379")
    print(f"rediss://:{part('REDIS_PASSWORD')}@{os.environ['REDIS_HOST']}:{port}/0?ssl_cert_reqs=required")
PYTHON
}

if [ -z "${DATABASE_URL:-}" ] && [ -n "${DATABASE_HOST:-}" ]; then DATABASE_URL=$(address database); export DATABASE_URL; fi
if [ -z "${REDIS_URL:-}" ] && [ -n "${REDIS_HOST:-}" ]; then REDIS_URL=$(address redis); export REDIS_URL; fi

ROLE=${1:-web}
SCRATCH=${SCRATCH:-/tmp}
if [ "$ROLE" != health ]; then printf '%s' "$ROLE" > "$SCRATCH/role"; fi

case "$ROLE" in
web)
    if [ "${MIGRATE_ON_START:-0}" = 1 ]; then python manage.py migrate_alone; fi
    exec python -m gunicorn -c deploy/gunicorn.conf.py billing_engine.wsgi
    ;;
worker|outgoing)
    # Mails and PDFs have workers of their own: what a mail server or a large document holds up is held up alone.
    case "$ROLE" in
    worker) queues=celery,rating,billing ;;
    outgoing) queues=mails,documents ;;
    esac
    python manage.py wait_for_migrations
    exec python -m celery --quiet -A billing_engine worker -Q "${WORKER_QUEUES:-$queues}" --hostname "$ROLE@%h" \
        --concurrency "${WORKER_PROCESSES:-2}" --loglevel "${LOG_LEVEL:-INFO}"
    ;;
beat)
    python manage.py wait_for_migrations
    exec python -m celery --quiet -A billing_engine beat --pidfile= --loglevel "${LOG_LEVEL:-INFO}"
    ;;
migrate)
    exec python manage.py migrate_alone
    ;;
nginx)
    exec deploy/nginx/run.sh
    ;;
health)
    # The image's HEALTHCHECK. A worker and beat have no address: there the container's own process is what can be seen.
    case "$(cat "$SCRATCH/role" 2>/dev/null || true)" in
    web) exec python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=4)" ;;
    nginx) exec python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/nginx-livez', timeout=4)" ;;
    *) exec kill -0 1 ;;
    esac
    ;;
*)
    echo "Unknown role: $ROLE. There are web, nginx, worker, outgoing, beat, migrate and health." >&2
    exit 64
    ;;
esac
