"""Our endpoint, door and headers as they are served, with an echo in place of the chat.

The Autobahn suite wants back what it sends. So only what a frame *means* is replaced, by hand: the services behind the
endpoint. How frames are read, answered, paced and closed is the code that people meet.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

from aiohttp import web

from asocial.adapters.http.auth import Authenticator, GuestTokens
from asocial.adapters.http.door import Door, Patience
from asocial.adapters.http.headers import Headers
from asocial.adapters.http.invitations import Invitations
from asocial.adapters.http.listening import listen
from asocial.adapters.http.refusal_log import RefusalLog
from asocial.adapters.http.visitors import Origins, Visitors
from asocial.adapters.http.websocket import READ_LIMIT_BYTES, ChatEndpoint
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.config import load
from asocial.domain.access import Access, Invitation
from asocial.domain.addresses import Networks
from asocial.domain.identity import Verified
from asocial.domain.profile import Profile
from asocial.ports import Connection
from asocial.protocol.framing import text_frame
from asocial.service.backlog import Backlog
from asocial.service.meters import Meters
from asocial.settings import Settings
from tests.wall_clock import wall_ms

_BINARY = 0x82


QUIET = SimpleNamespace(channel=SimpleNamespace(is_late=False, full=False))
"""The voice of every session: its channel never slows reading down."""


@dataclass
class EchoSession:
    connection: Connection
    voice: SimpleNamespace = field(default_factory=lambda: QUIET)


class EchoSessions:
    """Lets everybody in, and tells nobody."""

    async def open(
        self,
        connection: Connection,
        _channel: str,
        _user_id: str,
        _profile: Profile,
        _token: str | None,
        *,
        visitor: Verified,
        access: Access,
        address: str,
    ) -> EchoSession:
        return EchoSession(connection)

    async def close(self, _session: EchoSession, *, left: bool, away_ms: int = 0) -> None:
        pass


class EchoModeration:
    """Nothing is kept from anybody."""

    async def admit(self, _channel: str, _visitor: Verified, _invitation: Invitation | None) -> Access:
        return Access()


class EchoDispatch:
    async def receive(self, session: EchoSession, text: str) -> None:
        session.connection.write(text_frame(text.encode()))

    def receive_binary(self, session: EchoSession, data: bytes) -> None:
        frame = text_frame(bytes(data))
        session.connection.write(bytes((_BINARY,)) + frame[1:])


async def serve(port: int, *, large: bool) -> None:
    """Serve until cancelled. `large`: messages of any size, read as fast as they come."""
    settings: Settings = load({"connections_per_minute_per_ip": 0}, {})
    visitors, origins = Visitors(Networks(()), behind_tls=False), Origins(())
    endpoint = ChatEndpoint(
        EchoSessions(),  # type: ignore[arg-type]
        EchoDispatch(),  # type: ignore[arg-type]
        Authenticator(GuestTokens("a secret that nobody needs to know"), trust_uid=False),
        EchoModeration(),  # type: ignore[arg-type]
        Invitations("a secret that nobody needs to know"),
        MemoryRateLimiter(wall_ms),
        visitors,
        origins,
        connections_per_minute_per_ip=settings.connections_per_minute_per_ip,
        connections_per_ip=settings.connections_per_ip,
        frames_per_second=settings.frames_per_second,
        frames_per_second_per_ip=0,
        ping_s=settings.ping_seconds,
        pong_timeout_s=settings.pong_timeout_seconds,
        refuse_new=lambda: False,
        backlog=Backlog(settings.unsent_total_bytes, Meters()),
        read_limit_bytes=64 * 1024 * 1024 if large else READ_LIMIT_BYTES,
    )
    app = web.Application()
    app.router.add_get("/api/chat", endpoint.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    patience = Patience(
        handshake_s=settings.handshake_seconds,
        answer_s=settings.answer_seconds,
        bytes_per_s=0 if large else settings.read_bytes_per_second,
        bytes_per_s_per_address=0,
        per_address=0,
    )
    door = Door(runner, Networks(()), visitors, patience, RefusalLog(Meters()))
    Headers(app, visitors, origins, frame_ancestors=(), hsts_s=0)
    await runner.setup()
    loop = asyncio.get_running_loop()
    try:
        for sock in listen("127.0.0.1", port):
            await loop.create_server(door, sock=sock)
        await asyncio.gather(door.watch(), endpoint.pulse())
    finally:
        await runner.cleanup()
