"""One person of the canvas: a WebSocket client that reads as little as it can, because there are thousands of them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import cast

from benchmarks.canvas_oracle import Oracle, region_of
from tests.support.websocket_bytes import EMPTY_PONG, upgrade_request

WIDTH, HEIGHT = 1440.0, 900.0
MOVES = 1000
"""Positions of one pointer that can be told apart: each has the number of its move in its third decimals."""
_CHAT = re.compile(rb'"payload":"n(\d+)"')


def text_frame(payload: bytes) -> bytes:
    """A masked frame. The mask is zero, which costs nothing and is allowed (RFC 6455, 5.3 asks it of browsers)."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class Person(asyncio.Protocol):
    def __init__(self, number: int, at: tuple[float, float], oracle: Oracle, *, witness: bool) -> None:
        self.number = number
        self.x, self.y = at
        self.points_at = 0.0
        self.pace = 1.0
        self.received_bytes = 0
        self.closed = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._oracle = oracle
        self._witness = witness
        self._user_id = ""
        self._moves = 0
        self._moved_at = [0.0] * MOVES
        self._data = b""
        self._open = False
        self._transport: asyncio.Transport | None = None

    async def connect(self, address: str) -> None:
        host, _, port = address.partition(":")
        view = f"&x={self.x:.0f}&y={self.y:.0f}&w={WIDTH:.0f}&h={HEIGHT:.0f}"
        self._request = upgrade_request(f"ws://{address}/api/chat?channel=canvas{view}")
        await asyncio.get_running_loop().create_connection(lambda: self, host, int(port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        data = self._data + data if self._data else data
        at = 0
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._data = data
                return
            self._open, at = True, end + 4
        now, size = time.monotonic(), len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                if size < start:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            if size < start + length:
                break
            self._frame(data, data[at], start, start + length, now)
            at = start + length
        self._data = data[at:]

    def _frame(self, data: bytes, first: int, start: int, end: int, now: float) -> None:
        if first == 0x89:
            self._write(EMPTY_PONG)
        elif data.startswith(b'{"type":"chat"', start):
            found = _CHAT.search(data, start, end)
            if found:
                self._oracle.arrived(self.number, int(found[1]), now)
        elif data.startswith(b'{"type":"cursors"', start):
            if self._witness and self._oracle.counting:
                self._see_pointers(data[start:end], now)
        elif data.startswith(b'{"type":"pace"', start):
            self.pace = json.loads(data[start:end])["cursors_per_second"]
        elif data.startswith(b'{"type":"user_sync"', start) and not self.ready.done():
            sync = json.loads(data[start:end])
            self._user_id = sync["user_id"]
            USERS[self._user_id] = self
            for message in sync["messages"]:
                self._oracle.arrived(self.number, int(message["payload"][1:]), now)
            self.ready.set_result(None)

    def _see_pointers(self, payload: bytes, now: float) -> None:
        for user_id, x, _ in json.loads(payload)["cursors"]:
            if user_id != self._user_id:
                sent = USERS[user_id]._moved_at[round(abs(x) * MOVES) % MOVES]
                self._oracle.ages_ms.append((now - sent) * 1000)

    def look(self, at: tuple[float, float]) -> None:
        """Show another part of the canvas."""
        self.x, self.y = at
        # As it is sent, so that both sides compute with the same numbers.
        x, y = round(self.x, 1), round(self.y, 1)
        self._oracle.looked(self.number, region_of(x, y, WIDTH, HEIGHT), time.monotonic())
        self._send({"type": "view", "position": {"x": x, "y": y}, "width": WIDTH, "height": HEIGHT})

    def point(self, at: float, x: float, y: float, jitter: float) -> None:
        """Move the pointer within the viewport, at the pace that the server asks for."""
        self.points_at = at + (0.8 + 0.4 * jitter) / self.pace
        self._moves = (self._moves + 1) % MOVES
        self._moved_at[self._moves] = time.monotonic()
        whole = int(self.x + x) or 1
        marked = whole + self._moves / MOVES if whole > 0 else whole - self._moves / MOVES
        self._write(text_frame(b'{"type":"cursor","position":{"x":%.3f,"y":%.1f}}' % (marked, self.y + y)))

    def post(self, number: int, x: float, y: float) -> None:
        x, y = round(self.x + x, 1), round(self.y + y, 1)
        self._oracle.posted(number, self.number, x, y, time.monotonic())
        place = {"x": x, "y": y}
        self._send({"type": "chat", "message_id": f"m{number}", "payload": f"n{number}", "position": place})

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _send(self, frame: dict[str, object]) -> None:
        self._write(text_frame(json.dumps(frame, separators=(",", ":")).encode()))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


USERS: dict[str, Person] = {}
"""Everybody by user id: pointers name their user."""
