"""At most so many a second, and the latest always arrives (W26): drafts and cursors of one session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from ..domain.limits import TokenBucket

T = TypeVar("T")


class Latest(Generic[T]):
    """Passes values to `send` at up to `rate` a second; above that only the latest waits for its turn."""

    __slots__ = ("_bucket", "_loop", "_send", "_timer", "_waiting")

    def __init__(self, rate: float, loop: asyncio.AbstractEventLoop, send: Callable[[T], None]) -> None:
        self._bucket = TokenBucket(rate, rate, loop.time())
        self._loop = loop
        self._send = send
        self._waiting: T | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> T | None:
        """The value whose turn has not come yet."""
        return self._waiting

    def offer(self, value: T) -> None:
        if self._timer is not None:
            self._waiting = value
            return
        wait = self._bucket.take(self._loop.time())
        if wait == 0.0:
            self._send(value)
        else:
            self._waiting = value
            self._timer = self._loop.call_later(wait, self._turn)

    def drop(self) -> None:
        """Forget the value that waits."""
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        value, self._waiting, self._timer = self._waiting, None, None
        if value is not None:
            self.offer(value)
