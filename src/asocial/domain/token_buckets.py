"""Token buckets by key, whose rate may change from take to take (new connections of an address, W120).

Exact in whole numbers, so that Redis computes the same (take_token.lua): a token is 60,000 units, and a millisecond
refills as many units as the rate has tokens a minute.
"""

from __future__ import annotations

TOKEN_UNITS = 60_000
LONGEST_WAIT_MS = 60_000
_FORGET_EVERY = 1024
"""How many takes pass between two removals of full buckets, so that memory follows the keys in use."""


class _Bucket:
    __slots__ = ("full_ms", "queue_ms", "units", "updated_ms")

    def __init__(self, units: int, now_ms: int) -> None:
        self.units = units
        self.updated_ms = now_ms
        self.full_ms = now_ms
        """When it is full again. Then it is forgotten."""
        self.queue_ms = now_ms
        """The moment that the last refused caller was told."""


class TokenBuckets:
    __slots__ = ("_buckets", "_takes")

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._takes = 0

    def take(self, key: str, burst: int, per_minute: int, now_ms: int) -> int:
        """Take a token and return 0, or take none and return the ms to wait.

        A bucket holds at most `burst` tokens and is full at first. Since the last take it has refilled at `per_minute`.
        Callers that are refused one after another are told one token after another, so that they do not all come
        back for the same one; at most LONGEST_WAIT_MS.
        """
        self._takes += 1
        if self._takes % _FORGET_EVERY == 0:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.full_ms > now_ms}
        full = burst * TOKEN_UNITS
        bucket = self._buckets.get(key)
        if bucket is None or bucket.full_ms <= now_ms:
            bucket = self._buckets[key] = _Bucket(full, now_ms)
        bucket.units = min(full, bucket.units + (now_ms - bucket.updated_ms) * per_minute)
        bucket.updated_ms = now_ms
        wait_ms = 0
        if bucket.units >= TOKEN_UNITS:
            bucket.units -= TOKEN_UNITS
        else:
            next_ms = now_ms + _ceil_div(TOKEN_UNITS - bucket.units, per_minute)
            next_in_queue_ms = bucket.queue_ms + _ceil_div(TOKEN_UNITS, per_minute)
            bucket.queue_ms = min(now_ms + LONGEST_WAIT_MS, max(next_ms, next_in_queue_ms))
            wait_ms = bucket.queue_ms - now_ms
        bucket.full_ms = now_ms + _ceil_div(full - bucket.units, per_minute)
        return wait_ms

    def clear(self) -> None:
        self._buckets.clear()


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)
