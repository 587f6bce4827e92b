"""Writes one flush to connections: to each that keeps up everything, to slow ones without the volatile lane."""

from __future__ import annotations

from collections.abc import Iterable

from ..domain.flush import Flush
from ..ports import Connection
from .held_frames import HeldFrames

UNSENT_LIMIT_BYTES = 1024 * 1024
"""A connection with more unsent bytes than this is closed (4008). The other members do not wait for it."""
VOLATILE_UNSENT_LIMIT_BYTES = 64 * 1024
"""A connection with more unsent bytes than this gets no drafts, cursors and reactions until it has caught up."""


def write_flush(
    flush: Flush[Connection], readers: Iterable[tuple[Connection, HeldFrames | None]]
) -> tuple[list[Connection], int]:
    """Returns the connections that are too slow and got nothing, and how many got no volatile frames.

    `readers`: each with the frames held back from it, if its snapshot is not written yet.
    """
    shared, personal = flush.shared, flush.personal
    slow, skipped = [], 0
    for connection, held in readers:
        reader = connection if held is None else held
        if reader.is_behind and (unsent := reader.unsent_bytes) > VOLATILE_UNSENT_LIMIT_BYTES:
            if unsent > UNSENT_LIMIT_BYTES:
                slow.append(connection)
                continue
            skipped += flush.carries_volatile
            reader.deliver(shared, flush.pieces(connection, reliable_only=True))
        elif connection in personal:
            reader.deliver(shared, flush.pieces(connection))
        else:
            reader.deliver(shared)
    return slow, skipped
