"""Rate limits as pure counters; the time is an argument.

A TokenBucket allows bursts up to its size, then a steady rate (drafts, cursors, requests).
A SlidingWindow is exact (messages a minute): never more than its limit in *any* window. A bucket of the same size would
admit twice as much in the first minute: its size and its rate.
An Allowance refuses nothing, but says how long to wait before the next use (bytes and frames read from a client).
Budgets are allowances by key, and a Share is one connection's part of the budget of its address.
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

    def take(self, now: float, amount: float = 1.0) -> float:
        """Take `amount` tokens and return 0.0, or take none and return the seconds until there are enough."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._updated) * self._rate)
        self._updated = now
        if self._tokens >= amount:
            self._tokens -= amount
            return 0.0
        return (amount - self._tokens) / self._rate


class Allowance:
    """`rate` units a second, and `burst` at once. More may be spent than is left: then there is a debt to wait for.

    Times are seconds of any monotonic clock.
    """

    __slots__ = ("_burst", "_left", "_rate", "_updated")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._updated = now

    def spend(self, amount: float, now: float) -> float:
        """Spend `amount`. Returns the seconds until the debt is paid, 0.0 if there is none."""
        left = min(self._burst, self._left + (now - self._updated) * self._rate) - amount
        self._left = left
        self._updated = now
        return 0.0 if left >= 0.0 else -left / self._rate

    def wait_s(self, now: float) -> float:
        """The seconds until the debt is paid. Spends nothing."""
        return self.spend(0.0, now)

    def is_full(self, now: float) -> bool:
        """Whether the whole burst is available, as in a new allowance."""
        return self._left + (now - self._updated) * self._rate >= self._burst

    def cap_debt(self, most: float) -> None:
        """Reduce the debt to at most `most`."""
        self._left = max(self._left, -most)


class Budgets:
    """Allowances by key (an address, a user): created at the first use, removed when they are full again.

    A `rate` of 0 means no limit, and so does an empty key (an unknown address). A debt is at most one burst.
    """

    __slots__ = ("_burst", "_by_key", "_rate", "_uses")

    FORGET_EVERY = 1024
    """How many uses pass between two removals of full allowances."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._by_key: dict[str, Allowance] = {}
        self._uses = 0

    def spend(self, key: str, amount: float, now: float) -> float:
        """As `Allowance.spend`."""
        if not self._rate or not key:
            return 0.0
        self._uses += 1
        if self._uses % self.FORGET_EVERY == 0:
            self._by_key = {k: allowance for k, allowance in self._by_key.items() if not allowance.is_full(now)}
        allowance = self._by_key.get(key)
        if allowance is None:
            allowance = self._by_key[key] = Allowance(self._rate, self._burst, now)
        wait_s = allowance.spend(amount, now)
        if wait_s:
            allowance.cap_debt(self._burst)
        return wait_s

    def wait_s(self, key: str, now: float) -> float:
        """The seconds until the debt is paid. Spends nothing."""
        allowance = self._by_key.get(key)
        return 0.0 if allowance is None else allowance.wait_s(now)


class Share:
    """One connection's part of the rate at which its address is read.

    While the address is within its budget, a connection is read as fast as it sends. Above the budget, it is read at
    `assured`; slower connections do not notice. So a flood slows down itself, not other connections of its address.
    Computed once for every `step` units, so that a frame costs one addition.
    """

    __slots__ = ("_assured", "_budgets", "_key", "_since", "_step", "_used")

    def __init__(self, budgets: Budgets, key: str, *, assured: float, step: float, now: float) -> None:
        self._budgets = budgets
        self._key = key
        self._assured = assured
        self._step = step
        self._since = now
        self._used = 0.0

    def spend(self, amount: float, now: float) -> float:
        """Spend `amount`. Returns how many seconds to wait."""
        self._used += amount
        if self._used < self._step:
            return 0.0
        used, since = self._used, self._since
        self._used, self._since = 0.0, now
        if not self._budgets.spend(self._key, used, now):
            return 0.0
        wait_s = max(0.0, since + used / self._assured - now)
        self._since = now + wait_s
        return wait_s


class SlidingWindow:
    """At most `limit` in any `window_ms`. Times are ms of one clock. Memory is one number for each counted use."""

    __slots__ = ("_taken", "limit", "window_ms")

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self.window_ms = window_ms
        self._taken: deque[int] = deque()

    def take(self, now_ms: int) -> int:
        """Take a place and return 0, or take none and return the ms (>= 1) until one is free."""
        wait_ms = self.wait_ms(now_ms)
        if wait_ms == 0:
            self._taken.append(now_ms)
        return wait_ms

    def wait_ms(self, now_ms: int) -> int:
        """0 if a place is free, else the ms (>= 1) until one is."""
        self._forget(now_ms)
        if len(self._taken) < self.limit:
            return 0
        return max(1, self._taken[0] + self.window_ms - now_ms)

    def add(self, now_ms: int) -> None:
        """Take a place, after `wait_ms` returned 0."""
        self._taken.append(now_ms)

    def empty(self, now_ms: int) -> bool:
        """Whether nothing is counted any more, so that this window may be removed."""
        self._forget(now_ms)
        return not self._taken

    def _forget(self, now_ms: int) -> None:
        while self._taken and self._taken[0] <= now_ms - self.window_ms:
            self._taken.popleft()
