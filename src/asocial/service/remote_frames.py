"""What other processes send to one channel: each frame once, none before the channel's rules are confirmed.

An outage is where this is difficult. Processes repeat their live messages after it (outages.py), so a message may
arrive twice, and the batch that it was lost from may still arrive. And while the rules are not confirmed, the members
may not be allowed to read what others send: it is held until they are.

Never here: how frames reach the members (channel.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..domain.flush import Shared
from ..domain.received import Received
from ..ports import Batch, Connection
from ..protocol.codec import leave_out_messages
from ..protocol.framing import text_frame
from .held_frames import HeldFrames
from .snapshot_memory import SnapshotMemory

HELD_LIMIT_BYTES = 1024 * 1024
"""Above this, what is held is dropped: every member gets a snapshot after the rules are confirmed, which has it."""
STALE_MS = 1000
"""A batch that took longer than this is searched for messages whose life is over."""
MIN_LEFT_MS = 250
"""A late message with less life left than this is dropped: it would arrive after its end."""


class RemoteFrames:
    """`members`: of the channel, with the frames held back from each."""

    def __init__(
        self,
        members: Mapping[Connection, HeldFrames | None],
        snapshots: SnapshotMemory,
        now_ms: Callable[[], int],
    ) -> None:
        self._members = members
        self._snapshots = snapshots
        self._now_ms = now_ms
        self._received = Received()
        self._received_before = Received()
        """What had arrived when the last outage began. Until its process repeats it, the shared store may lack it."""
        self._may_lack: dict[Connection, Received] = {}
        """What the snapshot of each member who joined since then may lack. Members of one outage share it."""
        self._held: list[Callable[[], None]] = []
        self._held_bytes = 0

    def attach(self, connection: Connection) -> None:
        """A member joins. Its snapshot has not been read yet."""
        if self._received_before:
            self._may_lack[connection] = self._received_before

    def detach(self, connection: Connection) -> None:
        self._may_lack.pop(connection, None)

    def deliverable(self, batch: Batch) -> tuple[bytes, bytes]:
        """The reliable and the volatile frames of a batch, without messages that came already or come too late."""
        reliable, volatile = batch.reliable, batch.volatile
        if batch.frames and not self._received.add(batch.publisher, batch.number, batch.frames):
            # `missed` has returned its messages: the publisher considered this batch lost.
            reliable, volatile = leave_out_messages(reliable), b""
        elif batch.published_at and self._now_ms() - batch.published_at > STALE_MS:
            # This process or the broker was stopped for a while.
            reliable, volatile = leave_out_messages(reliable, self._now_ms() + MIN_LEFT_MS), b""
        return reliable, volatile

    def missed(self, publisher: bytes, messages: Sequence[tuple[int, int, bytes]]) -> bytes:
        """The frames that have not arrived yet. `messages`: all live messages that `publisher` posted.

        Sends members who joined since the outage began those that had arrived before it.

        Each message is (number of its frame, `expires_at`, JSON of the frame).
        """
        until_ms, received = self._now_ms() + MIN_LEFT_MS, self._received
        live = [(number, body) for number, expires_at, body in messages if expires_at > until_ms]
        missed = [text_frame(body) for number, body in live if not received.has(publisher, number)]
        self._send_missed_before(publisher, live)
        if messages:
            received.mark_received_up_to(publisher, max(number for number, _, _ in messages))
        return b"".join(missed)

    def hold(self, size: int, take: Callable[[], None]) -> None:
        """Keep `take` for `release`. `size`: the bytes that this keeps in memory."""
        self._held.append(take)
        self._held_bytes += size
        if self._held_bytes > HELD_LIMIT_BYTES:
            self._drop_held()

    def release(self) -> list[Callable[[], None]]:
        """What was held, to be called now that the rules are confirmed."""
        held = self._held
        self._drop_held()
        return held

    def isolate(self) -> None:
        """An outage begins. What had arrived until now may be missing in snapshots until its process repeats it."""
        self._drop_held()
        self._received_before = self._received.copy()
        for connection, held in self._members.items():
            if held is not None:
                self._may_lack[connection] = self._received_before  # its snapshot may be read during the outage

    def _drop_held(self) -> None:
        self._held, self._held_bytes = [], 0

    def _send_missed_before(self, publisher: bytes, live: Sequence[tuple[int, bytes]]) -> None:
        """Send members who joined since an outage began what had arrived from `publisher` before it."""
        outages = {id(arrived): arrived for arrived in self._may_lack.values()}
        had_arrived = {
            key: [body for number, body in live if arrived.has(publisher, number)] for key, arrived in outages.items()
        }
        for connection, arrived in self._may_lack.items():
            in_snapshot = self._snapshots.messages_of(connection)
            lacking = [text_frame(body) for body in had_arrived[id(arrived)] if body not in in_snapshot]
            if lacking:
                (self._members[connection] or connection).deliver(Shared(b"".join(lacking)))
        # From now on the shared store has them, and so does every snapshot.
        for arrived in (self._received_before, *outages.values()):
            arrived.forget(publisher)
        self._may_lack = {connection: arrived for connection, arrived in self._may_lack.items() if arrived}
