"""Limits the rate of drafts, cursors and views of one session. The latest value always arrives (W26).

A limit for each connection does not stop a person who opens many connections as guests. So each address has a budget
too, which its connections on this process share (W74).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from ..domain.limits import TokenBucket

T = TypeVar("T")

EXHAUSTED_WAIT_S = 0.1
"""How long a value waits at least when the address's budget is used up: many connections may wait for it."""


class AddressBuckets:
    """One bucket for each address with connections here. A `rate` of 0: no limit."""

    def __init__(self, rate: float, loop: asyncio.AbstractEventLoop) -> None:
        self._rate = rate
        self._loop = loop
        self._shared: dict[str, tuple[TokenBucket, int]] = {}

    def acquire(self, address: str) -> TokenBucket | None:
        """The bucket of an address, for one more connection. Call `release` once for each `acquire`."""
        if not (self._rate and address):
            return None
        bucket, users = self._shared.get(address) or (TokenBucket(self._rate, self._rate, self._loop.time()), 0)
        self._shared[address] = (bucket, users + 1)
        return bucket

    def release(self, address: str) -> None:
        bucket_and_users = self._shared.pop(address, None)
        if bucket_and_users is not None and bucket_and_users[1] > 1:
            self._shared[address] = (bucket_and_users[0], bucket_and_users[1] - 1)


class ThrottledLatest(Generic[T]):
    """Passes values to `send` at up to `rate` a second. Above that, only the latest value waits.

    `budget`: a bucket that others share; each value takes `weight` of it.
    """

    __slots__ = ("_bucket", "_budget", "_loop", "_send", "_timer", "_waiting", "_weight")

    def __init__(
        self,
        rate: float,
        loop: asyncio.AbstractEventLoop,
        send: Callable[[T], None],
        budget: TokenBucket | None = None,
        weight: float = 1.0,
    ) -> None:
        self._budget = budget
        self._weight = weight
        self._bucket = TokenBucket(rate, rate, loop.time())
        self._loop = loop
        self._send = send
        self._waiting: T | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> T | None:
        """The value that waits to be sent."""
        return self._waiting

    def offer(self, value: T) -> None:
        if self._timer is not None:
            self._waiting = value
            return
        now = self._loop.time()
        wait = self._bucket.take(now)
        if wait == 0.0 and self._budget is not None:
            wait = self._budget.take(now, self._weight)
            if wait:
                wait = max(wait, EXHAUSTED_WAIT_S)
        if wait == 0.0:
            self._send(value)
        else:
            self._waiting = value
            self._timer = self._loop.call_later(wait, self._send_waiting)

    def drop(self) -> None:
        """Drop the waiting value."""
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send_waiting(self) -> None:
        value, self._waiting, self._timer = self._waiting, None, None
        if value is not None:
            self.offer(value)
