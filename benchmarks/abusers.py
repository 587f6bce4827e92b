"""People who mean harm, as a process of their own: `python -m benchmarks.abusers URL --kind pointers`, until ended.

Three of them at once: one floods, in the way of its kind; one is in the channel and never reads; one opens connections
and sends a byte of its request each second. Whoever is thrown out comes back at once. At the end it prints, as
JSON, how often each was thrown out and how many MB the flood got through.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
from urllib.parse import urlsplit

import uvloop

_MASK = b"\x00\x00\x00\x00"
CHUNK_BYTES = 64 * 1024


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    return bytes((opcode | (0x80 if final else 0),)) + length + _MASK + payload


KINDS: dict[str, tuple[bytes, bytes]] = {
    # What is sent first, and what is sent for ever after.
    "pointers": (b"", frame(1, b'{"type":"cursor","position":{"x":1,"y":2}}')),
    "drafts": (b"", frame(1, b'{"type":"typing","message_id":"m","payload":"flood","position":{"x":1,"y":2}}')),
    "messages": (b"", frame(1, b'{"type":"chat","message_id":"m","payload":"flood","position":{"x":1,"y":2}}')),
    "questions": (b"", frame(1, b'{"type":"sync"}')),
    "pings": (b"", frame(9, b"")),
    "fragments": (frame(1, b"", final=False), frame(0, b"", final=False)),
    "rubbish": (b"", frame(1, b"{")),
    "large": (b"", frame(1, b"x" * 60_000)),
}


class Abusers:
    def __init__(self, url: str, kind: str) -> None:
        self._url = urlsplit(url)
        self._kind = kind
        self.thrown_out = {"flooding": 0, "never reading": 0, "a byte a second": 0}
        self.flooded_bytes = 0

    async def run(self) -> None:
        acts = {"flooding": self._flood, "never reading": self._never_read, "a byte a second": self._trickle}
        await asyncio.gather(*(self._again_and_again(name, act) for name, act in acts.items()))

    async def _again_and_again(self, name: str, act: object) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await act()  # type: ignore[operator]
            self.thrown_out[name] += 1
            await asyncio.sleep(0.01)

    async def _flood(self) -> None:
        reader, writer = await self._connect()
        first, again = KINDS[self._kind]
        chunk = again * max(1, CHUNK_BYTES // len(again))
        try:
            await self._upgrade(reader, writer)
            writer.write(first)
            reading = asyncio.create_task(_read_on(reader))
            try:
                while not reading.done():
                    writer.write(chunk)
                    await writer.drain()
                    self.flooded_bytes += len(chunk)
            finally:
                reading.cancel()
        finally:
            writer.transport.abort()

    async def _never_read(self) -> None:
        reader, writer = await self._connect(receive_buffer_bytes=4096)
        try:
            await self._upgrade(reader, writer)
            while True:
                # Something now and then, so that it is not taken for dead; a write fails once it was thrown out.
                await asyncio.sleep(1)
                writer.write(frame(10, b""))
                await writer.drain()
        finally:
            writer.transport.abort()

    async def _trickle(self) -> None:
        reader, writer = await self._connect()
        try:
            for byte in self._head():
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
        await asyncio.get_running_loop().sock_connect(plain, (self._url.hostname, self._url.port))
        return await asyncio.open_connection(sock=plain, limit=2048)

    async def _upgrade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._head())
        await reader.readuntil(b"\r\n\r\n")

    def _head(self) -> bytes:
        return (
            f"GET {self._url.path}?{self._url.query} HTTP/1.1\r\nHost: {self._url.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()


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
