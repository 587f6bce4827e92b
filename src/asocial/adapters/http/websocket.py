"""`GET /api/chat`: upgrades the connection, and reads frames into its session until the socket ends.

aiohttp reads and parses; writing bypasses it. A frame is the same bytes for everyone, so the fan-out hands ready
WebSocket frames to the transport (through outgoing.py), with no coroutine per recipient. That is safe because aiohttp's
own writes (its close frames) come last, and compression, which depends on the order of frames, is off.

Never here: whether a client may connect (admission.py).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakValueDictionary

from aiohttp import WSMsgType, web, web_ws

from ... import logs
from ...domain.errors import Disconnect, InternalError, NoPong, Refusal
from ...domain.limits import Allowance, Budgets, Share, Turn
from ...protocol.schema import SUBPROTOCOL
from ...service.backlog import Backlog
from ...service.dispatch import Dispatch
from ...service.session import Session
from ...service.sessions import Sessions
from ...tracing import Trace
from .admission import Admission, AdmissionController
from .auth import offered_subprotocols
from .connection import CLOSE_TIMEOUT_S, TURN_FRAMES, WebSocketConnection
from .guarded_connection import GuardedConnection
from .instruments import Instruments
from .refusals import close_code_of

READ_LIMIT_BYTES = 64 * 1024
"""A larger frame is not read to its end: the connection is closed with RFC 6455's 1009."""
QUEUED_BYTES = 4 * 1024
"""About twice this is parsed ahead of one connection's handler. The rest waits in its socket."""
PING_CHECK_S = 1.0
FRAMES_BURST_S = 2.0
"""How much may be read at once, in seconds of the rate."""
ASSURED_FRAMES_PER_S = 20
"""The rate that every connection gets, however many frames others of its address send."""
ADDRESS_TURN_FRAMES = 128
"""About how many frames of one address are handled before others get their turn: 1 to 2 ms."""

_HANDSHAKE = (
    "a WebSocket handshake needs Connection: Upgrade, and 16 bytes in base64 as Sec-WebSocket-Key (RFC 6455, 4.2.1)"
)

# aiohttp has no setting for it. With its default, 2,000 connections that send faster than they are handled fill 1 GB.
web_ws.DEFAULT_CHUNK_SIZE = QUEUED_BYTES  # type: ignore[attr-defined]

log = logs.get(__name__)


@dataclass(frozen=True)
class SocketLimits:
    """How fast sockets are read (frames per second, 0 for any number), and when a silent one is pinged and closed."""

    frames_per_second: int
    frames_per_second_per_ip: int
    ping_s: float
    pong_timeout_s: float
    frame_bytes: int = READ_LIMIT_BYTES


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

    def __len__(self) -> int:
        """Upgraded sockets, including those that have no session yet or are being closed."""
        return len(self._connections)

    @property
    def unsent_bytes(self) -> int:
        """Of all connections together."""
        return sum(connection.unsent_bytes for connection in self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler. Raises Refusal for a request that is not upgraded."""
        admitted: Admission | Disconnect
        try:
            admitted = await self._admission.admit(request)
        except Disconnect as disconnect:
            # The client reads it in a close frame, since browsers hide the answer to an upgrade. Without its traceback,
            # which would make a reference cycle with this frame.
            admitted = disconnect.with_traceback(None)
        # Set only when offered: otherwise aiohttp logs a warning for each client that offers another.
        protocols = (SUBPROTOCOL,) if SUBPROTOCOL in offered_subprotocols(request) else ()
        ws = web.WebSocketResponse(
            max_msg_size=self._limits.frame_bytes,
            autoping=False,
            autoclose=False,
            compress=False,
            protocols=protocols,
            timeout=CLOSE_TIMEOUT_S,
        )
        try:
            await ws.prepare(request)
        except ConnectionResetError:
            # The client left before its upgrade. aiohttp needs an answer, which nobody reads.
            return web.Response(status=400)
        except web.HTTPBadRequest:
            # Not aiohttp's text: it repeats what the client sent, in the answer and in the log.
            raise Refusal("handshake_invalid", _HANDSHAKE, **_log_fields_of(admitted)) from None
        transport = request.transport
        if transport is None:
            return ws
        connection = self._connection(request, ws, transport)
        self._connections.add(connection)
        trace = self._tracing.begin("connection", request.headers, request.query.get("trace", ""))
        try:
            await self._serve(ws, connection, admitted, trace)
            if connection.closing is not None:
                await connection.discard_until_closed()
        finally:
            trace.end()
            self._connections.discard(connection)
            if connection.closing is not None and connection.finished is not None:
                connection.finished.set()
                # aiohttp closes the socket when this handler returns; the close handshake must be over by then.
                await asyncio.shield(connection.closing)
        # aiohttp does this next. Done here, so that the exceptions it keeps can be dropped.
        await ws.write_eof()
        _drop_exceptions(ws)
        return ws

    async def ping_silent(self) -> None:
        """Ping clients that are silent, and close them if they stay silent (W22). Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(PING_CHECK_S, self._limits.ping_s / 4))
            self._check_silent(loop.time())

    def _check_silent(self, now: float) -> None:
        # Not in the task above: between two checks, its frame would hold the last connection.
        for connection in self._connections:
            silent_s = now - connection.received_at
            if silent_s > self._limits.ping_s + self._limits.pong_timeout_s:
                connection.close(NoPong())
            elif silent_s > self._limits.ping_s and not connection.pinged:
                connection.ping()

    def _connection(
        self, request: web.Request, ws: web.WebSocketResponse, transport: asyncio.Transport
    ) -> WebSocketConnection:
        rate, now = self._limits.frames_per_second, asyncio.get_running_loop().time()
        address = request.protocol.limit_key if isinstance(request.protocol, GuardedConnection) else ""
        connection = WebSocketConnection(
            ws,
            transport,
            now,
            Allowance(rate, rate * FRAMES_BURST_S, now) if rate else None,
            Share(self._frames, address, assured=ASSURED_FRAMES_PER_S, step=1, now=now),
            self._turn_of(address),
            self._backlog,
        )
        if isinstance(request.protocol, GuardedConnection):
            request.protocol.attach(connection)
        return connection

    def _turn_of(self, address: str) -> Turn:
        """What the connections of `address` share. Each has its own where addresses are not known or not limited."""
        turn = Turn(ADDRESS_TURN_FRAMES, asyncio.get_running_loop().call_soon)
        limited = address and self._limits.frames_per_second_per_ip
        return self._turns.setdefault(address, turn) if limited else turn

    async def _serve(
        self,
        ws: web.WebSocketResponse,
        connection: WebSocketConnection,
        admitted: Admission | Disconnect,
        trace: Trace,
    ) -> None:
        opened_at = asyncio.get_running_loop().time()
        if isinstance(admitted, Disconnect):
            self._refuse(connection, admitted, trace)
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
        except Disconnect as disconnect:
            disconnect.log_fields = {**_log_fields_of(admitted), "user_id": principal.user_id}
            self._refuse(connection, disconnect.with_traceback(None), trace)
            return
        trace.ids |= {"connection_id": connection.id, "user_id": principal.user_id, "channel": channel}
        ids = trace.ids
        session.trace_message = trace.message
        log.info("connection opened", **ids, remote=client.address)
        self._counters.connections += 1
        self._counters.reconnects += admitted.returning
        client_closed = False
        try:
            # In a task of its own: here, each frame would resume all coroutines that aiohttp has around this handler.
            client_closed = await asyncio.create_task(self._read(ws, connection, session))
        except Exception:
            # Our error, not the client's: it may connect again.
            log.exception("a frame could not be handled", **ids)
            connection.close(InternalError())
        finally:
            closed_with = connection.closed_with
            left = client_closed if closed_with is None else not closed_with.reconnects
            away_ms = 0 if closed_with is None else closed_with.retry_ms or 0
            await self._sessions.close(session, left=left, away_ms=away_ms)
            code = ws.close_code if closed_with is None else close_code_of(closed_with)
            self._counters.disconnected(code)
            log.info(
                "connection closed",
                **ids,
                code=None if code is None else int(code),
                reason=_reason(closed_with, client_closed),
                seconds=round(asyncio.get_running_loop().time() - opened_at, 3),
            )

    async def _read(self, ws: web.WebSocketResponse, connection: WebSocketConnection, session: Session) -> bool:
        """Handle frames until the socket ends. True if the client sent a close frame."""
        connection.read_in_current_task()
        time, channel = asyncio.get_running_loop().time, session.participant.channel
        read_gate = channel.read_gate
        while connection.closing is None and (message := await connection.receive()) is not None:
            now = time()
            connection.on_received(now)
            match message.type:
                case WSMsgType.TEXT:
                    await self._dispatch.receive(session, message.data)
                case WSMsgType.BINARY:
                    self._dispatch.receive_binary(session, message.data)
                case WSMsgType.PING:
                    connection.pong(message.data)
                case WSMsgType.PONG:
                    pass
                case WSMsgType.CLOSE:
                    connection.stop_writing()
                    # aiohttp accepts 1006, which must never be sent (RFC 6455, 7.4.1).
                    await ws.close(code=1002 if message.data == 1006 else 1000, drain=False)
                    return True
                case _:
                    return False
            if not await connection.yield_turn(now, 1 if channel.is_late else TURN_FRAMES):
                return False
            if read_gate.is_full:
                await read_gate.wait()
                connection.on_received(time())  # it may have sent something meanwhile
        return False

    def _refuse(self, connection: WebSocketConnection, disconnect: Disconnect, trace: Trace) -> None:
        """Close a connection that has no session: its client reads the reason in the close frame."""
        connection.close(disconnect)
        code = close_code_of(disconnect)
        self._counters.disconnected(code)
        fields = {**trace.ids, "connection_id": connection.id, **disconnect.log_fields}
        self._refusals.note(code, disconnect.reason, **fields)


def _log_fields_of(admitted: Admission | Disconnect) -> dict[str, object]:
    if isinstance(admitted, Disconnect):
        return admitted.log_fields
    return {"remote": admitted.client.address, "channel": admitted.channel}


def _drop_exceptions(ws: web.WebSocketResponse) -> None:
    """Drop the tracebacks of aiohttp's last error, which make a reference cycle with `ws`."""
    error: BaseException | None = ws.exception()
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def _reason(closed_with: Disconnect | None, client_closed: bool) -> str:
    if closed_with is not None:
        return closed_with.reason
    return "client closed" if client_closed else "connection lost"
