"""Rate limits exact over all processes: one script, on Redis's own clock; all takes of a turn go out together.

A list of at most `limit` times for each key, which expires with its window. Every accepted take is also counted in a
window of this process, which decides alone while Redis is away: an outage is no second allowance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from ...domain.windows import Windows
from ...ports import StoreUnavailable
from .pool import Pool
from .scripts import SCRIPTS


class RedisRateLimiter:
    def __init__(self, pool: Pool, clock_ms: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._here = Windows()

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        if limit == 0:
            return 0
        try:
            # One key a script: a tag of its own spreads the limits over a cluster.
            reply = await self._pool.run(SCRIPTS["take"], key, (self._pool.names.key(key, "rate"),), limit, window_ms)
        except StoreUnavailable:
            return self._here.take(key, limit, window_ms, self._clock_ms())
        wait_ms = cast(int, reply)
        if wait_ms == 0:
            self._here.take(key, limit, window_ms, self._clock_ms())
        return wait_ms

    async def close(self) -> None:
        self._here.clear()
