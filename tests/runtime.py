"""What a process uses (loop, clocks, counters), for parts that a test makes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from asocial.service.clock import Clock
from asocial.service.meters import Meters
from asocial.service.runtime import Runtime


def make_runtime(now_ms: Callable[[], int] | None = None, meters: Meters | None = None) -> Runtime:
    """`now_ms` takes the place of all clocks."""
    meters = meters or Meters()
    clock = Clock(meters) if now_ms is None else Clock.by(now_ms, meters)
    return Runtime(asyncio.get_running_loop(), clock, meters)
