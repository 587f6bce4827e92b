"""Python's cycle collector, kept out of the way of people who talk.

A full collection looks at every object there is: 60 ms with 500 connections, and more with every one, while nobody
is served. Python starts one when enough objects have survived the younger generations, and a message survives them: it
lives for seconds. But a message is no cycle, and a connection that has ended is none either (a test holds us to that):
their reference counts free them at once, and such a collection finds nothing. So it is started here, for what nobody
thought of: after ten minutes, and then ever more rarely while it finds little, since with 5,000 connections it keeps
everybody waiting for a quarter of a second. The young generation is large enough that most of what a burst makes is
gone before it is looked at.

For the process that serves, not for one that merely embeds an Asocial: the collector is the whole process's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys

YOUNG = 5_000
"""Objects made and not freed before the youngest are looked at: about 1 ms of work."""
MIDDLE = 10
NEVER = 1_000_000
"""Collections of the middle generation before a full one: it is started here instead."""
SOONEST_S = 600.0
RAREST_S = 6 * 3600.0
"""Between two full collections."""
LITTLE = 10_000
"""Objects that were garbage, about 1 MB of them."""


def freeze_startup_objects() -> None:
    """Once all is built and nobody is in: what is there now stays, and is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    _return_free_memory()


def wait_after(waited_s: float, found: int) -> float:
    """Seconds until the next full collection, after `waited_s` had left `found` objects for this one."""
    return SOONEST_S if found >= LITTLE else min(2 * waited_s, RAREST_S)


def _return_free_memory() -> None:
    """Give back to the system what the imports used and freed: about 3 MiB. glibc keeps it otherwise."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(AttributeError, OSError):  # musl has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


async def collect() -> None:
    """Collect now and then. Runs until cancelled."""
    wait_s = SOONEST_S
    while True:
        await asyncio.sleep(wait_s)
        wait_s = wait_after(wait_s, gc.collect())
