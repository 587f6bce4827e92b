"""The HTTP server, assembled: what is answered where, and what every answer and every connection has in common."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from ... import __version__, logs
from ...config import Settings
from ...domain.addresses import Networks
from ...domain.errors import Refusal
from ...ports import RateLimiter, Verify
from ...service.backlog import Backlog
from ...service.dispatch import Dispatch
from ...service.meters import Meters
from ...service.moderation import Moderation
from ...service.sessions import Sessions
from ...tracing import Tracing
from .admission import AccessControl, Addressing, AdmissionController, ConnectionLimits
from .auth import Authenticator, GuestTokens
from .channels import ChannelsApi
from .client_config import ClientConfig
from .client_info import ClientInfoReader
from .connection_counter import ConnectionCounter
from .connection_guard import ConnectionGuard, GuardLimits
from .headers import Headers
from .health import Checks, Health
from .hosts import AllowedHosts
from .instruments import Instruments
from .invitations import Invitations
from .metrics import Expose, Metrics
from .origins import AllowedOrigins
from .page import Page
from .refusal_log import RefusalLog
from .refusals import response_of, wire_code_of
from .websocket import ChatEndpoint, SocketLimits

log = logs.get(__name__)
LIBRARY_LOGGERS = ("aiohttp.access", "aiohttp.internal", "aiohttp.server", "aiohttp.web", "aiohttp.websocket")

BACKLOG = 4096
"""Connections the kernel may queue: 5,000 clients that reconnect at once shall not see a refusal."""


class HttpServer:
    """`endpoint` holds the WebSockets. `refuse_new` is asked before each upgrade; `secret` signs what we hand out.

    `sign_in` is what the page is told of signing in, `allowing` the directives that its policy needs for that.
    """

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        dispatch: Dispatch,
        moderation: Moderation,
        limiter: RateLimiter,
        *,
        secret: str,
        verify: Verify | None,
        sign_in: dict[str, object] | None,
        allowing: str,
        checks: Checks,
        expose: Expose,
        refuse_new: Callable[[], bool],
        now_ms: Callable[[], int],
        page_dir: Path,
        backlog: Backlog,
        meters: Meters,
        traces: Tracing,
    ) -> None:
        trusted = Networks(settings.trusted_proxies)
        clients = ClientInfoReader(trusted, behind_tls=settings.behind_tls)
        origins = AllowedOrigins(settings.allowed_origins, public_url=settings.public_url)
        self._meters = meters
        hosts = AllowedHosts(settings.allowed_hosts, public_url=settings.public_url)
        if settings.env == "production" and not hosts.limited:
            log.warning(
                "requests for any host name are accepted: set ASOCIAL_PUBLIC_URL or ASOCIAL_ALLOWED_HOSTS, "
                "or pages of other sites can reach this server under a name of theirs (DNS rebinding)"
            )
        addressing = Addressing(clients, hosts, origins)
        access_control = AccessControl(
            Authenticator(GuestTokens(secret), trust_uid=settings.auth == "open", verify=verify),
            moderation,
            Invitations(secret),
        )
        connections = ConnectionCounter(settings.connections_per_ip)
        self._admission = AdmissionController(
            addressing,
            access_control,
            ConnectionLimits(settings.connections_per_minute_per_ip, connections),
            limiter,
            refuse_new,
            meters,
        )
        self._refusals = refusals = RefusalLog(meters)
        self.endpoint = ChatEndpoint(
            self._admission,
            sessions,
            dispatch,
            SocketLimits(
                settings.frames_per_second,
                settings.frames_per_second_per_ip,
                settings.ping_seconds,
                settings.pong_timeout_seconds,
            ),
            backlog,
            Instruments(meters, traces, refusals),
        )
        application = web.Application(middlewares=[self._answer])
        self._headers = Headers(
            application,
            clients,
            origins,
            frame_ancestors=settings.frame_ancestors,
            hsts_s=settings.hsts_seconds,
            sign_in_policy=allowing,
        )
        health = Health(checks)
        application.router.add_get("/health", health.health)
        application.router.add_get("/ready", health.ready)
        application.router.add_get("/api/chat", self.endpoint.handle)
        self._metrics = Metrics(expose, meters)
        self._metrics.install(application)
        ClientConfig(auth=settings.auth, sign_in=sign_in, version=__version__).add_routes(application.router)
        channels = ChannelsApi(
            addressing,
            access_control,
            self._admission,
            limiter,
            now_ms,
            claims_per_day_per_ip=settings.claims_per_day_per_ip,
            body_s=settings.handshake_seconds,
        )
        channels.add_routes(application.router)
        page = Page(page_dir, traces, public_url=settings.public_url, offline_page=settings.offline_page == "kept")
        page.add_routes(application.router)
        for name in LIBRARY_LOGGERS:
            logging.getLogger(name).addFilter(_without_request_data)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        limits = GuardLimits(
            settings.handshake_seconds,
            settings.answer_seconds,
            settings.read_bytes_per_second,
            settings.read_bytes_per_second_per_ip,
        )
        self._guard = ConnectionGuard(self._runner, trusted, clients, limits, connections, refusals)
        self._listening: list[asyncio.Server] = []
        self._background: list[asyncio.Task[None]] = []

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What all requests have in common. One middleware: each is a frame that a WebSocket keeps while it lives."""
        self._guard.request_received(request)
        self._metrics.request_received(request)
        counted = True
        try:
            if (
                request.match_info.handler != self.endpoint.handle
            ):  # which asks for admission, and that begins with this
                self._admission.check_request(request)
                if (preflight := self._headers.preflight(request)) is not None:
                    return preflight
                counted = False  # from here on, a refusal is the API's answer and no refused connection (W88)
            return await handler(request)
        except Refusal as refusal:
            if counted:
                self._meters.errors[wire_code_of(refusal)] += 1
                self._refusals.note(wire_code_of(refusal), refusal.message, **refusal.log_fields)
            return response_of(refusal)

    async def start(self, listening: Sequence[socket.socket]) -> None:
        """Answer on these bound sockets."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        for sock in listening:
            self._listening.append(await loop.create_server(self._guard, sock=sock, backlog=BACKLOG))
        self._background = [loop.create_task(self._guard.watch()), loop.create_task(self.endpoint.ping_silent())]

    def stop_listening(self) -> None:
        """Nobody new; who is there stays."""
        for server in self._listening:
            server.close()

    async def end_watch(self) -> None:
        """Ping nobody and cut nobody off any more: everybody is on their way out."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def close(self) -> None:
        """End what is still open."""
        await self._runner.cleanup()


def _without_request_data(record: logging.LogRecord) -> bool:
    """A logging filter for aiohttp's loggers, which may repeat what a client sent, its token too.

    What remains is the message before its arguments are filled in, and the kind of an exception. Warnings and less are
    dropped: each is about one client's request, and any client could fill the log with them.
    """
    if record.levelno <= logging.WARNING:
        return False
    kind = record.exc_info[0] if record.exc_info else None
    record.msg = f"aiohttp: {record.msg}" + (f" ({kind.__name__})" if kind is not None else "")
    record.args, record.exc_info, record.exc_text = (), None, None
    return True
