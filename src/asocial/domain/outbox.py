"""What a channel is about to write, and to whom: the heart of the fan-out.

Frames arrive one by one, already encoded and framed, and leave joined. Everyone gets the same bytes,
so the cost of a frame does not grow with the number of readers, but for two kinds of connection, which
get the join with pieces cut out or put in:

- a sender does not get its own frames; its `ack` stands in their place;
- a latecomer, attached after some frames were posted, gets only those after (the earlier ones are in its snapshot).

Two lanes. Reliable: messages and presence, in order, never dropped here. Volatile: drafts and cursors, of
which only the latest counts, so a newer one replaces one that has not left yet; and reactions, over as they
are seen, which count each for itself, up to so many in one flush. In each flush the reliable
lane goes first; a message removes its own pending draft, so that no draft arrives after the message it became.

Frames of other processes pass through undecoded and are never handed to the broker again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from .message import Position

C = TypeVar("C")

FLEETING_LIMIT = 64
"""Reactions in one flush: a crowd that applauds is seen to, and costs no more than this."""


class Flush(Generic[C]):
    """The bytes of one flush.

    `shared`: (everything, reliable only) for everyone who is not in `personal`; `personal`: the same pair for those
    who need their own. `reliable` and `volatile`: what this process adds, for the broker.
    """

    __slots__ = ("personal", "reliable", "shared", "volatile")

    def __init__(
        self,
        reliable: bytes,
        volatile: bytes,
        shared: tuple[bytes, bytes],
        personal: dict[C, tuple[bytes, bytes]],
    ) -> None:
        self.reliable = reliable
        self.volatile = volatile
        self.shared = shared
        self.personal = personal


class Outbox(Generic[C]):
    """Collects frames until `take`. `C` is the connection type: anything hashable."""

    __slots__ = ("_cursors", "_drafts", "_fleeting", "_frames", "_late", "_own", "_remote", "_size")

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._size = 0
        self._own: dict[C, list[tuple[int, int, bytes]]] = {}
        self._late: dict[C, tuple[int, int]] = {}
        self._drafts: dict[C, tuple[str, bytes]] = {}
        self._cursors: dict[str, Position] = {}
        self._fleeting: list[tuple[C, bytes]] = []
        self._remote: list[tuple[bytes, bytes]] = []

    def __bool__(self) -> bool:
        """Whether a flush is owed for anything but cursors, which have a slower tick of their own."""
        return bool(self._frames or self._drafts or self._fleeting or self._remote)

    @property
    def waiting(self) -> tuple[int, int, int]:
        """How many reliable frames, drafts, and fleeting frames wait, other processes' left out."""
        return len(self._frames), len(self._drafts), len(self._fleeting)

    @property
    def fleeting_bytes(self) -> int:
        return sum(len(frame) for _, frame in self._fleeting)

    @property
    def has_cursors(self) -> bool:
        return bool(self._cursors)

    def post(self, frame: bytes, sender: C | None = None, reply: bytes = b"", replaces: str = "") -> None:
        """Add a reliable frame. `sender` gets `reply` in its place. `replaces`: the message id whose draft is over."""
        if sender is not None:
            self._own.setdefault(sender, []).append((self._size, self._size + len(frame), reply))
            if replaces and self._drafts.get(sender, ("",))[0] == replaces:
                del self._drafts[sender]
        self._frames.append(frame)
        self._size += len(frame)

    def draft(self, sender: C, message_id: str, frame: bytes) -> None:
        """Set the sender's draft; the one that waited is gone."""
        self._drafts[sender] = (message_id, frame)

    def cursor(self, user_id: str, position: Position) -> None:
        """Set where a user's pointer is."""
        self._cursors[user_id] = position

    def fleeting(self, sender: C, frame: bytes) -> None:
        """Add a volatile frame that replaces none before it, for all but `sender`; one too many is dropped."""
        if len(self._fleeting) < FLEETING_LIMIT:
            self._fleeting.append((sender, frame))

    def remote(self, reliable: bytes, volatile: bytes) -> None:
        """Add what another process flushed. Batches stay in order, or a draft could follow its end in the next one."""
        self._remote.append((reliable, volatile))

    def attach(self, connection: C) -> None:
        """From here on `connection` reads along: what is already waiting is not for it."""
        if self._frames or self._remote:
            self._late[connection] = (self._size, len(self._remote))

    def detach(self, connection: C, user_id: str | None) -> None:
        """Forget what `connection` had not sent yet of the volatile lane; `user_id` is given when the user is gone."""
        self._drafts.pop(connection, None)
        self._own.pop(connection, None)
        self._fleeting = [each for each in self._fleeting if each[0] != connection]
        self._late.pop(connection, None)
        if user_id is not None:
            self._cursors.pop(user_id, None)

    def take_cursors(self) -> list[tuple[str, float, float]]:
        """The pending cursors, each user's latest, and forget them."""
        cursors = [(user_id, p.x, p.y) for user_id, p in self._cursors.items()]
        self._cursors = {}
        return cursors

    def take(self, cursors: bytes = b"") -> Flush[C]:
        """Everything that waits, joined, and start anew. `cursors`: the frame made of `take_cursors()`, or nothing."""
        reliable = b"".join(self._frames)
        fleet = [*((sender, frame) for sender, (_, frame) in self._drafts.items()), *self._fleeting]
        volatile = b"".join([frame for _, frame in fleet]) + cursors
        own_fleet: dict[C, list[tuple[int, int, bytes]]] = {}
        offset = 0
        for sender, frame in fleet:
            own_fleet.setdefault(sender, []).append((offset, offset + len(frame), b""))
            offset += len(frame)
        remote, remote_reliable = _joined(self._remote)

        personal: dict[C, tuple[bytes, bytes]] = {}
        for connection in self._own.keys() | own_fleet.keys() | self._late.keys():
            start, remote_from = self._late.get(connection, (0, 0))
            own_reliable = _spliced(reliable, self._own.get(connection, ()), start)
            own_volatile = _spliced(volatile, own_fleet.get(connection, ()), 0)
            far, far_reliable = _joined(self._remote[remote_from:]) if remote_from else (remote, remote_reliable)
            personal[connection] = (own_reliable + own_volatile + far, own_reliable + far_reliable)
        flush = Flush(reliable, volatile, (reliable + volatile + remote, reliable + remote_reliable), personal)
        self._frames, self._size, self._own, self._late, self._drafts = [], 0, {}, {}, {}
        self._remote, self._fleeting = [], []
        return flush


def _joined(batches: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Batches of other processes in their order: (everything, reliable only)."""
    everything = b"".join([lane for batch in batches for lane in batch])
    return everything, b"".join([reliable for reliable, _ in batches])


def _spliced(joined: bytes, cuts: Iterable[tuple[int, int, bytes]], start: int) -> bytes:
    """`joined` from `start` on, with each (from, to) cut replaced by its reply. Cuts are in order."""
    pieces: list[bytes] = []
    at = start
    for cut_from, cut_to, reply in cuts:
        pieces += (joined[at:cut_from], reply)
        at = cut_to
    pieces.append(joined[at:])
    return b"".join(pieces)
