"""The bytes of one flush: one object for everyone, and slices of it for some connections (outbox.py).

So no sender costs a copy of the flush.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

C = TypeVar("C")

SLICE_BYTES = 2048
"""A shorter piece is copied and joined with its neighbours, because each slice costs time and memory of its own."""

Piece: TypeAlias = bytes | memoryview
"""Whole frames. A memoryview is a slice of bytes that other connections get too."""
Cut: TypeAlias = tuple[int, int, bytes]
"""(from, to, replacement): positions in the bytes of a flush."""


class FlushLimit(NamedTuple):
    """The most that one flush carries: frames, and bytes of this process and of others. One frame always fits."""

    frames: int
    bytes: int


class FlushCounts(NamedTuple):
    """What one flush carries of this process, by kind: frames and bytes. A frame that has a reply is a message."""

    messages: int = 0
    message_bytes: int = 0
    events: int = 0
    event_bytes: int = 0
    drafts: int = 0
    draft_bytes: int = 0
    transient: int = 0
    transient_bytes: int = 0


class Shared:
    """Bytes that many connections get. `holders`: how many of them have not sent them yet (service/backlog.py)."""

    __slots__ = ("data", "holders")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.holders = 0


class Flush(Generic[C]):
    """The bytes of one flush.

    Everyone gets `shared`, except the connections in `personal`, which get `pieces`. `reliable` and `volatile`: what
    this process adds, for the broker.
    """

    __slots__ = ("_volatile_cuts", "counts", "personal", "reliable", "shared", "volatile")

    def __init__(
        self,
        shared: bytes,
        local: tuple[int, int],
        volatile: Sequence[Cut],
        personal: dict[C, list[Cut]],
        counts: FlushCounts,
    ) -> None:
        """`local`: where the two lanes of this process end. `volatile`: all volatile parts, as cuts."""
        self.shared = Shared(shared)
        self.reliable = shared[: local[0]]
        self.volatile = shared[local[0] : local[1]]
        self.personal = personal
        self.counts = counts
        self._volatile_cuts = volatile

    @property
    def carries_volatile(self) -> bool:
        return bool(self._volatile_cuts)

    def cut(self, connection: C, spans: Sequence[Cut]) -> None:
        """Remove these spans, which are in order, from what `connection` gets."""
        self.personal[connection] = sorted([*self.personal.get(connection, ()), *spans], key=lambda cut: cut[0])

    def pieces(self, connection: C, *, reliable_only: bool = False) -> list[Piece]:
        """What `connection` gets, in order. `reliable_only`: without the volatile lane, for a slow reader."""
        cuts = self.personal.get(connection, [])
        if reliable_only and self._volatile_cuts:
            # The sort is stable: of cuts that begin at the same place, the connection's own come first.
            cuts = sorted([*cuts, *self._volatile_cuts], key=lambda cut: cut[0])
        elif len(cuts) == 1:
            start, end, reply = cuts[0]
            if start == 0 and end == len(self.shared.data):  # all of the flush came from this connection
                return [reply] if reply else []
        return _pieces_around(self.shared.data, cuts)


def _pieces_around(data: bytes, cuts: Iterable[Cut]) -> list[Piece]:
    """`data` without the cuts, which are in order; each cut is replaced by its reply.

    Long pieces are slices of `data`; short ones are copied and joined with the replies beside them.
    """
    view = memoryview(data)
    pieces: list[Piece] = []
    short: list[bytes] = []
    at = 0
    for start, end, reply in (*cuts, (len(data), len(data), b"")):
        if start < at:  # begins inside an earlier cut
            at = max(at, end)
            continue
        if start - at >= SLICE_BYTES:
            if short:
                pieces.append(short[0] if len(short) == 1 else b"".join(short))
                short = []
            pieces.append(view[at:start])
        elif start > at:
            short.append(data[at:start])
        if reply:
            short.append(reply)
        at = end
    if short:
        pieces.append(b"".join(short))
    return pieces
