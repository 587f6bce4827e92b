"""Python's cycle collector, kept out of the way of people who talk.

A full collection looks at every object there is: 60 ms with 500 connections, and more with every one, while nobody
is served. Python starts one when enough objects have survived the younger generations, and a message survives them: it
lives for seconds. But messages are no cycles; their reference counts free them, and such a collection finds nothing.
What may leave cycles behind is the end of a connection. So full collections wait until enough connections have ended
(or ten minutes, for what nobody thought of), and the young generation is large enough that most of what a burst makes
is gone before it is looked at.

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
LOOKS_AT_MOST = 60
"""Looks between two full collections: ten minutes."""


class Garbage:
    """Collects in full when a quarter of the connections, and at least a thousand, have ended since the last time.

    `look` is called every LOOK_S.
    """

    def __init__(self) -> None:
        self._ended_before = 0
        self._looks = 0

    def settle(self) -> None:
        """Once all is built and nobody is in: what is there now stays, and is never looked at again."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)

    def look(self, *, ended: int, connected: int) -> bool:
        """Collect if it is time. `ended`: connections that have ended since the start. True if it was."""
        self._looks += 1
        if self._looks < LOOKS_AT_MOST and ended - self._ended_before < max(ENDED_AT_LEAST, connected // 4):
            return False
        self._ended_before, self._looks = ended, 0
        gc.collect()
        return True
