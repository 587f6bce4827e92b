"""Which live messages a connection of a crowd has, and which it lacks when its viewport moves (W163).

The rule that makes this cheap: a connection has every live message of the cells of its region. So one that left a
region has what was sent to its cells before that moment, and needs what came later when it returns. Moments are
counted by `CrowdMemory.sequence`, which grows with each flush.

Messages are kept as the frames that were sent, undecoded, for as long as one can live.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from .cells import Cell, Region
from .message import Dated

C = TypeVar("C")

LIMIT_BYTES = 8 * 1024 * 1024
"""The most bytes kept for one crowd. Above it, the oldest are dropped; only clients that move miss them."""
MAX_PAST_REGIONS = 64
"""About as many viewports as one client can have within the life of a message."""


class Kept:
    """Frames that were sent. `everyone`: to all connections of that moment. `sender`: the connection that has them."""

    __slots__ = ("at", "cells", "everyone", "frames", "is_over", "messages", "sender", "sequence")

    def __init__(
        self,
        sequence: int,
        cells: tuple[Cell, ...],
        frames: bytes,
        at: float,
        sender: object = None,
        *,
        everyone: bool = False,
    ) -> None:
        self.sequence = sequence
        self.cells = cells
        self.frames = frames
        self.at = at
        self.sender = sender
        self.everyone = everyone
        self.is_over = False
        """Whether nothing in `frames` is live any more."""
        self.messages: Sequence[Dated] | None = None
        """The messages in `frames`, once somebody needed them: many viewports move to the same cells."""


class _Past(NamedTuple):
    region: Region | None
    until: int
    at: float


class _History:
    """What one connection saw. `joined`: the sequence when it came."""

    __slots__ = ("joined", "past", "snapshot", "snapshot_at")

    def __init__(self, joined: int) -> None:
        self.joined = joined
        self.past: deque[_Past] = deque(maxlen=MAX_PAST_REGIONS)
        self.snapshot: frozenset[bytes] = frozenset()
        self.snapshot_at = 0.0


class CrowdMemory(Generic[C]):
    """`life_s`: the longest life of a message. Times are seconds of one monotonic clock."""

    __slots__ = ("_by_cell", "_bytes", "_dropped", "_history", "_kept", "_life_s", "_limit_bytes", "_since", "sequence")

    def __init__(self, life_s: float, members: Iterable[C], now: float, limit_bytes: int = LIMIT_BYTES) -> None:
        """`members`: the connections of the channel when it becomes a crowd. They have all that is live."""
        self._life_s = life_s
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._kept: deque[Kept] = deque()
        self._by_cell: dict[Cell, deque[Kept]] = {}
        self._history: dict[C, _History] = {member: _History(0) for member in members}
        self._since = now
        self.sequence = 1
        """Counts what was written."""
        self._dropped = 0

    def join(self, connection: C) -> None:
        """A connection comes. It gets a snapshot of its region."""
        self._history[connection] = _History(self.sequence)

    def remember_snapshot(self, connection: C, bodies: frozenset[bytes], now: float) -> None:
        """The JSON of the messages in the connection's snapshot: some of them may be kept here only later."""
        history = self._history.get(connection)
        if history is not None:
            history.snapshot, history.snapshot_at = bodies, now

    def snapshot_of(self, connection: C, now: float) -> frozenset[bytes]:
        """The messages of the connection's snapshot, as long as they can live."""
        history = self._history.get(connection)
        if history is None or not history.snapshot:
            return frozenset()
        if now - history.snapshot_at > self._life_s:
            history.snapshot = frozenset()
        return history.snapshot

    def leave(self, connection: C) -> None:
        self._history.pop(connection, None)

    def keep(
        self,
        cells: tuple[Cell, ...],
        frames: bytes,
        now: float,
        *,
        sender: C | None = None,
        everyone: bool = False,
    ) -> None:
        """These frames are written now, to the regions that hold one of the cells, or to everyone."""
        kept = Kept(self.sequence, cells, frames, now, sender, everyone=everyone)
        self.sequence += 1
        self._kept.append(kept)
        for cell in cells:
            self._by_cell.setdefault(cell, deque()).append(kept)
        self._count(frames, now)

    def keep_earlier(self, messages: Iterable[tuple[tuple[Cell, ...], bytes]], now: float) -> None:
        """The messages that were live when the channel became a crowd: (cells, frame), the oldest first."""
        for cells, frame in reversed(list(messages)):
            kept = Kept(0, cells, frame, self._since, everyone=True)
            self._kept.appendleft(kept)
            for cell in cells:
                self._by_cell.setdefault(cell, deque()).appendleft(kept)
            self._count(frame, now)

    def _count(self, frames: bytes, now: float) -> None:
        self._bytes += len(frames)
        self.expire(now)
        while self._bytes > self._limit_bytes:
            self._drop_oldest()
            self._dropped += 1

    @property
    def has_earlier(self) -> bool:
        """Whether messages from before the crowd are kept."""
        return bool(self._kept) and self._kept[0].sequence == 0

    def frames(self) -> Iterator[bytes]:
        """All frames that are kept."""
        return (kept.frames for kept in self._kept)

    def take_dropped(self) -> int:
        """How many were dropped because of the limit since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def expire(self, now: float) -> None:
        """Drop what cannot be live any more."""
        while self._kept and now - self._kept[0].at > self._life_s:
            self._drop_oldest()

    def rewrite(self, frames: Callable[[bytes], bytes], body: Callable[[bytes], bytes]) -> None:
        """Change what is kept: `frames` the frames, `body` the JSON of messages in snapshots."""
        changed = {
            id(kept): Kept(kept.sequence, kept.cells, frames(kept.frames), kept.at, kept.sender, everyone=kept.everyone)
            for kept in self._kept
        }
        self._by_cell = {cell: deque(changed[id(kept)] for kept in of_cell) for cell, of_cell in self._by_cell.items()}
        self._kept = deque(changed.values())
        self._bytes = sum(len(kept.frames) for kept in self._kept)
        for history in self._history.values():
            history.snapshot = frozenset(map(body, history.snapshot))

    def move(self, connection: C, before: Region | None, after: Region | None, now: float) -> list[Kept]:
        """The region of a connection changes. Returns the frames of the new one that it lacks, the oldest first.

        A region None holds everything.
        """
        history = self._history.get(connection)
        if history is None:
            return []
        while history.past and now - history.past[0].at > self._life_s:
            history.past.popleft()
        self.expire(now)
        history.past.append(_Past(before, self.sequence, now))
        if after is None:
            return [kept for kept in self._kept if not self._has(connection, history, kept)]
        found: dict[int, Kept] = {}
        for cell in after.cells():
            of_cell = self._by_cell.get(cell)
            if of_cell is None or (before is not None and before.holds(cell)):
                continue
            # From the newest back to what it saw there, so that the cost is that of what it lacks.
            saw = [past.until for past in history.past if past.region is None or past.region.holds(cell)]
            seen = max(saw, default=0)
            for kept in reversed(of_cell):
                if kept.sequence < seen:
                    break
                # Of frames with one cell, which it did not see, it has only its own.
                has_otherwise = kept.everyone or kept.sender == connection or len(kept.cells) > 1
                if not (kept.is_over or (has_otherwise and self._has(connection, history, kept))):
                    found[id(kept)] = kept
        # Those from before the crowd have one sequence: the sort leaves them in the order in which they came.
        oldest_first = list(found.values())[::-1]
        return sorted(oldest_first, key=lambda kept: kept.sequence)

    def _has(self, connection: C, history: _History, kept: Kept) -> bool:
        if kept.sender is not None and kept.sender == connection:
            return True
        if kept.everyone and history.joined <= kept.sequence:
            return True
        return any(
            past.until > kept.sequence and (past.region is None or any(past.region.holds(cell) for cell in kept.cells))
            for past in history.past
        )

    def _drop_oldest(self) -> None:
        kept = self._kept.popleft()
        self._bytes -= len(kept.frames)
        for cell in kept.cells:
            of_cell = self._by_cell[cell]
            of_cell.popleft()
            if not of_cell:
                del self._by_cell[cell]
