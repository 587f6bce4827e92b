"""Python's cycle collector, kept out of the way of people who talk.

A full collection looks at every object there is: 60 ms with 500 connections, and more with every one, while nobody
is served. Python starts one when enough objects have survived the younger generations, and a message survives them: it
lives for seconds. But messages are no cycles; their reference counts free them, and such a collection finds nothing.
What may leave cycles behind is the end of a connection. So full collections wait until enough connections have ended,
and the young generation is large enough that most of what a burst makes is gone before it is looked at.

For the process that serves, not for one that merely embeds an Asocial: the collector is the whole process's.
"""

from __future__ import annotations

import gc

YOUNG = 5_000
"""Objects made and not freed before the youngest are looked at: about 1 ms of work."""
MIDDLE = 10
NEVER = 1_000_000
"""Collections of the middle generation before a full one: it is started here instead."""
ENDED_AT_LEAST = 1_000
LOOK_S = 10.0


class Garbage:
    """Collects in full when a quarter of the connections, and at least a thousand, have ended since the last time."""

    def __init__(self) -> None:
        self._ended_before = 0

    def settle(self) -> None:
        """Once all is built and nobody is in: what is there now stays, and is never looked at again."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)

    def look(self, *, ended: int, connected: int) -> bool:
        """Collect if it is time. `ended`: connections that have ended since the start. True if it was."""
        if ended - self._ended_before < max(ENDED_AT_LEAST, connected // 4):
            return False
        self._ended_before = ended
        gc.collect()
        return True
