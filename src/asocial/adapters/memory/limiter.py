"""Rate limits of one process: sliding windows by key, and the limits on messages."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.admission import MessageLimiter, MessageLimits, Posting, Verdict
from ...domain.rate_windows import RateWindows


class MemoryRateLimiter:
    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._windows = RateWindows()
        self._messages = MessageLimiter()

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        return 0 if limit == 0 else self._windows.take(key, limit, window_ms, self._clock_ms())

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        return self._messages.admit(posting, limits, self._clock_ms())

    def posted(self, posting: Posting) -> None:
        """Nothing to do: a single process posts a message in the same turn of the loop."""

    async def is_lost(self, _posting: Posting) -> bool:
        return False

    async def close(self) -> None:
        self._windows.clear()
        self._messages.clear()
