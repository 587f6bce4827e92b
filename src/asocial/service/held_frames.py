"""Frames for a connection whose snapshot is not written yet (W3).

They are kept by reference and counted in the backlog, like those that wait for a slow reader.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.errors import Disconnect
from ..domain.flush import Piece, Shared
from ..ports import Connection
from ..protocol.framing import leave_out
from .backlog import Backlog


class HeldFrames:
    """The frames of one connection between `Channel.attach` and `Channel.release`."""

    __slots__ = ("_backlog", "_closed", "_connection", "_held", "is_behind", "unsent_bytes")

    def __init__(self, connection: Connection, backlog: Backlog) -> None:
        self._closed = False
        self._connection = connection
        self._backlog = backlog
        self._held: list[tuple[Shared, Sequence[Piece] | None]] = []
        self.is_behind = False
        self.unsent_bytes = 0

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        if self._closed:
            return
        if not self._held:
            self._backlog.mark_behind(self)
        self._held.append((shared, pieces))
        own, size = _sizes(shared, pieces)
        self.is_behind = True
        self.unsent_bytes += size
        self._backlog.retain(shared)
        self._backlog.grow(own)
        self._backlog.check()

    def close(self, disconnect: Disconnect) -> None:
        self._closed = True
        self.drop()
        self._connection.close(disconnect)

    def release(self, in_snapshot: frozenset[bytes]) -> None:
        """Write the held frames, without the messages whose JSON is in `in_snapshot`."""
        held = self._held
        self.drop()
        for shared, pieces in held:
            self._connection.deliver(shared, _without(shared, pieces, in_snapshot) if in_snapshot else pieces)

    def drop(self) -> None:
        for shared, pieces in self._held:
            self._backlog.release(shared)
            self._backlog.shrink(_sizes(shared, pieces)[0])
        self._held = []
        self.is_behind = False
        self.unsent_bytes = 0
        self._backlog.mark_caught_up(self)


def _without(shared: Shared, pieces: Sequence[Piece] | None, in_snapshot: frozenset[bytes]) -> Sequence[Piece] | None:
    data = shared.data if pieces is None else b"".join(pieces)
    left = leave_out(data, in_snapshot)
    if len(left) == len(data):
        return pieces
    return [left] if left else []


def _sizes(shared: Shared, pieces: Sequence[Piece] | None) -> tuple[int, int]:
    """(bytes that are for one connection alone, all bytes)"""
    if pieces is None:
        return 0, len(shared.data)
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes)), sum(map(len, pieces))
