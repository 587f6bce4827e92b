"""Channels and their fan-out: encode once, frame once, one write per connection per flush (DESIGN section 4).

A Channel is the people of one name on *this* process. Frames reach it from its members (`post`, `draft`,
`cursor`, `fleeting`) and from other processes (`deliver`); all go into one outbox, and one flush writes it to everyone.
The broker gets, in the same flush, what this process added: local first, so that a broken broker
costs the far ones, never the near ones.

Never here: what a frame means, who may send it, JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from ..domain.errors import TooSlow
from ..domain.message import Position
from ..domain.outbox import Flush, Outbox
from ..domain.pacing import FlushPacer, LoopLag
from ..domain.rules import Rules
from ..ports import Batch, Broker, Connection
from ..protocol import Cursors, pack
from .meters import Meters

UNSENT_LIMIT_BYTES = 1024 * 1024
"""A connection with more than this waiting is closed 4008; nobody else waits for it."""
VOLATILE_UNSENT_LIMIT_BYTES = 64 * 1024
"""A connection with more than this waiting gets no drafts, cursors and reactions until it has caught up."""
LINGER_S = 5.0
"""How long an empty channel keeps its subscription: a reload shall not cost an unsubscribe and a subscribe."""


class Channel:
    """The members of one channel on this process. `attach` first, `release` once the snapshot has been written."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        loop: asyncio.AbstractEventLoop,
        on_control: Callable[[str, bytes], None],
        meters: Meters | None = None,
        lag: LoopLag | None = None,
    ) -> None:
        self.name = name
        self._meters = meters or Meters()
        self._on_control = on_control
        self._broker = broker
        self._loop = loop
        self._members: dict[Connection, list[bytes] | None] = {}
        self._outbox: Outbox[Connection] = Outbox()
        self._lag = lag or LoopLag()
        self._pacer = FlushPacer(self._lag)
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        self._timer_for_cursors = False
        self._chats = self._chat_bytes = 0
        self._chats_since = 0.0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.changes = 0
        """Counts what makes a snapshot out of date: messages, presence, and whether the rules are `confirmed`."""
        self.rules: Rules | None = None
        """What holds here; None until that is known. Set by moderation.py alone."""
        self.confirmed = True
        """Whether `rules` are those in the shared store. While they may not be, the channel exchanges no frames with
        other processes: people here may not be allowed to read them, or people there ours. See moderation.py."""

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._members)

    def attach(self, connection: Connection) -> None:
        """From now on `connection` is owed every frame posted; they are held back until `release`."""
        self._members[connection] = []
        self._outbox.attach(connection)

    def release(self, connection: Connection, snapshot: bytes) -> None:
        """Write `snapshot`, then what was held back meanwhile, then everything as it comes."""
        held = self._members.get(connection)
        if held is not None:
            self._members[connection] = None
            connection.write(b"".join((snapshot, *held)))

    def detach(self, connection: Connection, *, user_gone: str | None = None) -> None:
        """`connection` gets nothing more. `user_gone`: its user's id, if this was the last connection."""
        self._members.pop(connection, None)
        self._outbox.detach(connection, user_gone)

    def post(self, frame: bytes, sender: Connection | None = None, reply: bytes = b"", replaces: str = "") -> None:
        """Send `frame` to everyone but `sender`, which gets `reply` instead (see Outbox.post)."""
        self.changes += 1
        self._outbox.post(frame, sender, reply, replaces)
        if reply:  # only a chat is acknowledged
            if not self._chats:
                self._chats_since = self._loop.time()
            self._chats += 1
            self._chat_bytes += len(frame)
        self._schedule()

    def draft(self, sender: Connection, message_id: str, frame: bytes) -> None:
        """Set what `sender` is typing; sent to everyone else, volatile."""
        self._outbox.draft(sender, message_id, frame)
        self._schedule()

    def cursor(self, user_id: str, position: Position) -> None:
        """Set where `user_id` points; sent to everyone, volatile."""
        self._outbox.cursor(user_id, position)
        self._schedule(only_cursors=True)

    def fleeting(self, sender: Connection, frame: bytes) -> None:
        """Show `frame` to everyone but `sender`, volatile: it is over as it is seen."""
        self._outbox.fleeting(sender, frame)
        self._schedule()

    def deliver(self, batch: Batch) -> None:
        """Send on what another process flushed. While the rules are not confirmed, its reliable frames are held."""
        self.changes += 1
        if batch.control:
            self._on_control(self.name, batch.control)
        if self.confirmed:
            self.deliver_here(batch.reliable, batch.volatile)
        elif batch.reliable:
            self._held.append(batch.reliable)
            self._held_bytes += len(batch.reliable)
            if self._held_bytes > UNSENT_LIMIT_BYTES:
                # Everyone here gets a snapshot after the rules are confirmed: what is dropped here is in it.
                self._drop_held()

    def deliver_here(self, reliable: bytes, volatile: bytes = b"") -> None:
        """Send frames to the members on this process, and to no other process."""
        if reliable or volatile:
            self._outbox.remote(reliable, volatile)
            self._schedule()

    def confirm(self) -> None:
        """The rules are those in the shared store: exchange frames with other processes again."""
        self.confirmed = True
        self.changes += 1
        self.deliver_here(b"".join(self._held))
        self._drop_held()

    def doubt(self) -> None:
        """The rules may have changed elsewhere unheard: exchange no frames with other processes until `confirm`."""
        self.confirmed = False
        self.changes += 1
        self._drop_held()

    def _drop_held(self) -> None:
        self._held, self._held_bytes = [], 0

    def close(self) -> None:
        """Write what waits and stop."""
        self.flush()
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
        self._lag.late(self._loop.time() - self._due)
        self.flush()

    def flush(self) -> None:
        """Write everything that waits: one write per connection, one publish."""
        self._timer = None
        started = self._loop.time()
        cursors = b""
        if self._outbox.has_cursors:
            if self._pacer.cursors_due() <= started:
                cursors = pack(Cursors(self._outbox.take_cursors()))
            else:
                self._schedule(only_cursors=True)
        if not cursors and not self._outbox:
            return
        self._pacer.flushed(started, cursors=bool(cursors))
        waiting, fleeting_bytes = self._outbox.waiting, self._outbox.fleeting_bytes
        flush = self._outbox.take(cursors)
        personal = flush.personal
        slow, spared = [], 0
        for connection, held in self._members.items():
            unsent = connection.unsent_bytes
            everything, reliable_only = personal.get(connection, flush.shared)
            data = everything
            if unsent > VOLATILE_UNSENT_LIMIT_BYTES:
                data = reliable_only
                spared += len(everything) > len(reliable_only)
            if unsent > UNSENT_LIMIT_BYTES:
                slow.append(connection)
            elif held is not None:
                held.append(data)
            elif data:
                connection.write(data)
        for connection in slow:
            self.detach(connection)
            connection.close(TooSlow())
        if flush.reliable or flush.volatile:
            if self.confirmed:
                self._broker.publish(self.name, Batch(flush.reliable, flush.volatile))
            else:
                self._meters.broker_dropped += 1
        self._meters.volatile_dropped += spared
        # The socket writes happen after this turn; the next turn knows what they cost.
        self._loop.call_soon(self._measure, started, self._chats, self._chats_since)
        self._count(flush, waiting, fleeting_bytes, len(cursors))

    def _measure(self, started: float, chats: int, since: float) -> None:
        now = self._loop.time()
        self._pacer.cost(now - started)
        self._meters.flush_seconds.observe(now - started)
        if chats:
            self._meters.broadcast.observe(now - since, chats)

    def _count(
        self, flush: Flush[Connection], waiting: tuple[int, int, int], fleeting_bytes: int, cursors: int
    ) -> None:
        """Once per flush, whoever reads it: recipients are multiplied, not visited."""
        posted, drafts, fleeting = waiting
        meters, readers = self._meters, len(self._members)
        sent, chats, chat_bytes = meters.sent, self._chats, self._chat_bytes
        self._chats = self._chat_bytes = 0
        own = len(flush.reliable) + len(flush.volatile)
        meters.flush_frames.observe(posted + drafts + fleeting + (cursors > 0))
        meters.flush_bytes.observe(len(flush.shared[0]))
        if readers:
            # Who says, types or shows something does not read it; everything else is for everyone.
            sent["chat"].add(chats * (readers - 1), chat_bytes * (readers - 1))
            typed = len(flush.volatile) - fleeting_bytes - cursors
            sent["typing"].add(drafts * (readers - 1), typed * (readers - 1))
            sent["fleeting"].add(fleeting * (readers - 1), fleeting_bytes * (readers - 1))
            sent["cursors"].add((cursors > 0) * readers, cursors * readers)
            sent["presence"].add((posted - chats) * readers, (len(flush.reliable) - chat_bytes) * readers)
            far = len(flush.shared[0]) - own
            sent["remote"].add((far > 0) * readers, far * readers)


class Channels:
    """All channels that have members on this process, and the subscriptions that go with them."""

    def __init__(
        self,
        broker: Broker,
        loop: asyncio.AbstractEventLoop,
        linger_s: float = LINGER_S,
        meters: Meters | None = None,
    ) -> None:
        self._broker = broker
        self._meters = meters or Meters()
        self._lag = LoopLag()
        self._loop = loop
        self._linger_s = linger_s
        self._channels: dict[str, Channel] = {}
        self._subscribing: dict[str, asyncio.Task[None]] = {}
        self._unsubscribing: dict[str, asyncio.Task[None]] = {}
        self._lingering: dict[str, asyncio.TimerHandle] = {}
        self.on_control: Callable[[str, bytes], None] = lambda _channel, _control: None
        self.guarded = False
        """Whether a new channel waits for its rules (Channel.confirmed). Set by moderation.py."""
        self.away = False
        """Whether the store that processes share is away. Set by moderation.py."""

    def __iter__(self) -> Iterator[Channel]:
        return iter(list(self._channels.values()))

    def __len__(self) -> int:
        return len(self._channels)

    def get(self, name: str) -> Channel | None:
        return self._channels.get(name)

    def is_local(self, name: str) -> bool:
        """Whether a channel of this process exchanges no frames with others just now: its rules are not confirmed."""
        channel = self._channels.get(name)
        return channel is not None and not channel.confirmed

    async def enter(self, name: str, connection: Connection) -> Channel:
        """The channel with `connection` attached to it, subscribed before this returns."""
        lingering = self._lingering.pop(name, None)
        if lingering is not None:
            lingering.cancel()
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(
                name, self._broker, self._loop, self._control, self._meters, self._lag
            )
            if self.guarded:
                channel.doubt()
            self._subscribing[name] = self._loop.create_task(self._subscribe(channel))
        channel.attach(connection)
        subscribing = self._subscribing.get(name)
        if subscribing is not None:
            await asyncio.shield(subscribing)
        return channel

    def exit(self, channel: Channel, connection: Connection, *, user_gone: str | None = None) -> None:
        """Detach `connection`. An empty channel is dropped some seconds later."""
        channel.detach(connection, user_gone=user_gone)
        current = self._channels.get(channel.name) is channel
        if current and len(channel) == 0 and channel.name not in self._lingering:
            self._lingering[channel.name] = self._loop.call_later(self._linger_s, self._linger_over, channel)

    def post(self, name: str, frame: bytes, exclude: Connection | None = None) -> None:
        """Send a reliable frame to a channel, whether or not anybody on this process is in it."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.post(frame, exclude)
        else:
            self._broker.publish(name, Batch(frame, b""))

    def post_here(self, name: str, frame: bytes) -> None:
        """Send a reliable frame to the people of a channel who are on this process."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.deliver_here(frame)

    def share(self, name: str, frames: bytes) -> None:
        """Give the other processes frames that people here have already."""
        self._broker.publish(name, Batch(frames, b""))

    def tell_processes(self, name: str, control: bytes) -> None:
        """Tell the other processes something that is not for clients."""
        self._broker.publish(name, Batch(b"", b"", control))

    async def close(self) -> None:
        """Flush everything and unsubscribe."""
        for handle in self._lingering.values():
            handle.cancel()
        self._lingering.clear()
        for channel in self:
            self._drop(channel)
        await asyncio.gather(*self._unsubscribing.values())

    def _control(self, channel: str, control: bytes) -> None:
        self.on_control(channel, control)

    async def _subscribe(self, channel: Channel) -> None:
        # Not before the unsubscribe of the channel's former life is through, or that would win.
        unsubscribing = self._unsubscribing.get(channel.name)
        try:
            if unsubscribing is not None:
                await asyncio.shield(unsubscribing)
            await self._broker.subscribe(channel.name, channel.deliver)
        finally:
            if self._subscribing.get(channel.name) is asyncio.current_task():
                del self._subscribing[channel.name]

    def _linger_over(self, channel: Channel) -> None:
        if channel.rules is not None and channel.rules.version and not channel.confirmed:
            # Should the store come back empty, this process may be the only one that knows these rules.
            self._lingering[channel.name] = self._loop.call_later(self._linger_s, self._linger_over, channel)
        else:
            self._drop(channel)

    def _drop(self, channel: Channel) -> None:
        self._lingering.pop(channel.name, None)
        del self._channels[channel.name]
        channel.close()
        # The subscription of this life, looked up now: by the time the task runs there may be one of the next life, and
        # the two would wait for each other for ever.
        subscribing = self._subscribing.get(channel.name)
        unsubscribe = self._unsubscribe(channel.name, subscribing)
        self._unsubscribing[channel.name] = self._loop.create_task(unsubscribe)

    async def _unsubscribe(self, name: str, subscribing: asyncio.Task[None] | None) -> None:
        try:
            if subscribing is not None:
                await asyncio.shield(subscribing)
            await self._broker.unsubscribe(name)
        finally:
            if self._unsubscribing.get(name) is asyncio.current_task():
                del self._unsubscribing[name]
