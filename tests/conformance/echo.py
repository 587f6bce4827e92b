"""The real endpoint, connection guard and headers, with an echo service instead of the chat.

The Autobahn suite expects its messages back, so fakes replace the services behind the endpoint. The code that reads,
answers, paces and closes is the production code.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

from aiohttp import web

from asocial.adapters.http.admission import AccessControl, Addressing, AdmissionController, ConnectionLimits
from asocial.adapters.http.auth import Authenticator, GuestTokens
from asocial.adapters.http.client_info import ClientInfoReader
from asocial.adapters.http.connection_counter import ConnectionCounter
from asocial.adapters.http.connection_guard import ConnectionGuard
from asocial.adapters.http.guarded_connection import GuardLimits
from asocial.adapters.http.handshakes import Handshakes
from asocial.adapters.http.headers import ResponseHeaders
from asocial.adapters.http.hosts import AllowedHosts
from asocial.adapters.http.instruments import Instruments
from asocial.adapters.http.invitations import Invitations
from asocial.adapters.http.listening import listen
from asocial.adapters.http.metrics import Metrics
from asocial.adapters.http.origins import AllowedOrigins
from asocial.adapters.http.refusal_log import RefusalLog
from asocial.adapters.http.websocket import READ_LIMIT_BYTES, ChatEndpoint, SocketLimits
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.config import load
from asocial.domain.access import Access, Invitation
from asocial.domain.addresses import Networks
from asocial.domain.identity import Principal
from asocial.domain.profile import Profile
from asocial.ports import Connection
from asocial.protocol.framing import text_frame
from asocial.service.backlog import Backlog
from asocial.service.counters import Counters
from asocial.settings import Settings
from asocial.tracing import Tracing
from tests.support.wall_clock import wall_ms

_BINARY = 0x82


QUIET = SimpleNamespace(channel=SimpleNamespace(is_late=False, read_gate=SimpleNamespace(is_full=False)))
"""The participant of every session: its channel never slows reading down."""


@dataclass
class EchoSession:
    connection: Connection
    participant: SimpleNamespace = field(default_factory=lambda: QUIET)


class EchoSessions:
    """Admits every connection and announces nothing."""

    async def open(
        self,
        connection: Connection,
        _channel: str,
        _user_id: str,
        _profile: Profile,
        _token: str | None,
        **_admitted: object,
    ) -> EchoSession:
        return EchoSession(connection)

    async def close(self, _session: EchoSession, *, left: bool, away_ms: int = 0) -> None:
        pass


class EchoModeration:
    """Admits everyone."""

    async def admit(self, _channel: str, _principal: Principal, _invitation: Invitation | None) -> Access:
        return Access()


class EchoDispatch:
    def receive(self, session: EchoSession, text: str) -> None:
        session.connection.write(text_frame(text.encode()))

    def receive_binary(self, session: EchoSession, data: bytes) -> None:
        frame = text_frame(bytes(data))
        session.connection.write(bytes((_BINARY,)) + frame[1:])


async def no_metrics(_accept: str) -> tuple[bytes, str]:
    return b"", ""


async def serve(port: int, *, large: bool) -> None:
    """Serve until cancelled. `large`: messages of any size, read as fast as they come."""
    settings: Settings = load({"connections_per_minute_per_ip": 0}, {})
    clients, origins = ClientInfoReader(Networks(()), behind_tls=False), AllowedOrigins(())
    connections = ConnectionCounter(0)
    secret, counters = "a secret that nobody needs to know", Counters()
    refusals = RefusalLog(counters)
    admission = AdmissionController(
        Addressing(clients, AllowedHosts((), public_url=""), origins),
        AccessControl(
            Authenticator(GuestTokens(secret), trust_uid=False),
            EchoModeration(),  # type: ignore[arg-type]
            Invitations(secret),
        ),
        ConnectionLimits(settings.connections_per_minute_per_ip, connections, lambda _: False),
        MemoryRateLimiter(wall_ms),
        lambda: False,
        counters,
    )
    endpoint = ChatEndpoint(
        admission,
        EchoSessions(),  # type: ignore[arg-type]
        EchoDispatch(),  # type: ignore[arg-type]
        SocketLimits(
            settings.frames_per_second,
            frames_per_second_per_ip=0,
            ping_s=settings.ping_seconds,
            pong_timeout_s=settings.pong_timeout_seconds,
            frame_bytes=64 * 1024 * 1024 if large else READ_LIMIT_BYTES,
        ),
        Backlog(settings.unsent_total_bytes, counters),
        Instruments(counters, Tracing(), refusals),
    )
    app = web.Application()
    app.router.add_get("/api/chat", endpoint.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    patience = GuardLimits(
        handshake_s=settings.handshake_seconds,
        answer_s=settings.answer_seconds,
        bytes_per_s=0 if large else settings.read_bytes_per_second,
        bytes_per_s_per_address=0,
    )
    headers = ResponseHeaders(app, clients, origins, frame_ancestors=(), hsts_s=0)
    metrics = Metrics(no_metrics, counters)
    handshakes = Handshakes(endpoint, headers, metrics, refusals)
    guard = ConnectionGuard(runner, Networks(()), clients, patience, connections, refusals, handshakes)
    await runner.setup()
    loop = asyncio.get_running_loop()
    try:
        for sock in listen("127.0.0.1", port):
            await loop.create_server(guard, sock=sock)
        await asyncio.gather(guard.cut_off_slow(), endpoint.ping_silent())
    finally:
        await runner.cleanup()
