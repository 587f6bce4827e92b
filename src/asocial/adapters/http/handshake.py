"""The server's side of the WebSocket handshake (RFC 6455, section 4.2).

Never here: whether a client may connect (admission.py).
"""

from __future__ import annotations

import binascii
import hashlib
import time
from email.utils import formatdate
from functools import lru_cache

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16
_BEFORE_ACCEPT = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: "
)


def accept_of(key: str) -> str | None:
    """Sec-WebSocket-Accept for this Sec-WebSocket-Key. None if the key is not 16 bytes in base64."""
    try:
        if len(binascii.a2b_base64(key)) != _KEY_BYTES:
            return None
    except (binascii.Error, ValueError):
        return None
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False).decode()


def switching_protocols(accept: str, subprotocol: str | None) -> bytes:
    """The answer that upgrades the connection. No extension is agreed to: everyone in a channel shares one frame."""
    return f"{_BEFORE_ACCEPT}{accept}{_after_accept(subprotocol, int(time.time()))}".encode()


@lru_cache(maxsize=2)
def _after_accept(subprotocol: str | None, second: int) -> str:
    lines = [f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []
    return "\r\n".join(["", *lines, f"Date: {_http_date(second)}", "", ""])


def http_date() -> str:
    """The time as HTTP writes it (RFC 9110, 5.6.7)."""
    return _http_date(int(time.time()))


@lru_cache(maxsize=1)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
