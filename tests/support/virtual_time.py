"""A loop whose clock is virtual: where nothing is left to do, it jumps to the next timer.

`asyncio.sleep(1)` takes no time, and what happens within it happens in exactly the order that the timers have. So a
test of timers is as quick as one without, and the same on every machine. Not for tests that wait for a thread, a socket
or a process: their work takes real time, which this clock does not count.
"""

from __future__ import annotations

import asyncio
import selectors

TURN_S = 1e-6
"""What a turn of the loop costs. Without it a timer that is early by a rounding error would never be due."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its `time()` moves only where every task waits for a timer, or by `advance`."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """As if the loop had been busy, or held up, for so long."""
        self._now_s += seconds


class _Jumping(selectors.DefaultSelector):
    """A selector that does not wait for a timer: it tells the loop that it has waited."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        self._loop.advance(TURN_S if ready else timeout + TURN_S)
        return ready
