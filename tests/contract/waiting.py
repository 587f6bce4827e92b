"""Waiting for what another process does: a condition and a deadline, never a bare sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 5.0


async def eventually(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Return once `condition()` holds; fail with `what` if it does not in time."""
    deadline = asyncio.get_running_loop().time() + patience_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not within {patience_s} s: {what}"
        await asyncio.sleep(0.005)


async def eventually_is(ask: Callable[[], Awaitable[object]], expected: object, patience_s: float = PATIENCE_S) -> None:
    """Return once `await ask()` equals `expected`; fail with the last answer if it does not in time."""
    deadline = asyncio.get_running_loop().time() + patience_s
    while (answer := await ask()) != expected:
        assert asyncio.get_running_loop().time() < deadline, f"still {answer!r}, expected {expected!r}"
        await asyncio.sleep(0.005)
