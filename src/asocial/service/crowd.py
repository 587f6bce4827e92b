"""A channel with so many people that each gets only what they can see (W160 to W170).

While a channel is a crowd, its Channel gives everything to this: who sees what, and the outbox by cells. Pointers,
activity and pace have files of their own. Below the threshold none of this exists, and a frame costs what it always
did.

Never here: when a channel is a crowd (channel.py), what a frame means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..domain.cells import MIDDLE, Cell, Region, cell_of, cells_of
from ..domain.crowd_memory import CrowdMemory, Kept
from ..domain.crowd_outbox import CrowdOutbox, Run, Taken, divide
from ..domain.errors import TooSlow
from ..domain.flush import Shared
from ..domain.live_message import LiveMessage
from ..domain.message import Dated
from ..domain.pacing import LoopLag
from ..domain.region_groups import RegionGroups
from ..groups import CrowdSettings
from ..ports import Batch, Connection
from ..protocol.codec import dated_messages_in, live_messages_in, places_of, shifted
from ..protocol.framing import split_frames, text_frame
from .control import ActivityHere, PointersGone, encode_control
from .crowd_activity import CrowdActivity
from .crowd_batch import cells_line, parts
from .crowd_load import CrowdLoad
from .crowd_pointers import CrowdPointers, is_cursors
from .crowd_rounds import CrowdRounds
from .held_frames import HeldFrames
from .occupancy import Occupancy
from .runtime import Runtime
from .snapshot_memory import SnapshotMemory
from .writing import UNSENT_LIMIT_BYTES, VOLATILE_UNSENT_LIMIT_BYTES, write_flush

MAX_LISTENERS = 100
"""Listeners that a process takes in one crowd. Further ones get what happens in the middle."""
GRACE_S = 5.0
"""How long after the beginning of a crowd everybody may be a listener: their clients have yet to say what they see."""
SECOND_S = 1.0
FOLLOW_S = 12.0
"""How long a `follow` counts for both sides (W32)."""
CATCH_UP_MESSAGES = 1000
"""The most messages that one move of a viewport brings, the newest: those of 5 s in a channel at its limit (W72)."""
CATCH_UP_BYTES = 256 * 1024
"""The most bytes of them, so that somebody who reads slowly is not closed for what one move brought."""
PASS_ON_S = 0.12
"""How often other processes and followers get pointers, or at each tick if that is shorter."""

Published = Callable[[Batch], None]


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
        self._publish = publish
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self._counters = runtime.counters
        self.outbox: CrowdOutbox[Connection] = CrowdOutbox()
        self.pointers = CrowdPointers()
        self.groups: RegionGroups[Connection] = RegionGroups()
        now = runtime.loop.time()
        self.load = CrowdLoad(settings, lag, now, Occupancy(now))
        self.activity = CrowdActivity()
        self._rounds = CrowdRounds(members, self.groups, self.pointers, self.load, self._write_to, runtime)
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
        self._followers: dict[str, dict[Connection, float]] = {}
        self._gone: list[str] = []
        """Users who left this process's part of the channel, for the other processes."""
        self._passed_on_at = float("-inf")
        self._passing_on: asyncio.Handle | None = None
        self._second_timer: asyncio.Handle | None = runtime.loop.call_later(SECOND_S, self._second)

    def close(self) -> None:
        """Stop all timers."""
        self._rounds.close()
        for timer in (self._passing_on, self._second_timer):
            if timer is not None:
                timer.cancel()
        self._passing_on = self._second_timer = None

    # Who sees what.

    def attach(self, connection: Connection, region: Region | None) -> None:
        """A connection joins. `region`: what it said it will see."""
        self._memory.join(connection)
        if region is None and self.groups.listeners >= MAX_LISTENERS and self._loop.time() >= self._grace_until:
            region = MIDDLE
        self.groups.place(connection, region, self.pointers.order)

    def released(self, connection: Connection, in_snapshot: frozenset[bytes], region: Region | None = None) -> None:
        """The connection has its snapshot, with these messages. `region`: what it said when it joined, before the
        channel was a crowd."""
        self._memory.remember_snapshot(connection, in_snapshot, self._loop.time())
        here = self.region_of(connection)
        if here is not None:
            self._write_to(connection, self._greeting() + self._pointers_for(connection, here, None, 0))
        elif region is not None:
            self._move_to(connection, region)

    def detach(self, connection: Connection, user_gone: str | None) -> None:
        self.groups.remove(connection)
        self._memory.leave(connection)
        self.outbox.detach(connection)
        self.activity.leave(connection)
        self._rounds.lacking.discard(connection)
        if user_gone is not None:
            self._followers.pop(user_gone, None)
            self.pointers.forget(user_gone)
            self._gone.append(user_gone)
            self._schedule_passing_on()

    def region_of(self, connection: Connection) -> Region | None:
        """None: of a listener, which gets everything."""
        group = self.groups.group_of(connection)
        return None if group is None else group.region

    def look(
        self, connection: Connection, user_id: str, middle: tuple[float, float], region: Region, *, on_map: bool
    ) -> None:
        """What the connection shows. It gets the live messages that came into view and that it lacks."""
        self.activity.look(connection, user_id, cell_of(*middle), on_map=on_map)
        self._move_to(connection, region)

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
        self.activity.clear_messages()

    def clock_set(self, shift_ms: int) -> None:
        """The server's clock was set: what is kept here keeps the life that is left (W85)."""

        def body(payload: bytes) -> bytes:
            return shifted(payload, shift_ms)

        def frames(data: bytes) -> bytes:
            return b"".join([text_frame(body(payload)) for _, _, payload in split_frames(data)])

        self._memory.rewrite(frames, body)
        self._arrived_late = set(map(body, self._arrived_late))
        self.activity.clock_set(shift_ms)
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
        now, before, since = self._loop.time(), group.region, group.since
        lacking = self._memory.move(connection, before, region, now)
        placed = self.groups.place(connection, region, self.pointers.order)
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
            # What those of its new group have got before it came to them.
            missed_since = since if placed.since > since else self.pointers.order
            frames += self._pointers_for(connection, region, before, missed_since)
        if frames:
            self._write_to(connection, frames)

    def _pointers_for(self, connection: Connection, region: Region, before: Region | None, since: int) -> bytes:
        """Frames for a viewport that came from `before`: with the pointers that rest in the part of the region that
        came into view (W205), and with those in the other part that moved after the move number `since`."""
        frames = b"" if self.load.is_strained else self.pointers.frame_of_resting(region, before, self._loop.time())
        if before is not None and since < self.pointers.order:
            frames += self.pointers.frame_of_missed(region, before, since)
        if not frames or (self._members.get(connection) or connection).unsent_bytes > VOLATILE_UNSENT_LIMIT_BYTES:
            return b""
        self._counters.sent["cursors"].add(1, len(frames))
        return frames

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
        return self.load.frame() + self.activity.whole()

    # Frames of this process's clients.

    def move(self, connection: Connection, user_id: str, x: float, y: float, anchor: str = "", *, on_map: bool) -> None:
        """A user moved their pointer. Only the latest move of a tick is sent. `anchor`: W181."""
        cell = cell_of(x, y)
        self.load.senders.add(user_id)
        self.activity.point(connection, user_id, cell, on_map=on_map)
        self._move_pointer(user_id, x, y, cell, anchor)

    def _move_pointer(self, user_id: str, x: float, y: float, cell: Cell, anchor: str) -> None:
        self.pointers.move(user_id, x, y, cell, self._loop.time(), anchor)
        self._rounds.schedule()
        if self._passing_on is None:
            self._schedule_passing_on()

    def take_over_pointers(self, cursors: Iterable[tuple[str, float, float]], anchors: Mapping[str, str]) -> None:
        """What waited when the channel became a crowd."""
        for user_id, x, y in cursors:
            self._move_pointer(user_id, x, y, cell_of(x, y), anchors.get(user_id, ""))

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
                self.pointers.add_remote(payload, self._loop.time())
                self._rounds.schedule()
                self._schedule_passing_on()
            else:
                passing.append((frames, to))
        kept = [(frames, to) for frames, to in divided[0] if not isinstance(to, str)]
        if kept or passing:
            self.outbox.add_batch(kept, passing)

    def add_activity(self, publisher: bytes, here: ActivityHere) -> None:
        """The activity of another process."""
        self.activity.add_remote(publisher, here, self._loop.time())

    def forget_pointers(self, user_ids: Iterable[str]) -> None:
        """These users have left, from another process."""
        for user_id in user_ids:
            self.pointers.forget(user_id)

    # Writing.

    def write(self, taken: Taken[Connection]) -> list[Connection]:
        """Write one flush. Returns the connections that are too slow."""
        now = self._loop.time()
        slow: list[Connection] = []
        self._backwards = not self._backwards
        for run in taken.runs:
            self._keep(run, now)
        remembered = self._snapshots.connections()
        for group, flush in divide(taken.runs, self.groups):
            if remembered and (known := [member for member in group.members if member in remembered]):
                self._snapshots.cut(flush, known)
            readers: Iterable[Connection] = group.members if flush.shared.data else flush.personal
            if self._backwards:
                readers = reversed(list(readers))
            too_slow, skipped = write_flush(flush, ((reader, self._members.get(reader)) for reader in readers))
            slow += too_slow
            self._counters.volatile_dropped += skipped
            self._counters.sent_in_crowd(len(group.members), len(flush.shared.data))
        return slow

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

    def _schedule_passing_on(self) -> None:
        if self._passing_on is None:
            due = self._passed_on_at + min(PASS_ON_S, self.load.tick_s)
            self._passing_on = self._loop.call_at(max(due, self._loop.time()), self._pass_on)

    def _pass_on(self) -> None:
        """Send what moved to other processes and to followers: they need not wait for a round."""
        self._passing_on = None
        self._passed_on_at = self._loop.time()
        frames, gone = self.pointers.take_local(), self._gone
        self._gone = []
        if frames or gone:
            line = cells_line([], [(frame, ()) for frame in frames]) if frames else b""
            self._publish(Batch(b"", b"".join(frames), line + (encode_control(PointersGone(gone)) if gone else b"")))
        for user_id, frame in self.pointers.take_moved(list(self._followers)):
            self._write_to_followers(user_id, frame)

    # Once a second.

    def _second(self) -> None:
        self._second_timer = self._loop.call_later(SECOND_S, self._second)
        now = self._loop.time()
        self._memory.expire(now)
        self.pointers.expire(now)
        self._counters.crowd_messages_dropped += self._memory.take_dropped()
        if now >= self._grace_until:
            self._limit_listeners()
        for user_id, followers in list(self._followers.items()):
            current = {connection: until for connection, until in followers.items() if until > now}
            if current:
                self._followers[user_id] = current
            else:
                del self._followers[user_id]
        paced = self.load.update(len(self._members), now)
        here, changed = self.activity.update(now, self._now_ms())
        self._publish(Batch(b"", b"", encode_control(here)))
        rounds = self._rounds
        rounds.notice += changed + (self.load.frame() if paced else b"")
        for connection in list(rounds.lacking):
            reader = self._members.get(connection) or connection
            if reader.unsent_bytes <= VOLATILE_UNSENT_LIMIT_BYTES:
                rounds.lacking.discard(connection)
                self._write_to(connection, self._greeting())
        if rounds.notice:
            rounds.schedule()

    def _limit_listeners(self) -> None:
        if self.groups.listeners <= MAX_LISTENERS:
            return
        group = next(group for group in self.groups if group.region is None)
        for connection in list(group.members)[MAX_LISTENERS:]:
            self._move_to(connection, MIDDLE)


def _messages_of(kept: Kept) -> Sequence[Dated]:
    if kept.messages is None:
        kept.messages = list(dated_messages_in(kept.frames))
    return kept.messages
