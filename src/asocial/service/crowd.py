"""A channel with so many people that each gets only what they can see (W160 to W170).

While a channel is a crowd, its Channel gives everything to this: who sees what, the outbox by cells, pointers,
activity, pace. Below the threshold none of this exists, and a frame costs what it always did.

Never here: when a channel is a crowd (channel.py), what a frame means.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..domain.activity import Activity, Counts, added, coarse
from ..domain.cells import MIDDLE, Cell, Region, cell_of, cells_of
from ..domain.crowd_memory import CrowdMemory, Kept
from ..domain.crowd_outbox import CrowdOutbox, Run, divide
from ..domain.crowd_pace import LEAST, CrowdPace
from ..domain.errors import TooSlow
from ..domain.flush import FlushCounts, FlushLimit, Shared
from ..domain.live_message_index import LiveMessage
from ..domain.message import Dated
from ..domain.pacing import CURSOR_TICK_S, LoopLag
from ..domain.region_groups import RegionGroups
from ..groups import CrowdSettings
from ..ports import Batch, Connection
from ..protocol.codec import dated_messages_in, live_messages_in, pack, places_of, shifted
from ..protocol.framing import split_frames, text_frame
from ..protocol.schema import ActivityFrame, PaceFrame
from .control import ActivityHere, encode_control
from .crowd_batch import Part, cells_line, parts, parts_of
from .crowd_pointers import CrowdPointers, Moves, is_cursors
from .held_frames import HeldFrames
from .runtime import Runtime
from .snapshot_memory import SnapshotMemory
from .writing import UNSENT_LIMIT_BYTES, VOLATILE_UNSENT_LIMIT_BYTES, write_flush

MAX_LISTENERS = 100
"""Listeners that a process takes in one crowd. Further ones get what happens in the middle."""
GRACE_S = 5.0
"""How long after the beginning of a crowd everybody may be a listener: their clients have yet to say what they see."""
SECOND_S = 1.0
EXACT_EVERY = 5
"""Each fifth activity is exact; the others leave out small changes."""
OTHERS_S = 3.5
"""How long the activity of another process counts."""
FOLLOW_S = 12.0
"""How long a `follow` counts (W32)."""
CATCH_UP_MESSAGES = 1000
"""The most messages that one move of a viewport brings, the newest: those of 5 s in a channel at its limit (W72)."""
CATCH_UP_BYTES = 256 * 1024
"""The most bytes of them, so that somebody who reads slowly is not closed for what one move brought."""
SENDERS_S = 3
"""Who moved their pointer within so many seconds counts as a sender."""
SUSPENDED_S = 0.5
"""If no pointer was read for so long, those that come then may be old."""
SLICE = 384
"""Connections that are written to in one turn of the loop, so that messages need not wait for all pointers."""
PAUSE_SHARE = 0.2
"""How long the loop is free for messages after such a turn, as a share of what the turn took."""

Published = Callable[[Batch], None]


class _Place:
    """Where one connection is: its user's pointer, or the middle of what it shows. `on_map`: others may know."""

    __slots__ = ("cell", "on_map", "pointed", "user_id")

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.cell: Cell = (0, 0)
        self.on_map = False
        self.pointed = False
        """Whether it is the pointer's cell."""


class Crowd:
    """`members`: of the channel, with the frames held back from each. `publish`: sends a batch to other processes."""

    def __init__(
        self,
        members: Mapping[Connection, HeldFrames | None],
        snapshots: SnapshotMemory,
        settings: CrowdSettings,
        lag: LoopLag,
        publish: Published,
        runtime: Runtime,
    ) -> None:
        self._members = members
        self._backwards = False
        """Whether this flush begins with the last member of each group: nobody is always last."""
        self._snapshots = snapshots
        self._lag = lag
        self._publish = publish
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self._counters = runtime.counters
        self.outbox: CrowdOutbox[Connection] = CrowdOutbox()
        self.pointers = CrowdPointers()
        self.groups: RegionGroups[Connection] = RegionGroups()
        now = runtime.loop.time()
        self._memory: CrowdMemory[Connection] = CrowdMemory(settings.life_s, members, now)
        for connection in snapshots.connections():
            self._memory.remember_snapshot(connection, snapshots.messages_of(connection), now)
        self._cleared_ms = 0
        self._arrived_late: set[bytes] = set()
        """Messages from before the crowd whose batch came only later: its copy counts, not that of the snapshot."""
        self._seeded = False
        for connection in members:
            self.groups.place(connection, None)
        self._grace_until = now + GRACE_S
        self._places: dict[Connection, _Place] = {}
        self._messages: deque[tuple[int, Cell]] = deque()
        self._followers: dict[str, dict[Connection, float]] = {}
        self._pace = CrowdPace(settings.cursors_per_second, settings.drafts_per_second)
        self._worked = time.thread_time(), now
        self._read_at = now
        self._reads_late_until = now
        self._senders: set[str] = set()
        """Users who moved their pointer in this second."""
        self._sent_before: deque[set[str]] = deque(maxlen=SENDERS_S - 1)
        """The same of the seconds before: a late process has not read everybody in one."""
        self._activity = Activity()
        self._others: dict[bytes, tuple[float, Counts]] = {}
        self._seconds = 0
        self._notice = b""
        """Frames for everyone with a region, which go with the next pointers."""
        self._lacking: set[Connection] = set()
        """Connections that were too slow for a notice: they get the whole of it."""
        self._tick_at = float("-inf")
        self._round: Iterator[int] | None = None
        self._pointer_timer: asyncio.Handle | None = None
        self._second_timer: asyncio.Handle | None = runtime.loop.call_later(SECOND_S, self._second)

    def close(self) -> None:
        """Stop all timers."""
        for timer in (self._pointer_timer, self._second_timer):
            if timer is not None:
                timer.cancel()
        self._pointer_timer = self._second_timer = self._round = None

    # Who sees what.

    def attach(self, connection: Connection, region: Region | None) -> None:
        """A connection joins. `region`: what it said it will see."""
        self._memory.join(connection)
        if region is None and self.groups.listeners >= MAX_LISTENERS and self._loop.time() >= self._grace_until:
            region = MIDDLE
        self.groups.place(connection, region)

    def released(self, connection: Connection, in_snapshot: frozenset[bytes], region: Region | None = None) -> None:
        """The connection has its snapshot, with these messages. `region`: what it said when it joined, before the
        channel was a crowd."""
        self._memory.remember_snapshot(connection, in_snapshot, self._loop.time())
        here = self.region_of(connection)
        if here is not None:
            self._write_to(connection, self._greeting() + self._resting(connection, here, None))
        elif region is not None:
            self._move_to(connection, region)

    def detach(self, connection: Connection, user_gone: str | None) -> None:
        self.groups.remove(connection)
        self._memory.leave(connection)
        self.outbox.detach(connection)
        self._places.pop(connection, None)
        self._lacking.discard(connection)
        if user_gone is not None:
            self.pointers.forget(user_gone)
            self._followers.pop(user_gone, None)

    def region_of(self, connection: Connection) -> Region | None:
        """None: of a listener, which gets everything."""
        group = self.groups.group_of(connection)
        return None if group is None else group.region

    def look(
        self, connection: Connection, user_id: str, middle: tuple[float, float], region: Region, *, on_map: bool
    ) -> None:
        """What the connection shows. It gets the live messages that came into view and that it lacks."""
        place = self._place_of(connection, user_id)
        place.on_map = on_map
        if not place.pointed:
            place.cell = cell_of(*middle)
        self._move_to(connection, region)

    def _place_of(self, connection: Connection, user_id: str) -> _Place:
        place = self._places.get(connection)
        if place is None:
            place = self._places[connection] = _Place(user_id)
        return place

    def show_on_map(self, connection: Connection, on_map: bool) -> None:
        """The connection's user hides from maps, or shows up again."""
        place = self._places.get(connection)
        if place is not None:
            place.on_map = on_map

    def seed(self, live: Iterable[LiveMessage]) -> None:
        """The live messages of a snapshot read while the channel is a crowd: keep those from before it began."""
        if self._seeded:
            return
        self._seeded = True
        since = {
            payload for data in (*self._memory.frames(), *self.outbox.waiting()) for _, _, payload in split_frames(data)
        }
        earlier = [message for message in live if message.body not in since]
        self._memory.keep_earlier(
            [(cells_of(places_of(message.body)), text_frame(message.body)) for message in earlier], self._loop.time()
        )

    def forget(self, until_ms: int) -> None:
        """The channel was cleared: messages up to this moment are not sent to anybody any more."""
        self._cleared_ms = max(self._cleared_ms, until_ms)
        self._messages.clear()

    def clock_set(self, shift_ms: int) -> None:
        """The server's clock was set: what is kept here keeps the life that is left (W85)."""

        def body(payload: bytes) -> bytes:
            return shifted(payload, shift_ms)

        def frames(data: bytes) -> bytes:
            return b"".join([text_frame(body(payload)) for _, _, payload in split_frames(data)])

        self._memory.rewrite(frames, body)
        self._arrived_late = set(map(body, self._arrived_late))
        self._messages = deque((expires_at + shift_ms, cell) for expires_at, cell in self._messages)
        self._cleared_ms += shift_ms

    def end(self) -> None:
        """The channel is not a crowd any more: everybody gets the live messages that they lack."""
        self.close()
        for connection in list(self._members):
            self._move_to(connection, None)

    def _move_to(self, connection: Connection, region: Region | None) -> None:
        group = self.groups.group_of(connection)
        if group is None or group.region == region:
            return
        now, before = self._loop.time(), group.region
        lacking = self._memory.move(connection, before, region, now)
        self.groups.place(connection, region)
        known = self._memory.snapshot_of(connection, now)
        earlier = [kept for kept in lacking if kept.sequence == 0]
        if earlier:
            # Another process may have posted some of them without its batch having arrived here yet.
            self._remember(
                connection, frozenset(payload for kept in earlier for _, _, payload in split_frames(kept.frames))
            )
        frames = self._live(lacking, known)
        if region is not None:
            if before is None:
                frames += self._greeting()
            frames += self._resting(connection, region, before)
        if frames:
            self._write_to(connection, frames)

    @property
    def _is_strained(self) -> bool:
        """Whether this process has so much to do that it shows only the pointers that move."""
        return self._pace.pace.cursors_per_second <= LEAST

    def _resting(self, connection: Connection, region: Region, before: Region | None) -> bytes:
        """A frame with the pointers that rest in the part of the region that came into view (W205)."""
        if self._is_strained:
            return b""
        frame = self.pointers.frame_of_resting(region, before, self._loop.time())
        if not frame or (self._members.get(connection) or connection).unsent_bytes > VOLATILE_UNSENT_LIMIT_BYTES:
            return b""
        self._counters.sent["cursors"].add(1, len(frame))
        return frame

    def _remember(self, connection: Connection, bodies: frozenset[bytes]) -> None:
        """The connection gets these messages: they are not sent to it again."""
        now = self._loop.time()
        self._snapshots.remember(connection, bodies | self._snapshots.messages_of(connection))
        self._memory.remember_snapshot(connection, bodies | self._memory.snapshot_of(connection, now), now)

    def _live(self, lacking: Sequence[Kept], known: frozenset[bytes]) -> bytes:
        """The messages in what was kept that are still live, each once, without those that are known."""
        now_ms, found, size = self._now_ms(), dict[bytes, bytes](), 0
        for kept in reversed(lacking):
            arrived = self._arrived_late if kept.sequence == 0 else ()
            live = [each for each in _messages_of(kept) if each.is_live(now_ms, self._cleared_ms)]
            kept.is_over = not live
            for payload, frame, _, _ in reversed(live):
                if payload in known or payload in arrived or payload in found:
                    continue
                size += len(frame)
                if size > CATCH_UP_BYTES or len(found) == CATCH_UP_MESSAGES:
                    return b"".join(reversed(found.values()))
                found[payload] = frame
        return b"".join(reversed(found.values()))

    def _write_to(self, connection: Connection, frames: bytes) -> None:
        reader = self._members.get(connection) or connection
        if reader.unsent_bytes > UNSENT_LIMIT_BYTES:
            connection.close(TooSlow())
        else:
            reader.deliver(Shared(frames))

    def _greeting(self) -> bytes:
        return self._pace_frame() + self._activity_frame()

    # Frames of this process's clients.

    def count_message(self, cells: Sequence[Cell], expires_at: int) -> None:
        """A message that others may see on a map was posted here."""
        if cells:
            self._messages.append((expires_at, cells[0]))

    def reads_late(self, now: float) -> bool:
        """Called for each pointer that is read. Whether it may be old, because this process was suspended.

        To ask for each pointer whether its client is gone would cost more than to read it.
        """
        if now - self._read_at > SUSPENDED_S:
            self._reads_late_until = now + SUSPENDED_S
        self._read_at = now
        return now < self._reads_late_until

    def move(self, connection: Connection, user_id: str, x: float, y: float, anchor: str = "", *, on_map: bool) -> None:
        """A user moved their pointer. Only the latest move of a tick is sent. `anchor`: W181."""
        self._senders.add(user_id)
        place = self._place_of(connection, user_id)
        place.cell, place.on_map, place.pointed = cell_of(x, y), on_map, True
        self.pointers.move(user_id, x, y, anchor)
        self._schedule_pointers()

    def take_over_pointers(self, cursors: Iterable[tuple[str, float, float]], anchors: Mapping[str, str]) -> None:
        """What waited when the channel became a crowd."""
        for user_id, x, y in cursors:
            self.pointers.move(user_id, x, y, anchors.get(user_id, ""))
            self._schedule_pointers()

    def writes(self, user_id: str) -> None:
        """The user has a draft."""
        self.pointers.writes(user_id, self._loop.time())

    def follow(self, connection: Connection, user_id: str) -> None:
        """The connection's user follows another, and gets their views and pointer wherever they are."""
        self._followers.setdefault(user_id, {})[connection] = self._loop.time() + FOLLOW_S

    def show_view(self, user_id: str, frame: bytes) -> None:
        """Send a view to the followers of its user, on every process."""
        self._write_to_followers(user_id, frame)
        self._publish(Batch(b"", frame, cells_line([], [(frame, user_id)])))

    # Frames of other processes.

    def add_batch(self, reliable: bytes, volatile: bytes, line: bytes) -> None:
        """`line`: the cells of the batch. Without them everyone gets it."""
        divided = parts(line, reliable, volatile) if line else None
        if divided is None:
            divided = ([(reliable, ())] if reliable else [], [(volatile, ())] if volatile else [])
        passing: list[tuple[bytes, tuple[Cell, ...]]] = []
        for frames, to in divided[1]:
            if isinstance(to, str):
                self._write_to_followers(to, frames)
            elif is_cursors(payload := next(split_frames(frames), (0, 0, b""))[2]) and line:
                self.pointers.add_remote(payload)
            else:
                passing.append((frames, to))
        kept = [(frames, to) for frames, to in divided[0] if not isinstance(to, str)]
        if kept or passing:
            self.outbox.add_batch(kept, passing)
        if self.pointers:
            self._schedule_pointers()

    def add_activity(self, publisher: bytes, here: ActivityHere) -> None:
        """The activity of another process."""
        half = (1 << here.shift) >> 1
        counts: Counts = {
            ((x << here.shift) + half, (y << here.shift) + half): (people, messages)
            for x, y, people, messages in here.places
        }
        self._others[publisher] = (self._loop.time() + OTHERS_S, counts)

    # Writing.

    def flush(self, bound: FlushLimit, number: int) -> tuple[FlushCounts, list[Connection], Batch | None]:
        """Write as much as one flush carries. Returns what it carried, the connections that are too slow, and what
        the other processes get. `number`: of the first reliable frame."""
        taken = self.outbox.take(bound)
        now = self._loop.time()
        slow: list[Connection] = []
        self._backwards = not self._backwards
        for run in taken.runs:
            self._keep(run, now)
        remembered = set(self._snapshots.connections())
        for group, flush in divide(taken.runs, self.groups):
            if remembered and not remembered.isdisjoint(group.members):
                self._snapshots.cut(flush, remembered & group.members.keys())
            readers: Iterable[Connection] = group.members if flush.shared.data else flush.personal
            if self._backwards:
                readers = reversed(list(readers))
            too_slow, skipped = write_flush(flush, ((reader, self._members.get(reader)) for reader in readers))
            slow += too_slow
            self._counters.volatile_dropped += skipped
            self._counters.sent_in_crowd(len(group.members), len(flush.shared.data))
        own = taken.runs[: taken.local]
        batch = None
        if own:
            reliable, volatile = [run for run in own if not run.volatile], [run for run in own if run.volatile]
            batch = Batch(
                b"".join([run.data for run in reliable]),
                b"".join([run.data for run in volatile]),
                cells_line(parts_of(reliable), parts_of(volatile)),
                number=number,
                frames=len(reliable),
            )
        return taken.counts, slow, batch

    def _keep(self, run: Run[Connection], now: float) -> None:
        """Keep the messages of a run for those whose viewport comes there."""
        if run.volatile:
            return
        if run.kind == "remote" and self._memory.has_earlier:
            self._arrived_late.update(payload for _, _, payload in split_frames(run.data))
        if run.cells:
            if run.reply or run.kind == "remote":
                self._memory.keep(run.cells, run.data, now, sender=run.sender)
        elif run.kind == "remote":
            # Of a process that knows no cells, or from before the crowd. Everyone gets it now, but not who comes later.
            for payload, frame in live_messages_in(run.data, self._now_ms(), self._cleared_ms):
                self._memory.keep(cells_of(places_of(payload)), frame, now, everyone=True)

    def _write_to_followers(self, user_id: str, frame: bytes) -> None:
        followers = self._followers.get(user_id)
        if not followers:
            return
        now = self._loop.time()
        for connection, until in list(followers.items()):
            if until < now or connection not in self._members:
                del followers[connection]
            elif connection.unsent_bytes <= VOLATILE_UNSENT_LIMIT_BYTES:
                self._write_to(connection, frame)
        if not followers:
            del self._followers[user_id]

    def _schedule_pointers(self) -> None:
        if self._pointer_timer is not None:
            return
        due = self._tick_at + max(CURSOR_TICK_S, self._pace.tick_s)
        self._pointer_timer = self._loop.call_at(max(due, self._loop.time()), self._tick)

    def _tick(self) -> None:
        """Begin to write pointers and notices to all groups."""
        self._tick_at = self._loop.time()
        own, moves = self.pointers.take(self._tick_at, keep=not self._is_strained)
        frames: list[Part] = [*own.by_cell()]
        if frames:
            self._publish(Batch(b"", b"".join([frame for frame, _ in frames]), cells_line([], frames)))
        notice, self._notice = self._notice, b""
        followed = [user for user in self._followers if user in moves.by_user]
        for user in followed:
            self._write_to_followers(user, moves.frame_of((user,)))
        self._round = self._write_round(moves, notice)
        self._continue_round()

    def _continue_round(self) -> None:
        """Write to some connections, and go on in a later turn of the loop."""
        self._pointer_timer = None
        if self._round is None:
            return
        began, written = self._loop.time(), 0
        for count in self._round:
            written += count
            if written >= SLICE:
                pause = (self._loop.time() - began) * PAUSE_SHARE
                self._pointer_timer = self._loop.call_later(pause, self._continue_round)
                return
        self._round = None
        if self.pointers or self._notice:
            self._schedule_pointers()

    def _write_round(self, moves: Moves, notice: bytes) -> Iterator[int]:
        """Write to one group after the other. Yields how many connections were written to.

        Connections change their group between two turns: each gets the notice once, and those that the round missed get
        it at the end.
        """
        groups = [group for group in self.groups if group.region is not None]
        unnoticed = {connection for group in groups for connection in group.members} if notice else set()
        for group in groups:
            cursors = moves.frame_for(group)
            if not cursors and not notice:
                continue
            plain, with_notice = Shared(cursors), Shared(notice + cursors)
            for connection in group.members:
                shared = plain
                if connection in unnoticed:
                    unnoticed.discard(connection)
                    shared = with_notice
                reader = self._members.get(connection) or connection
                if reader.unsent_bytes > VOLATILE_UNSENT_LIMIT_BYTES:
                    self._counters.volatile_dropped += 1
                    if shared is with_notice:
                        self._lacking.add(connection)
                elif shared.data:
                    reader.deliver(shared)
            count = len(group.members)
            self._counters.sent["cursors"].add(count if cursors else 0, len(cursors) * count)
            yield count
        for connection in unnoticed & self._members.keys():
            self._write_to(connection, notice)

    # Once a second.

    def _second(self) -> None:
        self._second_timer = self._loop.call_later(SECOND_S, self._second)
        now = self._loop.time()
        self._seconds += 1
        self._memory.expire(now)
        self.pointers.resting.expire(now)
        self._counters.crowd_messages_dropped += self._memory.take_dropped()
        if now >= self._grace_until:
            self._limit_listeners()
        for user_id, followers in list(self._followers.items()):
            current = {connection: until for connection, until in followers.items() if until > now}
            if current:
                self._followers[user_id] = current
            else:
                del self._followers[user_id]
        # Many come at once, and move only then: the pace must not begin too high for them.
        senders = max(len(self._senders.union(*self._sent_before)), len(self._members) // 2)
        paced = self._pace.update(senders, self._lag.mean_s, self._busy(now))
        self._sent_before.append(self._senders)
        self._senders = set()
        here = self._here()
        self._publish_activity(here)
        self._others = {publisher: other for publisher, other in self._others.items() if other[0] > now}
        total = added([here, *(counts for _, counts in self._others.values())])
        change = self._activity.update(total, exact=self._seconds % EXACT_EVERY == 0)
        if change is not None:
            self._notice += pack(ActivityFrame(change.size, change.whole, change.places))
        if paced:
            self._notice += self._pace_frame()
        for connection in list(self._lacking):
            reader = self._members.get(connection) or connection
            if reader.unsent_bytes <= VOLATILE_UNSENT_LIMIT_BYTES:
                self._lacking.discard(connection)
                self._write_to(connection, self._greeting())
        if self._notice:
            self._schedule_pointers()

    def _busy(self, now: float) -> float:
        """The share of the time since the last call in which this process worked."""
        worked_before, before = self._worked
        self._worked = worked, _ = time.thread_time(), now
        return (worked - worked_before) / (now - before) if now > before else 0.0

    def _limit_listeners(self) -> None:
        if self.groups.listeners <= MAX_LISTENERS:
            return
        group = next(group for group in self.groups if group.region is None)
        for connection in list(group.members)[MAX_LISTENERS:]:
            self._move_to(connection, MIDDLE)

    def _here(self) -> Counts:
        """The activity of this process, by cell."""
        now_ms = self._now_ms()
        self._messages = deque(entry for entry in self._messages if entry[0] > now_ms)
        where = {place.user_id: place.cell for place in self._places.values() if place.on_map}
        counts: Counts = {}
        for cell in where.values():
            people, messages = counts.get(cell, (0, 0))
            counts[cell] = people + 1, messages
        for _, cell in self._messages:
            people, messages = counts.get(cell, (0, 0))
            counts[cell] = people, messages + 1
        return counts

    def _publish_activity(self, here: Counts) -> None:
        shift, places = coarse(here)
        listed = [(x, y, *both) for (x, y), both in places.items()]
        self._publish(Batch(b"", b"", encode_control(ActivityHere(shift, listed))))

    def _activity_frame(self) -> bytes:
        whole = self._activity.whole()
        return pack(ActivityFrame(whole.size, whole.whole, whole.places))

    def _pace_frame(self) -> bytes:
        return pack(PaceFrame(*self._pace.pace))


def _messages_of(kept: Kept) -> Sequence[Dated]:
    if kept.messages is None:
        kept.messages = list(dated_messages_in(kept.frames))
    return kept.messages
