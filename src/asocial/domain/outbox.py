"""What a channel will write, and to whom: the heart of the fan-out.

Frames arrive one by one, encoded and framed, and leave joined. Everyone gets the same bytes object, so the cost of a
frame does not grow with the number of readers. Two kinds of connections get slices of that object instead (flush.py):

- a sender does not get its own frames, but its `ack` in their place;
- a latecomer, attached after some frames were posted, gets only later ones (the earlier ones are in its snapshot).

There are two lanes. Reliable: messages, strokes and presence, in order, never dropped here. Volatile: drafts, strokes
being drawn and cursors, of which only the latest counts, so a newer one replaces one that still waits; and transient
frames (reactions, views), which each count, up to a number in one flush. In each flush the reliable lane comes first. A
message removes its own waiting draft, so that no draft arrives after its message.

A flush is limited. What does not fit waits for the next one, in order. While reliable frames wait, the volatile lane
waits too, so that it does not overtake them.

Frames of other processes pass through undecoded and are never published again.
"""

from __future__ import annotations

from collections import deque
from itertools import accumulate, islice
from typing import Generic, TypeVar

from .flush import Cut, Flush, FlushCounts, FlushLimit
from .message import ANCHOR_CHARACTERS, Position

C = TypeVar("C")

MAX_TRANSIENT_FRAMES = 64
"""Transient frames in one flush: applause is visible, and its cost is limited."""
REMOTE_DRAIN_DIVISOR = 4
"""Each flush takes at least a quarter of the waiting bytes of other processes, so that the queue stays bounded."""
CURSOR_BYTES = 64
"""About the size of one cursor in a frame."""
ANCHORED_CURSOR_BYTES = CURSOR_BYTES + ANCHOR_CHARACTERS


class Outbox(Generic[C]):
    """Collects frames until `take`. `C` is the type of connections: anything hashable."""

    __slots__ = (
        "_anchors",
        "_cursors",
        "_drafts",
        "_drawings",
        "_frames",
        "_latecomers",
        "_remote",
        "_remote_bytes",
        "_remote_taken",
        "_sealed_cursors",
        "_taken",
        "_transient",
        "waiting_bytes",
    )  # fmt: skip

    def __init__(self) -> None:
        self._frames: deque[tuple[bytes, C | None, bytes]] = deque()
        self.waiting_bytes = 0
        """The size of the waiting reliable frames of this process."""
        self._latecomers: dict[C, tuple[int, int]] = {}
        self._drafts: dict[C, tuple[str, bytes]] = {}
        self._drawings: dict[C, tuple[str, bytes]] = {}
        self._cursors: dict[str, Position] = {}
        self._anchors: dict[str, str] = {}
        """Of waiting cursors that have one (W181)."""
        self._sealed_cursors: dict[C, tuple[str, bytes]] = {}
        self._transient: list[tuple[C, bytes]] = []
        self._remote: deque[tuple[bytes, bytes]] = deque()
        self._remote_bytes = 0
        # How many frames and batches have left: waiting ones are numbered from there.
        self._taken = 0
        self._remote_taken = 0

    def __bool__(self) -> bool:
        """Whether anything waits besides cursors, which have a slower tick of their own."""
        return bool(
            self._frames
            or self._drafts
            or self._transient
            or self._remote
            or self._drawings
            or self._sealed_cursors
        )  # fmt: skip

    @property
    def waiting_frames(self) -> int:
        """The number of waiting reliable frames of this process."""
        return len(self._frames)

    def waiting_after(self, count: int) -> list[bytes]:
        """The waiting reliable frames of this process, without the first `count`."""
        return [frame for frame, _, _ in islice(self._frames, count, None)]

    @property
    def has_cursors(self) -> bool:
        return bool(self._cursors)

    def post(self, frame: bytes, sender: C | None = None, reply: bytes = b"", replaces: str = "") -> None:
        """Add a reliable frame. `sender` gets `reply` instead. `replaces`: the message id whose draft is over."""
        if replaces and sender is not None:
            if self._drafts.get(sender, ("",))[0] == replaces:
                del self._drafts[sender]
            elif self._drawings and self._drawings.get(sender, ("",))[0] == replaces:
                del self._drawings[sender]
        self._frames.append((frame, sender, reply))
        self.waiting_bytes += len(frame)

    def set_draft(self, sender: C, message_id: str, frame: bytes) -> None:
        """Set the sender's draft. It replaces one that still waits."""
        self._drafts[sender] = (message_id, frame)

    def set_drawing(self, sender: C, message_id: str, frame: bytes) -> None:
        """Set the stroke that the sender draws. It replaces a state that still waits."""
        self._drawings[sender] = (message_id, frame)

    def set_cursor(self, user_id: str, position: Position) -> None:
        """Set the user's cursor."""
        self._cursors[user_id] = position
        if position.anchor:
            self._anchors[user_id] = position.anchor
        elif self._anchors:
            self._anchors.pop(user_id, None)

    def set_sealed_cursor(self, sender: C, frame: bytes) -> None:
        """Set the cursor of a sender in a sealed channel. It replaces one that still waits."""
        self._sealed_cursors[sender] = ("", frame)

    def post_transient(self, sender: C, frame: bytes) -> None:
        """Add a volatile frame for everyone but `sender`. It replaces no other; above the limit it is dropped."""
        if len(self._transient) < MAX_TRANSIENT_FRAMES:
            self._transient.append((sender, frame))

    def add_batch(self, reliable: bytes, volatile: bytes) -> None:
        """Add what another process flushed. Batches stay in order, or a draft could arrive after its end."""
        self._remote.append((reliable, volatile))
        self._remote_bytes += len(reliable) + len(volatile)

    def attach(self, connection: C) -> None:
        """From now on `connection` gets frames, but not those that already wait."""
        if self._frames or self._remote:
            self._latecomers[connection] = (self._taken + len(self._frames), self._remote_taken + len(self._remote))

    def detach(self, connection: C, user_id: str | None) -> None:
        """Drop the waiting volatile frames of `connection`. `user_id`: of a user who has left the channel."""
        self._drafts.pop(connection, None)
        self._drawings.pop(connection, None)
        self._sealed_cursors.pop(connection, None)
        if self._transient:
            self._transient = [each for each in self._transient if each[0] != connection]
        self._latecomers.pop(connection, None)
        if user_id is not None:
            self._cursors.pop(user_id, None)
            self._anchors.pop(user_id, None)

    def take_cursors(self, bound: FlushLimit) -> list[tuple[str, float, float]]:
        """Remove and return each user's latest cursor, as many as the limit allows, the longest waiting first."""
        most = max(1, bound.bytes // (ANCHORED_CURSOR_BYTES if self._anchors else CURSOR_BYTES))
        taken = list(islice(self._cursors.items(), most))
        if len(taken) == len(self._cursors):
            self._cursors = {}
        else:
            for user_id, _ in taken:
                del self._cursors[user_id]
        return [(user_id, position.x, position.y) for user_id, position in taken]

    def take_anchors(self, cursors: list[tuple[str, float, float]]) -> dict[str, str]:
        """Remove and return the anchors of cursors that `take_cursors` returned, by user id."""
        anchors = self._anchors
        return {user_id: anchors.pop(user_id) for user_id, _, _ in cursors if user_id in anchors} if anchors else {}

    def would_leave_frames(self, bound: FlushLimit) -> bool:
        """Whether a `take` within `bound` would leave reliable frames of this process waiting."""
        if len(self._frames) > bound.frames:
            return True
        if self.waiting_bytes <= bound.bytes:
            return False
        size = 0
        for number, (frame, _, _) in enumerate(self._frames):
            size += len(frame)
            if size > bound.bytes and number:
                return True
        return False

    def take(self, cursors: bytes, bound: FlushLimit) -> Flush[C]:
        """Remove and join what waits, as far as `bound` allows. `cursors`: the frame of `take_cursors()`, or nothing.

        If `would_leave_frames` is true, cursors given here overtake waiting frames. Senders on other processes cannot
        be slowed down, so a part of their batches always leaves.
        """
        joined: list[bytes] = []
        personal: dict[C, list[Cut]] = {}
        counts = self._take_frames(joined, personal, bound)
        posted, reliable_end = len(joined), counts.message_bytes + counts.event_bytes
        at = reliable_end
        if (self._drafts or self._transient or self._drawings or self._sealed_cursors) and not self._frames:
            counts = self._take_volatile(joined, personal, at, bound, counts)
            at += counts.draft_bytes + counts.transient_bytes
        if cursors:
            joined.append(cursors)
            at += len(cursors)
        local_end = at
        volatile: list[Cut] = [(reliable_end, local_end, b"")] if local_end > reliable_end else []

        remote_bound = max(bound.bytes, self._remote_bytes // REMOTE_DRAIN_DIVISOR)
        batch_ends = [local_end]
        remote = self._remote
        while remote and (len(batch_ends) == 1 or at - local_end + sum(map(len, remote[0])) <= remote_bound):
            reliable, passing = remote.popleft()
            joined += (reliable, passing)
            at += len(reliable)
            if passing:
                volatile.append((at, at + len(passing), b""))
                at += len(passing)
            batch_ends.append(at)
        self.waiting_bytes -= reliable_end
        self._remote_bytes -= at - local_end
        if self._latecomers:
            self._cut_for_latecomers(personal, joined[:posted], batch_ends)
        self._taken += posted
        self._remote_taken += len(batch_ends) - 1
        return Flush(b"".join(joined), (reliable_end, local_end), volatile, personal, counts)

    def _take_frames(self, joined: list[bytes], personal: dict[C, list[Cut]], bound: FlushLimit) -> FlushCounts:
        frames = self._frames
        at = messages = message_bytes = 0
        while frames and len(joined) < bound.frames:
            frame, sender, reply = frames[0]
            end = at + len(frame)
            if joined and end > bound.bytes:
                break
            frames.popleft()
            joined.append(frame)
            if sender is not None:
                _cut(personal, sender, (at, end, reply))
            if reply:
                messages += 1
                message_bytes += end - at
            at = end
        return FlushCounts(messages, message_bytes, len(joined) - messages, at - message_bytes)

    def _take_volatile(
        self, joined: list[bytes], personal: dict[C, list[Cut]], begin: int, bound: FlushLimit, counts: FlushCounts
    ) -> FlushCounts:
        """Drafts, strokes being drawn and sealed cursors, the longest waiting first, within the limit; and all
        transient frames."""
        at, drafts = begin, 0
        for waiting in (self._drafts, self._drawings, self._sealed_cursors):
            taken = 0
            for sender, (_, frame) in waiting.items():
                if drafts + taken and at - begin + len(frame) > bound.bytes:
                    break
                _cut(personal, sender, (at, at + len(frame), b""))
                joined.append(frame)
                at += len(frame)
                taken += 1
            for sender in list(islice(waiting, taken)):
                del waiting[sender]
            drafts += taken
            if waiting:
                break
        draft_bytes = at - begin
        for sender, frame in self._transient:
            _cut(personal, sender, (at, at + len(frame), b""))
            joined.append(frame)
            at += len(frame)
        transient, self._transient = len(self._transient), []
        return counts._replace(
            drafts=drafts, draft_bytes=draft_bytes, transient=transient, transient_bytes=at - begin - draft_bytes
        )

    def _cut_for_latecomers(self, personal: dict[C, list[Cut]], posted: list[bytes], batch_ends: list[int]) -> None:
        """Cut what was waiting when latecomers came. They stay latecomers until all of that has left."""
        frame_ends = list(accumulate(map(len, posted), initial=0))
        still: dict[C, tuple[int, int]] = {}
        for connection, (frame_number, batch_number) in self._latecomers.items():
            frames = frame_number - self._taken
            batches = batch_number - self._remote_taken
            cuts = personal.get(connection, [])
            if frames > 0:
                cuts = [(0, frame_ends[min(frames, len(posted))], b""), *cuts]
            if batches > 0:
                cuts = [*cuts, (batch_ends[0], batch_ends[min(batches, len(batch_ends) - 1)], b"")]
            personal[connection] = cuts
            if frames > len(posted) or batches >= len(batch_ends):
                still[connection] = (frame_number, batch_number)
        self._latecomers = still


def _cut(personal: dict[C, list[Cut]], sender: C, cut: Cut) -> None:
    cuts = personal.get(sender)
    if cuts is None:
        personal[sender] = [cut]
    else:
        cuts.append(cut)
