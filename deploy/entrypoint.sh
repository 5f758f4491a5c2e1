#!/bin/sh
# What a container runs, by name: web, nginx, worker, outgoing, beat, migrate, manage, health. Every role ends with exec of
# the program, so that signals reach it. It also works outside a container, from the checkout.
set -eu
cd "$(dirname "$0")/.."

ROLE=${1:-web}
SCRATCH=${SCRATCH:-/tmp}
export SCRATCH
LATE_SECONDS=${HEARTBEAT_LATE_SECONDS:-60}
if [ "$ROLE" != health ]; then printf '%s' "$ROLE" > "$SCRATCH/role"; fi

# Whether the address that a role listens on (host:port or a port) answers.
answers() {
    exec python -c "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=4)" "http://127.0.0.1:${1##*:}/$2"
}

case "$ROLE" in
web)
    if [ "${MIGRATE_ON_START:-0}" = 1 ]; then python manage.py migrate_alone; fi
    exec python -m gunicorn -c deploy/gunicorn.conf.py billing_engine.wsgi
    ;;
worker|outgoing)
    # Emails, webhooks and PDFs have separate workers, so that a slow server or a large document delays nothing else.
    case "$ROLE" in
    worker) queues=celery,rating,billing ;;
    outgoing) queues=mails,documents,webhooks ;;
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
manage)
    shift
    exec python manage.py "$@"
    ;;
nginx)
    exec deploy/nginx/run.sh
    ;;
health)
    # The image's HEALTHCHECK. Web and NGINX are requested on their port; workers and beat leave a heartbeat.
    case "$(cat "$SCRATCH/role" 2>/dev/null || true)" in
    web) answers "${WEB_BIND:-8000}" livez ;;
    nginx) answers "${NGINX_LISTEN:-8080}" nginx-livez ;;
    worker | outgoing | beat) test -n "$(find "$SCRATCH/heartbeat" -newermt "$LATE_SECONDS seconds ago" 2>/dev/null)" ;;
    migrate | manage) ;; # they exit on their own
    *) exit 1 ;;
    esac
    ;;
*)
    echo "Unknown role: $ROLE. There are web, nginx, worker, outgoing, beat, migrate, manage and health." >&2
    exit 64
    ;;
esac
