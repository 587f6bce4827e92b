"""The door: what a TCP connection may cost the others, before it is anybody and while it is somebody.

- Its first request is complete within `handshake_s`, or it is cut off: silence and a byte a second are the same.
- Its answer is taken within `answer_s`, or it is cut off (a WebSocket that does not read is the endpoint's to close).
- It is read at `bytes_per_s`. Who sends faster waits, in its own socket; nothing is lost, and a flood of whatever
  kind (fragments that never end, empty frames, oversized ones) is parsed no faster than that. All connections of one
  address share `bytes_per_s_per_address`; beyond that, those that send much are slowed down (domain/limits.py, Share).
- One address has at most so many of them: connection_counter.py.

aiohttp parses; this is its connection class with limits around it. Nothing here knows a frame.

A request's body is never decompressed (W77), and one that nobody reads is not drained: see `linger`.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, NamedTuple, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from aiohttp.http_parser import RawRequestMessage

from ... import logs
from ...domain.addresses import Address, Networks, counted_as, parse_address
from ...domain.errors import Refusal
from ...domain.limits import Allowance, Budgets, Share
from .connection_counter import ConnectionCounter
from .headers import BARE
from .outgoing import Outgoing
from .refusal_log import RefusalLog
from .refusals import bytes_of, direct_response_of, too_many_connections
from .visitors import Visitors

KEEPALIVE_S = 75.0
"""How long a connection may wait for its next request: a little more than load balancers keep theirs."""
LINGER_S = 1.0
LINGER_BYTES = 64 * 1024
"""How long, and how much, is read after the answer to a request whose body is not wanted.

A socket that is closed with unread data is reset, and the client may not see the answer. A short wait avoids that for
small bodies; a large one is not worth reading to its end.
"""
SPARE_DESCRIPTORS = 16
"""With fewer file descriptors than this left, the log warns."""
BURST_S = 2.0
"""What is read at once, in seconds of the pace."""
ASSURED_BYTES_PER_S = 16 * 1024
STEP_BYTES = 16 * 1024
"""What every connection is read at, however much others of its address send; and how often that is settled."""
LOOK_S = 1.0
HEADERS = 64
HEADER_BYTES = 8190
"""For the request line, and for each header."""


class Patience(NamedTuple):
    """What a connection is allowed; 0, but for the times: anything."""

    handshake_s: float
    answer_s: float
    bytes_per_s: int
    bytes_per_s_per_address: int


log = logs.get(__name__)


class Entrance(web.RequestHandler):
    """One TCP connection."""

    __slots__ = (
        "_allowance", "_door", "_full", "_held", "_share", "_unwanted_bytes", "_wire", "counted", "due", "outgoing",
    )  # fmt: skip

    def __init__(self, door: Door, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is aiohttp's own way to have no access log
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGER_S,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADERS,
            # A few hundred bytes can decompress to megabytes, whoever sends them and to whatever path.
            auto_decompress=False,
        )
        self._door = door
        rate, now = door.patience.bytes_per_s, loop.time()
        self._allowance = Allowance(rate, rate * BURST_S, now) if rate else None
        self._share: Share | None = None
        self._full = False
        self._held: asyncio.TimerHandle | None = None
        self._unwanted_bytes: int | None = None
        self._wire: asyncio.Transport | None = None
        self.due = now + door.patience.handshake_s
        """When it must have asked, or have got its answer."""
        self.counted = ""
        self.outgoing: Outgoing | None = None
        """Of an upgraded connection: told when the transport takes no more, and when it does again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp forgets its transport when it closes it, which is before everything unsent is gone.
        self._wire = cast(asyncio.Transport, transport)
        self._door.enter(self, self._wire)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._held is not None:
            self._held.cancel()
        self._door.leave(self)
        if self.outgoing is not None:
            self.outgoing.lost()
            self.outgoing = None  # each holds the other
        super().connection_lost(exc)

    def read_for(self, address: str) -> None:
        """This connection is that address's, as limits count it."""
        self._share = self._door.share_of(address, self._loop.time())

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outgoing is not None:
            self.outgoing.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.outgoing is not None:
            self.outgoing.resume()

    def carry(self, outgoing: Outgoing) -> None:
        """From here on `outgoing` writes to this connection."""
        if self._wire is not None:
            self._wire.set_write_buffer_limits(0)
        self.outgoing = outgoing
        if self.writing_paused:
            outgoing.pause()

    def cut_off(self) -> None:
        if self._wire is not None:
            self._wire.abort()

    def linger(self) -> None:
        """The request has been answered and its body is not wanted: the rest of it is read for a moment, then cut off.

        aiohttp reads it, for at most LINGER_S; more than LINGER_BYTES end the connection at once.
        """
        self._unwanted_bytes = LINGER_BYTES

    def data_received(self, data: bytes) -> None:
        if self._unwanted_bytes is not None:
            self._unwanted_bytes -= len(data)
            if self._unwanted_bytes < 0:
                self.force_close()
                return
        super().data_received(data)
        # aiohttp calls this with nothing when it goes on with what it had put aside.
        if not data:
            return
        now = self._loop.time()
        wait_s = self._allowance.use(len(data), now) if self._allowance is not None else 0.0
        if self._share is not None:
            wait_s = max(wait_s, self._share.use(len(data), now))
        if wait_s and self._held is None and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
            self._held = self._loop.call_later(wait_s, self._let_go)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio: true keeps the writing side open
        """The client sends no more and still reads, as `nc -N` does: its requests get their answers.

        None, which closes, where nothing waits for an answer, a body is incomplete, or it is a WebSocket: one that ends
        without a close frame is broken (RFC 6455, 7.1.1).
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
        """aiohttp's own reason to wait: what was read is not handled yet."""
        self._full = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        self._full = False
        super().resume_reading(resume_parser)
        if self._held is not None and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def _let_go(self) -> None:
        self._held = None
        if not self._full and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (it repeats what the client sent)
    ) -> web.StreamResponse:
        """The answer to what is no HTTP (400), and to a fault of ours (500): in our words, repeating nothing."""
        if status >= 500 and _is_the_clients(exc, gone=self.transport is None):
            status = 400
        if status < 500:
            refused = Refusal("request_invalid", "this is not a valid HTTP request")
            self._door.refusals.note(refused.code, refused.message, remote=request.remote)
        else:
            log.error("a request could not be handled", method=request.method, path=request.path, exc_info=exc)
            refused = Refusal("internal", "internal server error")
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent already")
        response = direct_response_of(refused)
        response.headers.update(BARE)
        response.force_close()
        return response

    def log_exception(self, *_args: object, **given: Any) -> None:
        """What aiohttp would log of a request that failed after its answer: without the text, which may repeat it."""
        exc = given.get("exc_info")
        if not isinstance(exc, BaseException) or not _is_the_clients(exc, gone=self.transport is None):
            log.error("a request failed after it was answered", kind=type(exc).__name__)


class Door:
    """Makes an Entrance for each connection: call it as a protocol factory."""

    def __init__(
        self,
        runner: web.AppRunner,
        trusted: Networks,
        visitors: Visitors,
        patience: Patience,
        connections: ConnectionCounter,
        refusals: RefusalLog,
    ) -> None:
        """`runner`: of the application behind the door; it must be set up before anybody comes."""
        self.patience = patience
        self.refusals = refusals
        self._visitors = visitors
        self._connections = connections
        self._bytes = Budgets(patience.bytes_per_s_per_address, patience.bytes_per_s_per_address)
        self._trusted = trusted
        self._runner = runner
        self._watched: set[Entrance] = set()
        self._descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._warned_of_descriptors = False
        runner.app.on_response_prepare.append(self._answered)

    def __call__(self) -> Entrance:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        return Entrance(self, server, asyncio.get_running_loop())

    def enter(self, entrance: Entrance, transport: asyncio.Transport) -> None:
        """A connection was accepted. One too many from its address is told so and closed, its request unread."""
        # The kernel gives out the lowest number that is free, so this one says how many are in use.
        if transport.get_extra_info("socket").fileno() >= self._descriptors - SPARE_DESCRIPTORS:
            self._warn_of_descriptors()
        address = _address_of(transport)
        if address not in self._trusted and address is not None:
            entrance.counted = counted_as(address)
            if not self._connections.add(entrance.counted):
                self.refusals.note(
                    _TOO_MANY.code,
                    "too many connections from one address; if it is a proxy, list it in ASOCIAL_TRUSTED_PROXIES",
                    remote=str(address),
                    limit=self._connections.limit,
                )
                transport.write(_ONE_TOO_MANY)
                entrance.force_close()
                return
            entrance.read_for(entrance.counted)
        self._watched.add(entrance)

    def leave(self, entrance: Entrance) -> None:
        self._watched.discard(entrance)
        if entrance.counted:
            self._connections.remove(entrance.counted)

    def arrived(self, request: web.Request) -> None:
        """A request is complete: from now on its answer is waited for."""
        if isinstance(request.protocol, Entrance):
            request.protocol.due = asyncio.get_running_loop().time() + self.patience.answer_s

    def share_of(self, address: str, now: float) -> Share:
        return Share(self._bytes, address, assured=ASSURED_BYTES_PER_S, step=STEP_BYTES, now=now)

    def _warn_of_descriptors(self) -> None:
        """File descriptors are running out: say so, once. Connections that find none are closed as they come."""
        if not self._warned_of_descriptors:
            self._warned_of_descriptors = True
            log.error(
                "too many open files: new connections are closed until others end; raise the limit "
                "(ulimit -n, LimitNOFILE= of systemd, ulimits of Docker) or lower connections_per_ip",
                limit=self._descriptors,
            )

    async def watch(self) -> None:
        """Cut off who takes too long. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(LOOK_S, self.patience.handshake_s / 4))
            now = loop.time()
            for entrance in list(self._watched):
                if entrance.due < now:
                    entrance.cut_off()

    async def _answered(self, request: web.Request, response: web.StreamResponse) -> None:
        entrance = request.protocol
        if not isinstance(entrance, Entrance):
            return
        if response.status == 101:
            # From here on it is the endpoint's: it pings, and closes who does not read.
            self._watched.discard(entrance)
            if not entrance.counted:  # it comes through a trusted proxy
                entrance.counted = self._visitors.see(request).counted
                self._connections.add(entrance.counted)
                entrance.read_for(entrance.counted)
        elif not request.content.is_eof():
            response.force_close()
            response.headers["Connection"] = "close"
            entrance.linger()


def _is_the_clients(exc: BaseException | None, *, gone: bool) -> bool:
    """Whether a request failed because of its client: it left in the middle of a body, or sent one that is none."""
    return isinstance(exc, web.RequestPayloadError) or (gone and isinstance(exc, OSError))


def _address_of(transport: asyncio.Transport) -> Address | None:
    peer: Any = transport.get_extra_info("peername")
    return parse_address(peer[0]) if isinstance(peer, tuple) and peer else None


_TOO_MANY = too_many_connections()
_ONE_TOO_MANY = bytes_of(_TOO_MANY, BARE)
