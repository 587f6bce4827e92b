"""Rate limits of one process: sliding windows and token buckets by key, and the limits on messages."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.admission import MessageLimiter, MessageLimits, Posting, Verdict
from ...domain.rate_windows import RateWindows
from ...domain.token_buckets import TokenBuckets


class MemoryRateLimiter:
    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._windows = RateWindows()
        self._buckets = TokenBuckets()
        self._messages = MessageLimiter()

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        return 0 if limit == 0 else self._windows.take(key, limit, window_ms, self._clock_ms())

    async def take_token(self, key: str, burst: int, per_minute: int) -> int:
        return 0 if burst == 0 else self._buckets.take(key, burst, per_minute, self._clock_ms())

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        return self._messages.admit(posting, limits, self._clock_ms())

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        return self._messages.admit(posting, limits, self._clock_ms())

    def posted(self, posting: Posting) -> None:
        """Nothing to do: a single process posts a message in the same turn of the loop."""

    async def is_lost(self, _posting: Posting) -> bool:
        return False

    async def close(self) -> None:
        self._windows.clear()
        self._buckets.clear()
        self._messages.clear()
