"""A WebSocket client that can break RFC 6455, and the only framing in the tests that is written by hand.

The `websockets` library refuses to send what is wrong, so `raw_frame` makes the bytes. The library reads the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.frames import Close, Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from tests.support.client import OBSERVED, Closed
from tests.support.client import Frame as JsonFrame
from tests.support.waiting import PATIENCE_S
from tests.support.websocket_bytes import upgrade_request


def raw_frame(opcode: int, payload: bytes, *, masked: bool = True, reserved_bits: int = 0) -> bytes:
    """One unfragmented frame. Nothing about it is checked."""
    size = len(payload)
    first, mask_bit = 0x80 | reserved_bits << 4 | opcode, 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if masked:
        mask = os.urandom(4)
        payload = mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return head + payload


class RawClient:
    """A socket after the upgrade. It sends any bytes, reads only when asked to, and never answers a ping by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = Protocol(CLIENT, state=OPEN, max_size=None)
        self._frames: deque[Frame] = deque()

    @classmethod
    async def connect(cls, base: str, *, channel: str, receive_buffer_bytes: int | None = None) -> Self:
        """Upgrades. `receive_buffer_bytes`: about what the kernel holds while the client does not read."""
        address = urlsplit(base)
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer_bytes is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        plain.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(plain, (address.hostname, address.port))
        except OSError:
            plain.close()
            raise
        reader, writer = await asyncio.open_connection(sock=plain, limit=2048)
        writer.write(upgrade_request(f"{base}/api/chat?channel={channel}"))
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    async def send_frame(self, opcode: int, payload: bytes, *, masked: bool = True, reserved_bits: int = 0) -> None:
        """One unfragmented frame, which may be wrong."""
        await self.send_bytes(raw_frame(opcode, payload, masked=masked, reserved_bits=reserved_bits))

    async def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self.send_frame(Opcode.TEXT, json.dumps(frame).encode())

    async def read_frame(self) -> tuple[Opcode, bytes]:
        """Opcode and payload. Raises EOFError or ConnectionError at the end of the stream."""
        while not self._frames:
            data = await self._reader.read(2048)
            if not data:
                raise EOFError
            self._protocol.receive_data(data)
            assert self._protocol.parser_exc is None, self._protocol.parser_exc
            self._frames += (event for event in self._protocol.events_received() if isinstance(event, Frame))
        frame = self._frames.popleft()
        return frame.opcode, bytes(frame.data)

    async def receive(self, type_: str, *, timeout_s: float = PATIENCE_S) -> JsonFrame:
        """The next frame of this type; others, and pings, are dropped."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    opcode, payload = await self.read_frame()
                    assert opcode != Opcode.CLOSE, f"closed while waiting for {type_}: {payload!r}"
                    if opcode == Opcode.TEXT:
                        frame: JsonFrame = json.loads(payload)
                        if frame["type"] == type_:
                            return frame
        except TimeoutError:
            raise AssertionError(f"no {type_} within {timeout_s} s") from None

    async def closed(self, *, timeout_s: float = PATIENCE_S) -> Closed:
        """Reads until a close frame (1006: until the stream ends without one)."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    opcode, payload = await self.read_frame()
                    if opcode == Opcode.CLOSE:
                        close = Close.parse(payload)
                        OBSERVED.add(close.code)
                        return Closed(close.code, close.reason)
        except TimeoutError:
            raise AssertionError(f"still open after {timeout_s} s") from None
        except (EOFError, ConnectionError):
            return Closed(1006, "")

    def plain_socket(self) -> socket.socket:
        """The same socket, for somebody who reads and writes without asyncio. To be closed by the caller."""
        plain = socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno()))
        plain.settimeout(PATIENCE_S)
        return plain

    async def abort(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
