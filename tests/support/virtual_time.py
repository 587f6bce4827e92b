"""An event loop with a virtual clock: when no task can run, the clock jumps to the next timer.

`asyncio.sleep(1)` takes no real time, and timers fire in their exact order. So a test of timers is fast, and the same
on every machine. It does not fit tests that wait for a thread, a socket or a process: those take real time, which this
clock does not count.
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
