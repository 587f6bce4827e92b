"""The share of its time in which the loop's thread works, or waits for a core to work on.

Processor time alone does not show an overloaded process that shares its core: it gets half of the core, and works for
half of the time only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SCHEDSTAT = Path("/proc/thread-self/schedstat")
"""Linux: the thread's processor time, and its time in a run queue, both in ns (Documentation/scheduler/sched-stats)."""


def occupied_s(schedstat: Path = SCHEDSTAT) -> float:
    """The time for which this thread has worked or waited for a core. Elsewhere than on Linux: has worked."""
    try:
        _, waited_ns, _ = map(int, schedstat.read_text().split())
    except (OSError, ValueError):
        return time.thread_time()
    # Not the file's processor time: kernels without these statistics say 0.
    return time.thread_time() + waited_ns / 1e9


class Occupancy:
    """Of the thread that calls it. `now`: seconds of the clock that `share` gets."""

    __slots__ = ("_before", "_read")

    def __init__(self, now: float, read: Callable[[], float] = occupied_s) -> None:
        self._read = read
        self._before = read(), now

    def share(self, now: float) -> float:
        """The share of the time since the last call."""
        occupied_before, before = self._before
        self._before = occupied, _ = self._read(), now
        return (occupied - occupied_before) / (now - before) if now > before else 0.0
