"""How tests wait: for a condition, never for a fixed time.

`PATIENCE_S` bounds every wait. A test that passes stops waiting when the condition holds, so only a failing test takes
that long. No result may depend on the speed of the machine: to show that something does not happen, wait for an event
that comes after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable

PATIENCE_S = 60.0
"""Far longer than anything takes on a busy machine."""
SOONEST_S, LATEST_S = 0.01, 0.05
"""The shortest and the longest time between two questions. One that a browser answers costs as much as the work that it
waits for, so they come less often the longer it takes."""
LONG_LEASE_MS = 10 * 60_000
"""The lease of a process that must survive a test, whatever the machine does meanwhile."""


async def eventually(
    condition: Callable[[], object | Awaitable[object]], what: str, *, patience_s: float = PATIENCE_S
) -> float:
    """Poll until `condition()` holds, and return the seconds that took; fail with `what` if it never does."""
    began = time.monotonic()
    while True:
        holds = condition()
        if inspect.isawaitable(holds):
            holds = await holds
        if holds:
            return time.monotonic() - began
        assert time.monotonic() < began + patience_s, f"within {patience_s:g} s never: {what}"
        await asyncio.sleep(_pause_s(began))


async def eventually_is(
    ask: Callable[[], Awaitable[object]], expected: object, *, patience_s: float = PATIENCE_S
) -> None:
    """Poll until `await ask()` equals `expected`; fail with the last answer if it never does."""
    began = time.monotonic()
    while (answer := await ask()) != expected:
        assert time.monotonic() < began + patience_s, f"after {patience_s:g} s still {answer!r}, expected {expected!r}"
        await asyncio.sleep(_pause_s(began))


def _pause_s(began: float) -> float:
    return min(max(SOONEST_S, (time.monotonic() - began) / 4), LATEST_S)


def until(condition: Callable[[], object], what: str, *, patience_s: float = PATIENCE_S) -> None:
    """The same for code without a loop. A refused connection means: not yet."""
    deadline = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"within {patience_s:g} s never: {what}")
        time.sleep(0.02)
