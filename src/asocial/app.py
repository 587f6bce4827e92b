"""The composition root: the one place that knows both the services and the technologies.

`build` makes a server from settings. Tests and embedding programs can replace any port. Call it on the event loop that
will serve. lifecycle.py starts and stops what is built here.
"""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from . import metrics, tracing
from .adapters.http.page import PAGE_DIR
from .adapters.http.refusals import CLOSE_CODES
from .adapters.http.server import HttpServer, IdentityOptions, ProcessState, Services
from .adapters.memory.broker import MemoryBroker, MemoryBus
from .adapters.memory.claims import MemoryUserIdClaims
from .adapters.memory.limiter import MemoryRateLimiter
from .adapters.memory.messages import MemoryLiveMessages
from .adapters.memory.presence import MemoryPresence
from .adapters.memory.registry import MemorySessionRegistry
from .adapters.memory.rules import MemoryChannelRules
from .adapters.redis.backend import RedisBackend
from .config import ConfigError
from .groups import ProcessGroup
from .identity import api_keys, moderation_settings, sign_in, token_verifier
from .lifecycle import Asocial, Parts, Readiness
from .ports import Broker, ChannelRules, LiveMessages, PresenceStore, RateLimiter, SessionRegistry, UserIdClaims
from .service.api_chat import ApiChat
from .service.backlog import Backlog
from .service.channel_access import ChannelAccess
from .service.channels import Channels
from .service.chat import ChatService
from .service.claimed_ids import ClaimedIds
from .service.clock import Clock
from .service.control_router import ControlRouter
from .service.counters import Counters
from .service.dispatch import Dispatch
from .service.fallback import FallbackPresence
from .service.moderation import Moderation
from .service.operators import Operators
from .service.outages import Outages
from .service.presence import Presence
from .service.rules_sync import RulesSync
from .service.runtime import Runtime
from .service.server_rules import ServerRules
from .service.session import LocalSessions
from .service.sessions import Sessions
from .service.snapshots import Snapshots
from .settings import Settings
from .signing import signing_secret

if TYPE_CHECKING:
    from .telemetry import Telemetry

_ASK_FOR_TELEMETRY = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
)


def build(
    settings: Settings,
    *,
    broker: Broker | None = None,
    store: PresenceStore | None = None,
    limiter: RateLimiter | None = None,
    live: LiveMessages | None = None,
    registry: SessionRegistry | None = None,
    rules: ChannelRules | None = None,
    claims: UserIdClaims | None = None,
    backend: RedisBackend | None = None,
    runtime: Runtime | None = None,
    page_dir: Path = PAGE_DIR,
    group: ProcessGroup | None = None,
) -> Asocial:
    """A server for `settings`: over Redis if they name one, else in memory. Ports that are given replace those.

    `backend` replaces the Redis of the settings. What is given must use the given `runtime`. `group`: the processes
    of which this is one.

    Raises ConfigError for settings that cannot be used together.
    """
    runtime = runtime or new_runtime()
    clock, counters = runtime.clock, runtime.counters
    backend = backend or _redis(settings, runtime)
    broker = broker or (MemoryBroker(MemoryBus()) if backend is None else backend.broker)
    backlog = Backlog(settings.unsent_total_bytes, counters)
    # The router is made last, because it calls all others. No batch arrives before the server is started.
    router: ControlRouter
    channels = Channels(
        broker, runtime, backlog, lambda channel, batch: router.receive(channel, batch), crowds=settings.crowds
    )
    memory = MemoryPresence(clock.monotonic_ms, settings.presence.ttl_ms)
    fallback = None
    if backend is not None:
        limiter, live = limiter or backend.limiter, live or backend.live
        registry, rules = registry or backend.registry, rules or backend.rules
        claims = claims or backend.claims
        if store is None:
            store = fallback = FallbackPresence(backend.presence, memory, channels)
    store = store or memory
    limiter = limiter or MemoryRateLimiter(clock.monotonic_ms)
    live = live or MemoryLiveMessages()
    registry = registry or MemorySessionRegistry()
    rules = rules or MemoryChannelRules(clock.monotonic_ms)
    claims = claims or MemoryUserIdClaims(clock.monotonic_ms)

    presence = Presence(store, channels, settings.presence, runtime)
    chat = ChatService(live, limiter, settings.messages, runtime)
    local = LocalSessions(registry, settings.connections_per_user)
    owners = moderation_settings(settings)
    access = ChannelAccess(owners, clock.now_ms)
    rules_sync = RulesSync(rules, channels, local, access, owners.rules_ttl_ms, runtime)
    claimed_ids = ClaimedIds(claims, limiter, local, settings.claimed_ids, clock.monotonic_ms)
    moderation = Moderation(rules_sync, channels, presence, live, local, claimed_ids, runtime)
    snapshots = Snapshots(presence, chat, runtime.loop)
    server_rules = ServerRules(rules, broker, channels, local, runtime)
    sessions = Sessions(
        claimed_ids, channels, presence, snapshots, rules_sync, server_rules, settings.sessions, runtime
    )
    outages = Outages(channels, presence, chat, rules_sync, sessions, fallback, runtime)
    router = ControlRouter(channels, presence, chat, rules_sync, sessions, outages, fallback)

    secret = signing_secret(settings)
    verifier = token_verifier(settings, secret)
    verify = verifier.verify if verifier is not None else None
    offered = sign_in(settings)
    readiness = Readiness(backend)
    http: HttpServer

    def gauges() -> dict[str, float]:
        now: dict[str, float] = {
            "websocket_connections_active": len(http.endpoint),
            "channels": len(channels),
            "members": sum(len(channel) for channel in channels),
            "send_buffer_bytes": http.endpoint.unsent_bytes,
            "unsent_memory_bytes": backlog.bytes,
            "tasks": len(asyncio.all_tasks()),
            "clock_skew_seconds": clock.skew_s,
        }
        return now if backend is None else now | {"broker_probe_age_seconds": backend.probe_age_s()}

    exposition = metrics.Exposition(counters, gauges, readiness.checks)
    process_metrics = None
    if group is not None:
        from .process_metrics import ProcessMetrics  # with libraries that one process does not need

        process_metrics = ProcessMetrics(exposition, group)

    async def expose(accept: str) -> tuple[bytes, str]:
        return exposition.render(accept) if process_metrics is None else await process_metrics.render(accept)

    telemetry = _telemetry(exposition)
    dispatch = Dispatch(sessions, presence, chat, moderation, verify, settings.max_message_size, runtime)
    http = HttpServer(
        settings,
        Services(
            sessions,
            dispatch,
            moderation,
            claimed_ids,
            limiter,
            backlog,
            ApiChat(channels, rules_sync, chat, presence, settings.sessions.limits, runtime),
            Operators(presence, rules_sync, server_rules, claimed_ids, runtime),
        ),
        IdentityOptions(
            secret,
            verify,
            api_keys(settings),
            sign_in=offered.public if offered is not None else None,
            sign_in_policy=offered.policy if offered is not None else "",
        ),
        ProcessState(readiness.checks, expose, lambda: readiness.refusing, clock.wall_ms),
        counters,
        tracing.Tracing(settings.log_sample_ratio, telemetry.begin if telemetry is not None else None),
        page_dir,
    )
    return Asocial(
        Parts(
            settings=settings,
            runtime=runtime,
            channels=channels,
            presence=presence,
            chat=chat,
            local=local,
            server_rules=server_rules,
            sessions=sessions,
            outages=outages,
            router=router,
            http=http,
            broker=broker,
            readiness=readiness,
            backend=backend,
            telemetry=telemetry,
            process_metrics=process_metrics,
            closing=[
                port
                for port in (
                    *(store, limiter, live, registry, rules, claims, verifier, backend, telemetry, process_metrics),
                )
                if port is not None
            ],
        )
    )


def new_runtime() -> Runtime:
    """The running loop, this machine's clocks, and counters at zero."""
    counters = Counters(CLOSE_CODES)
    return Runtime(asyncio.get_running_loop(), Clock(counters), counters)


def _redis(settings: Settings, runtime: Runtime) -> RedisBackend | None:
    if not settings.redis.url:
        return None
    try:
        return RedisBackend(settings.redis, f"{socket.gethostname()}-{os.getpid()}", runtime)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _telemetry(exposition: metrics.Exposition) -> Telemetry | None:
    """OpenTelemetry, if the environment asks for it. Raises ConfigError if it is not installed."""
    asking = [name for name in _ASK_FOR_TELEMETRY if os.environ.get(name, "none") not in ("", "none")]
    if not asking or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from .telemetry import Telemetry
    except ImportError:
        raise ConfigError(f"{asking[0]} asks for OpenTelemetry: pip install 'asocial[otel]', or unset it") from None
    try:
        return Telemetry(os.environ, exposition.collect)
    except ValueError as error:
        raise ConfigError(str(error)) from None
