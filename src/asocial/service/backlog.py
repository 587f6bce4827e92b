"""The memory of this process that waits for slow readers, and the limit on it.

Bytes are counted when they begin to wait and when they stop waiting, so a connection that keeps up costs nothing here.
A bytes object that waits for many connections is counted once. Above the limit, the connections furthest behind are
closed (4008), so that a few thousand slow readers cannot exhaust the memory of the process.

Never here: sockets, channels, frames.
"""

from __future__ import annotations

from typing import Protocol

from ..domain.errors import Disconnect, TooSlow
from ..domain.flush import Shared
from .counters import Counters

CLOSE_DOWN_TO = 7 / 8
"""The part of the limit that may remain after connections were closed, so that the next byte does not close more."""


class SlowReader(Protocol):
    """A connection with unsent bytes. Compared by identity."""

    @property
    def unsent_bytes(self) -> int: ...

    def close(self, disconnect: Disconnect) -> None:
        """Drop the unsent bytes and call `Backlog.mark_caught_up`."""
        ...


class Backlog:
    """Counts unsent bytes. `limit_bytes` of 0: no limit."""

    def __init__(self, limit_bytes: int, counters: Counters) -> None:
        self.bytes = 0
        self._limit_bytes = limit_bytes
        self._counters = counters
        self._slow_readers: dict[SlowReader, None] = {}
        self._closing = False

    def mark_behind(self, reader: SlowReader) -> None:
        """`reader` has unsent bytes. It may be closed to free memory, until `mark_caught_up`."""
        self._slow_readers[reader] = None

    def mark_caught_up(self, reader: SlowReader) -> None:
        """`reader` has no unsent bytes any more, or is being closed. Idempotent."""
        self._slow_readers.pop(reader, None)

    def retain(self, shared: Shared) -> None:
        """One more reader has not sent `shared` yet."""
        shared.holders += 1
        if shared.holders == 1:
            self.bytes += len(shared.data)

    def release(self, shared: Shared) -> None:
        """One of those readers has sent it, or is gone."""
        shared.holders -= 1
        if not shared.holders:
            self.bytes -= len(shared.data)

    def grow(self, size: int) -> None:
        """`size` more bytes wait for one reader alone."""
        self.bytes += size

    def shrink(self, size: int) -> None:
        """`size` of those bytes do not wait any more."""
        self.bytes -= size

    def check(self) -> None:
        """Call this after counting. May close any reader, also the one whose bytes were counted."""
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
