"""Python's cycle collector, kept out of the way of people who talk.

A full collection looks at every object there is: 60 ms with 500 connections, and more with every one, while nobody
is served. Python starts one when enough objects have survived the younger generations, and a message survives them: it
lives for seconds. But a message is no cycle, and a connection that has ended is none either (a test holds us to that):
their reference counts free them at once, and such a collection finds nothing. So one is started here every ten minutes,
for what nobody thought of, and the young generation is large enough that most of what a burst makes is gone before it
is looked at.

For the process that serves, not for one that merely embeds an Asocial: the collector is the whole process's.
"""

from __future__ import annotations

import gc

YOUNG = 5_000
"""Objects made and not freed before the youngest are looked at: about 1 ms of work."""
MIDDLE = 10
NEVER = 1_000_000
"""Collections of the middle generation before a full one: it is started here instead."""
COLLECT_S = 600.0
"""Between two full collections."""


def settle() -> None:
    """Once all is built and nobody is in: what is there now stays, and is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
