"""`GET /api/chat`: the upgrade, and one session for as long as its socket lives.

aiohttp reads and parses; writing bypasses it. A frame is the same bytes for everyone, so the fan-out hands ready
WebSocket frames to the transport, with no coroutine per recipient. That is sound because aiohttp's own writes (its
close frames) go to the same transport synchronously, and compression, which would need an order, is off.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from ... import logs
from ...domain.errors import (
    BadFrame,
    ConnectingTooOften,
    Disconnect,
    InternalError,
    NoPong,
    Refused,
    TooManyConnections,
    VersionUnsupported,
)
from ...domain.ids import DEFAULT_CHANNEL, ID_RULE, is_id
from ...domain.profile import Profile, clean_color, clean_name, guest_profile
from ...ports import RateLimiter
from ...protocol import SUBPROTOCOL, SUBPROTOCOL_FAMILY
from ...service.dispatch import Dispatch
from ...service.sessions import Session, Sessions
from .auth import Authenticator, Identity, offered_subprotocols

READ_LIMIT_BYTES = 64 * 1024
"""A frame above this is not read to its end: RFC 6455's own 1009 closes the connection."""
CLOSE_TIMEOUT_S = 5.0
"""How long a client has to answer a close frame, and to read what was written before it."""
MINUTE_MS = 60_000
PULSE_S = 1.0
_PING = b"\x89\x00"

log = logs.get(__name__)


class WebSocketConnection:
    """One upgraded socket: the Connection port over aiohttp's transport."""

    __slots__ = ("_transport", "_ws", "closed_with", "closing", "heard_at", "id", "pinged")

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, now: float) -> None:
        self.id = secrets.token_urlsafe(9)
        self._ws = ws
        self._transport = transport
        self.heard_at = now
        self.pinged = False
        self.closing: asyncio.Task[None] | None = None
        self.closed_with: Disconnect | None = None

    @property
    def unsent_bytes(self) -> int:
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        if self.closing is None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self, disconnect: Disconnect) -> None:
        if self.closing is None:
            self.closed_with = disconnect
            self.closing = asyncio.get_running_loop().create_task(self._close(disconnect))

    def heard(self, now: float) -> None:
        """Something came from the client, whatever it was."""
        self.heard_at = now
        self.pinged = False

    def ping(self) -> None:
        self.pinged = True
        self.write(_PING)

    def pong(self, data: bytes) -> None:
        self.write(bytes((0x8A, len(data))) + data)

    async def _close(self, disconnect: Disconnect) -> None:
        reason: dict[str, object] = {"reason": disconnect.reason}
        if disconnect.retry_ms is not None:
            reason["retry_ms"] = disconnect.retry_ms
        try:
            # Not drained: a client that does not read would keep this waiting for ever.
            await self._ws.close(code=disconnect.code, message=json.dumps(reason).encode(), drain=False)
        finally:
            self._transport.abort()


class ChatEndpoint:
    """Answers `GET /api/chat`. `refuse_new` is asked before each upgrade: a draining process takes nobody in."""

    def __init__(
        self,
        sessions: Sessions,
        dispatch: Dispatch,
        authenticator: Authenticator,
        limiter: RateLimiter,
        *,
        allowed_origins: tuple[str, ...],
        connections_per_minute_per_ip: int,
        ping_s: float,
        pong_timeout_s: float,
        refuse_new: Callable[[], bool],
    ) -> None:
        self._sessions = sessions
        self._dispatch = dispatch
        self._authenticator = authenticator
        self._limiter = limiter
        self._allowed_origins = frozenset(allowed_origins)
        self._connections_per_minute_per_ip = connections_per_minute_per_ip
        self._ping_s = ping_s
        self._pong_timeout_s = pong_timeout_s
        self._refuse_new = refuse_new
        self._connections: set[WebSocketConnection] = set()

    def __len__(self) -> int:
        """Sockets that are upgraded, those being let in or sent away included."""
        return len(self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        try:
            channel = self._admit(request)
            identity = self._authenticator.identify(request)
        except Refused as refused:
            return _refusal(refused)
        offered = offered_subprotocols(request)
        # Named to aiohttp only when offered, or it would log a warning for each client that offers none.
        protocols = (SUBPROTOCOL,) if SUBPROTOCOL in offered else ()
        ws = web.WebSocketResponse(
            max_msg_size=READ_LIMIT_BYTES,
            autoping=False,
            compress=False,
            protocols=protocols,
            timeout=CLOSE_TIMEOUT_S,
        )
        try:
            await ws.prepare(request)
        except ConnectionResetError:
            # The client was gone before its upgrade: aiohttp wants an answer, and finds nobody to give it to.
            return web.Response(status=400)
        except web.HTTPBadRequest as error:
            return _refusal(
                Refused(400, "handshake_invalid", error.text or "not a WebSocket handshake (RFC 6455, 4.2.1)")
            )
        transport = request.transport
        if transport is None:
            return ws
        loop = asyncio.get_running_loop()
        connection = WebSocketConnection(ws, transport, loop.time())
        self._connections.add(connection)
        try:
            await self._serve(request, ws, connection, channel, identity)
        finally:
            self._connections.discard(connection)
            if connection.closing is not None:
                # The handler's end closes the socket; the close handshake comes first.
                await asyncio.shield(connection.closing)
        return ws

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
        identity: Identity,
    ) -> None:
        opened_at = asyncio.get_running_loop().time()
        unwanted = await self._reason_to_close(request)
        if unwanted is not None:
            connection.close(unwanted)
            _log_refused(connection, channel, identity, unwanted)
            return
        try:
            session = await self._sessions.open(
                connection, channel, identity.user_id, _profile_of(request, identity.user_id), identity.token
            )
        except TooManyConnections as refused:
            connection.close(refused)
            _log_refused(connection, channel, identity, refused)
            return
        ids = {"connection_id": connection.id, "user_id": identity.user_id, "channel": channel}
        log.info("connection opened", **ids, remote=request.remote)
        said_goodbye = False
        try:
            said_goodbye = await self._read(ws, connection, session)
        except Exception:
            # A fault of ours, not of this client: told in the log, and the client may come back.
            log.exception("a frame could not be handled", **ids)
            connection.close(InternalError())
        finally:
            closed_with = connection.closed_with
            left = said_goodbye if closed_with is None else not closed_with.reconnects
            await self._sessions.close(session, left=left)
            log.info(
                "connection closed",
                **ids,
                code=ws.close_code if closed_with is None else closed_with.code,
                reason=_reason(closed_with, said_goodbye),
                seconds=round(asyncio.get_running_loop().time() - opened_at, 3),
            )

    async def _read(self, ws: web.WebSocketResponse, connection: WebSocketConnection, session: Session) -> bool:
        """Carry out frames until the socket ends. True if the client sent a close frame."""
        time = asyncio.get_running_loop().time
        while True:
            message = await ws.receive()
            connection.heard(time())
            match message.type:
                case WSMsgType.TEXT:
                    await self._dispatch.receive(session, message.data)
                case WSMsgType.BINARY:
                    self._dispatch.refuse(session, BadFrame("frames are text, not binary"))
                case WSMsgType.PING:
                    connection.pong(message.data)
                case WSMsgType.PONG:
                    pass
                case other:
                    return other is WSMsgType.CLOSE

    def _admit(self, request: web.Request) -> str:
        """The channel the request is for. Raises Refused (W1)."""
        if self._refuse_new():
            raise Refused(503, "draining", "this server is going away; try again")
        channel = request.query.get("channel", DEFAULT_CHANNEL)
        if not is_id(channel):
            raise Refused(400, "channel_invalid", f"a channel's name is {ID_RULE}")
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "upgrade_required", "this address speaks WebSocket (RFC 6455)")
        origin = request.headers.get("Origin")
        if origin is not None and not self._origin_allowed(origin, request.host):
            raise Refused(403, "origin_forbidden", "pages of this origin may not connect; see ASOCIAL_ALLOWED_ORIGINS")
        return channel

    def _origin_allowed(self, origin: str, host: str) -> bool:
        return "*" in self._allowed_origins or origin in self._allowed_origins or urlsplit(origin).netloc == host

    async def _reason_to_close(self, request: web.Request) -> Disconnect | None:
        offered = offered_subprotocols(request)
        versions = [item for item in offered if item.startswith(SUBPROTOCOL_FAMILY)]
        if versions and SUBPROTOCOL not in versions:
            return VersionUnsupported()
        key = f"connects:{request.remote}"
        wait_ms = await self._limiter.take(key, self._connections_per_minute_per_ip, MINUTE_MS)
        return ConnectingTooOften(retry_ms=wait_ms) if wait_ms else None


def _refusal(refused: Refused) -> web.Response:
    # RFC 9110, 15.5.22: a 426 names what to upgrade to.
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"} if refused.status == 426 else None
    body = {"error": {"code": refused.code, "message": refused.message}}
    return web.json_response(body, status=refused.status, headers=headers)


def _profile_of(request: web.Request, user_id: str) -> Profile:
    """The profile asked for in the query; what is absent or unfit is derived from the id (W23)."""
    guest = guest_profile(user_id)
    try:
        name = clean_name(request.query["name"])
    except (KeyError, BadFrame):
        name = guest.name
    try:
        color = clean_color(request.query["color"])
    except (KeyError, BadFrame):
        color = guest.color
    return Profile(name, color, request.query.get("on_map") != "0")


def _reason(closed_with: Disconnect | None, said_goodbye: bool) -> str:
    if closed_with is not None:
        return closed_with.reason
    return "client closed" if said_goodbye else "connection lost"


def _log_refused(connection: WebSocketConnection, channel: str, identity: Identity, refused: Disconnect) -> None:
    log.info(
        "connection refused",
        connection_id=connection.id,
        user_id=identity.user_id,
        channel=channel,
        code=refused.code,
        reason=refused.reason,
    )
