"""Rate limits, counted across all web processes, in Redis.

If Redis is unavailable, every request passes: accepting leads is worth more than counting requests. That is logged, and
Redis is not tried again for some seconds, so that no request waits long for it.
"""

import logging
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

PREFIX = "lead-billing:"
PATIENCE_SECONDS = 0.25
LEFT_ALONE_SECONDS = 5

# A bucket with a minute's worth that refills evenly ("GCRA"): one value, the instant at which it will be full again.
# Redis's own clock, so machines need not agree; one script, so no two requests take the same slot.
TAKE_TURN = """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local each = math.max(math.floor(60000000 / tonumber(ARGV[1])), 1)
    local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
    local wait = full + each - now - 60000000
    if wait > 0 then return math.ceil(wait / 1000) end
    full = full + each
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
    return 0
"""


class _Absence:
    """Until when this process does not try Redis."""

    until = 0.0


def wait_for_turn(name: str, *, per_minute: int) -> int:
    """Milliseconds until `name` may continue; 0 means now, and counts the request."""
    if time.monotonic() < _Absence.until:
        return 0
    try:
        return int(_take_turn()(keys=[PREFIX + name], args=[per_minute]))
    except redis.RedisError as error:
        _Absence.until = time.monotonic() + LEFT_ALONE_SECONDS
        logger.warning("Redis is unavailable (%s): requests are not counted for %s seconds.", error, LEFT_ALONE_SECONDS)
        return 0


@cache
def _client() -> redis.Redis:
    """One pool per process; it detects forks by itself."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


@cache
def _take_turn() -> Any:
    return _client().register_script(TAKE_TURN)
