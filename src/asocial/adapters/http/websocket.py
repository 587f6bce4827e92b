"""`GET /api/chat`: the upgrade, and one session for as long as its socket lives.

aiohttp reads and parses; writing bypasses it. A frame is the same bytes for everyone, so the fan-out hands ready
WebSocket frames to the transport (by way of outgoing.py), with no coroutine per recipient. That is sound because
aiohttp's own writes (its close frames) come last, and compression, which would need an order, is off.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from aiohttp import WSMsgType, web, web_ws

from ... import logs
from ...domain.access import Access
from ...domain.errors import (
    BadFrame,
    ConnectingTooOften,
    Disconnect,
    GoingAway,
    InternalError,
    NoPong,
    Refused,
    Removed,
    TooManyConnections,
    VersionUnsupported,
)
from ...domain.identity import Verified
from ...domain.ids import DEFAULT_CHANNEL, ID_RULE, is_id
from ...domain.limits import Allowance, Budgets, Share
from ...domain.profile import Profile, clean_color, clean_name, guest_profile
from ...ports import RateLimiter
from ...protocol.schema import SUBPROTOCOL, SUBPROTOCOL_FAMILY
from ...service.backlog import Backlog
from ...service.dispatch import Dispatch
from ...service.meters import Meters
from ...service.moderation import Moderation
from ...service.session import Session
from ...service.sessions import Sessions
from ...tracing import Trace, Tracing
from .auth import Authenticator, Identity, offered_subprotocols
from .connection import CLOSE_TIMEOUT_S, TURN_FRAMES, WebSocketConnection
from .door import Entrance
from .invitations import Invitations
from .origin_hint import FIELDS, origin_hint
from .refusal import response_of, too_many_connections
from .refusal_log import RefusalLog
from .visitors import Origins, Visitor, Visitors

READ_LIMIT_BYTES = 64 * 1024
"""A frame above this is not read to its end: RFC 6455's own 1009 closes the connection."""
QUEUED_BYTES = 4 * 1024
"""Frames of one connection that are parsed and not handled yet: about twice this. The rest waits in its socket."""
MINUTE_MS = 60_000
PULSE_S = 1.0
FRAMES_BURST_S = 2.0
"""What may be read at once, in seconds of its rate."""
ASSURED_FRAMES_PER_S = 20
"""What every connection is read at, however many frames others of its address send."""

_HANDSHAKE = (
    "a WebSocket handshake has Connection: Upgrade, and 16 bytes in base64 as Sec-WebSocket-Key (RFC 6455, 4.2.1)"
)

# aiohttp has no setting for it. With its default, 2,000 connections that send faster than they are handled fill 1 GB.
web_ws.DEFAULT_CHUNK_SIZE = QUEUED_BYTES  # type: ignore[attr-defined]

log = logs.get(__name__)


class ChatEndpoint:
    """Answers `GET /api/chat`. `refuse_new` is asked before each upgrade: a draining process takes nobody in."""

    def __init__(
        self,
        sessions: Sessions,
        dispatch: Dispatch,
        authenticator: Authenticator,
        moderation: Moderation,
        invitations: Invitations,
        limiter: RateLimiter,
        visitors: Visitors,
        origins: Origins,
        *,
        connections_per_minute_per_ip: int,
        connections_per_ip: int,
        frames_per_second: int,
        frames_per_second_per_ip: int,
        ping_s: float,
        pong_timeout_s: float,
        refuse_new: Callable[[], bool],
        backlog: Backlog,
        meters: Meters | None = None,
        tracing: Tracing | None = None,
        refusals: RefusalLog | None = None,
        read_limit_bytes: int = READ_LIMIT_BYTES,
    ) -> None:
        self._tracing = tracing or Tracing()
        self._meters = meters or Meters()
        self._refusals = refusals or RefusalLog(self._meters)
        self._backlog = backlog
        self._sessions = sessions
        self._dispatch = dispatch
        self._authenticator = authenticator
        self._moderation = moderation
        self._invitations = invitations
        self._limiter = limiter
        self._visitors = visitors
        self._origins = origins
        self._connections_per_minute_per_ip = connections_per_minute_per_ip
        self._connections_per_ip = connections_per_ip
        self._frames_per_second = frames_per_second
        self._frames = Budgets(frames_per_second_per_ip, frames_per_second_per_ip * FRAMES_BURST_S)
        self._ping_s = ping_s
        self._pong_timeout_s = pong_timeout_s
        self._refuse_new = refuse_new
        self._read_limit_bytes = read_limit_bytes
        self._connections: set[WebSocketConnection] = set()
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        """Sockets that are upgraded, those being let in or sent away included."""
        return len(self._connections)

    @property
    def unsent_bytes(self) -> int:
        """Of all connections together."""
        return sum(connection.unsent_bytes for connection in self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        visitor = self._visitors.see(request)
        try:
            channel = self._admit(request, visitor)
            identity, access = await self._recognise(request, channel)
        except Refused as refused:
            return self._refused(refused, request, visitor)
        offered = offered_subprotocols(request)
        # Named to aiohttp only when offered, or it would log a warning for each client that offers none.
        protocols = (SUBPROTOCOL,) if SUBPROTOCOL in offered else ()
        ws = web.WebSocketResponse(
            max_msg_size=self._read_limit_bytes,
            autoping=False,
            autoclose=False,
            compress=False,
            protocols=protocols,
            timeout=CLOSE_TIMEOUT_S,
        )
        try:
            await ws.prepare(request)
        except ConnectionResetError:
            # The client was gone before its upgrade: aiohttp wants an answer, and finds nobody to give it to.
            return web.Response(status=400)
        except web.HTTPBadRequest:
            # Not aiohttp's words: they repeat what the client sent, here and in the log.
            return self._refused(Refused(400, "handshake_invalid", _HANDSHAKE), request, visitor)
        transport = request.transport
        if transport is None:
            return ws
        loop = asyncio.get_running_loop()
        rate, now = self._frames_per_second, loop.time()
        connection = WebSocketConnection(
            ws,
            transport,
            now,
            Allowance(rate, rate * FRAMES_BURST_S, now) if rate else None,
            Share(self._frames, visitor.counted, assured=ASSURED_FRAMES_PER_S, step=1, now=now),
            self._backlog,
        )
        if isinstance(request.protocol, Entrance):
            request.protocol.carry(connection)
        self._connections.add(connection)
        self._by_address[visitor.counted] += 1
        trace = self._tracing.begin("connection", request.headers, request.query.get("trace", ""))
        try:
            await self._serve(request, ws, connection, channel, identity, access, visitor, trace)
            if connection.closing is not None:
                await connection.read_out()
        finally:
            trace.end()
            self._connections.discard(connection)
            self._by_address[visitor.counted] -= 1
            if not self._by_address[visitor.counted]:
                del self._by_address[visitor.counted]
            if connection.closing is not None and connection.finished is not None:
                connection.finished.set()
                # The handler's end closes the socket; the close handshake comes first.
                await asyncio.shield(connection.closing)
        # What aiohttp does next anyhow: done here, what it remembers of a failure can be let go of.
        await ws.write_eof()
        _let_go(ws)
        return ws

    def check(self, request: web.Request, visitor: Visitor, origin: str | None) -> None:
        """Whether a page of this origin may connect from there now. Raises Refused (W1)."""
        self._refuse_while_draining()
        if origin is not None and not self._origins.allows(origin, visitor):
            raise Refused(403, "origin_forbidden", origin_hint(origin, request, visitor))
        if 0 < self._connections_per_ip <= self._by_address[visitor.counted]:
            raise too_many_connections()

    async def pulse(self) -> None:
        """Ping who is silent, close who stays silent (W22). Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(PULSE_S, self._ping_s / 4))
            now = loop.time()
            for connection in self._connections:
                silent_s = now - connection.heard_at
                if silent_s > self._ping_s + self._pong_timeout_s:
                    connection.close(NoPong())
                elif silent_s > self._ping_s and not connection.pinged:
                    connection.ping()

    async def _serve(
        self,
        request: web.Request,
        ws: web.WebSocketResponse,
        connection: WebSocketConnection,
        channel: str,
        identity: Identity | Disconnect,
        access: Access,
        visitor: Visitor,
        trace: Trace,
    ) -> None:
        opened_at = asyncio.get_running_loop().time()
        unwanted = await self._reason_to_close(request, visitor)
        if isinstance(identity, Disconnect):
            self._turn_away(connection, channel, identity, unwanted or identity, visitor, trace)
            return
        if unwanted is not None:
            self._turn_away(connection, channel, identity, unwanted, visitor, trace)
            return
        try:
            session = await self._sessions.open(
                connection,
                channel,
                identity.user_id,
                _profile_of(request, identity.visitor),
                identity.token,
                visitor=identity.visitor,
                access=access,
                address=visitor.counted,
            )
        except (GoingAway, Removed, TooManyConnections) as refused:
            self._turn_away(connection, channel, identity, refused, visitor, trace)
            return
        trace.ids |= {"connection_id": connection.id, "user_id": identity.user_id, "channel": channel}
        ids = trace.ids
        session.traced = trace.message
        log.info("connection opened", **ids, remote=visitor.address)
        self._meters.connections += 1
        self._meters.reconnects += identity.returns
        said_goodbye = False
        try:
            # In a task of its own: here, each frame would wake all that aiohttp has put around this handler.
            said_goodbye = await asyncio.create_task(self._read(ws, connection, session))
        except Exception:
            # A fault of ours, not of this client: told in the log, and the client may come back.
            log.exception("a frame could not be handled", **ids)
            connection.close(InternalError())
        finally:
            closed_with = connection.closed_with
            left = said_goodbye if closed_with is None else not closed_with.reconnects
            away_ms = 0 if closed_with is None else closed_with.retry_ms or 0
            await self._sessions.close(session, left=left, away_ms=away_ms)
            code = ws.close_code if closed_with is None else closed_with.code
            self._meters.disconnected(code)
            log.info(
                "connection closed",
                **ids,
                code=None if code is None else int(code),
                reason=_reason(closed_with, said_goodbye),
                seconds=round(asyncio.get_running_loop().time() - opened_at, 3),
            )

    async def _read(self, ws: web.WebSocketResponse, connection: WebSocketConnection, session: Session) -> bool:
        """Carry out frames until the socket ends. True if the client sent a close frame."""
        connection.read_here()
        time, channel = asyncio.get_running_loop().time, session.voice.channel
        while connection.closing is None and (message := await connection.receive()) is not None:
            now = time()
            connection.heard(now)
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
                    # aiohttp takes 1006, which must never be sent (RFC 6455, 7.4.1), for a code like others.
                    await ws.close(code=1002 if message.data == 1006 else 1000, drain=False)
                    return True
                case _:
                    return False
            if not await connection.rest(now, 1 if channel.is_late else TURN_FRAMES):
                return False
            if channel.full:
                await channel.room()
                connection.heard(time())  # it may have said something meanwhile
        return False

    def _admit(self, request: web.Request, visitor: Visitor) -> str:
        """The channel the request is for. Raises Refused (W1)."""
        self._refuse_while_draining()
        channel = request.query.get("channel", DEFAULT_CHANNEL)
        if not is_id(channel):
            raise Refused(400, "channel_invalid", f"a channel's name is {ID_RULE}")
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(
                426,
                "upgrade_required",
                "this address speaks WebSocket (RFC 6455); a proxy must pass on the headers Upgrade and Connection",
            )
        # aiohttp takes the drafts 7 and 8 too, whose browsers send their origin under another name.
        if request.headers.get("Sec-WebSocket-Version") != "13":
            raise Refused(400, "handshake_invalid", "the WebSocket version is 13 (RFC 6455)")
        if request.body_exists:
            # aiohttp would take it for the first frames.
            raise Refused(400, "handshake_invalid", "a WebSocket handshake has no body")
        self.check(request, visitor, request.headers.get("Origin"))
        return channel

    def _refuse_while_draining(self) -> None:
        if self._refuse_new():
            raise Refused(503, "draining", "this server is going away; try again")

    def _refused(self, refused: Refused, request: web.Request, visitor: Visitor) -> web.Response:
        """The answer before the upgrade. It is counted and logged with what decided it."""
        self._meters.errors[refused.code] += 1
        sent = {}
        if refused.code == "origin_forbidden":
            sent = {name.lower().replace("-", "_"): request.headers.get(name) for name in FIELDS}
            sent["peer"] = request.remote
        self._refusals.note(
            refused.code, refused.message, remote=visitor.address, channel=request.query.get("channel"), **sent
        )
        return response_of(refused)

    async def _recognise(self, request: web.Request, channel: str) -> tuple[Identity | Disconnect, Access]:
        """Who it is, and what they may do in the channel. A Disconnect is told once the socket is upgraded.

        Raises Refused for who may not enter.
        """
        try:
            identity = await self._authenticator.identify(request)
        except Disconnect as unknown:
            return unknown, Access()
        invitation = self._invitations.read(request.query.get("invite", ""), channel)
        return identity, await self._moderation.admit(channel, identity.visitor, invitation)

    def _turn_away(
        self,
        connection: WebSocketConnection,
        channel: str,
        identity: Identity | Disconnect,
        refused: Disconnect,
        visitor: Visitor,
        trace: Trace,
    ) -> None:
        connection.close(refused)
        self._meters.disconnected(refused.code)
        self._refusals.note(
            refused.code,
            refused.reason,
            **trace.ids,
            connection_id=connection.id,
            user_id=identity.user_id if isinstance(identity, Identity) else None,
            channel=channel,
            remote=visitor.address,
        )

    async def _reason_to_close(self, request: web.Request, visitor: Visitor) -> Disconnect | None:
        offered = offered_subprotocols(request)
        versions = [item for item in offered if item.startswith(SUBPROTOCOL_FAMILY)]
        if versions and SUBPROTOCOL not in versions:
            return VersionUnsupported()
        key = f"connects:{visitor.counted}"
        wait_ms = await self._limiter.take(key, self._connections_per_minute_per_ip, MINUTE_MS)
        if not wait_ms:
            return None
        self._meters.rate_limited["connections"] += 1
        return ConnectingTooOften(retry_ms=wait_ms)


def _profile_of(request: web.Request, visitor: Verified) -> Profile:
    """The profile asked for in the query; what is absent or unfit is the token's, or derived from the id (W23)."""
    guest = guest_profile(visitor.user_id)
    try:
        name = clean_name(request.query["name"])
    except (KeyError, BadFrame):
        name = visitor.name or guest.name
    try:
        color = clean_color(request.query["color"])
    except (KeyError, BadFrame):
        color = guest.color
    return Profile(name, color, request.query.get("on_map") != "0")


def _let_go(ws: web.WebSocketResponse) -> None:
    """Drop the frames that aiohttp's last error holds, which hold `ws`: a circle is freed late, and costs a pause."""
    error: BaseException | None = ws.exception()
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


def _reason(closed_with: Disconnect | None, said_goodbye: bool) -> str:
    if closed_with is not None:
        return closed_with.reason
    return "client closed" if said_goodbye else "connection lost"
