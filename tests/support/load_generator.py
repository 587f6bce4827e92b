"""A crowd of WebSocket clients that count: nothing lost, nothing doubled, order per sender kept.

Run as a process of its own, so that its load is not the test's:

    python -m tests.support.load_generator URL --clients 500 --rate 400 --seconds 10

It speaks RFC 6455 by hand on asyncio protocols: a library's object per
frame would make 2,000,000 deliveries the test's own load. Prints one JSON object:

`sent`, `acked`, `deliveries` (chat frames received by all clients), `expected` (sent x (clients - 1)), `faults` (the
first few sentences about a frame that was lost, doubled or out of order), `p50_ms`, `p99_ms` (of deliveries, from
the moment a message was written here), `cpu_s` (of this process).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

_CHAT = re.compile(rb'"type":"chat","message_id":"(\d+)-(\d+)"[^}]*?"payload":"(\d+)')
_ACK = re.compile(rb'"type":"ack","message_id":"(\d+)-(\d+)"')
_MASKED = b"\x00\x00\x00\x00"
"""A masking key of zeros: the payload stays as it is, which RFC 6455 allows and a test may do."""


class Swarm:
    """What all clients share: the tally."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.sent = [0] * clients
        self.acked = [0] * clients
        self.deliveries = 0
        self.faults: list[str] = []
        self.latencies_us: list[int] = []
        self.closed = 0
        self.progress = 0.0

    def fault(self, text: str) -> None:
        if len(self.faults) < 20:
            self.faults.append(text)


class Client(asyncio.Protocol):
    """One connection. `ready` resolves when the upgrade is through."""

    def __init__(self, swarm: Swarm, number: int, request: bytes) -> None:
        self.swarm = swarm
        self.number = number
        self.request = request
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.seen = [0] * swarm.clients
        self.upgraded = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports only look like asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def connection_lost(self, _error: Exception | None) -> None:
        self.swarm.closed += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"client {self.number} was closed before its upgrade"))

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data
        if not self.upgraded:
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self.upgraded = True
            self.ready.set_result(None)
        end = _whole_frames(buffer)
        self.buffer = buffer[end:]
        if end:
            self.tally(buffer[:end])

    def tally(self, frames: bytes) -> None:
        swarm, now_us = self.swarm, time.monotonic_ns() // 1000
        for sender, count, at_us in _CHAT.findall(frames):
            number, expected = int(count), self.seen[int(sender)] + 1
            if number != expected:
                swarm.fault(f"client {self.number} got {number} of sender {int(sender)}, expected {expected}")
            self.seen[int(sender)] = number
            swarm.deliveries += 1
            if swarm.deliveries % 97 == 0:
                swarm.latencies_us.append(now_us - int(at_us))
        for sender, count in _ACK.findall(frames):
            if int(sender) != self.number or int(count) != swarm.acked[self.number] + 1:
                swarm.fault(f"client {self.number} got ack {int(count)} of {int(sender)}")
            swarm.acked[self.number] = int(count)
        swarm.progress = time.monotonic()

    def say(self) -> None:
        """Send one message whose payload is the moment it was sent."""
        assert self.transport is not None
        self.swarm.sent[self.number] += 1
        payload = (
            f'{{"type":"chat","message_id":"{self.number}-{self.swarm.sent[self.number]}",'
            f'"payload":"{time.monotonic_ns() // 1000}","position":{{"x":1,"y":2}}}}'
        ).encode()
        self.transport.write(b"\x81" + bytes((0x80 | 126,)) + len(payload).to_bytes(2, "big") + _MASKED + payload)


def _whole_frames(buffer: bytes) -> int:
    """How many bytes of `buffer` are whole frames (RFC 6455, 5.2; the server's are unmasked)."""
    at, size = 0, len(buffer)
    while at + 2 <= size:
        length, start = buffer[at + 1], at + 2
        if length == 126:
            start += 2
            if start > size:
                break
            length = int.from_bytes(buffer[at + 2 : start], "big")
        elif length == 127:
            start += 8
            if start > size:
                break
            length = int.from_bytes(buffer[at + 2 : start], "big")
        if start + length > size:
            break
        at = start + length
    return at


async def connect(swarm: Swarm, number: int, url: str) -> Client:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: Client(swarm, number, request), parts.hostname or "", parts.port or 80
    )
    await asyncio.wait_for(client.ready, 30)
    return client


async def run(url: str, clients: int, rate: float, seconds: float, patience_s: float) -> dict[str, object]:
    """Connect everyone, send `rate` messages a second for `seconds`, each from the next client, and count."""
    swarm = Swarm(clients)
    crowd: list[Client] = []
    for start in range(0, clients, 50):
        batch = range(start, min(clients, start + 50))
        crowd += await asyncio.gather(*(connect(swarm, number, url) for number in batch))
    await asyncio.sleep(0.5)

    loop = asyncio.get_running_loop()
    began, total = loop.time(), round(rate * seconds)
    for count in range(total):
        # Open loop: the schedule does not wait for answers.
        wait = began + count / rate - loop.time()
        if wait > 0.001:
            await asyncio.sleep(wait)
        crowd[count % clients].say()
    took_s = loop.time() - began

    expected = total * (clients - 1)
    deadline = time.monotonic() + patience_s
    while (swarm.deliveries < expected or sum(swarm.acked) < total) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)  # what is doubled comes late
    usage = resource.getrusage(resource.RUSAGE_SELF)
    latencies = sorted(swarm.latencies_us) or [0]
    return {
        "sent": sum(swarm.sent),
        "acked": sum(swarm.acked),
        "deliveries": swarm.deliveries,
        "expected": expected,
        "faults": swarm.faults,
        "closed": swarm.closed,
        "sending_s": round(took_s, 3),
        "p50_ms": latencies[len(latencies) // 2] / 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] / 1000,
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=float, default=400, help="messages a second from all clients together")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for what is on its way at the end")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(run(given.url, given.clients, given.rate, given.seconds, given.patience))
    print(json.dumps(result))
    return 1 if result["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
