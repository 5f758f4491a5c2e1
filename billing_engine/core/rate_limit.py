"""How often somebody may ask, counted by all web processes together, in Redis.

Where Redis is away, everybody is let through: taking leads in is worth more than counting requests. That is logged, and
Redis is left alone for some seconds, so that no request waits long for it.
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

# A bucket that holds a minute's worth and refills evenly ("GCRA"): one value, the instant at which it will be full again.
# Redis's own clock, so that machines need not agree; one script, so that no two requests take the same turn.
TAKE_TURN = """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local each = math.floor(60000000 / tonumber(ARGV[1]))
    local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
    local wait = full + each - now - 60000000
    if wait > 0 then return math.ceil(wait / 1000) end
    full = full + each
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
    return 0
"""


class _Absence:
    """Until when Redis is not asked, in this process."""

    until = 0.0


def wait_for_turn(name: str, *, per_minute: int) -> int:
    """Milliseconds until `name` may go on; 0 is now, and the turn is taken."""
    if time.monotonic() < _Absence.until:
        return 0
    try:
        return int(_take_turn()(keys=[PREFIX + name], args=[per_minute]))
    except redis.RedisError as error:
        _Absence.until = time.monotonic() + LEFT_ALONE_SECONDS
        logger.warning("Redis is away (%s): requests are not counted for %s seconds.", error, LEFT_ALONE_SECONDS)
        return 0


@cache
def _client() -> redis.Redis:
    """One pool a process; it notices a fork by itself."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


@cache
def _take_turn() -> Any:
    return _client().register_script(TAKE_TURN)
