"""A channel and its fan-out: encode once, frame once, one write per connection per flush.

A Channel holds the members of one channel on *this* process. Frames come from its members (`post`, `set_draft`,
`set_drawing`, `set_cursor`, `post_transient`) and from other processes (`deliver`). All go into one outbox, and one
flush writes it to everyone. The broker gets what this process added in the same flush, before the local writes: what
somebody has an `ack` for is not lost if this process is killed right after it.

Never here: what a frame means, who may send it, JSON.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from msgspec import UNSET

from ..domain.cells import Region, cells_of
from ..domain.errors import TooSlow
from ..domain.flush import Flush, FlushCounts, FlushLimit, Shared
from ..domain.message import Position
from ..domain.pacing import CROWD_STRETCH, MAX_CROWD_TICK_S, PATIENCE_S, LoopLag
from ..domain.rules import Rules
from ..domain.sealed import is_sealed
from ..groups import CrowdSettings
from ..ports import Batch, Broker, Connection
from ..protocol.codec import pack
from ..protocol.schema import CrowdFrame, Cursors
from .backlog import Backlog
from .control import CrowdCounted, encode_control
from .crowd import Crowd
from .crowd_batch import batch_of, split_control
from .held_frames import HeldFrames
from .read_gate import ReadGate
from .remote_frames import RemoteFrames
from .runtime import Runtime
from .sections import SECTION_MEMBERS, Section, Sections
from .snapshot_memory import SnapshotMemory
from .writing import write_flush

Points: TypeAlias = Sequence[tuple[float, float]]
"""Points of the plane where a frame is."""
FLUSH_BYTES = 256 * 1024
"""The most that one flush carries of this process's bytes, and of other processes' bytes."""
FLUSH_COPIED_BYTES = 64 * 1024 * 1024
"""The most that one flush copies into sockets, all members together: about 30 ms, while other channels wait."""
FLUSH_FRAMES = 1024
"""The most frames in one flush, and so the most senders: each sender costs slices of its own."""
FULL_FLUSH = FlushLimit(FLUSH_FRAMES, FLUSH_BYTES)
NO_COUNTS = FlushCounts()
ENDS_AT = 0.75
"""A crowd ends when only this part of the threshold is there, so that a few people do not change it back and forth."""
FRAMES, CURSORS, PATIENT = range(3)
"""What a flush is scheduled for, the most urgent first. It takes along whatever else waits."""
LATE_LOOP_S = 0.05
"""When the loop is later than this, each connection is read one frame at a time: a turn would take seconds."""


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
        crowds: CrowdSettings | None = None,
    ) -> None:
        """`lag`: of the loop, shared by all channels. `number`: of the first reliable frame that is posted."""
        self._runtime = runtime
        # A server that cannot read positions cannot divide the plane (W197).
        self._crowds = CrowdSettings(threshold=0) if is_sealed(name) else crowds or CrowdSettings()
        self._regions: dict[Connection, Region] = {}
        """What connections that wait for their snapshot said they will see. Their joining may make a crowd."""
        self.crowd: Crowd | None = None
        """What replaces the outbox while the channel is a crowd (W160)."""
        self.name = name
        self.is_sealed = is_sealed(name)
        self._number = number
        self._counters = runtime.counters
        self._backlog = backlog
        self._on_control = on_control
        self._broker = broker
        self._loop = runtime.loop
        self._now_s = runtime.clock.monotonic_s
        self._members: dict[Connection, HeldFrames | None] = {}
        self.snapshots = SnapshotMemory(self._members, runtime.loop)
        self._remote = RemoteFrames(self._members, self.snapshots, runtime.clock.now_ms)
        self._sections = Sections(lag, self._members)
        self.read_gate = ReadGate(self._sections, runtime.loop)
        self._lag = lag
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        self._timer_for = FRAMES
        self._chats = 0
        self._chats_since = 0.0
        self._ahead: deque[int] = deque()
        """The sizes of the frames at the head of the first section's outbox that have been published already."""
        self._when_published: deque[tuple[int, Callable[[], object]]] = deque()
        """What to call after frames that still wait: (number of the frame after those, function)."""
        self.changes = 0
        """Counts what makes a snapshot out of date: messages, presence, and whether the rules are `confirmed`."""
        self.rules: Rules | None = None
        """The channel's rules; None until they are known. Only rules_sync.py sets this."""
        self.confirmed = True
        """Whether `rules` are those in the shared store. Until they are, the channel exchanges no frames with other
        processes, because its members may not be allowed to read them. See rules_sync.py."""
        self.needs_snapshots = False
        """Whether its rules were confirmed after an outage and its members wait for a snapshot. See outages.py."""
        self.confirmations = 0
        """How often its rules were confirmed."""

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._members)

    def attach(self, connection: Connection, region: Region | None = None) -> None:
        """From now on `connection` gets every frame posted. The frames are held back until `release`.

        `region`: in a crowd, what it will see; None if it did not say.
        """
        crowd = self.crowd
        if crowd is not None and crowd.outbox.has_reliable:
            self.flush_all()  # what waits is in the snapshot of those who come now
        held = self._members[connection] = HeldFrames(connection, self._backlog)
        self._remote.attach(connection)
        if crowd is None:
            self._sections.attach(connection, held)
            if region is not None:
                self._regions[connection] = region
        else:
            crowd.attach(connection, region)

    @property
    def next_number(self) -> int:
        """The number of the next reliable frame that is posted."""
        outbox = self._sections.first.outbox if self.crowd is None else self.crowd.outbox
        return self._number + outbox.waiting_frames

    def count_users(self, count: int) -> None:
        """The number of users in the channel, over all processes. It decides whether the channel is a crowd."""
        threshold = self._crowds.threshold
        if self.crowd is None:
            if threshold and count >= threshold:
                self._begin_crowd()
                self._broker.publish(self.name, Batch(b"", b"", encode_control(CrowdCounted(count))))
        elif count <= threshold * ENDS_AT:
            self._end_crowd()
            self._broker.publish(self.name, Batch(b"", b"", encode_control(CrowdCounted(count))))

    def region_of(self, connection: Connection) -> Region | None:
        """The part of the channel that `connection` gets. None: all of it."""
        return None if self.crowd is None else self.crowd.region_of(connection)

    def _begin_crowd(self) -> None:
        # Everyone gets what was posted until now. So nobody misses anything, and nothing is sent twice.
        self.flush_all()
        self.changes += 1
        crowd = self.crowd = Crowd(
            self._members, self.snapshots, self._crowds, self._lag, self._publish_if_confirmed, self._runtime
        )
        for section in self._sections.all:  # some may have written a position that others have not
            cursors = section.outbox.take_cursors(FULL_FLUSH)
            crowd.take_over_pointers(cursors, section.outbox.take_anchors(cursors))
        self._sections.join()
        self.read_gate.watch(crowd.outbox)
        self._write_to_all(pack(CrowdFrame(on=True)))

    def _end_crowd(self) -> None:
        self.flush_all()
        crowd, self.crowd = self.crowd, None
        if crowd is None:
            return
        self.changes += 1
        crowd.end()
        self._sections.divide()
        self.read_gate.watch(self._sections)
        self._write_to_all(pack(CrowdFrame(on=False)))

    def _write_to_all(self, frame: bytes) -> None:
        shared = Shared(frame)
        for connection, held in self._members.items():
            (held or connection).deliver(shared)

    def _publish_if_confirmed(self, batch: Batch) -> None:
        if self.confirmed:
            self._broker.publish(self.name, batch)
        else:
            self._counters.broker_dropped += 1

    def release(self, connection: Connection, snapshot: bytes, in_snapshot: frozenset[bytes] = frozenset()) -> None:
        """Write `snapshot`, then the frames held back meanwhile. After that, frames are written as they come.

        `in_snapshot`: the messages in the snapshot, as the JSON of their frames. They are not sent again.
        """
        held = self._members.get(connection)
        region = self._regions.pop(connection, None)
        if held is not None:
            self._members[connection] = None
            self._sections.release(connection)
            self.snapshots.remember(connection, in_snapshot)
            connection.write(snapshot)
            held.release(in_snapshot)
            if self.crowd is not None:
                self.crowd.released(connection, in_snapshot, region)

    def detach(self, connection: Connection, *, user_gone: str | None = None) -> None:
        """Write nothing more to `connection`. `user_gone`: its user's id, if this was the user's last connection."""
        held = self._members.pop(connection, None)
        self._regions.pop(connection, None)
        if held is not None:
            held.drop()
        self.snapshots.forget(connection)
        self._remote.detach(connection)
        if self.crowd is None:
            self._sections.detach(connection, user_gone)
        else:
            self.crowd.detach(connection, user_gone)

    @property
    def is_late(self) -> bool:
        """Whether the loop is so late that each connection should be read one frame at a time."""
        return self._lag.mean_s > LATE_LOOP_S

    def post(
        self,
        frame: bytes,
        sender: Connection | None = None,
        reply: bytes = b"",
        replaces: str = "",
        points: Points = (),
        patient: bool = False,
    ) -> None:
        """Send `frame` to everyone but `sender`, which gets `reply` instead (see Outbox.post).

        `points`: in a crowd only to those who see one of them; none: to everyone.
        `patient`: soon after the last flush, it may wait up to PATIENCE_S for others that leave with it; not while the
        rules are unconfirmed, or it might still wait when they are, and be published with the numbers of an outage.
        """
        self.changes += 1
        if self.crowd is None:
            for section in self._sections.all:
                section.outbox.post(frame, sender, reply, replaces)
            if patient and self.confirmed:
                # Now: events of other processes have later numbers, and would reach their members first (W19).
                self._publish_ahead()
                self._schedule(PATIENT)
                return
        else:
            self.crowd.outbox.post(frame, cells_of(points), sender, reply, replaces)
        if reply:  # only a message or a stroke is acknowledged
            if not self._chats:
                self._chats_since = self._now_s()
            self._chats += 1
        self._schedule()

    def set_draft(self, sender: Connection, message_id: str, frame: bytes, points: Points = ()) -> None:
        """Set the sender's draft. Sent to everyone else, volatile. `points`: as in `post`."""
        if self.crowd is None:
            for section in self._sections.all:
                section.outbox.set_draft(sender, message_id, frame)
        else:
            self.crowd.outbox.set_draft(sender, message_id, frame, cells_of(points))
        self._schedule()

    def set_drawing(self, sender: Connection, message_id: str, frame: bytes, points: Points = ()) -> None:
        """Set the stroke that the sender draws. Sent to everyone else, volatile. `points`: as in `post`."""
        if self.crowd is None:
            for section in self._sections.all:
                section.outbox.set_drawing(sender, message_id, frame)
        else:
            self.crowd.outbox.set_drawing(sender, message_id, frame, cells_of(points))
        self._schedule()

    def set_cursor(self, user_id: str, position: Position) -> None:
        """Set the user's cursor. Sent to everyone, volatile. Not in a crowd: see Crowd.move."""
        for section in self._sections.all:
            section.outbox.set_cursor(user_id, position)
        self._schedule(CURSORS)

    def set_sealed_cursor(self, sender: Connection, frame: bytes) -> None:
        """Set the sender's cursor in a sealed channel, which is never a crowd. Sent to everyone else, volatile."""
        for section in self._sections.all:
            section.outbox.set_sealed_cursor(sender, frame)
        self._schedule()

    def post_transient(self, sender: Connection, frame: bytes, points: Points = ()) -> None:
        """Send a volatile frame that replaces no earlier one to everyone but `sender`: a reaction or a view.

        `points`: as in `post`.
        """
        if self.crowd is None:
            for section in self._sections.all:
                section.outbox.post_transient(sender, frame)
        else:
            self.crowd.outbox.post_transient(sender, frame, cells_of(points))
        self._schedule()

    def deliver(self, batch: Batch) -> None:
        """Send what another process flushed to the members. Until the rules are confirmed, reliable frames are held."""
        self.changes += 1
        line = b""
        if batch.control:
            line, control = split_control(batch.control)
            if control:
                self._on_control(self.name, replace(batch, control=control))
        if self.confirmed:
            reliable, volatile = self._remote.deliverable(batch)
            unchanged = reliable is batch.reliable and volatile is batch.volatile
            self.deliver_local(reliable, volatile, line if unchanged else b"")
        elif batch.reliable:
            self._remote.hold(len(batch.reliable), lambda: self.deliver_local(self._remote.deliverable(batch)[0]))

    def catch_up(self, publisher: bytes, messages: Sequence[tuple[int, int, bytes]]) -> None:
        """Send the messages of another process that have not arrived yet. `messages`: as in RemoteFrames.missed."""
        self.changes += 1
        if self.confirmed:
            self.deliver_local(self._remote.missed(publisher, messages))
        else:
            size = sum(len(body) for _, _, body in messages)
            self._remote.hold(size, lambda: self.deliver_local(self._remote.missed(publisher, messages)))

    def deliver_local(self, reliable: bytes, volatile: bytes = b"", line: bytes = b"") -> None:
        """Send frames to the members on this process only. `line`: their cells (crowd_batch.py)."""
        if reliable or volatile:
            if self.crowd is None:
                for section in self._sections.all:
                    section.outbox.add_batch(reliable, volatile)
            else:
                self.crowd.add_batch(reliable, volatile, line)
                if not self.crowd.outbox:
                    return  # only pointers and views, which have their own ways
            self._schedule()

    def when_published(self, call: Callable[[], object]) -> None:
        """Call this once the frames of this process that wait for a flush have been published; now if none waits."""
        if self.next_number > self._number:
            self._when_published.append((self.next_number, call))
        else:
            call()

    def send_control_in_order(self, control: bytes) -> None:
        """Send a control message to the other processes, after the frames that wait for a flush."""
        self.when_published(lambda: self._broker.publish(self.name, Batch(b"", b"", control)))

    def confirm(self) -> None:
        """The rules are those in the shared store: exchange frames with other processes again."""
        self.confirmed = True
        self.confirmations += 1
        self.changes += 1
        for take in self._remote.release():
            take()

    def isolate(self) -> None:
        """The rules may have changed elsewhere: exchange no frames with other processes until `confirm`."""
        self.confirmed = False
        self.changes += 1
        self._remote.isolate()

    def close(self) -> None:
        """Write what waits, and stop."""
        self.flush_all()
        if self.crowd is not None:
            self.crowd.close()
            self.crowd = None
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self, what: int = FRAMES) -> None:
        """Make sure that a flush is scheduled soon enough. `what` waits for it: FRAMES, CURSORS or PATIENT."""
        if self._timer is not None and self._timer_for <= what:
            return  # soon enough
        due = self._sections.due(only_cursors=what == CURSORS)
        if what == PATIENT:
            due += PATIENCE_S
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._timer_for = what
        now = self._loop.time()
        if due <= now:
            # Quiet: flush on the next turn of the loop, together with what this turn still reads.
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
        """Write everything that waits, now."""
        self.flush()
        while self._sections.has_frames if self.crowd is None else self.crowd.outbox:
            self.flush()

    def flush(self) -> None:
        """Write as much as one flush carries: one write per connection, one publish. The rest is scheduled."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        started, began = self._loop.time(), self._now_s()
        bound = self._flush_limit()
        if self.crowd is not None:
            self._flush_crowd(self.crowd, started, began, bound)
            return
        section = self._sections.next()
        outbox, first = section.outbox, section is self._sections.first
        cursors = b""
        if outbox.has_cursors and section.pacer.cursors_due() <= started and not outbox.would_leave_frames(bound):
            taken = outbox.take_cursors(bound)
            cursors = pack(Cursors(taken, outbox.take_anchors(taken) or UNSET))
        if not cursors and not outbox:
            self._schedule_rest()
            self.read_gate.resume_next()  # a section that was behind may be gone
            return
        section.pacer.flushed(started, cursors=bool(cursors))
        flush = outbox.take(cursors, bound)
        if self.snapshots:
            self.snapshots.cut(flush)
        if first:
            self._publish_flush(flush)
        elif flush.counts.messages:
            self._publish_ahead()  # this section is about to acknowledge a part of it
        if flush.counts.messages:
            self._broker.send_now()  # before anybody gets an `ack`
        self._write(flush, section)
        self._counters.count_flush(flush, len(cursors), len(section.members), first=first)
        self._after_flush(began, flush.counts if first else NO_COUNTS, section)
        self.read_gate.resume_next()

    def _flush_crowd(self, crowd: Crowd, started: float, began: float, bound: FlushLimit) -> None:
        if not crowd.outbox:
            return
        section = self._sections.first
        section.pacer.flushed(started, cursors=False)
        taken = crowd.outbox.take(bound)
        if taken.local:
            self._publish_if_confirmed(batch_of(taken, self._number))
        if taken.counts.messages:
            self._broker.send_now()  # before anybody gets an `ack`
        self._close_slow(crowd.write(taken))
        self._after_flush(began, taken.counts, section)
        self.read_gate.resume_next()

    def _publish_flush(self, flush: Flush[Connection]) -> None:
        """Publish what the first section flushes, except what was published ahead."""
        reliable, number, frames = flush.reliable, self._number, flush.counts.messages + flush.counts.events
        if self._ahead:
            published = min(frames, len(self._ahead))
            reliable = reliable[sum(self._ahead.popleft() for _ in range(published)) :]
            number, frames = number + published, frames - published
        if reliable or flush.volatile:
            self._publish_if_confirmed(Batch(reliable, flush.volatile, number=number, frames=frames))

    def _publish_ahead(self) -> None:
        """Publish what the first section has yet to flush, and what is not published yet."""
        frames = self._sections.first.outbox.waiting_after(len(self._ahead))
        if frames and self.confirmed:
            number = self._number + len(self._ahead)
            self._ahead.extend(map(len, frames))
            self._broker.publish(self.name, Batch(b"".join(frames), b"", number=number, frames=len(frames)))

    def _after_flush(self, began: float, counts: FlushCounts, section: Section) -> None:
        self._number += counts.messages + counts.events
        while self._when_published and self._when_published[0][0] <= self._number:
            self._when_published.popleft()[1]()
        ended = self._now_s()
        cost = ended - began
        if self.crowd is not None:
            section.pacer.observe_cost(cost, CROWD_STRETCH, MAX_CROWD_TICK_S)
        else:
            # A section waits until the others have been written to.
            section.pacer.observe_cost(cost * len(self._sections.all))
        if section is self._sections.first:
            self._counters.flush_seconds.observe(cost)
        if counts.messages:
            self._counters.broadcast.observe(ended - self._chats_since, counts.messages)
            self._chats -= counts.messages
        self._schedule_rest()

    def _flush_limit(self) -> FlushLimit:
        copies = min(len(self._members), SECTION_MEMBERS)
        if copies * FLUSH_BYTES <= FLUSH_COPIED_BYTES:
            return FULL_FLUSH
        return FlushLimit(FLUSH_FRAMES, FLUSH_COPIED_BYTES // copies)

    def _schedule_rest(self) -> None:
        if self.crowd is not None:
            if self.crowd.outbox:
                self._schedule()
        elif self._sections.has_frames:
            self._schedule()
        elif self._sections.has_cursors:
            self._schedule(CURSORS)

    def _write(self, flush: Flush[Connection], section: Section) -> None:
        members = section.members.items()
        section.backwards = not section.backwards
        slow, skipped = write_flush(flush, reversed(members) if section.backwards else members)
        self._close_slow(slow)
        self._counters.volatile_dropped += skipped

    def _close_slow(self, slow: Iterable[Connection]) -> None:
        for connection in slow:
            self.detach(connection)
            connection.close(TooSlow())
