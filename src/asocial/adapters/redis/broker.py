"""Batches through Redis pub/sub: one publish for each flush of a channel, with the frames undecoded.

    version 1 B | publisher 8 B | published at, ms 8 B | lengths of reliable 4 B and volatile 4 B
    reliable | volatile | control

The numbers of a batch are the first line of its control lane; versions without numbers ignore the line.

`publish` passes the bytes to the channel's connection, which sends everything of a turn in one write, or earlier with
`send_now`. The live messages of a batch come before it. The connection's buffer is the outgoing queue. Batches are
dropped when it is full, and while Redis is away: nothing is kept for later, because a message that arrives after its
life is worse than none.

Redis also delivers to the publisher itself; a process recognizes its own batches by the publisher field.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

from ... import logs
from ...ports import Batch, Deliver, StoreUnavailable
from ...service.runtime import Runtime
from .live import RedisLiveMessages
from .supervisor import RedisSupervisor

VERSION = 1
HEADER = struct.Struct("!B8sQII")
NUMBERS = b'{"type":"batch","frames":['
QUEUE_LIMIT_BYTES = 8 * 1024 * 1024
CLOSE_S = 1.0
MAX_PLAUSIBLE_AGE_MS = 1000

log = logs.get(__name__)


class RedisBroker:
    """`on_clock_mismatch`: called when a batch is from the future or very old, so one of two clocks is wrong."""

    def __init__(
        self,
        supervisor: RedisSupervisor,
        live: RedisLiveMessages,
        process_id: str,
        on_clock_mismatch: Callable[[], None],
        runtime: Runtime,
    ) -> None:
        self._live = live
        self._now_ms = runtime.clock.now_ms
        self._on_clock_mismatch = on_clock_mismatch
        self._counters = runtime.counters
        self._supervisor = supervisor
        self._publisher = hashlib.blake2b(process_id.encode(), digest_size=8).digest()
        self._verb = supervisor.subscriber.publish_verb

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        publisher, unpack, lag = self._publisher, HEADER.unpack_from, self._counters.broker_lag

        unreadable = self._supervisor.pool.unreadable

        def take(data: bytes) -> None:
            if data[:1] != b"\x01" or len(data) < HEADER.size:
                unreadable.skip("batch", channel, "not of version 1")
                return
            _, sender, published_at, reliable, volatile = unpack(data)
            if sender != publisher:
                age_ms = self._now_ms() - published_at
                if not -MAX_PLAUSIBLE_AGE_MS < age_ms < MAX_PLAUSIBLE_AGE_MS:
                    self._on_clock_mismatch()
                lag.observe(max(0, age_ms) / 1000)
                split = HEADER.size + reliable
                end = split + volatile
                if end > len(data):
                    unreadable.skip("batch", channel, "shorter than it says")
                    return
                number, frames, control = _numbers(data, end)
                lanes = data[HEADER.size : split], data[split:end], data[control:]
                deliver(Batch(*lanes, number, frames, sender, published_at))

        await self._supervisor.subscriber.subscribe(channel, take)

    async def unsubscribe(self, channel: str) -> None:
        self._supervisor.subscriber.unsubscribe(channel)

    def publish(self, channel: str, batch: Batch) -> None:
        self._live.write()
        try:
            connection = self._supervisor.pool.connection(channel)
        except StoreUnavailable:
            self._counters.broker_dropped += 1
            return
        if connection.unsent_bytes > QUEUE_LIMIT_BYTES:
            self._counters.broker_dropped += 1
            return
        lengths = len(batch.reliable), len(batch.volatile)
        header = HEADER.pack(VERSION, self._publisher, self._now_ms(), *lengths)
        numbers = b"%b%d,%d]}\n" % (NUMBERS, batch.number, batch.frames) if batch.frames else b""
        data = b"".join((header, batch.reliable, batch.volatile, numbers, batch.control))
        connection.post(
            self._verb, self._supervisor.subscriber.name(channel), data, timed=self._counters.publish_seconds
        )

    def send_now(self) -> None:
        self._live.write()
        self._supervisor.pool.send_now()

    async def close(self) -> None:
        self._supervisor.subscriber.unsubscribe_all()
        await self._supervisor.pool.drain(CLOSE_S)


def _numbers(data: bytes, start: int) -> tuple[int, int, int]:
    """`number` and `frames` of the batch, and where its other control messages begin. `start`: of the control lane."""
    if data.startswith(NUMBERS, start):
        end = data.find(b"]}\n", start)
        number, _, frames = data[start + len(NUMBERS) : end].partition(b",")
        if end >= 0 and number.isdigit() and frames.isdigit():
            return int(number), int(frames), end + 3
    return 0, 0, start
