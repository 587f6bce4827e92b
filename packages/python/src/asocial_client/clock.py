"""The server's clock, measured with `ping` and `pong` (W21). Setting this machine's clock does not disturb it."""

from __future__ import annotations

import time
from collections import deque

MEASUREMENTS = 8
"""Of so many measurements, the one with the shortest round trip counts."""
FAR_OFF_MS = 5000
"""A `user_sync` that differs by more means that the measurements are worth nothing any more (W86)."""


class Clock:
    def __init__(self) -> None:
        self._ahead_ms = time.time() * 1000 - self.monotonic_ms()
        """How far the server's clock is ahead of the monotonic one."""
        self._measured: deque[tuple[float, float]] = deque(maxlen=MEASUREMENTS)
        """(round trip, ahead), in ms."""

    @staticmethod
    def monotonic_ms() -> float:
        return time.monotonic() * 1000

    def now_ms(self) -> float:
        """The server's clock, in ms since the Unix epoch."""
        return self.monotonic_ms() + self._ahead_ms

    def measure(self, sent_ms: float, timestamp: int) -> None:
        """A `pong` arrived, whose `ping` was sent at `sent_ms` of the monotonic clock."""
        arrived_ms = self.monotonic_ms()
        self._measured.append((arrived_ms - sent_ms, timestamp - (sent_ms + arrived_ms) / 2))
        self._ahead_ms = min(self._measured)[1]

    def synchronize(self, timestamp: int) -> None:
        """A `user_sync` shows this time. It is used until there is a measurement."""
        if not self._measured or abs(timestamp - self.now_ms()) > FAR_OFF_MS:
            self._measured.clear()
            self._ahead_ms = timestamp - self.monotonic_ms()

    def shift(self, by_ms: int) -> None:
        """The server's clock was set (W85)."""
        self._ahead_ms += by_ms
        self._measured = deque(((trip, ahead + by_ms) for trip, ahead in self._measured), maxlen=MEASUREMENTS)
