"""`GET /api/chat`: upgrades the connection, opens its session, hands its messages to it, and closes it.

aiohttp reads the request. From the upgrade on, the transport has our own protocol (connection.py), and nothing of
aiohttp is left for the connection. A task exists while a client joins and while it leaves, and none in between.

Never here: whether a client may connect (admission.py), how frames are read (connection.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakValueDictionary

from aiohttp import hdrs, web

from ... import logs
from ...domain.errors import ClientGone, Disconnect, InternalError, NoPong, Refusal
from ...domain.limits import Allowance, Budgets, Share
from ...domain.turn import Turn
from ...protocol.frame_reader import FrameReader
from ...protocol.schema import SUBPROTOCOL
from ...service.backlog import Backlog
from ...service.dispatch import Dispatch
from ...service.sessions import Sessions
from .admission import Admission, AdmissionController, draining
from .connection import Pace, WebSocketConnection, Work
from .guarded_connection import GuardedConnection
from .handshake import accept_of, switching_protocols
from .instruments import Instruments
from .quota import Quota
from .refusals import close_code_of
from .request_head import RequestHead, offered_subprotocols

READ_LIMIT_BYTES = 64 * 1024
"""A larger frame is not read to its end: the connection is closed with RFC 6455's 1009."""
PING_CHECK_S = 1.0
FRAMES_BURST_S = 2.0
"""How much may be read at once, in seconds of the rate."""
ASSURED_FRAMES_PER_S = 20
"""The rate that every connection gets, however many frames others of its address send."""
ADDRESS_TURN_FRAMES = 128
"""About how many frames of one address are handled before others get their turn: 1 to 2 ms."""
END_S = 1.0
"""How long `close` waits for connections that were cut off."""

_HANDSHAKE = (
    "a WebSocket handshake needs Connection: Upgrade, and 16 bytes in base64 as Sec-WebSocket-Key (RFC 6455, 4.2.1)"
)

log = logs.get(__name__)


@dataclass(frozen=True)
class SocketLimits:
    """How fast sockets are read (frames per second, 0 for any number), and when a silent one is pinged and closed."""

    frames_per_second: int
    frames_per_second_per_ip: int
    ping_s: float
    pong_timeout_s: float
    frame_bytes: int = READ_LIMIT_BYTES


class Upgradable(Protocol):
    """The protocol of a TCP connection whose request is a handshake."""

    @property
    def quota(self) -> Quota: ...

    @property
    def is_upgrading(self) -> bool:
        """Whether the request asked for an upgrade, so that what follows it is not HTTP."""
        ...

    @property
    def writing_paused(self) -> bool: ...

    def hand_over(self, request: RequestHead) -> tuple[asyncio.Transport, bytes] | None:
        """Give up the transport. Returns it with what was received after the request; None if the client is gone."""
        ...


class ChatEndpoint:
    """Answers `GET /api/chat`: upgrades the clients that `admission` lets in, and reads what they send."""

    def __init__(
        self,
        admission: AdmissionController,
        sessions: Sessions,
        dispatch: Dispatch,
        limits: SocketLimits,
        backlog: Backlog,
        instruments: Instruments,
    ) -> None:
        self._admission = admission
        self._sessions = sessions
        self._dispatch = dispatch
        self._limits = limits
        self._frames = Budgets(limits.frames_per_second_per_ip, limits.frames_per_second_per_ip * FRAMES_BURST_S)
        self._turns: WeakValueDictionary[str, Turn] = WeakValueDictionary()
        self._backlog = backlog
        self._counters = instruments.counters
        self._tracing = instruments.tracing
        self._refusals = instruments.refusals
        self._connections: set[WebSocketConnection] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._upgrading: set[asyncio.Task[Any]] = set()
        """The tasks that answer a handshake. Nothing else keeps one whose client has left."""
        self._all_gone: asyncio.Event | None = None
        """Set by `close` once nothing is left. From then on no handshake is upgraded."""

    def __len__(self) -> int:
        """Upgraded sockets, including those that have no session yet or are being closed."""
        return len(self._connections)

    @property
    def handshakes(self) -> int:
        """Those being answered. They may be waiting for a store."""
        return len(self._upgrading)

    @property
    def unsent_bytes(self) -> int:
        """Of all connections together."""
        return sum(connection.unsent_bytes for connection in self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler, for a handshake after other requests. Raises Refusal for one that is not upgraded."""
        http = request.protocol
        task = asyncio.current_task()
        if isinstance(http, GuardedConnection) and await self.upgrade(request, http, task):
            # aiohttp has no transport any more: what it makes of this is counted, and not sent.
            return web.Response(status=101)
        # The client left before its upgrade. aiohttp needs an answer, which nobody reads.
        return web.Response(status=400)

    async def upgrade(self, request: RequestHead, http: Upgradable, task: asyncio.Task[Any] | None = None) -> bool:
        """Answer a handshake. False if the client is gone. Raises Refusal for one that is not upgraded.

        `task`: aiohttp's, which runs this. Other handshakes begin outside a task: see `track`.
        """
        admitted = await self._admit(request, task)
        accept = accept_of(request.headers.get(hdrs.SEC_WEBSOCKET_KEY, ""))
        if accept is None or not http.is_upgrading:
            # Its text repeats nothing of what the client sent.
            raise Refusal("handshake_invalid", _HANDSHAKE, **_log_fields_of(admitted))
        if (taken := http.hand_over(request)) is None:
            return False
        transport, received = taken
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered_subprotocols(request) else None
        connection = self._connection(request, transport, http.quota)
        self._connections.add(connection)
        if http.writing_paused:
            connection.pause()
        transport.set_protocol(connection)
        connection.start(switching_protocols(accept, subprotocol), self._open(connection, admitted), received)
        return True

    def track(self, answering: asyncio.Task[None]) -> None:
        """A handshake has to wait, for a store: `answering` does the rest."""
        self._upgrading.add(answering)
        answering.add_done_callback(self._on_answered)

    def _on_answered(self, answering: asyncio.Task[None]) -> None:
        self._upgrading.discard(answering)
        self._check_gone()

    async def _admit(self, request: RequestHead, task: asyncio.Task[Any] | None) -> Admission | Disconnect:
        """Whether a client is admitted, or the reason that it reads in a close frame. Raises Refusal."""
        if task is not None:
            self._upgrading.add(task)
        try:
            admitted = await self._admission.admit(request)
        except Disconnect as disconnect:
            # The client reads it in a close frame, since browsers hide the answer to an upgrade. Without its traceback,
            # which would make a reference cycle with this frame.
            return disconnect.with_traceback(None)
        except asyncio.CancelledError:
            if self._all_gone is None:
                raise
            raise draining() from None
        finally:
            if task is not None:
                self._upgrading.discard(task)
            self._check_gone()
        if self._all_gone is not None:
            raise draining()
        return admitted

    async def ping_silent(self) -> None:
        """Ping clients that are silent, and close them if they stay silent (W22). Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(PING_CHECK_S, self._limits.ping_s / 4))
            self._check_silent(loop.time())

    async def close(self) -> None:
        """Cut off all connections, close their sessions, and refuse the handshakes that are not answered yet."""
        self._all_gone = asyncio.Event()
        for connection in self._connections:
            connection.abort()
        for task in self._upgrading:
            task.cancel()
        self._check_gone()
        if not await self._are_gone():
            # A session that is being opened waits for a store that does not answer.
            for connection in self._connections:
                connection.cancel_work()
            await self._are_gone()

    async def _are_gone(self) -> bool:
        """Wait until nothing is left. False if that takes too long."""
        if self._all_gone is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await self._all_gone.wait()
                    return True
        return False

    def _check_gone(self) -> None:
        if self._all_gone is not None and not self._connections and not self._upgrading:
            self._all_gone.set()

    def _forget(self, connection: WebSocketConnection) -> None:
        self._connections.discard(connection)
        self._check_gone()

    def _check_silent(self, now: float) -> None:
        # Not in the task above: between two checks, its frame would hold the last connection.
        for connection in self._connections:
            silent_s = now - connection.received_at
            if silent_s > self._limits.ping_s + self._limits.pong_timeout_s:
                connection.close(NoPong())
            elif silent_s > self._limits.ping_s and not connection.pinged:
                connection.ping()

    def _connection(self, request: RequestHead, transport: asyncio.Transport, quota: Quota) -> WebSocketConnection:
        loop, rate = asyncio.get_running_loop(), self._limits.frames_per_second
        now, address = loop.time(), quota.limit_key
        pace = Pace(
            Allowance(rate, rate * FRAMES_BURST_S, now) if rate else None,
            Share(self._frames, address, assured=ASSURED_FRAMES_PER_S, step=1, now=now),
            self._turn_of(address, loop),
        )
        trace = self._tracing.begin("connection", request.headers, request.query.get("trace", ""))
        frames = FrameReader(self._limits.frame_bytes)
        return WebSocketConnection(transport, self, frames, pace, quota, self._backlog, trace, loop)

    def _turn_of(self, address: str, loop: asyncio.AbstractEventLoop) -> Turn:
        """What the connections of `address` share. Each has its own where addresses are not known or not limited."""
        if not (address and self._limits.frames_per_second_per_ip):
            return Turn(ADDRESS_TURN_FRAMES, loop.call_soon)
        turn = self._turns.get(address)
        if turn is None:
            turn = self._turns[address] = Turn(ADDRESS_TURN_FRAMES, loop.call_soon)
        return turn

    async def _open(self, connection: WebSocketConnection, admitted: Admission | Disconnect) -> None:
        """Open the session of an upgraded connection, or close the connection with the reason."""
        if isinstance(admitted, Disconnect):
            self._refuse(connection, admitted)
            return
        client, channel, principal = admitted.client, admitted.channel, admitted.principal
        try:
            session = await self._sessions.open(
                connection,
                channel,
                principal.user_id,
                admitted.profile,
                admitted.token,
                chose_color=admitted.chose_color,
                principal=principal,
                access=admitted.access,
                address=client.limit_key,
                plain_users=admitted.plain_users,
                region=admitted.region,
            )
        except ClientGone:
            connection.abort()
            return
        except Disconnect as disconnect:
            disconnect.log_fields = {**_log_fields_of(admitted), "user_id": principal.user_id}
            self._refuse(connection, disconnect.with_traceback(None))
            return
        trace = connection.trace
        trace.ids |= {"connection_id": connection.id, "user_id": principal.user_id, "channel": channel}
        session.trace_message = trace.message
        if not logs.drops(__name__, logging.INFO):
            log.info("connection opened", **trace.ids, remote=client.address)
        self._counters.connections += 1
        self._counters.reconnects += admitted.returning
        connection.session = session

    # What a connection tells us (connection.Receiver)

    def receive_text(self, connection: WebSocketConnection, text: str) -> Work | None:
        session = connection.session
        return None if session is None else self._dispatch.receive(session, text)

    def receive_binary(self, connection: WebSocketConnection, data: bytes) -> None:
        if connection.session is not None:
            self._dispatch.receive_binary(connection.session, data)

    def failed(self, connection: WebSocketConnection, error: Exception) -> None:
        """Our error, not the client's: it may connect again."""
        log.error("a frame could not be handled", **connection.trace.ids, exc_info=error)
        connection.close(InternalError())

    def ended(self, connection: WebSocketConnection) -> None:
        # In a task, also where nothing is awaited: a channel may be writing to all its members at this moment.
        ending = asyncio.get_running_loop().create_task(self._close(connection))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def lost(self, connection: WebSocketConnection) -> None:
        if connection.is_done:
            self._forget(connection)

    async def _close(self, connection: WebSocketConnection) -> None:
        """Close the session of a connection that has ended."""
        session, closed_with = connection.session, connection.closed_with
        connection.session = None  # each holds the other
        try:
            if session is not None:
                left = connection.client_closed if closed_with is None else not closed_with.reconnects
                await self._sessions.close(session, left=left, away_ms=_away_ms(closed_with))
                code = connection.code if closed_with is None else close_code_of(closed_with)
                self._counters.disconnected(code)
                if not logs.drops(__name__, logging.INFO):
                    log.info(
                        "connection closed",
                        **connection.trace.ids,
                        code=code,
                        reason=_reason(connection),
                        seconds=round(asyncio.get_running_loop().time() - connection.opened_at, 3),
                    )
        finally:
            connection.trace.end()
            connection.is_done = True
            if connection.is_lost:
                self._forget(connection)

    def _refuse(self, connection: WebSocketConnection, disconnect: Disconnect) -> None:
        """Close a connection that has no session: its client reads the reason in the close frame."""
        connection.close(disconnect)
        code = close_code_of(disconnect)
        self._counters.disconnected(code)
        fields = {**connection.trace.ids, "connection_id": connection.id, **disconnect.log_fields}
        self._refusals.note(code, disconnect.reason, **fields)


def _log_fields_of(admitted: Admission | Disconnect) -> dict[str, object]:
    if isinstance(admitted, Disconnect):
        return admitted.log_fields
    return {"remote": admitted.client.address, "channel": admitted.channel}


def _away_ms(closed_with: Disconnect | None) -> int:
    """How long we asked the client to stay away."""
    return 0 if closed_with is None else closed_with.retry_ms or 0


def _reason(connection: WebSocketConnection) -> str:
    if connection.closed_with is not None:
        return connection.closed_with.reason
    if connection.client_closed:
        return "client closed"
    return "connection lost" if connection.code is None else "invalid frame"
