"""A broker without a network.

The broker of a single process is alone on its MemoryBus. Several apps in one interpreter (tests, an embedding program)
share a MemoryBus and behave like several processes.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

from ...ports import Batch, Deliver

_names = itertools.count(1)


class MemoryBus:
    """Connects the brokers of one interpreter."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, dict[MemoryBroker, Deliver]] = {}


class MemoryBroker:
    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self._name = b"%d" % next(_names)

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        self._bus.subscriptions.setdefault(channel, {})[self] = deliver

    async def unsubscribe(self, channel: str) -> None:
        subscribers = self._bus.subscriptions.get(channel)
        if subscribers is not None:
            subscribers.pop(self, None)
            if not subscribers:
                del self._bus.subscriptions[channel]

    def publish(self, channel: str, batch: Batch) -> None:
        others = [broker for broker in self._bus.subscriptions.get(channel, ()) if broker is not self]
        if others:
            batch = replace(batch, publisher=self._name)
            for broker in others:
                # Not called directly, because the publisher is in the middle of its flush.
                asyncio.get_running_loop().call_soon(broker.deliver, channel, batch)

    def deliver(self, channel: str, batch: Batch) -> None:
        """Pass `batch` to this broker's subscriber, if there still is one."""
        deliver = self._bus.subscriptions.get(channel, {}).get(self)
        if deliver is not None:
            deliver(batch)

    def send_now(self) -> None:
        """Nothing to do: what is published ends with the process, like everybody who would read it."""

    async def close(self) -> None:
        for channel in list(self._bus.subscriptions):
            await self.unsubscribe(channel)
