"""A load generator whose WebSocket clients count: nothing lost, nothing doubled, order per sender kept.

Run as a process of its own, so that its load is not the test's:

    python -m tests.support.load_generator URL --clients 500 --rate 400 --seconds 10

The clients search the received bytes for messages: a library's object per frame would make 2,000,000 deliveries the
test's own load. Prints one JSON object:

`sent`, `acked`, `deliveries` (chat frames received by all clients), `expected` (sent x (clients - 1)), `faults` (the
first frames that were lost, doubled or out of order), `p50_ms`, `p99_ms` (of deliveries, from the moment a message was
written here), `cpu_s` (of this process).
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

from tests.support.websocket_bytes import EMPTY_PING_FROM_SERVER, EMPTY_PONG, text_frame, upgrade_request

_CHAT = re.compile(rb'"type":"chat","message_id":"(\d+)-(\d+)"[^}]*?"payload":"(\d+)')
_ACK = re.compile(rb'"type":"ack","message_id":"(\d+)-(\d+)"')


class Tally:
    """What all clients counted."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.sent = [0] * clients
        self.acked = [0] * clients
        self.deliveries = 0
        self.faults: list[str] = []
        self.latencies_us: list[int] = []
        self.closed = 0

    def fault(self, text: str) -> None:
        if len(self.faults) < 20:
            self.faults.append(text)


class Client(asyncio.Protocol):
    """One connection. `ready` resolves when the upgrade is through."""

    def __init__(self, tally: Tally, number: int, request: bytes) -> None:
        self.tally = tally
        self.number = number
        self.request = request
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        """The beginning of a frame whose end has not come yet."""
        self.seen = [0] * tally.clients
        self.upgraded = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports only look like asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def connection_lost(self, _error: Exception | None) -> None:
        self.tally.closed += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"client {self.number} was closed before its upgrade"))

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        data = self.buffer + data
        if not self.upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self.upgraded = True
            self.ready.set_result(None)
        if EMPTY_PING_FROM_SERVER in data:
            self.transport.write(EMPTY_PONG)
            data = data.replace(EMPTY_PING_FROM_SERVER, b"")
        # Each frame is one JSON object, so what follows the last brace is not whole.
        end = data.rfind(b"}") + 1
        self.buffer = data[end:]
        self.count(data[:end])

    def count(self, frames: bytes) -> None:
        tally, now_us = self.tally, time.monotonic_ns() // 1000
        for sender, count, at_us in _CHAT.findall(frames):
            number, expected = int(count), self.seen[int(sender)] + 1
            if number != expected:
                tally.fault(f"client {self.number} got {number} of sender {int(sender)}, expected {expected}")
            self.seen[int(sender)] = number
            tally.deliveries += 1
            if tally.deliveries % 97 == 0:
                tally.latencies_us.append(now_us - int(at_us))
        for sender, count in _ACK.findall(frames):
            if int(sender) != self.number or int(count) != tally.acked[self.number] + 1:
                tally.fault(f"client {self.number} got ack {int(count)} of {int(sender)}")
            tally.acked[self.number] = int(count)

    def say(self) -> None:
        """Send one message whose payload is the moment it was sent."""
        assert self.transport is not None
        self.tally.sent[self.number] += 1
        self.transport.write(
            text_frame(
                f'{{"type":"chat","message_id":"{self.number}-{self.tally.sent[self.number]}",'
                f'"payload":"{time.monotonic_ns() // 1000}","position":{{"x":1,"y":2}}}}'
            )
        )


async def connect(tally: Tally, number: int, url: str) -> Client:
    parts = urlsplit(url)
    request = upgrade_request(url)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: Client(tally, number, request), parts.hostname or "", parts.port or 80
    )
    await asyncio.wait_for(client.ready, 30)
    return client


async def run(url: str, clients: int, rate: float, seconds: float, patience_s: float) -> dict[str, object]:
    """Connect everyone, send `rate` messages a second for `seconds`, each from the next client, and count."""
    tally = Tally(clients)
    crowd: list[Client] = []
    for start in range(0, clients, 50):
        batch = range(start, min(clients, start + 50))
        crowd += await asyncio.gather(*(connect(tally, number, url) for number in batch))
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
    while (tally.deliveries < expected or sum(tally.acked) < total) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)  # what is doubled comes late
    usage = resource.getrusage(resource.RUSAGE_SELF)
    latencies = sorted(tally.latencies_us) or [0]
    return {
        "sent": sum(tally.sent),
        "acked": sum(tally.acked),
        "deliveries": tally.deliveries,
        "expected": expected,
        "faults": tally.faults,
        "closed": tally.closed,
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
