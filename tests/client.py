"""A plain client of the wire, written from docs/protocol.md alone.

It shares no line with the server: it speaks through the `websockets` library and knows only what the page says. So
a test that passes with it shows that the page is enough, and that the server does what the page says. Nothing of
`asocial` may ever be imported here.

`Client` is a well-behaved client; frames that a test does not ask for wait in its inbox, so tests need not care
how unrelated frames interleave. `RawClient` speaks RFC 6455 by hand, for clients that break it. Whatever code the
server answers with, by HTTP, error frame or close frame, is noted in `OBSERVED`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.patience import PATIENCE_S

Frame = dict[str, Any]
Position = tuple[float, float]
TokenBy = Literal["subprotocol", "header", "query"]

OBSERVED: set[int | str] = set()
"""Codes the server answered with since the set was last cleared: close codes as int, the others as str."""

_message_numbers = itertools.count(1)


@dataclass(frozen=True)
class Closed:
    """How a connection ended. `code` 1006: without a close frame."""

    code: int
    reason: str

    @property
    def info(self) -> Frame:
        """The reason as the JSON object that W28 promises."""
        parsed: Frame = json.loads(self.reason)
        return parsed


@dataclass(frozen=True)
class Refusal:
    """An answer before the upgrade (W1)."""

    status: int
    content_type: str
    body: Frame

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def chat_url(
    base: str,
    *,
    channel: str | None = None,
    token: str | None = None,
    uid: str | None = None,
    name: str | None = None,
    color: str | None = None,
    on_map: str | None = None,
    trace: str | None = None,
    invite: str | None = None,
    users: str | None = None,
) -> str:
    given = {
        "channel": channel,
        "token": token,
        "uid": uid,
        "name": name,
        "color": color,
        "on_map": on_map,
        "trace": trace,
        "invite": invite,
        "users": users,
    }
    query = urlencode({key: value for key, value in given.items() if value is not None}, quote_via=quote)
    return f"{base}/api/chat?{query}" if query else f"{base}/api/chat"


class Client:
    """One connection to one channel. Make it with `connect`."""

    def __init__(self, socket_: ClientConnection) -> None:
        self.socket = socket_
        self.sync: Frame = {}
        """The latest `user_sync`."""
        self.received: list[Frame] = []
        """Every frame so far, in the order of arrival."""
        self._inbox: list[Frame] = []

    @classmethod
    async def connect(
        cls,
        base: str,
        *,
        channel: str | None = None,
        token: str | None = None,
        token_by: TokenBy = "subprotocol",
        subprotocols: Sequence[str] = ("asocial.v1",),
        uid: str | None = None,
        name: str | None = None,
        color: str | None = None,
        on_map: str | None = None,
        trace: str | None = None,
        invite: str | None = None,
        users: str | None = None,
        origin: str | None = None,
        compression: str | None = None,
        address: str | None = None,
        wait_for_sync: bool = True,
    ) -> Self:
        """Connects to `base` (`ws://host:port`) and waits for `user_sync`. `address`: the own one, as 127.0.0.2.

        Raises websockets' InvalidStatus where the server answers before the upgrade (see `refusal`).
        """
        offered = list(subprotocols)
        headers: dict[str, str] = {}
        if token is not None and token_by == "subprotocol":
            offered.append(token)
        if token is not None and token_by == "header":
            headers["Authorization"] = f"Bearer {token}"
        in_query = token if token_by == "query" else None
        profile = {"name": name, "color": color, "on_map": on_map}
        url = chat_url(
            base, channel=channel, token=in_query, uid=uid, trace=trace, invite=invite, users=users, **profile
        )
        connection = await connect(
            url,
            subprotocols=[Subprotocol(item) for item in offered] or None,
            additional_headers=headers,
            origin=None if origin is None else Origin(origin),
            compression=compression,
            local_addr=None if address is None else (address, 0),
            proxy=None,
            ping_interval=None,
            open_timeout=PATIENCE_S,
            close_timeout=PATIENCE_S,
            max_size=None,
            max_queue=None,
        )
        client = cls(connection)
        if wait_for_sync:
            client.sync = await client.receive("user_sync")
        return client

    @property
    def user_id(self) -> str:
        return str(self.sync["user_id"])

    @property
    def connection_id(self) -> str:
        return str(self.sync["connection_id"])

    @property
    def token(self) -> str:
        return str(self.sync["token"])

    # Sending: one helper for each row of section 2.

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def send_raw(self, data: str | bytes) -> None:
        """A text frame (str) or a binary one (bytes), whatever is in it."""
        await self.socket.send(data)

    async def chat(self, payload: str, *, message_id: str | None = None, at: Position = (0, 0)) -> str:
        """Sends and returns the message id, without waiting for the `ack`."""
        message_id = message_id or new_message_id()
        await self.send({"type": "chat", "message_id": message_id, "payload": payload, "position": position(at)})
        return message_id

    async def typing(self, payload: str, *, message_id: str, at: Position = (0, 0)) -> None:
        await self.send({"type": "typing", "message_id": message_id, "payload": payload, "position": position(at)})

    async def cursor(self, at: Position) -> None:
        await self.send({"type": "cursor", "position": position(at)})

    async def reaction(self, kind: str, at: Position = (0, 0)) -> None:
        await self.send({"type": "reaction", "kind": kind, "position": position(at)})

    async def profile(self, name: str, color: str, **more: Any) -> None:
        await self.send({"type": "profile", "name": name, "color": color, **more})

    async def who(self, user_ids: Sequence[str]) -> None:
        await self.send({"type": "who", "user_ids": list(user_ids)})

    async def resync(self) -> Frame:
        """Sends `sync`, returns the `user_sync` that answers."""
        await self.send({"type": "sync"})
        self.sync = await self.receive("user_sync")
        return self.sync

    async def authenticate(self, token: str) -> None:
        await self.send({"type": "auth", "token": token})

    async def moderate(self, action: str, **fields: Any) -> None:
        await self.send({"type": "moderate", "action": action, **fields})

    async def ping(self, t: int) -> None:
        await self.send({"type": "ping", "t": t})

    # Receiving.

    async def receive(
        self, *types: str, timeout_s: float = PATIENCE_S, where: Callable[[Frame], bool] = lambda frame: True
    ) -> Frame:
        """The next frame of one of `types` (none given: of any) for which `where` holds; others stay in the inbox."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        looked_at = 0
        while True:
            for index in range(looked_at, len(self._inbox)):
                frame = self._inbox[index]
                if (not types or frame["type"] in types) and where(frame):
                    return self._inbox.pop(index)
            looked_at = len(self._inbox)
            wanted = " or ".join(types) or "frame"
            try:
                async with asyncio.timeout_at(deadline):
                    await self._read()
            except TimeoutError:
                waiting = [str(frame)[:200] for frame in self._inbox]
                raise AssertionError(f"no {wanted} within {timeout_s} s; the inbox holds {waiting}") from None
            except ConnectionClosed:
                how = self._how_it_closed()
                raise AssertionError(f"closed with {how.code} {how.reason} while waiting for {wanted}") from None

    def waiting(self, *types: str) -> list[Frame]:
        """Frames of `types` that came and that nobody asked for yet."""
        return [frame for frame in self._inbox if not types or frame["type"] in types]

    async def closed(self, *, timeout_s: float = PATIENCE_S) -> Closed:
        """Waits until the server closes, keeping frames that come before in `received` and the inbox."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._read()
        except TimeoutError:
            last = [str(frame)[:200] for frame in self.received[-3:]]
            raise AssertionError(f"still open after {timeout_s} s; the last frames were {last}") from None
        except ConnectionClosed:
            return self._how_it_closed()

    async def close(self) -> None:
        """Leaves with a close frame."""
        await self.socket.close()

    def abort(self) -> None:
        """Breaks the TCP connection, without a close frame."""
        self.socket.transport.abort()

    async def _read(self) -> None:
        data = await self.socket.recv()
        assert isinstance(data, str), f"section 0: all frames are text frames, this one is {data!r}"
        frame = json.loads(data)
        assert isinstance(frame, dict), f"section 0: a frame is one JSON object, this one is {data}"
        assert isinstance(frame.get("type"), str), f"section 0: a frame has a type, this one is {data}"
        if frame["type"] == "error":
            OBSERVED.add(frame["code"])
        self.received.append(frame)
        self._inbox.append(frame)

    def _how_it_closed(self) -> Closed:
        code = self.socket.close_code or 1006
        OBSERVED.add(code)
        return Closed(code, self.socket.close_reason or "")


async def refusal(base: str, **options: Any) -> Refusal:
    """Tries to connect (options as of `Client.connect`), expects an answer before the upgrade and returns it."""
    try:
        client = await Client.connect(base, wait_for_sync=False, **options)
    except InvalidStatus as error:
        response = error.response
        answer = Refusal(response.status_code, response.headers.get("Content-Type", ""), json.loads(response.body))
        OBSERVED.add(answer.code)
        return answer
    how = await client.closed() if client.socket.close_code else "open"
    await client.close()
    raise AssertionError(f"upgraded where a refusal was expected; it is {how}")


def new_message_id() -> str:
    return f"m-{next(_message_numbers)}"


def position(at: Position) -> Frame:
    return {"x": at[0], "y": at[1]}


class RawClient:
    """A TCP socket that knows RFC 6455 just enough to break it: it never answers a ping unless told to."""

    TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, base: str, *, channel: str, receive_buffer_bytes: int | None = None) -> Self:
        """Upgrades. With `receive_buffer_bytes` the kernel holds little more than that for a client that reads not."""
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
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /api/chat?channel={channel} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    async def send_frame(self, opcode: int, payload: bytes, *, masked: bool = True, reserved_bits: int = 0) -> None:
        """One unfragmented frame, with whatever is wrong about it."""
        await self.send_bytes(self.frame(opcode, payload, masked=masked, reserved_bits=reserved_bits))

    async def send_bytes(self, data: bytes) -> None:
        """Whatever these bytes are."""
        self._writer.write(data)
        await self._writer.drain()

    @staticmethod
    def frame(opcode: int, payload: bytes, *, masked: bool = True, reserved_bits: int = 0, final: bool = True) -> bytes:
        size = len(payload)
        head = bytes([(0x80 if final else 0) | reserved_bits << 4 | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 1 << 16:
            head += struct.pack("!BH", bit | 126, size)
        else:
            head += struct.pack("!BQ", bit | 127, size)
        if masked:
            mask = os.urandom(4)
            payload = mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        return head + payload

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self.send_frame(self.TEXT, json.dumps(frame).encode())

    async def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload. Raises IncompleteReadError or ConnectionError at the end of the stream."""
        first, second = await self._reader.readexactly(2)
        assert first & 0x70 == 0, "a reserved bit is set, and no extension was negotiated"
        assert second & 0x80 == 0, "RFC 6455 5.1: a server does not mask"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
        return first & 0x0F, await self._reader.readexactly(size)

    async def receive(self, type_: str, *, timeout_s: float = PATIENCE_S) -> Frame:
        """The next frame of this type; others, and pings, are dropped."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    opcode, payload = await self.read_frame()
                    assert opcode != self.CLOSE, f"closed while waiting for {type_}: {payload!r}"
                    if opcode == self.TEXT:
                        frame: Frame = json.loads(payload)
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
                    if opcode == self.CLOSE:
                        (code,) = struct.unpack("!H", payload[:2])
                        OBSERVED.add(code)
                        return Closed(code, payload[2:].decode())
        except TimeoutError:
            raise AssertionError(f"still open after {timeout_s} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            return Closed(1006, "")

    async def abort(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
