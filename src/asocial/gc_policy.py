"""Runs Python's cycle collector rarely, because a full collection stops the process.

It takes 60 ms with 500 connections and 250 ms with 5,000. Python starts one when enough objects have survived the
younger generations, and messages survive them, since they live for seconds. But neither messages nor ended connections
form reference cycles (a test checks that), so their reference counts free them, and a full collection finds nothing. So
this module starts it instead, for leaks that we did not expect: after ten minutes, then less and less often while it
finds little. The young generation is large enough that most short-lived objects are freed before it is collected.

Only for a process that does nothing but serve: the collector is shared by the whole process.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys

YOUNG = 20_000
"""Objects created and not freed before the youngest generation is collected: about 4 ms of work. With 5,000, which take
1 ms, a crowd of 10,000 spends 5 % more of its processor: the pointers of one tick are still in use."""
MIDDLE = 1
"""Young collections after which the next one includes the middle generation. With 10, that went through 200,000 objects
in 60 to 75 ms while 500 channels of ten sent 6,000 messages a second. More often is the same work in shorter pauses."""
NEVER = 1_000_000
"""Collections of the middle generation before a full one. Python never starts one; `collect` does."""
MIN_WAIT_S = 600.0
MAX_WAIT_S = 6 * 3600.0
"""The shortest and the longest time between two full collections."""
FEW_OBJECTS = 10_000
"""A collection that found fewer objects than this (about 1 MB) found little."""


def freeze_startup_objects() -> None:
    """Call this when everything is built and nobody is connected: existing objects are never collected again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    _return_free_memory()


def wait_after(waited_s: float, found: int) -> float:
    """Seconds until the next full collection, if this one found `found` objects after `waited_s`."""
    return MIN_WAIT_S if found >= FEW_OBJECTS else min(2 * waited_s, MAX_WAIT_S)


def _return_free_memory() -> None:
    """Give back to the system what the imports used and freed: about 3 MiB. glibc keeps it otherwise."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(AttributeError, OSError):  # musl has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


async def collect() -> None:
    """Collect from time to time, until cancelled."""
    wait_s = MIN_WAIT_S
    while True:
        await asyncio.sleep(wait_s)
        wait_s = wait_after(wait_s, gc.collect())
