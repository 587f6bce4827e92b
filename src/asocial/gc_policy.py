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
import gc

YOUNG = 5_000
"""Objects made and not freed before the youngest are looked at: about 1 ms of work."""
MIDDLE = 10
NEVER = 1_000_000
"""Collections of the middle generation before a full one: it is started here instead."""
MIN_WAIT_S = 600.0
MAX_WAIT_S = 6 * 3600.0
"""Between two full collections."""
FEW_OBJECTS = 10_000
"""Objects that were garbage, about 1 MB of them."""


def freeze_startup_objects() -> None:
    """Once all is built and nobody is in: what is there now stays, and is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)


def wait_after(waited_s: float, found: int) -> float:
    """Seconds until the next full collection, after `waited_s` had left `found` objects for this one."""
    return MIN_WAIT_S if found >= FEW_OBJECTS else min(2 * waited_s, MAX_WAIT_S)


async def collect() -> None:
    """Collect now and then. Runs until cancelled."""
    wait_s = MIN_WAIT_S
    while True:
        await asyncio.sleep(wait_s)
        wait_s = wait_after(wait_s, gc.collect())
