"""One TCP connection that speaks HTTP: aiohttp's connection class, with limits on how it is read.

A connection that is read too fast is paused; nothing that it sent is lost. Request bodies are never decompressed (W77),
and a body that no handler reads is not drained: see `ignore_body`. Nothing here knows what a frame is.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, Protocol, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from aiohttp.http_parser import RawRequestMessage

from ... import logs
from ...domain.errors import Refusal
from .headers import DATA_HEADERS, is_data
from .quota import Quota
from .refusal_log import RefusalLog
from .refusals import direct_response_of, response_of
from .request_head import RequestHead

KEEPALIVE_S = 75.0
"""How long a connection may be idle between requests: a little longer than load balancers keep theirs."""
LINGER_S = 1.0
LINGER_BYTES = 64 * 1024
"""How long, and how much, is read after the answer to a request whose body was not read.

A socket that is closed with unread data is reset, and the client may not see the answer. Reading a little avoids that
for small bodies; large ones are not read to the end.
"""
HEADERS = 64
HEADER_BYTES = 8190
"""For the request line, and for each header."""

log = logs.get(__name__)


class GuardLimits(NamedTuple):
    """Of one connection, and of one address. A rate of 0 is no limit."""

    handshake_s: float
    answer_s: float
    bytes_per_s: int
    bytes_per_s_per_address: int


class Watched(Protocol):
    """A connection whose request or answer must not take too long."""

    deadline: float
    """When its request must be complete, or its answer must have been sent."""
    quota: Quota

    def cut_off(self) -> None: ...


class Guard(Protocol):
    """What a connection needs of the guard that watches all of them (connection_guard.py)."""

    limits: GuardLimits
    refusals: RefusalLog

    def watch(self, connection: Watched) -> None: ...

    def unwatch(self, connection: Watched) -> None: ...

    def upgraded(self, connection: Watched, request: RequestHead) -> None: ...


class GuardedConnection(web.RequestHandler):
    """One TCP connection. `quota` and `deadline`: see first_request.py, which has had the connection before."""

    __slots__ = (
        "_guard", "_ignored_bytes_left", "_is_handed_over", "_parser_is_full", "_resume_timer", "_tcp_transport",
        "deadline", "quota",
    )  # fmt: skip

    def __init__(
        self, guard: Guard, server: web.Server, quota: Quota, deadline: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is aiohttp's own way to have no access log
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGER_S,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADERS,
            # A few hundred bytes can decompress to megabytes.
            auto_decompress=False,
        )
        self._guard = guard
        self.quota = quota
        self._parser_is_full = False
        self._resume_timer: asyncio.TimerHandle | None = None
        self._ignored_bytes_left: int | None = None
        self._tcp_transport: asyncio.Transport | None = None
        self.deadline = deadline
        self._is_handed_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp drops its own reference when it closes the transport, which may still have data to send.
        self._tcp_transport = cast(asyncio.Transport, transport)
        self._guard.watch(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._resume_timer is not None:
            self._resume_timer.cancel()
        self._guard.unwatch(self)
        if not self._is_handed_over:
            self.quota.release()
        super().connection_lost(exc)

    @property
    def is_upgrading(self) -> bool:
        """Whether the last request asked for an upgrade, so that what follows it is not HTTP."""
        return bool(self._upgraded)

    def hand_over(self, request: RequestHead) -> tuple[asyncio.Transport, bytes] | None:
        """See websocket.Upgradable. For aiohttp, the connection is lost."""
        transport, received = self._tcp_transport, self._message_tail
        if transport is None or self.transport is None or transport.is_closing():
            return None
        self._guard.upgraded(self, request)
        if self._reading_paused or self._resume_timer is not None:
            transport.resume_reading()  # the quota goes on to count what is read
        self._is_handed_over = True
        self._tcp_transport = self.transport = None
        self._message_tail = b""
        self.connection_lost(None)
        return transport, received

    def cut_off(self) -> None:
        if self._tcp_transport is not None:
            self._tcp_transport.abort()

    def ignore_body(self) -> None:
        """Cut the connection off soon: its request was answered, and nobody reads the rest of the body.

        aiohttp still reads for at most LINGER_S; more than LINGER_BYTES end the connection at once.
        """
        self._ignored_bytes_left = LINGER_BYTES

    def data_received(self, data: bytes) -> None:
        if self._ignored_bytes_left is not None:
            self._ignored_bytes_left -= len(data)
            if self._ignored_bytes_left < 0:
                self.force_close()
                return
        super().data_received(data)
        # aiohttp calls this with no data when it continues with data that it had put aside.
        if not data:
            return
        now = self._loop.time()
        wait_s = self.quota.spend(len(data), now)
        if wait_s and self._resume_timer is None and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
            self._resume_timer = self._loop.call_later(wait_s, self._resume_after_wait)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio: true keeps the writing side open
        """The client has closed its sending side and still reads, as `nc -N` does: its requests are answered.

        Returns None, which closes the connection, if no request waits for an answer, if a body is incomplete, and for a
        WebSocket: it must end with a close frame (RFC 6455, 7.1.1).
        """
        idle = self._waiter is not None and not self._waiter.done()
        if self._upgraded or not self._request_count or (idle and not self._messages) or self._parser is None:
            return None
        try:
            self._parser.feed_eof()
        except (BadHttpMessage, PayloadEncodingError):
            return None
        if not self._messages:
            self.close()  # after the answer that is under way
        elif isinstance(message := self._messages[-1][0], RawRequestMessage):
            self._messages[-1] = (message._replace(should_close=True), self._messages[-1][1])
        return True

    def pause_reading(self) -> None:
        """aiohttp has not handled yet what it has read."""
        self._parser_is_full = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        self._parser_is_full = False
        super().resume_reading(resume_parser)
        if self._resume_timer is not None and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def _resume_after_wait(self) -> None:
        self._resume_timer = None
        if not self._parser_is_full and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (it repeats what the client sent)
    ) -> web.StreamResponse:
        """The answer to invalid HTTP and to an error of ours. It repeats nothing of what the client sent."""
        if status >= 500 and _is_client_error(exc, gone=self.transport is None):
            status = 400
        if status < 500:
            refused = Refusal("request_invalid", "this is not a valid HTTP request")
            self._guard.refusals.note(refused.code, refused.message, remote=request.remote)
        else:
            log.error(
                "unexpected error while handling a request", method=request.method, path=request.path, exc_info=exc
            )
            refused = Refusal("internal", "internal server error")
            if status == 504:  # aiohttp's, for a TimeoutError of a handler
                refused = Refusal("timeout", "internal server error")
        if request.writer.output_size > 0:
            raise ConnectionError("the answer was sent in part already")
        response = direct_response_of(refused)
        response.headers.update(DATA_HEADERS)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """aiohttp refuses an unknown `Expect` before any handler or middleware, with a text."""
        if isinstance(resp, web.HTTPExpectationFailed) and is_data(request.path):
            resp = response_of(Refusal("expectation_failed", "the only expectation that is met is 100-continue"))
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *_args: object, **given: Any) -> None:
        """aiohttp reports an error after the answer. Its text may repeat what the client sent and is not logged."""
        exc = given.get("exc_info")
        if not isinstance(exc, BaseException) or not _is_client_error(exc, gone=self.transport is None):
            log.error("unexpected error after a request was answered", kind=type(exc).__name__)


def _is_client_error(exc: BaseException | None, *, gone: bool) -> bool:
    """Whether a request failed because of its client: it left in the middle of a body, or sent an invalid one."""
    return isinstance(exc, web.RequestPayloadError) or (gone and isinstance(exc, OSError))
