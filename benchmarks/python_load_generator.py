"""A load generator in Python for small loads: open loop, all clients on one event loop.

There are three kinds of clients. Listeners count chat frames by a marker in the bytes, without parsing frames. Speakers
are listeners that send. Witnesses, a few on each server, measure the latency of every chat frame from the time in its
payload. The generator's processor time is part of every result: near one core the generator, and not the server, is the
limit, and the result is worthless.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from tests.support.websocket_bytes import EMPTY_PING_FROM_SERVER, EMPTY_PONG, text_frame, upgrade_request

MARKER = b'"type":"chat"'
_SPOKEN = re.compile(rb'"payload":"(\d+)@(\d+)"')
CONNECT_AT_ONCE = 50


class Listener(asyncio.Protocol):
    """One connection that counts. `side`: the number of its server; `marker`: what it counts."""

    def __init__(self, side: int, url: str, marker: bytes = MARKER) -> None:
        self.side = side
        self._marker = marker
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = 0
        self._url = url
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(upgrade_request(self._url))

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        if EMPTY_PING_FROM_SERVER in data:
            self._write(EMPTY_PONG)
        if not self.ready.done() and b'"type":"user_sync"' in data:
            self.ready.set_result(None)
        data = self._tail + data
        self.heard += data.count(self._marker)
        self._tail = data[-len(self._marker) + 1 :]

    def speak(self, message_id: str) -> None:
        """Send a message whose payload is this server's number and the moment, in µs."""
        self._write(
            text_frame(
                f'{{"type":"chat","message_id":"{message_id}","payload":"{self.side}@{time.monotonic_ns() // 1000}",'
                '"position":{"x":1,"y":2}}'
            )
        )

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


class Witness(Listener):
    """One connection that takes latencies, in µs: of messages from its own server, and from others."""

    def __init__(self, side: int, url: str, marker: bytes = MARKER) -> None:
        super().__init__(side, url, marker)
        self.within_us: list[int] = []
        self.across_us: list[int] = []
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        super().data_received(data)
        data = self._rest + data
        end = 0
        for found in _SPOKEN.finditer(data):
            side, at_us = found.groups()
            (self.within_us if int(side) == self.side else self.across_us).append(now_us - int(at_us))
            end = found.end()
        self._rest = data[max(end, len(data) - 64) :]


@dataclass
class Run:
    """What one load did. Latencies in ms; `cpu` of the generator, 1.0 being one core."""

    rate: float
    seconds: float
    sent: int
    heard: int
    expected: int
    generator_cpu: float
    late_ms: float
    """How far the generator fell behind its own schedule, at worst."""
    within_ms: list[float] = field(repr=False)
    across_ms: list[float] = field(repr=False)


class Crowd:
    """`per_side` people on each of `urls`, all in one channel."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        per_side: int,
        speakers: int,
        witnesses: int,
        marker: bytes = MARKER,
        addresses: int = 1,
    ) -> None:
        """`addresses`: how many loopback addresses they come from."""
        self._addresses = addresses
        self.witnesses = [Witness(side, url, marker) for side, url in enumerate(urls) for _ in range(witnesses)]
        self.listeners = [
            Listener(side, url, marker) for side, url in enumerate(urls) for _ in range(per_side - witnesses)
        ]
        # Alternating, so that every second message is from another server.
        by_side = [[one for one in self.listeners if one.side == side][:speakers] for side in range(len(urls))]
        self.speakers = [speaker for pair in zip(*by_side, strict=True) for speaker in pair]
        self._urls = urls
        self._said = 0

    @property
    def people(self) -> list[Listener]:
        return [*self.witnesses, *self.listeners]

    async def connect(self) -> None:
        loop, people, numbers = asyncio.get_running_loop(), self.people, itertools.count()
        for start in range(0, len(people), CONNECT_AT_ONCE):
            for one in people[start : start + CONNECT_AT_ONCE]:
                url = urlsplit(self._urls[one.side])
                own = None if self._addresses == 1 else (f"127.0.1.{next(numbers) % self._addresses + 1}", 0)
                await loop.create_connection(
                    lambda one=one: one,  # type: ignore[misc]
                    url.hostname or "",
                    url.port or 80,
                    local_addr=own,
                )
            async with asyncio.timeout(30):
                await asyncio.gather(*(one.ready for one in people[start : start + CONNECT_AT_ONCE]))

    async def talk(self, rate: float, seconds: float, patience_s: float = 10.0) -> Run:
        """`rate` messages a second, on schedule whatever comes back; then wait until all has arrived."""
        loop, total = asyncio.get_running_loop(), round(rate * seconds)
        before = sum(one.heard for one in self.people)
        for witness in self.witnesses:
            witness.within_us, witness.across_us = [], []
        cpu, began, late_s = _own_cpu_s(), loop.time(), 0.0
        for count in range(total):
            wait = began + count / rate - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            late_s = max(late_s, -wait)
            # On from where the last load ended: short loads one after the other are not always the same few speaking.
            self.speakers[self._said % len(self.speakers)].speak(f"m{self._said}")
            self._said += 1
        expected = total * (len(self.people) - 1)
        deadline = loop.time() + patience_s
        while (heard := sum(one.heard for one in self.people) - before) < expected and loop.time() < deadline:  # noqa: ASYNC110 (counts, no event)
            await asyncio.sleep(0.01)
        took_s = loop.time() - began
        return Run(
            rate=rate,
            seconds=round(took_s, 3),
            sent=total,
            heard=heard,
            expected=expected,
            generator_cpu=round((_own_cpu_s() - cpu) / took_s, 3),
            late_ms=round(late_s * 1000, 1),
            within_ms=sorted(us / 1000 for witness in self.witnesses for us in witness.within_us),
            across_ms=sorted(us / 1000 for witness in self.witnesses for us in witness.across_us),
        )

    def close(self) -> None:
        for one in self.people:
            one.close()


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed. Of none: NaN."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
