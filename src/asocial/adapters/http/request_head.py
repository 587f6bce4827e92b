"""The head of an HTTP request, as far as it decides who may come in.

aiohttp's requests have this shape. A request for a WebSocket is read without aiohttp's objects (first_request.py) and
is a `HandshakeRequest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import hdrs
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDictProxy, MultiMapping


class RequestHead(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str:
        """Decoded, without the query."""
        ...

    @property
    def query(self) -> MultiMapping[str]: ...

    @property
    def headers(self) -> CIMultiDictProxy[str]: ...

    @property
    def remote(self) -> str | None:
        """The address at the other end of the TCP connection."""
        ...

    @property
    def body_exists(self) -> bool: ...

    @property
    def content_length(self) -> int | None: ...


class HandshakeRequest:
    """A request for a WebSocket, which has no body."""

    __slots__ = ("headers", "query", "remote", "subprotocols")

    method = "GET"
    body_exists = False
    content_length = None

    def __init__(self, message: RawRequestMessage, remote: str | None) -> None:
        self.headers: CIMultiDictProxy[str] = message.headers
        self.query: MultiMapping[str] = message.url.query
        self.remote = remote
        self.subprotocols = _subprotocols_of(self.headers)

    @property
    def path(self) -> str:
        return CHAT_PATH


def offered_subprotocols(request: RequestHead) -> Sequence[str]:
    """The items of Sec-WebSocket-Protocol, in order."""
    return request.subprotocols if isinstance(request, HandshakeRequest) else _subprotocols_of(request.headers)


def _subprotocols_of(headers: CIMultiDictProxy[str]) -> Sequence[str]:
    if hdrs.SEC_WEBSOCKET_PROTOCOL not in headers:
        return ()
    given = headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL)
    return [item for header in given for item in map(str.strip, header.split(",")) if item]


CHAT_PATH = "/api/chat"
