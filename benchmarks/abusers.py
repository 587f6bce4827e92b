"""Abusive clients in a process of their own: `python -m benchmarks.abusers URL --kind pointers`, until terminated.

Three attacks run at once: a flood of the given kind, some kinds over many connections; a client in the channel that
never reads; a client that sends one byte of its request a second. A client that the server disconnects reconnects at
once. All use one address, ADDRESS. At the end it prints, as JSON, how often each was disconnected and how many MB the
flood sent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import zlib
from typing import NamedTuple
from urllib.parse import urlsplit

import uvloop
from websockets.frames import Opcode

from tests.support.websocket_bytes import EMPTY_PONG, client_frame, text_frame, upgrade_request

CHUNK_BYTES = 64 * 1024
ADDRESS = "127.0.0.2"
"""Honest clients use 127.0.0.1, so limits for each address do not hit them."""


class Kind(NamedTuple):
    """A flood: what each connection sends first, and then for ever after. `rate`: how often a second; 0: as it can.

    `upgraded`: over a WebSocket; otherwise each `again` is a request on a connection of its own.
    """

    again: bytes
    first: bytes = b""
    connections: int = 1
    rate: float = 0.0
    upgraded: bool = True


def _fragments(again: bytes, *, first: bytes, connections: int) -> Kind:
    """A message that never ends."""
    return Kind(
        client_frame(Opcode.CONT, again, final=False),
        client_frame(Opcode.TEXT, first, final=False),
        connections=connections,
    )


_MANY = 50
_BOMB = zlib.compress(bytes(50 << 20), 9)
_CHAT = '{"type":"chat","message_id":"m","payload":"flood","position":{"x":1,"y":2}}'
_WHO = json.dumps({"type": "who", "user_ids": [f"nobody-{number}" for number in range(50)]})
KINDS: dict[str, Kind] = {
    "pointers": Kind(text_frame('{"type":"cursor","position":{"x":1,"y":2}}')),
    "drafts": Kind(text_frame('{"type":"typing","message_id":"m","payload":"flood","position":{"x":1,"y":2}}')),
    "messages": Kind(text_frame(_CHAT)),
    "questions": Kind(text_frame('{"type":"sync"}')),
    "pings": Kind(client_frame(Opcode.PING, b"")),
    "fragments": _fragments(b"", first=b"", connections=1),
    "rubbish": Kind(text_frame("{")),
    "large": Kind(text_frame("x" * 60_000)),
    # Compressed bodies to any path, nobody signed in.
    "bodies": Kind(
        b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(_BOMB)
        + _BOMB,
        connections=5,
        upgraded=False,
    ),
    # Short questions with long answers, and what is told to everyone, at the pace that each connection may ask.
    "snapshots": Kind(text_frame('{"type":"sync"}'), connections=_MANY, rate=10),
    "names": Kind(text_frame('{"type":"profile","name":"flood","color":"rust"}'), connections=_MANY, rate=10),
    "who": Kind(text_frame(_WHO), connections=_MANY, rate=10),
    # Control and small frames over many connections, each at its own pace.
    "many pings": Kind(client_frame(Opcode.PING, b"p" * 125), connections=_MANY),
    "many pongs": Kind(EMPTY_PONG, connections=_MANY),
    "many fragments": _fragments(b"", first=b"", connections=_MANY),
    "many bytes": _fragments(b" ", first=b"{", connections=_MANY),
    "many messages": Kind(text_frame(_CHAT), connections=_MANY),
    "many pongs asked for": Kind(text_frame('{"type":"ping","t":1}'), connections=_MANY),
    # A hundred guests, each message with an id of its own: `_flood_as_guests`.
    "guests": Kind(b""),
}
GUESTS = 100
MESSAGES = 100
GUESTS_AGAIN_S = 1.0


class Abusers:
    def __init__(self, url: str, kind: str) -> None:
        self._url = url
        self._kind = kind
        self.thrown_out = {"flooding": 0, "never reading": 0, "a byte a second": 0}
        self.flooded_bytes = 0

    async def run(self) -> None:
        kind = KINDS[self._kind]
        flood = self._flood if kind.upgraded else self._request
        if self._kind == "guests":
            flood = self._flood_as_guests
        acts = {"never reading": self._never_read, "a byte a second": self._trickle}
        await asyncio.gather(
            *(self._again_and_again("flooding", flood) for _ in range(kind.connections)),
            *(self._again_and_again(name, act) for name, act in acts.items()),
        )

    async def _again_and_again(self, name: str, act: object) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await act()  # type: ignore[operator]
            self.thrown_out[name] += 1
            await asyncio.sleep(0.01)

    async def _flood(self) -> None:
        reader, writer = await self._connect()
        kind = KINDS[self._kind]
        chunk = kind.again if kind.rate else kind.again * max(1, CHUNK_BYTES // kind.connections // len(kind.again))
        try:
            await self._upgrade(reader, writer)
            writer.write(kind.first)
            reading = asyncio.create_task(_read_on(reader))
            try:
                while not reading.done():
                    writer.write(chunk)
                    await writer.drain()
                    self.flooded_bytes += len(chunk)
                    if kind.rate:
                        await asyncio.sleep(1 / kind.rate)
            finally:
                reading.cancel()
        finally:
            writer.transport.abort()

    async def _request(self) -> None:
        reader, writer = await self._connect()
        try:
            writer.write(KINDS[self._kind].again)
            self.flooded_bytes += len(KINDS[self._kind].again)
            async with asyncio.timeout(2):
                await reader.read(65536)
        except TimeoutError:
            return
        finally:
            writer.transport.abort()

    async def _flood_as_guests(self) -> None:
        """A hundred guests say a hundred messages each at once, and again after a moment, for as long as they may."""
        guests = [await self._connect() for _ in range(GUESTS)]
        try:
            for reader, writer in guests:
                await self._upgrade(reader, writer)
            reading = [asyncio.create_task(_read_on(reader)) for reader, _ in guests]
            try:
                for burst in itertools.count():
                    data = b"".join(_message(f"m{burst}-{number}") for number in range(MESSAGES))
                    for _, writer in guests:
                        writer.write(data)
                        self.flooded_bytes += len(data)
                    await asyncio.gather(*(writer.drain() for _, writer in guests))
                    await asyncio.sleep(GUESTS_AGAIN_S)
            finally:
                for task in reading:
                    task.cancel()
        finally:
            for _, writer in guests:
                writer.transport.abort()

    async def _never_read(self) -> None:
        reader, writer = await self._connect(receive_buffer_bytes=4096)
        try:
            await self._upgrade(reader, writer)
            while True:
                # Something now and then, so that it is not taken for dead; a write fails once it was thrown out.
                await asyncio.sleep(1)
                writer.write(EMPTY_PONG)
                await writer.drain()
        finally:
            writer.transport.abort()

    async def _trickle(self) -> None:
        reader, writer = await self._connect()
        try:
            for byte in upgrade_request(self._url):
                writer.write(bytes((byte,)))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        if not await reader.read(1):
                            return
        finally:
            writer.transport.abort()

    async def _connect(
        self, receive_buffer_bytes: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        plain = socket.socket()
        if receive_buffer_bytes is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        plain.setblocking(False)
        plain.bind((ADDRESS, 0))
        url = urlsplit(self._url)
        await asyncio.get_running_loop().sock_connect(plain, (url.hostname, url.port))
        return await asyncio.open_connection(sock=plain, limit=2048)

    async def _upgrade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(upgrade_request(self._url))
        await reader.readuntil(b"\r\n\r\n")


def _message(message_id: str) -> bytes:
    text = json.dumps({"type": "chat", "message_id": message_id, "payload": "x" * 500, "position": {"x": 1, "y": 2}})
    return text_frame(text)


async def _read_on(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65536):
            pass


async def main(url: str, kind: str) -> None:
    abusers = Abusers(url, kind)
    task = asyncio.create_task(abusers.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    print(json.dumps({"thrown_out": abusers.thrown_out, "flooded_mb": round(abusers.flooded_bytes / 1e6, 1)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--kind", choices=KINDS, default="pointers")
    given = parser.parse_args()
    os.nice(10)  # the honest ones' generator is not what is to be starved
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(given.url, given.kind))
