"""The memory of one process that waits for clients to read, and the limit on it.

Counted when it begins to wait and when it ends, so a connection that keeps up costs nothing here. The same bytes object
for many connections takes memory once, and is counted once. Above the limit, the connections furthest behind are closed
(4008), so that a few thousand slow readers cannot take the process down with them.

Never here: sockets, channels, frames.
"""

from __future__ import annotations

from typing import Protocol

from ..domain.errors import Disconnect, TooSlow
from ..domain.outbox import Shared
from .counters import Counters

CLOSE_DOWN_TO = 7 / 8
"""Of the limit, what may be left after connections were closed: so that they are not sorted again for the next byte."""


class SlowReader(Protocol):
    """A reader that something waits for. Compared by identity."""

    @property
    def unsent_bytes(self) -> int: ...

    def close(self, disconnect: Disconnect) -> None:
        """Let go of what waits, and tell `Backlog.mark_caught_up`."""
        ...


class Backlog:
    """Counts what waits. `limit_bytes` of 0: no limit."""

    def __init__(self, limit_bytes: int, counters: Counters) -> None:
        self.bytes = 0
        self._limit_bytes = limit_bytes
        self._counters = counters
        self._slow_readers: dict[SlowReader, None] = {}
        self._closing = False

    def mark_behind(self, reader: SlowReader) -> None:
        """Something waits for `reader`: it may be closed to make room, until `mark_caught_up`."""
        self._slow_readers[reader] = None

    def mark_caught_up(self, reader: SlowReader) -> None:
        """Nothing waits for `reader` any more, or it is being closed. Idempotent."""
        self._slow_readers.pop(reader, None)

    def retain(self, shared: Shared) -> None:
        """One more reader has not sent `shared` yet."""
        shared.holders += 1
        if shared.holders == 1:
            self.bytes += len(shared.data)

    def release(self, shared: Shared) -> None:
        """One of those has sent it, or is gone."""
        shared.holders -= 1
        if not shared.holders:
            self.bytes -= len(shared.data)

    def grow(self, size: int) -> None:
        """So many bytes more wait for one reader alone."""
        self.bytes += size

    def shrink(self, size: int) -> None:
        """So many of those wait no more."""
        self.bytes -= size

    def check(self) -> None:
        """Call this after something was counted. May close any reader, also the one that it was counted for."""
        if 0 < self._limit_bytes < self.bytes and not self._closing:
            self._close_slowest()

    def _close_slowest(self) -> None:
        self._closing = True
        try:
            for reader in sorted(self._slow_readers, key=lambda each: each.unsent_bytes, reverse=True):
                if self.bytes <= self._limit_bytes * CLOSE_DOWN_TO:
                    break
                self._counters.unsent_relieved += 1
                reader.close(TooSlow())
        finally:
            self._closing = False
