"""The server's clock, measured with `ping` and `pong` (W21). Setting this machine's clock does not disturb it."""

from __future__ import annotations

import time
from collections import deque

from .frames import Ping, Pong

MEASUREMENTS = 8
"""Of so many measurements, the one with the shortest round trip counts."""
FAR_OFF_MS = 5000
"""A `user_sync` that differs by more means that the measurements cannot be true any more (W86)."""
FUTURE_MS = 1000
"""So does a frame from further in the future than this."""


class Clock:
    def __init__(self) -> None:
        self._ahead_ms = time.time() * 1000 - self.monotonic_ms()
        """How far the server's clock is ahead of the monotonic one."""
        self._measured: deque[tuple[float, float]] = deque(maxlen=MEASUREMENTS)
        """(round trip, ahead), in ms."""
        self._sent: dict[int, float] = {}
        """When each `ping` without an answer was sent."""
        self._pings = 0

    @staticmethod
    def monotonic_ms() -> float:
        return time.monotonic() * 1000

    def now_ms(self) -> float:
        """The server's clock, in ms since the Unix epoch."""
        return self.monotonic_ms() + self._ahead_ms

    def begin(self) -> None:
        """A new connection: the pings of the last one get no answer."""
        self._sent.clear()

    def ping(self) -> Ping:
        """The frame to send now."""
        self._pings += 1
        self._sent[self._pings] = self.monotonic_ms()
        return Ping(self._pings)

    def measure(self, pong: Pong) -> None:
        """The answer to a `ping` arrived."""
        sent_ms = self._sent.pop(pong.t, None)
        if sent_ms is not None:
            arrived_ms = self.monotonic_ms()
            self._measured.append((arrived_ms - sent_ms, pong.timestamp - (sent_ms + arrived_ms) / 2))
            self._ahead_ms = min(self._measured)[1]

    def synchronize(self, timestamp: int) -> None:
        """A `user_sync` shows this time. It is used until there is a measurement."""
        if not self._measured or abs(timestamp - self.now_ms()) > FAR_OFF_MS:
            self._start_again(timestamp)

    def doubts(self, timestamp: int) -> bool:
        """Whether a frame of this time shows that the clock is wrong. Then it starts again from that time (W86)."""
        if timestamp - self.now_ms() <= FUTURE_MS:
            return False
        self._start_again(timestamp)
        return True

    def shift(self, by_ms: int) -> None:
        """The server's clock was set (W85)."""
        self._ahead_ms += by_ms
        self._measured = deque(((trip, ahead + by_ms) for trip, ahead in self._measured), maxlen=MEASUREMENTS)

    def _start_again(self, timestamp: int) -> None:
        # A `pong` that is on its way measures the time before.
        self._sent.clear()
        self._measured.clear()
        self._ahead_ms = timestamp - self.monotonic_ms()
