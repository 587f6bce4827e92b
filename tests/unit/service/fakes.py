"""Fakes: a connection and a broker that record what they get, and channels that use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from asocial.domain.errors import Disconnect
from asocial.domain.flush import Piece, Shared
from asocial.domain.message import Life
from asocial.domain.pacing import LoopLag
from asocial.groups import CrowdSettings
from asocial.ports import Batch, Deliver
from asocial.service.backlog import Backlog
from asocial.service.channel import Channel
from asocial.service.channels import LINGER_S, Channels
from asocial.service.runtime import Runtime
from tests.support.runtime import make_runtime

C = TypeVar("C", bound="FakeConnection")

NO_LIMIT = 0
LIFE = Life(base=5_000, per_character=50, free_characters=60, max=12_000)


def make_channel(
    broker: FakeBroker | None = None,
    *,
    name: str = "garden",
    runtime: Runtime | None = None,
    lag: LoopLag | None = None,
    backlog: Backlog | None = None,
    crowds: CrowdSettings | None = None,
) -> Channel:
    """A channel whose rules are known."""
    runtime = runtime or make_runtime()
    backlog = backlog or Backlog(NO_LIMIT, runtime.counters)
    return Channel(name, broker or FakeBroker(), runtime, backlog, ignore_control, lag or LoopLag(), 1, crowds)


def make_channels(broker: FakeBroker, linger_s: float = LINGER_S) -> Channels:
    runtime = make_runtime()
    return Channels(broker, runtime, Backlog(NO_LIMIT, runtime.counters), ignore_control, linger_s)


def ignore_control(_channel: str, _batch: Batch) -> None: ...


class FakeConnection:
    """A Connection that keeps what was written, and can be made slow."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.writes: list[bytes] = []
        self.unsent_bytes = 0
        self.closed_with: Disconnect | None = None
        self.written_before_close = 0
        self.gone = False

    @property
    def is_behind(self) -> bool:
        return self.unsent_bytes > 0

    def is_gone(self) -> bool:
        return self.gone

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        self.writes.append(shared.data if pieces is None else b"".join(pieces))

    def close(self, disconnect: Disconnect) -> None:
        if self.closed_with is None:
            self.closed_with = disconnect
            self.written_before_close = len(self.writes)

    @property
    def closed(self) -> bool:
        return self.closed_with is not None

    @property
    def bytes(self) -> bytes:
        return b"".join(self.writes)

    def frames_before_close(self, *types: str) -> list[dict[str, Any]]:
        """Those that a real socket would still have sent."""
        del self.writes[self.written_before_close :]
        return self.frames(*types)

    def frames(self, *types: str) -> list[dict[str, Any]]:
        """The decoded text frames written so far, of the given types or all."""
        found, data = [], self.bytes
        while data:
            length, start = data[1], 2
            if length >= 126:
                start = 4 if length == 126 else 10
                length = int.from_bytes(data[2:start], "big")
            frame = json.loads(data[start : start + length])
            data = data[start + length :]
            if not types or frame["type"] in types:
                found.append(frame)
        return found


def join(channel: Channel, name: str) -> FakeConnection:
    """A member that has its snapshot, and to which nothing else was written yet."""
    return enter(channel, FakeConnection(name))


def enter(channel: Channel, connection: C) -> C:
    """The same with a connection of another kind."""
    channel.attach(connection)
    channel.release(connection, b"")
    connection.writes.clear()
    return connection


class FakeBroker:
    """A Broker that remembers what was published and who is subscribed."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Batch]] = []
        self.subscriptions: dict[str, Deliver] = {}
        self.log: list[str] = []
        self.sent = b""
        """The reliable frames that had been published at the last `send_now`."""

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        self.log.append(f"subscribe {channel}")
        self.subscriptions[channel] = deliver

    async def unsubscribe(self, channel: str) -> None:
        self.log.append(f"unsubscribe {channel}")
        self.subscriptions.pop(channel, None)

    def publish(self, channel: str, batch: Batch) -> None:
        self.published.append((channel, batch))

    def send_now(self) -> None:
        self.sent = b"".join(batch.reliable for _, batch in self.published)

    async def close(self) -> None:
        self.log.append("close")


async def turns(count: int = 3) -> None:
    """Let the loop take a few turns."""
    for _ in range(count):
        await asyncio.sleep(0)
