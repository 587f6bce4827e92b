"""A channel and its fan-out: encode once, frame once, one write per connection per flush.

A Channel is the people of one name on *this* process. Frames reach it from its members (`post`, `draft`,
`cursor`, `fleeting`) and from other processes (`deliver`); all go into one outbox, and one flush writes it to everyone.
The broker gets, in the same flush, what this process added: local first, so that a broken broker
costs the far ones, never the near ones.

Never here: what a frame means, who may send it, JSON.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..domain.errors import Disconnect, TooSlow
from ..domain.message import Position
from ..domain.outbox import Cut, Flush, FlushLimit, Outbox, Piece, Shared
from ..domain.pacing import FlushPacer, LoopLag
from ..domain.received import Received
from ..domain.rules import Rules
from ..ports import Batch, Broker, Connection
from ..protocol.codec import leave_out_chats, pack
from ..protocol.framing import leave_out, split_frames, text_frame
from ..protocol.schema import Cursors
from .backlog import Backlog
from .runtime import Runtime

UNSENT_LIMIT_BYTES = 1024 * 1024
"""A connection with more than this waiting is closed 4008; nobody else waits for it."""
VOLATILE_UNSENT_LIMIT_BYTES = 64 * 1024
"""A connection with more than this waiting gets no drafts, cursors and reactions until it has caught up."""
FLUSH_BYTES = 256 * 1024
"""The most that one flush carries of this process, and of the others."""
FLUSH_COPIED_BYTES = 64 * 1024 * 1024
"""And the most that it copies into sockets, to all members together: some 30 ms, for which other channels wait."""
FLUSH_FRAMES = 1024
"""The most frames of one flush, and so the most senders in it: each costs slices of its own."""
WAITING_BYTES = FLUSH_BYTES
"""While more than this waits for the next flushes, what members send is not read: more would only wait longer here."""
LATE_LOOP_S = 0.05
"""With thousands of connections that send at once, a few frames of each are a turn of seconds for all the others."""
STALE_MS = 1000
"""A batch that took longer than this is looked through for messages that are over."""
MIN_LEFT_MS = 250
"""A late message with less time left than this would arrive after its end."""
SNAPSHOT_MEMORY_S = 3.0
"""How long it is remembered what a snapshot in_snapshot: a message may be in one before the batch that brings it arrives."""


class Joining:
    """What a connection is owed between `attach` and `release`: held back, by reference, and counted in the backlog."""

    __slots__ = ("_backlog", "_closed", "_connection", "_held", "unsent_bytes")

    def __init__(self, connection: Connection, backlog: Backlog) -> None:
        self._closed = False
        self._connection = connection
        self._backlog = backlog
        self._held: list[tuple[Shared, Sequence[Piece] | None]] = []
        self.unsent_bytes = 0

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        if self._closed:
            return
        if not self._held:
            self._backlog.mark_behind(self)
        self._held.append((shared, pieces))
        own, size = _sizes(shared, pieces)
        self.unsent_bytes += size
        self._backlog.retain(shared)
        self._backlog.grow(own)
        self._backlog.check()

    def close(self, disconnect: Disconnect) -> None:
        self._closed = True
        self.drop()
        self._connection.close(disconnect)

    def release(self, in_snapshot: frozenset[bytes]) -> None:
        """Hand over what was held back, without the messages whose JSON is in `in_snapshot`."""
        held = self._held
        self.drop()
        for shared, pieces in held:
            self._connection.deliver(shared, _without(shared, pieces, in_snapshot) if in_snapshot else pieces)

    def drop(self) -> None:
        for shared, pieces in self._held:
            self._backlog.release(shared)
            self._backlog.shrink(_sizes(shared, pieces)[0])
        self._held = []
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


def _found(spans: dict[bytes, Cut], in_snapshot: frozenset[bytes]) -> list[Cut]:
    return sorted(spans[payload] for payload in in_snapshot if payload in spans)


class Channel:
    """The members of one channel on this process. `attach` first, `release` once the snapshot has been written."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        runtime: Runtime,
        backlog: Backlog,
        on_control: Callable[[str, Batch], None],
        lag: LoopLag,
        number: int,
    ) -> None:
        """`lag`: of the loop, shared by all channels. `number`: of the first reliable frame that is posted."""
        self.name = name
        self._now_ms = runtime.clock.now_ms
        self._number = number
        self._received = Received()
        self._snapshots: dict[Connection, tuple[frozenset[bytes], float]] = {}
        self._received_before = Received()
        """What had arrived when the last outage began. Until its process repeats it, the shared store may lack it."""
        self._may_lack: dict[Connection, Received] = {}
        """Of that, what the snapshot of a member who joined since then may lack. Members of one outage share it."""
        self._counters = runtime.counters
        self._backlog = backlog
        self._on_control = on_control
        self._broker = broker
        self._loop = runtime.loop
        self._members: dict[Connection, Joining | None] = {}
        self._outbox: Outbox[Connection] = Outbox()
        self._lag = lag
        self._pacer = FlushPacer(lag)
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        self._timer_for_cursors = False
        self._chats = 0
        self._chats_since = 0.0
        self._held: list[Callable[[], None]] = []
        self._held_bytes = 0
        self._controls: deque[tuple[int, bytes]] = deque()
        """What other processes are in_snapshot after the frames that wait: the number of the frame after those, and what."""
        self.changes = 0
        """FlushCounts what makes a snapshot out of date: messages, presence, and whether the rules are `confirmed`."""
        self._waiting_readers: deque[asyncio.Future[None]] = deque()
        self._resumed_reader: asyncio.Future[None] | None = None
        self.rules: Rules | None = None
        """What holds here; None until that is known. Set by moderation.py alone."""
        self.confirmed = True
        """Whether `rules` are those in the shared store. While they may not be, the channel exchanges no frames with
        other processes: people here may not be allowed to read them, or people there ours. See moderation.py."""
        self.needs_snapshots = False
        """Whether its rules were confirmed after an outage and its members wait for a snapshot. See outages.py."""

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._members)

    def attach(self, connection: Connection) -> None:
        """From now on `connection` is owed every frame posted; they are held back until `release`."""
        self._members[connection] = Joining(connection, self._backlog)
        if self._received_before:
            self._may_lack[connection] = self._received_before
        self._outbox.attach(connection)

    @property
    def next_number(self) -> int:
        """Of the next reliable frame that is posted."""
        return self._number + self._outbox.waiting_frames

    def release(self, connection: Connection, snapshot: bytes, in_snapshot: frozenset[bytes] = frozenset()) -> None:
        """Write `snapshot`, then what was held back meanwhile, then everything as it comes.

        `in_snapshot`: the messages in the snapshot, as the JSON of their frames. They do not come again.
        """
        joining = self._members.get(connection)
        if joining is not None:
            self._members[connection] = None
            self.remember_snapshot(connection, in_snapshot)
            connection.write(snapshot)
            joining.release(in_snapshot)

    def remember_snapshot(self, connection: Connection, in_snapshot: frozenset[bytes]) -> None:
        """A member is handed a snapshot with these messages, as the JSON of their frames. They do not come again."""
        if in_snapshot and connection in self._members:
            # The latest snapshot alone, or a client that asks again and again would fill memory. In order of time.
            self._snapshots.pop(connection, None)
            self._snapshots[connection] = (in_snapshot, self._loop.time() + SNAPSHOT_MEMORY_S)

    def detach(self, connection: Connection, *, user_gone: str | None = None) -> None:
        """`connection` gets nothing more. `user_gone`: its user's id, if this was the last connection."""
        joining = self._members.pop(connection, None)
        if joining is not None:
            joining.drop()
        self._snapshots.pop(connection, None)
        self._may_lack.pop(connection, None)
        self._outbox.detach(connection, user_gone)

    @property
    def waiting_bytes(self) -> int:
        """Of messages and presence of this process that wait for the next flushes."""
        return self._outbox.waiting_bytes

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be read from members: see `room`."""
        return self._outbox.waiting_bytes > WAITING_BYTES

    @property
    def is_late(self) -> bool:
        """Whether the loop is so late that one frame of each member is enough for a turn."""
        return self._lag.mean_s > LATE_LOOP_S

    async def wait_until_not_full(self) -> None:
        """Wait until the channel is not `full`. First come, first read."""
        place = self._waiting_readers.append
        while self.is_full:
            waiter = self._loop.create_future()
            place(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._finish_turn(waiter)
                self._resume_next_reader()
                raise
            self._finish_turn(waiter)
            place = self._waiting_readers.appendleft  # should it be full again before this one's turn
        self._resume_next_reader()

    def _finish_turn(self, waiter: asyncio.Future[None]) -> None:
        if self._resumed_reader is waiter:
            self._resumed_reader = None

    def _resume_next_reader(self) -> None:
        """Each one lets in the next, a turn of the loop later: by then it is known whether there is room for it."""
        while self._waiting_readers and self._resumed_reader is None and not self.is_full:
            waiter = self._waiting_readers.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._resumed_reader = waiter

    def post(self, frame: bytes, sender: Connection | None = None, reply: bytes = b"", replaces: str = "") -> None:
        """Send `frame` to everyone but `sender`, which gets `reply` instead (see Outbox.post)."""
        self.changes += 1
        self._outbox.post(frame, sender, reply, replaces)
        if reply:  # only a chat is acknowledged
            if not self._chats:
                self._chats_since = self._loop.time()
            self._chats += 1
        self._schedule()

    def set_draft(self, sender: Connection, message_id: str, frame: bytes) -> None:
        """Set what `sender` is typing; sent to everyone else, volatile."""
        self._outbox.set_draft(sender, message_id, frame)
        self._schedule()

    def set_cursor(self, user_id: str, position: Position) -> None:
        """Set where `user_id` points; sent to everyone, volatile."""
        self._outbox.set_cursor(user_id, position)
        self._schedule(only_cursors=True)

    def post_transient(self, sender: Connection, frame: bytes) -> None:
        """Show `frame` to everyone but `sender`, volatile: it is over as it is seen."""
        self._outbox.post_transient(sender, frame)
        self._schedule()

    def deliver(self, batch: Batch) -> None:
        """Send on what another process flushed. While the rules are not confirmed, its reliable frames are held."""
        self.changes += 1
        if batch.control:
            self._on_control(self.name, batch)
        if self.confirmed:
            self._deliver_batch(batch)
        elif batch.reliable:
            self._hold(len(batch.reliable), lambda: self._deliver_batch(replace(batch, volatile=b"")))

    def catch_up(self, publisher: bytes, messages: Sequence[tuple[int, int, bytes]]) -> None:
        """Send on those that have not arrived of `messages`: all that another process said and that live.

        Members who joined since the outage began also get those that had arrived before it.

        Of each: the number of its frame, `expires_at`, and the JSON of the frame.
        """
        self.changes += 1
        if self.confirmed:
            self._deliver_missed(publisher, messages)
        else:
            size = sum(len(body) for _, _, body in messages)
            self._hold(size, lambda: self._deliver_missed(publisher, messages))

    def deliver_local(self, reliable: bytes, volatile: bytes = b"") -> None:
        """Send frames to the members on this process, and to no other process."""
        if reliable or volatile:
            self._outbox.add_batch(reliable, volatile)
            self._schedule()

    def send_control_in_order(self, control: bytes) -> None:
        """Tell the other processes something that is not for clients, after the frames that wait for a flush."""
        if self._outbox.waiting_frames:
            self._controls.append((self.next_number, control))
        else:
            self._broker.publish(self.name, Batch(b"", b"", control))

    def confirm(self) -> None:
        """The rules are those in the shared store: exchange frames with other processes again."""
        self.confirmed = True
        self.changes += 1
        held = self._held
        self._drop_held()
        for take in held:
            take()

    def isolate(self) -> None:
        """The rules may have changed elsewhere unheard: exchange no frames with other processes until `confirm`."""
        self.confirmed = False
        self.changes += 1
        self._drop_held()
        self._received_before = self._received.copy()
        for connection, joining in self._members.items():
            if joining is not None:
                self._may_lack[connection] = self._received_before  # its snapshot may be read during the outage

    def _deliver_batch(self, batch: Batch) -> None:
        reliable, volatile = batch.reliable, batch.volatile
        if batch.frames and not self._received.add(batch.publisher, batch.number, batch.frames):
            # Its messages came in `catch_up`, from a publisher that took this batch for lost.
            reliable, volatile = leave_out_chats(reliable), b""
        elif batch.published_at and self._now_ms() - batch.published_at > STALE_MS:
            # This process was stopped, or the broker was.
            reliable, volatile = leave_out_chats(reliable, self._now_ms() + MIN_LEFT_MS), b""
        self.deliver_local(reliable, volatile)

    def _deliver_missed(self, publisher: bytes, messages: Sequence[tuple[int, int, bytes]]) -> None:
        until_ms, received = self._now_ms() + MIN_LEFT_MS, self._received
        living = [(number, body) for number, expires_at, body in messages if expires_at > until_ms]
        missed = [text_frame(body) for number, body in living if not received.has(publisher, number)]
        self._deliver_missed_before(publisher, living)
        if messages:
            received.mark_received_up_to(publisher, max(number for number, _, _ in messages))
        self.deliver_local(b"".join(missed))

    def _deliver_missed_before(self, publisher: bytes, living: Sequence[tuple[int, bytes]]) -> None:
        """Give members who joined since an outage began what had arrived from `publisher` before it."""
        outages = {id(arrived): arrived for arrived in self._may_lack.values()}
        had_arrived = {
            key: [body for number, body in living if arrived.has(publisher, number)] for key, arrived in outages.items()
        }
        for connection, arrived in self._may_lack.items():
            in_snapshot, _ = self._snapshots.get(connection, (frozenset(), 0.0))
            lacking = [text_frame(body) for body in had_arrived[id(arrived)] if body not in in_snapshot]
            if lacking:
                (self._members[connection] or connection).deliver(Shared(b"".join(lacking)))
        # From here on the shared store has them, and with it every snapshot.
        for arrived in (self._received_before, *outages.values()):
            arrived.forget(publisher)
        self._may_lack = {connection: arrived for connection, arrived in self._may_lack.items() if arrived}

    def _hold(self, size: int, take: Callable[[], None]) -> None:
        self._held.append(take)
        self._held_bytes += size
        if self._held_bytes > UNSENT_LIMIT_BYTES:
            # Everyone here gets a snapshot after the rules are confirmed: what is dropped here is in it.
            self._drop_held()

    def _drop_held(self) -> None:
        self._held, self._held_bytes = [], 0

    def close(self) -> None:
        """Write what waits and stop."""
        self.flush_all()
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self, *, only_cursors: bool = False) -> None:
        """See to it that what waits is flushed."""
        if self._timer is not None and (only_cursors or not self._timer_for_cursors):
            return  # soon enough
        due = self._pacer.cursors_due() if only_cursors else self._pacer.due()
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._timer_for_cursors = only_cursors
        now = self._loop.time()
        if due <= now:
            # Quiet: flush on the next turn, with all that this turn of the loop still reads.
            self._due = now
            self._timer = self._loop.call_soon(self._flush_when_due)
        else:
            self._due = due
            self._timer = self._loop.call_at(due, self._flush_when_due)

    def _flush_when_due(self) -> None:
        self._timer = None
        self._lag.observe(self._loop.time() - self._due)
        self.flush()

    def flush_all(self) -> None:
        """Write everything that waits, at once."""
        self.flush()
        while self._outbox:
            self.flush()

    def flush(self) -> None:
        """Write as much as one flush carries: one write per connection, one publish. The rest is due later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        started = self._loop.time()
        bound = self._flush_limit()
        cursors = b""
        if (
            self._outbox.has_cursors
            and self._pacer.cursors_due() <= started
            and not self._outbox.would_leave_frames(bound)
        ):
            cursors = pack(Cursors(self._outbox.take_cursors(bound)))
        if not cursors and not self._outbox:
            self._schedule_rest()
            return
        self._pacer.flushed(started, cursors=bool(cursors))
        flush = self._outbox.take(cursors, bound)
        if self._snapshots:
            self._cut_snapshot_messages(flush)
        self._write(flush)
        frames = flush.counts.messages + flush.counts.events
        if flush.reliable or flush.volatile:
            if self.confirmed:
                self._broker.publish(
                    self.name, Batch(flush.reliable, flush.volatile, number=self._number, frames=frames)
                )
            else:
                self._counters.broker_dropped += 1
        self._number += frames
        while self._controls and self._controls[0][0] <= self._number:
            self._broker.publish(self.name, Batch(b"", b"", self._controls.popleft()[1]))
        # The socket writes happen after this turn; the next turn knows what they cost.
        self._loop.call_soon(self._measure, started, flush.counts.messages, self._chats_since)
        self._chats -= flush.counts.messages
        self._count(flush, len(cursors))
        self._schedule_rest()
        self._resume_next_reader()

    def _flush_limit(self) -> FlushLimit:
        return FlushLimit(FLUSH_FRAMES, min(FLUSH_BYTES, FLUSH_COPIED_BYTES // (len(self._members) or 1)))

    def _schedule_rest(self) -> None:
        if self._outbox:
            self._schedule()
        elif self._outbox.has_cursors:
            self._schedule(only_cursors=True)

    def _write(self, flush: Flush[Connection]) -> None:
        shared, personal = flush.shared, flush.personal
        slow, spared = [], 0
        for connection, joining in self._members.items():
            reader = connection if joining is None else joining
            unsent = reader.unsent_bytes
            if unsent > VOLATILE_UNSENT_LIMIT_BYTES:
                if unsent > UNSENT_LIMIT_BYTES:
                    slow.append(connection)
                    continue
                spared += flush.carries_volatile
                reader.deliver(shared, flush.pieces(connection, reliable_only=True))
            elif connection in personal:
                reader.deliver(shared, flush.pieces(connection))
            else:
                reader.deliver(shared)
        for connection in slow:
            self.detach(connection)
            connection.close(TooSlow())
        self._counters.volatile_dropped += spared

    def _cut_snapshot_messages(self, flush: Flush[Connection]) -> None:
        """Cut what a member's snapshot in_snapshot out of what is written to it."""
        now = self._loop.time()
        for connection, (_, until) in list(self._snapshots.items()):
            if until > now:
                break  # the rest was in_snapshot later
            del self._snapshots[connection]
        spans: dict[bytes, Cut] = {}
        if self._snapshots:
            spans = {payload: (begin, end, b"") for begin, end, payload in split_frames(flush.shared.data)}
        # Many have the same snapshot: after an outage, all.
        cuts: dict[int, list[Cut]] = {}
        for connection, (in_snapshot, _) in self._snapshots.items():
            found = cuts.get(id(in_snapshot))
            if found is None:
                found = cuts[id(in_snapshot)] = (
                    [] if spans.keys().isdisjoint(in_snapshot) else _found(spans, in_snapshot)
                )
            if found:
                flush.cut(connection, found)

    def _measure(self, started: float, chats: int, since: float) -> None:
        now = self._loop.time()
        self._pacer.observe_cost(now - started)
        self._counters.flush_seconds.observe(now - started)
        if chats:
            self._counters.broadcast.observe(now - since, chats)

    def _count(self, flush: Flush[Connection], cursors: int) -> None:
        """Once per flush, whoever reads it: recipients are multiplied, not visited."""
        counts, counters, readers = flush.counts, self._counters, len(self._members)
        sent, size = counters.sent, len(flush.shared.data)
        counters.flush_frames.observe(
            counts.messages + counts.events + counts.drafts + counts.transient + (cursors > 0)
        )
        counters.flush_bytes.observe(size)
        if readers:
            # Who says, types or shows something does not read it; everything else is for everyone.
            others = readers - 1
            sent["chat"].add(counts.messages * others, counts.message_bytes * others)
            sent["typing"].add(counts.drafts * others, counts.draft_bytes * others)
            sent["fleeting"].add(counts.transient * others, counts.transient_bytes * others)
            sent["cursors"].add((cursors > 0) * readers, cursors * readers)
            sent["presence"].add(counts.events * readers, counts.event_bytes * readers)
            far = size - len(flush.reliable) - len(flush.volatile)
            sent["remote"].add((far > 0) * readers, far * readers)
