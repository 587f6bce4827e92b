"""The bytes of one flush: the same object for everyone, and slices of it for those who get something else (outbox.py).

So no sender costs a copy of the flush.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

C = TypeVar("C")

SLICE_BYTES = 2048
"""A shorter piece is copied and joined with its neighbours, because each slice costs time and memory of its own."""

Piece: TypeAlias = bytes | memoryview
"""Whole frames. A memoryview is a slice of bytes that others are sent too."""
Cut: TypeAlias = tuple[int, int, bytes]
"""(from, to, what stands there instead): positions in the bytes of a flush."""


class FlushLimit(NamedTuple):
    """The most that one flush carries of each: frames, and bytes of this process and of others. One always fits."""

    frames: int
    bytes: int


class FlushCounts(NamedTuple):
    """What one flush carries of this process: frames and bytes, by kind. Messages are the frames that have a reply."""

    messages: int = 0
    message_bytes: int = 0
    events: int = 0
    event_bytes: int = 0
    drafts: int = 0
    draft_bytes: int = 0
    transient: int = 0
    transient_bytes: int = 0


class Shared:
    """Bytes that many connections are sent. `holders`: how many have not sent them yet; for whoever counts memory."""

    __slots__ = ("data", "holders")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.holders = 0


class Flush(Generic[C]):
    """The bytes of one flush.

    `shared` is for everyone who is not in `personal`; `pieces` gives those their own. `reliable` and `volatile`: what
    this process adds, for the broker.
    """

    __slots__ = ("_volatile", "counts", "personal", "reliable", "shared", "volatile")

    def __init__(
        self,
        shared: bytes,
        local: tuple[int, int],
        volatile: Sequence[Cut],
        personal: dict[C, list[Cut]],
        counts: FlushCounts,
    ) -> None:
        """`local`: where the two lanes of this process end; `volatile`: all that is volatile, as cuts."""
        self.shared = Shared(shared)
        self.reliable = shared[: local[0]]
        self.volatile = shared[local[0] : local[1]]
        self.personal = personal
        self.counts = counts
        self._volatile = volatile

    @property
    def carries_volatile(self) -> bool:
        return bool(self._volatile)

    def cut(self, connection: C, spans: Sequence[Cut]) -> None:
        """Leave these spans out of what `connection` gets. In order; those of its own cuts come first."""
        self.personal[connection] = sorted([*self.personal.get(connection, ()), *spans], key=lambda cut: cut[0])

    def pieces(self, connection: C, *, reliable_only: bool = False) -> list[Piece]:
        """What `connection` gets, in order; without the volatile lane for one that reads slowly."""
        cuts = self.personal.get(connection, [])
        if reliable_only and self._volatile:
            # Stable: of cuts that begin at one place, those of the connection come first.
            cuts = sorted([*cuts, *self._volatile], key=lambda cut: cut[0])
        return _pieces_around(self.shared.data, cuts)


def _pieces_around(data: bytes, cuts: Iterable[Cut]) -> list[Piece]:
    """`data` but for the cuts, which are in order, each with its reply in its place.

    Long pieces are slices of `data`; short ones are copied and joined with the replies beside them.
    """
    view = memoryview(data)
    pieces: list[Piece] = []
    short: list[bytes] = []
    at = 0
    for start, end, reply in (*cuts, (len(data), len(data), b"")):
        if start < at:  # begins in what is cut out already
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
