"""The channels of this process and their subscriptions. What one channel does is in channel.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from ..domain.cells import Region
from ..domain.pacing import LoopLag
from ..first_step import Done, begin
from ..groups import CrowdSettings
from ..ports import Batch, Broker, Connection
from .backlog import Backlog
from .channel import Channel
from .runtime import Runtime

LINGER_S = 5.0
"""How long an empty channel keeps its subscription, so that reloading the page does not unsubscribe and subscribe."""


class Channels:
    """All channels that have members on this process, and their subscriptions.

    `on_control` is called with a channel and a batch that has control messages.
    """

    def __init__(
        self,
        broker: Broker,
        runtime: Runtime,
        backlog: Backlog,
        on_control: Callable[[str, Batch], None],
        linger_s: float = LINGER_S,
        crowds: CrowdSettings | None = None,
    ) -> None:
        self._broker = broker
        self._crowds = crowds
        self._runtime = runtime
        self._backlog = backlog
        self._lag = LoopLag()
        self._loop = runtime.loop
        self._linger_s = linger_s
        self._channels: dict[str, Channel] = {}
        self._next_number = 1
        """Higher than the number of any frame of a dropped channel."""
        self._subscribing: dict[str, asyncio.Task[None]] = {}
        self._unsubscribing: dict[str, asyncio.Task[None]] = {}
        self._lingering: dict[str, asyncio.TimerHandle] = {}
        self._on_control = on_control
        self.store_away = False
        """Whether the store that processes share is away. Only rules_sync.py sets this."""

    def __iter__(self) -> Iterator[Channel]:
        return iter(list(self._channels.values()))

    def __len__(self) -> int:
        return len(self._channels)

    def get(self, name: str) -> Channel | None:
        return self._channels.get(name)

    def is_isolated(self, name: str) -> bool:
        """Whether the rules of a channel are not confirmed, so that it exchanges no frames with other processes."""
        channel = self._channels.get(name)
        return channel is not None and not channel.confirmed

    async def join(self, name: str, connection: Connection, region: Region | None = None) -> Channel:
        """The channel, subscribed, with `connection` attached to it. `region`: what it will see, if it said so.

        If the caller is cancelled while it waits for that, the connection is not attached.
        """
        lingering = self._lingering.pop(name, None)
        if lingering is not None:
            lingering.cancel()
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(
                name,
                self._broker,
                self._runtime,
                self._backlog,
                self._on_control,
                self._lag,
                self._next_number,
                self._crowds,
            )
            channel.isolate()  # until its rules are read: see rules_sync.py
            channel.attach(connection, region)
            begun = begin(self._subscribe(channel), self._loop)
            if not isinstance(begun, Done):
                self._subscribing[name] = begun
        else:
            channel.attach(connection, region)
        subscribing = self._subscribing.get(name)
        if subscribing is not None:
            try:
                await asyncio.shield(subscribing)
            except asyncio.CancelledError:
                self.leave(channel, connection)
                raise
        return channel

    def leave(self, channel: Channel, connection: Connection, *, user_gone: str | None = None) -> None:
        """Detach `connection`. An empty channel is dropped some seconds later."""
        channel.detach(connection, user_gone=user_gone)
        current = self._channels.get(channel.name) is channel
        if current and len(channel) == 0 and channel.name not in self._lingering:
            self._lingering[channel.name] = self._loop.call_later(self._linger_s, self._drop_if_unused, channel)

    def count_users(self, name: str, count: int) -> None:
        """The number of users in a channel, over all processes, as somebody learnt it just now."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.count_users(count)

    def forget_messages(self, name: str, until_ms: int) -> None:
        """A channel was cleared: its messages up to this moment must not be shown any more."""
        channel = self._channels.get(name)
        if channel is not None and channel.crowd is not None:
            channel.crowd.forget(until_ms)

    def post(self, name: str, frame: bytes, exclude: Connection | None = None, *, patient: bool = False) -> None:
        """Send a reliable frame to a channel, also if none of its members is on this process.

        `patient`: see Channel.post.
        """
        channel = self._channels.get(name)
        if channel is not None:
            channel.post(frame, exclude, patient=patient)
        else:
            self._broker.publish(name, Batch(frame, b""))

    def post_local(self, name: str, frame: bytes) -> None:
        """Send a reliable frame to the members who are on this process."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.deliver_local(frame)

    def publish(self, name: str, frames: bytes) -> None:
        """Send frames to the other processes that the members here have already."""
        self._broker.publish(name, Batch(frames, b""))

    def send_control(self, name: str, control: bytes) -> None:
        """Send a control message to the other processes at once."""
        self._broker.publish(name, Batch(b"", b"", control))

    def send_control_in_order(self, name: str, control: bytes) -> None:
        """Send a control message to the other processes after the frames that wait for a flush."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.send_control_in_order(control)
        else:
            self.send_control(name, control)

    async def close(self) -> None:
        """Flush everything and unsubscribe."""
        for handle in self._lingering.values():
            handle.cancel()
        self._lingering.clear()
        for channel in self:
            self._drop(channel)
        await asyncio.gather(*self._unsubscribing.values())

    async def _subscribe(self, channel: Channel) -> None:
        # A former unsubscribe of this channel must finish first, or it would end the new subscription.
        unsubscribing = self._unsubscribing.get(channel.name)
        try:
            if unsubscribing is not None:
                await asyncio.shield(unsubscribing)
            await self._broker.subscribe(channel.name, channel.deliver)
        finally:
            subscribing = self._subscribing.get(channel.name)
            # None: it did not have to wait.
            if subscribing is not None and subscribing is asyncio.current_task():
                del self._subscribing[channel.name]

    def _drop_if_unused(self, channel: Channel) -> None:
        if channel.rules is not None and channel.rules.version and not channel.confirmed:
            # If the store comes back empty, this process may be the only one that knows these rules.
            self._lingering[channel.name] = self._loop.call_later(self._linger_s, self._drop_if_unused, channel)
        else:
            self._drop(channel)

    def _drop(self, channel: Channel) -> None:
        self._lingering.pop(channel.name, None)
        del self._channels[channel.name]
        channel.close()
        self._next_number = max(self._next_number, channel.next_number)
        # Looked up now, not when the task runs: by then the channel may be subscribed again, and the two tasks would
        # wait for each other without end.
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
