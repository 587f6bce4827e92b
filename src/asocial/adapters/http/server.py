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
from ...domain.addresses import Networks
from ...domain.errors import Refused
from ...ports import RateLimiter, Verify
from ...service.backlog import Backlog
from ...service.dispatch import Dispatch
from ...service.meters import Meters
from ...service.moderation import Moderation
from ...service.sessions import Sessions
from ...settings import Settings
from ...tracing import Tracing
from .about import About
from .auth import Authenticator, GuestTokens
from .bodies import check_body
from .channels import ChannelsApi
from .door import Door, Patience
from .headers import Headers
from .health import Checks, Health
from .hosts import Hosts
from .invitations import Invitations
from .metrics import Expose, Metrics
from .page import Page
from .refusal import response_of
from .refusal_log import RefusalLog
from .visitors import Origins, Visitors
from .websocket import ChatEndpoint

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
        visitors = Visitors(trusted, behind_tls=settings.behind_tls)
        origins = Origins(settings.allowed_origins, public_url=settings.public_url)
        self._visitors = visitors
        self._meters = meters
        self._hosts = Hosts(settings.allowed_hosts, public_url=settings.public_url)
        if settings.env == "production" and not self._hosts.limited:
            log.warning(
                "requests for any host name are accepted: set ASOCIAL_PUBLIC_URL or ASOCIAL_ALLOWED_HOSTS, "
                "or pages of other sites can reach this server under a name of theirs (DNS rebinding)"
            )
        authenticator = Authenticator(GuestTokens(secret), trust_uid=settings.auth == "open", verify=verify)
        invitations = Invitations(secret)
        self._refusals = refusals = RefusalLog(meters)
        self.endpoint = ChatEndpoint(
            sessions,
            dispatch,
            authenticator,
            moderation,
            invitations,
            limiter,
            visitors,
            origins,
            connections_per_minute_per_ip=settings.connections_per_minute_per_ip,
            connections_per_ip=settings.connections_per_ip,
            frames_per_second=settings.frames_per_second,
            frames_per_second_per_ip=settings.frames_per_second_per_ip,
            ping_s=settings.ping_seconds,
            pong_timeout_s=settings.pong_timeout_seconds,
            refuse_new=refuse_new,
            backlog=backlog,
            meters=meters,
            tracing=traces,
            refusals=refusals,
        )
        application = web.Application(middlewares=[self._arrive])
        self._headers = Headers(
            application,
            visitors,
            origins,
            frame_ancestors=settings.frame_ancestors,
            hsts_s=settings.hsts_seconds,
            allowing=allowing,
        )
        health = Health(checks)
        application.router.add_get("/health", health.health)
        application.router.add_get("/ready", health.ready)
        application.router.add_get("/api/chat", self.endpoint.handle)
        self._metrics = Metrics(expose, meters)
        self._metrics.install(application)
        About(auth=settings.auth, sign_in=sign_in, version=__version__).add_routes(application.router)
        channels = ChannelsApi(
            authenticator,
            moderation,
            invitations,
            limiter,
            visitors,
            self._hosts,
            now_ms,
            check=self.endpoint.check,
            claims_per_day_per_ip=settings.claims_per_day_per_ip,
            body_s=settings.handshake_seconds,
        )
        channels.add_routes(application.router)
        page = Page(page_dir, traces, public_url=settings.public_url, offline_page=settings.offline_page == "kept")
        page.add_routes(application.router)
        for name in LIBRARY_LOGGERS:
            logging.getLogger(name).addFilter(_without_request_data)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        patience = Patience(
            settings.handshake_seconds,
            settings.answer_seconds,
            settings.read_bytes_per_second,
            settings.read_bytes_per_second_per_ip,
            settings.connections_per_ip,
        )
        self._door = Door(self._runner, trusted, visitors, patience, refusals)
        self._listening: list[asyncio.Server] = []
        self._background: list[asyncio.Task[None]] = []

    @web.middleware
    async def _arrive(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What every request meets first. One for all: each is a frame that a WebSocket keeps while it lives."""
        self._door.arrived(request)
        self._metrics.arrived(request)
        visitor = self._visitors.see(request)
        try:
            self._hosts.check(request.path, visitor)
            check_body(request)
        except Refused as refused:
            self._meters.errors[refused.code] += 1
            self._refusals.note(refused.code, refused.message, remote=visitor.address, host=visitor.origin)
            return response_of(refused)
        answer = self._headers.preflight(request)
        return await handler(request) if answer is None else answer

    async def start(self, listening: Sequence[socket.socket]) -> None:
        """Answer on these bound sockets."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        for sock in listening:
            self._listening.append(await loop.create_server(self._door, sock=sock, backlog=BACKLOG))
        self._background = [loop.create_task(self._door.watch()), loop.create_task(self.endpoint.pulse())]

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
