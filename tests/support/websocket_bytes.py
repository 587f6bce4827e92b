"""A WebSocket client's valid bytes, made by the `websockets` library, for programs that write to a socket themselves.

Load generators and floods use these: one prepared frame can be written many times.
"""

from __future__ import annotations

from collections.abc import Mapping

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri


def upgrade_request(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The request that opens a WebSocket at `url` (ws://host:port/path), with more headers."""
    request = ClientProtocol(parse_uri(url)).connect()
    request.headers.update(headers or {})
    return request.serialize()


def client_frame(opcode: Opcode, payload: bytes, *, final: bool = True) -> bytes:
    """One masked frame. Raises ProtocolError where RFC 6455 does not allow it."""
    return Frame(opcode, payload, fin=final).serialize(mask=True)


def text_frame(text: str) -> bytes:
    return client_frame(Opcode.TEXT, text.encode())


EMPTY_PING_FROM_SERVER = Frame(Opcode.PING, b"").serialize(mask=False)
"""A search for it finds this server's pings: no text frame holds these two bytes, because JSON has no NUL."""
EMPTY_PONG = client_frame(Opcode.PONG, b"")
