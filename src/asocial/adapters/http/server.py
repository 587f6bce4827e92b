"""The HTTP server: composes the handlers, and does what is common to all requests.

Never here: what a handler answers, why a request is refused (admission.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from ... import __version__, logs
from ...domain.addresses import Networks
from ...domain.api_keys import ApiKeys
from ...domain.errors import Refusal
from ...ports import RateLimiter, Verify
from ...service.api_chat import ApiChat
from ...service.backlog import Backlog
from ...service.claimed_ids import ClaimedIds
from ...service.counters import Counters
from ...service.dispatch import Dispatch
from ...service.moderation import Moderation
from ...service.operators import Operators
from ...service.sessions import Sessions
from ...settings import Settings
from ...tracing import Tracing
from . import descriptions
from .admission import AccessControl, Addressing, AdmissionController, ConnectionLimits
from .api import Api
from .auth import Authenticator, GuestTokens
from .channels import ChannelsApi
from .client_config import ClientConfig
from .client_info import ClientInfoReader
from .connection_counter import ConnectionCounter
from .connection_guard import ConnectionGuard
from .guarded_connection import GuardLimits
from .handshakes import Handshakes
from .headers import ResponseHeaders, is_data
from .health import Checks, Health
from .hosts import AllowedHosts
from .instruments import Instruments
from .invitations import Invitations
from .key_guard import KeyGuard
from .metrics import Expose, Metrics
from .operator_api import OperatorApi
from .origins import AllowedOrigins
from .page import Page
from .refusal_log import RefusalLog
from .refusals import response_of
from .request_head import CHAT_PATH
from .websocket import ChatEndpoint, SocketLimits

log = logs.get(__name__)
LIBRARY_LOGGERS = ("aiohttp.access", "aiohttp.internal", "aiohttp.server", "aiohttp.web", "aiohttp.websocket")

BACKLOG = 4096
"""Connections that the kernel may queue: enough for 5,000 clients that reconnect at once."""


@dataclass(frozen=True)
class Services:
    """What requests are carried out by."""

    sessions: Sessions
    dispatch: Dispatch
    moderation: Moderation
    claimed_ids: ClaimedIds
    limiter: RateLimiter
    backlog: Backlog
    api_chat: ApiChat
    operators: Operators


@dataclass(frozen=True)
class IdentityOptions:
    """`secret` signs guest tokens and invitations. `verify` verifies a provider's tokens, None where guests connect.

    `api_keys`: of the HTTP API.
    `sign_in`: how the page signs people in. `sign_in_policy`: what its content security policy must allow for that.
    """

    secret: str = field(repr=False)
    verify: Verify | None
    api_keys: ApiKeys
    sign_in: dict[str, object] | None
    sign_in_policy: str


@dataclass(frozen=True)
class ProcessState:
    """`checks`: for health checks. `expose`: for scrapes of metrics. `now_ms`: the clock that dates tokens."""

    checks: Checks
    expose: Expose
    is_draining: Callable[[], bool]
    now_ms: Callable[[], int]


class HttpServer:
    """Composes this folder. `endpoint` holds the WebSockets."""

    def __init__(
        self,
        settings: Settings,
        services: Services,
        identity: IdentityOptions,
        process: ProcessState,
        counters: Counters,
        tracing: Tracing,
        page_dir: Path,
    ) -> None:
        trusted = Networks(settings.trusted_proxies)
        clients = ClientInfoReader(trusted, behind_tls=settings.behind_tls)
        hosts = AllowedHosts(settings.allowed_hosts, public_url=settings.public_url)
        if settings.env == "production" and not hosts.limited:
            log.warning(
                "requests for any host name are accepted: set ASOCIAL_PUBLIC_URL or ASOCIAL_ALLOWED_HOSTS, "
                "or another site can reach this server under its own host name (DNS rebinding)"
            )
        origins = AllowedOrigins(settings.allowed_origins, public_url=settings.public_url)
        addressing = Addressing(clients, hosts, origins)
        access_control = AccessControl(
            Authenticator(
                GuestTokens(identity.secret),
                trust_uid=settings.auth == "open",
                verify=identity.verify,
                claimed_ids=services.claimed_ids,
            ),
            services.moderation,
            Invitations(identity.secret),
        )
        connections = ConnectionCounter(settings.connections_per_ip)
        self._refusals = refusals = RefusalLog(counters)
        self._admission = AdmissionController(
            addressing,
            access_control,
            ConnectionLimits(settings.connections_per_minute_per_ip, connections, services.sessions.is_settled_address),
            services.limiter,
            process.is_draining,
            counters,
        )
        self.endpoint = ChatEndpoint(
            self._admission,
            services.sessions,
            services.dispatch,
            SocketLimits(
                settings.frames_per_second,
                settings.frames_per_second_per_ip,
                settings.ping_seconds,
                settings.pong_timeout_seconds,
            ),
            services.backlog,
            Instruments(counters, tracing, refusals),
        )
        application = web.Application(middlewares=[self._answer])
        self._headers = ResponseHeaders(
            application,
            clients,
            origins,
            frame_ancestors=settings.frame_ancestors,
            hsts_s=settings.hsts_seconds,
            sign_in_policy=identity.sign_in_policy,
        )
        health = Health(process.checks)
        application.router.add_get("/health", health.health)
        application.router.add_get("/ready", health.ready)
        application.router.add_get(CHAT_PATH, self.endpoint.handle)
        self._metrics = Metrics(process.expose, counters)
        self._metrics.install(application)
        ClientConfig(auth=settings.auth, sign_in=identity.sign_in, version=__version__).add_routes(application.router)
        channels = ChannelsApi(
            addressing,
            access_control,
            self._admission,
            services.limiter,
            process.now_ms,
            claims_per_day_per_ip=settings.claims_per_day_per_ip,
            body_s=settings.handshake_seconds,
        )
        channels.add_routes(application.router)
        guard = KeyGuard(identity.api_keys, services.limiter, clients, services.operators.is_banned)
        Api(services.api_chat, guard, body_s=settings.handshake_seconds).install(application)
        OperatorApi(services.operators, guard, body_s=settings.handshake_seconds).add_routes(application.router)
        descriptions.add_routes(application.router)
        self._page = page = Page(
            page_dir, tracing, public_url=settings.public_url, offline_page=settings.offline_page == "kept"
        )
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
        handshakes = Handshakes(self.endpoint, self._headers, self._metrics, refusals)
        self._guard = ConnectionGuard(self._runner, trusted, clients, limits, connections, refusals, handshakes)
        self._listening: list[asyncio.Server] = []
        self._background: list[asyncio.Task[None]] = []

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The one middleware: each is a frame that a WebSocket keeps while it is open. It answers every Refusal."""
        self._guard.request_received(request)
        self._metrics.request_received(request)
        is_connecting = request.match_info.handler == self.endpoint.handle
        checked = False
        try:
            # Before the host check, so that a page at a host name that is not allowed can read why it is refused.
            if (preflight := self._headers.refusal_preflight(request)) is not None:
                return preflight
            if not is_connecting:  # the endpoint asks for admission, which begins with this check
                self._admission.check_request(request)
                checked = True
                if (preflight := self._headers.preflight(request)) is not None:
                    return preflight
            return await handler(request)
        except web.HTTPNotFound:
            if is_data(request.path):
                return response_of(Refusal("not_found", "there is nothing at this address"))
            if (answer := self._page.not_found(request)) is None:
                raise
            return answer
        except web.HTTPMethodNotAllowed as error:
            if not is_data(request.path):
                raise
            allowed = error.headers["Allow"]
            response = response_of(Refusal("method_not_allowed", f"this address takes {allowed} only"))
            response.headers["Allow"] = allowed
            return response
        except Refusal as refusal:
            # What the API refuses is its answer, and no refused connection (W88).
            if not checked:
                self._refusals.count(refusal)
            return response_of(refusal)

    async def start(self, listening: Sequence[socket.socket]) -> None:
        """Accept connections on these bound sockets."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        for sock in listening:
            self._listening.append(await loop.create_server(self._guard, sock=sock, backlog=BACKLOG))
        self._background = [loop.create_task(self._guard.cut_off_slow()), loop.create_task(self.endpoint.ping_silent())]

    async def stop_listening(self) -> None:
        """Accept no new connections. Open ones stay open, and so do those that were accepted just now."""
        loop = asyncio.get_running_loop()
        # asyncio sets up an accepted connection in its next iteration. If its server is closed by then, that fails, and
        # the socket stays open, unread, until it is garbage. (uvloop and Windows' loop have no reader to remove.)
        for server in self._listening:
            for sock in server.sockets:
                with contextlib.suppress(NotImplementedError):
                    loop.remove_reader(sock.fileno())
        await asyncio.sleep(0)
        for server in self._listening:
            server.close()

    async def end_watch(self) -> None:
        """Stop pinging clients and cutting off slow ones: all connections are about to be closed."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def close(self) -> None:
        """Close all connections."""
        await self.endpoint.close()  # before the guard, which cuts off handshakes: they are answered first
        self._guard.close()
        await self._runner.cleanup()


def _without_request_data(record: logging.LogRecord) -> bool:
    """A logging filter for aiohttp's loggers, whose messages may contain what a client sent, including its token.

    It keeps the message without its arguments, and the type of the exception. Warnings and below are dropped: each is
    about one client's request, and any client could fill the log with them.
    """
    if record.levelno <= logging.WARNING:
        return False
    kind = record.exc_info[0] if record.exc_info else None
    record.msg = f"aiohttp: {record.msg}" + (f" ({kind.__name__})" if kind is not None else "")
    record.args, record.exc_info, record.exc_text = (), None, None
    return True
