"""What a process uses (loop, clocks, counters), for parts that a test makes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from asocial.service.clock import Clock
from asocial.service.counters import Counters
from asocial.service.runtime import Runtime


def make_runtime(now_ms: Callable[[], int] | None = None, counters: Counters | None = None) -> Runtime:
    """`now_ms` takes the place of all clocks."""
    counters = counters or Counters()
    clock = Clock(counters)
    if now_ms is not None:
        clock = Clock(counters, wall_ns=lambda: now_ms() * 1_000_000, monotonic_ns=lambda: now_ms() * 1_000_000)
    return Runtime(asyncio.get_running_loop(), clock, counters)
