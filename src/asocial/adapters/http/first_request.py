"""One TCP connection until its first request is complete: a WebSocket handshake, or HTTP.

aiohttp's parser reads the request, and nothing else does. If that is a handshake for CHAT_PATH, the connection is
upgraded without aiohttp's objects for a request and its answer, which cost more than the handshake. Everything else
goes to aiohttp as it came, which reads it from its beginning with the same parser.

Never here: whether a client may connect, what is answered.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Protocol, cast

from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser, RawRequestMessage
from aiohttp.http_writer import HttpVersion11
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDictProxy

from ...domain.limits import Allowance
from ...first_step import Done, begin
from .guarded_connection import HEADER_BYTES, HEADERS, Guard, GuardedConnection
from .quota import Quota
from .request_head import CHAT_PATH, HandshakeRequest, RequestHead

REQUEST_BYTES = 16 * 1024
"""A longer head goes to aiohttp, which refuses it or not."""
BURST_S = 2.0
"""How much may be read at once, in seconds of the rate."""
_BEGINNING = f"GET {CHAT_PATH}".encode()
_FOR_AIOHTTP = (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING, hdrs.CONTENT_ENCODING, hdrs.EXPECT)
"""A handshake with one of these is refused by aiohttp or admission.py."""
_BUFFER_BYTES = 4096


@lru_cache(maxsize=1)
def _nobody(loop: asyncio.AbstractEventLoop) -> BaseProtocol:
    """For a parser, the protocol that it may tell to pause. A handshake has no body to pause for."""
    return BaseProtocol(loop)


def _is_for_aiohttp(headers: CIMultiDictProxy[str]) -> bool:
    for name in _FOR_AIOHTTP:  # noqa: SIM110 (`any` takes three times as long)
        if name in headers:
            return True
    return False


class Handshakes(Protocol):
    """Answers handshakes (handshakes.py)."""

    async def answer(self, request: HandshakeRequest, http: FirstRequest) -> None: ...

    def track(self, answering: asyncio.Task[None]) -> None:
        """An answer has to wait: this task does the rest, and must end before the process."""


class FirstGuard(Guard, Protocol):
    """The guard, which also makes the protocol for HTTP."""

    def connection_made(self, connection: FirstRequest, transport: asyncio.Transport, now: float) -> None: ...

    def http(self, quota: Quota, deadline: float) -> GuardedConnection: ...


class FirstRequest(asyncio.Protocol):
    """The protocol of a connection that was just accepted."""

    __slots__ = (
        "_guard", "_handshakes", "_loop", "_parser", "_received", "_transport", "deadline", "is_upgrading",
        "quota", "remote", "writing_paused",
    )  # fmt: skip

    def __init__(self, guard: FirstGuard, handshakes: Handshakes, loop: asyncio.AbstractEventLoop) -> None:
        self._guard = guard
        self._handshakes = handshakes
        self._loop = loop
        rate, now = guard.limits.bytes_per_s, loop.time()
        self.quota = Quota(Allowance(rate, rate * BURST_S, now) if rate else None)
        self.remote: str | None = None
        """The address at the other end; each question to the transport is a system call."""
        self.deadline = now + guard.limits.handshake_s
        """When the request must be complete, or its answer must have been sent."""
        self._transport: asyncio.Transport | None = None
        self._parser: HttpRequestParser | None = None
        # The request so far; once it is answered by a handshake, what follows it.
        self._received = b""
        self.is_upgrading = False
        """Whether its request is a handshake, which is being answered."""
        self.writing_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.remote = peer[0] if isinstance(peer, tuple) and peer else None
        self._guard.connection_made(self, self._transport, self._loop.time())

    def connection_lost(self, _exc: BaseException | None) -> None:
        self._transport = None
        self._guard.unwatch(self)
        self.quota.release()

    def pause_writing(self) -> None:
        self.writing_paused = True

    def resume_writing(self) -> None:
        self.writing_paused = False

    def eof_received(self) -> None:
        """Ends the connection: nobody can wait for the answer to a handshake, and there is no other request yet."""

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return  # it is being closed
        self._received += data
        if self.is_upgrading:
            if len(self._received) >= _BUFFER_BYTES:
                self._transport.pause_reading()
            return
        if not self._received.startswith(_BEGINNING[: len(self._received)]) or len(self._received) > REQUEST_BYTES:
            self._continue_as_http(self._received)
            return
        if self._parser is None:
            self._parser = HttpRequestParser(
                _nobody(self._loop),
                self._loop,
                _BUFFER_BYTES,
                max_line_size=HEADER_BYTES,
                max_field_size=HEADER_BYTES,
                max_headers=HEADERS,
                auto_decompress=False,
            )
        try:
            messages, upgraded, rest = self._parser.feed_data(data)
        except HttpProcessingError:
            self._continue_as_http(self._received)
            return
        if not messages:
            return
        message, body = messages[0]
        if (
            upgraded
            and len(messages) == 1
            and body is EMPTY_PAYLOAD
            and message.method == "GET"
            and message.path.partition("?")[0] == CHAT_PATH
            and message.version == HttpVersion11
            and not message.should_close  # aiohttp closes after a refusal, and says so
            and not _is_for_aiohttp(message.headers)
        ):
            self._answer(message, rest)
        else:
            self._continue_as_http(self._received)

    def _answer(self, message: RawRequestMessage, rest: bytes) -> None:
        self.is_upgrading = True
        self._parser = None
        self.quota.spend(len(self._received) - len(rest), self._loop.time())
        self._received = rest
        self.deadline = self._loop.time() + self._guard.limits.answer_s
        begun = begin(self._handshakes.answer(HandshakeRequest(message, self.remote), self), self._loop)
        if not isinstance(begun, Done):
            self._handshakes.track(begun)

    def hand_over(self, request: RequestHead) -> tuple[asyncio.Transport, bytes] | None:
        """As GuardedConnection.hand_over."""
        transport, received = self._transport, self._received
        if transport is None or transport.is_closing():
            return None
        self._guard.upgraded(self, request)
        if len(received) >= _BUFFER_BYTES:
            transport.resume_reading()
        self._transport = None
        self._received = b""
        return transport, received

    def refuse(self, answer: bytes, *, close: bool = False) -> None:
        """Send the answer to a handshake that is not upgraded. The client may send another request after it."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(answer)
        if close:
            self._transport.close()
            return
        if len(self._received) >= _BUFFER_BYTES:
            self._transport.resume_reading()
        self._continue_as_http(self._received)

    def _continue_as_http(self, received: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        self._transport = None
        self._received = b""
        self._guard.unwatch(self)
        http = self._guard.http(self.quota, self.deadline)
        transport.set_protocol(http)
        http.connection_made(transport)
        if received:
            http.data_received(received)

    def force_close(self) -> None:
        """Close it once what was written is sent; nothing more is read."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def cut_off(self) -> None:
        if self._transport is not None:
            self._transport.abort()
