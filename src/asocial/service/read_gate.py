"""The queue of connections that are not read while too much waits for a channel's next flushes (W71)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

WAITING_BYTES = 256 * 1024
"""While more than this waits for the next flushes, members are not read: more would only wait longer here."""


class HasWaitingBytes(Protocol):
    @property
    def waiting_bytes(self) -> int: ...


class ReadGate:
    """`outbox`: of the channel. The gate does not know the channel: a cycle would outlive it (gc_policy.py)."""

    def __init__(self, outbox: HasWaitingBytes, loop: asyncio.AbstractEventLoop) -> None:
        self._outbox = outbox
        self._loop = loop
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._resumed: asyncio.Future[None] | None = None
        """The waiter that was resumed and has not run yet."""

    def watch(self, outbox: HasWaitingBytes) -> None:
        """The channel has another outbox from now on."""
        self._outbox = outbox
        self.resume_next()

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be read from members: see `wait`."""
        return self._outbox.waiting_bytes > WAITING_BYTES

    async def wait(self) -> None:
        """Wait until there is room. The connection that waits longest is read first."""
        enqueue = self._waiters.append
        while self.is_full:
            waiter = self._loop.create_future()
            enqueue(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._finish_turn(waiter)
                self.resume_next()
                raise
            self._finish_turn(waiter)
            enqueue = self._waiters.appendleft  # it keeps its place if there is no room again
        self.resume_next()

    def resume_next(self) -> None:
        """Resume one waiter if there is room. It resumes the next one, a turn of the loop later, if there still is."""
        while self._waiters and self._resumed is None and not self.is_full:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._resumed = waiter

    def _finish_turn(self, waiter: asyncio.Future[None]) -> None:
        if self._resumed is waiter:
            self._resumed = None
