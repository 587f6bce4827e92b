"""How much is too much: three counters, all pure, all told the time.

A TokenBucket smooths (drafts, cursors, requests): bursts up to its size, then a steady rate.
A SlidingWindow is exact (messages a minute): never more than its limit in *any* window, which a bucket
of the same size is not: it lets through its size and its rate, twice as much in the first minute.
An Allowance refuses nothing, and says how long to wait before the next (bytes and frames read from a client).
"""

from __future__ import annotations

from collections import deque


class TokenBucket:
    """Up to `burst` at once and `rate` a second after that. Times are seconds of any monotonic clock."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = now

    def take(self, now: float) -> float:
        """Take one token and return 0.0, or take none and return the seconds until there is one."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._updated) * self._rate)
        self._updated = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate


class Allowance:
    """`rate` units a second, and `burst` at once. What was used is used: there may be a debt to wait off.

    Times are seconds of any monotonic clock.
    """

    __slots__ = ("_burst", "_left", "_rate", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._updated = now

    def use(self, amount: float, now: float) -> float:
        """Use `amount`; returns the seconds until nothing is owed any more, 0.0 where nothing is."""
        left = min(self._burst, self._left + (now - self._updated) * self._rate) - amount
        self._left = left
        self._updated = now
        return 0.0 if left >= 0.0 else -left / self._rate


class SlidingWindow:
    """At most `limit` in any `window_ms`. Times are ms of one clock; memory is one number per taken place."""

    __slots__ = ("_taken", "limit", "window_ms")

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self.window_ms = window_ms
        self._taken: deque[int] = deque()

    def take(self, now_ms: int) -> int:
        """Take a place and return 0, or take none and return the ms (>= 1) until one is free."""
        self._forget(now_ms)
        if len(self._taken) < self.limit:
            self._taken.append(now_ms)
            return 0
        return max(1, self._taken[0] + self.window_ms - now_ms)

    def empty(self, now_ms: int) -> bool:
        """Whether nothing is counted any more, so that this window may be thrown away."""
        self._forget(now_ms)
        return not self._taken

    def _forget(self, now_ms: int) -> None:
        while self._taken and self._taken[0] <= now_ms - self.window_ms:
            self._taken.popleft()
