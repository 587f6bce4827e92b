"""Rate limits of one process: a sliding window per key."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.windows import Windows


class MemoryRateLimiter:
    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._windows = Windows()

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        return 0 if limit == 0 else self._windows.take(key, limit, window_ms, self._clock_ms())

    async def close(self) -> None:
        self._windows.clear()
