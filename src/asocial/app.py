"""The composition root: the one place that knows both the services and the technologies.

`build` puts a server together from settings; any port can be given in its place (tests, embedding). Call it with the
event loop running that will serve. What happens then, from start to end, is in lifecycle.py.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from . import metrics, tracing
from .adapters.http.page import PAGE_DIR
from .adapters.http.server import HttpServer
from .adapters.memory.broker import MemoryBroker
from .adapters.memory.limiter import MemoryRateLimiter
from .adapters.memory.messages import MemoryLiveMessages
from .adapters.memory.presence import MemoryPresence
from .adapters.memory.registry import MemorySessionRegistry
from .adapters.memory.rules import MemoryChannelRules
from .adapters.redis.backend import RedisBackend
from .clock import Clock
from .config import ConfigError, Settings
from .domain.admission import MessageLimits
from .domain.message import Life
from .identity import access_list, sign_in, token_verifier
from .lifecycle import Asocial, Parts, Readiness
from .ports import Broker, ChannelRules, LiveMessages, PresenceStore, RateLimiter, SessionRegistry
from .protocol import Limits
from .service.answers import Answers
from .service.backlog import Backlog
from .service.channels import Channels
from .service.chat import Talk
from .service.dispatch import Dispatch
from .service.fallback import FallbackPresence
from .service.meters import Meters
from .service.moderation import Moderation
from .service.outages import Outages
from .service.presence import Presence
from .service.router import ControlRouter
from .service.session import LocalSessions
from .service.sessions import Sessions
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
    backend: RedisBackend | None = None,
    now_ms: Callable[[], int] | None = None,
    page_dir: Path = PAGE_DIR,
) -> Asocial:
    """A server for `settings`: over Redis if they name one, else in memory, except for what is given here.

    `backend` takes the place of the Redis that the settings name, `now_ms` that of all clocks.

    Raises ConfigError for settings that cannot be used together.
    """
    loop = asyncio.get_running_loop()
    presence_ttl_ms = round(settings.presence_ttl_seconds * 1000)
    meters = Meters()
    clock = Clock(meters) if now_ms is None else Clock.by(now_ms)
    if backend is not None:
        clock = backend.clock
    else:
        backend = _redis(settings, presence_ttl_ms, clock, meters)
    broker = broker or (MemoryBroker() if backend is None else backend.broker)
    router: ControlRouter
    backlog = Backlog(settings.unsent_total_bytes, meters)
    channels = Channels(
        broker,
        loop,
        # Made last, for it calls all the others. No batch arrives before the server is started.
        lambda channel, batch: router.receive(channel, batch),
        meters=meters,
        backlog=backlog,
        now_ms=clock.now_ms,
    )
    memory = MemoryPresence(clock.monotonic_ms, presence_ttl_ms)
    fallback = None
    if backend is not None:
        limiter, live = limiter or backend.limiter, live or backend.live
        registry, rules = registry or backend.registry, rules or backend.rules
        if store is None:
            store = fallback = FallbackPresence(backend.presence, memory, channels)
    store = store or memory
    limiter = limiter or MemoryRateLimiter(clock.monotonic_ms)
    live = live or MemoryLiveMessages()
    registry = registry or MemorySessionRegistry()
    rules = rules or MemoryChannelRules(clock.monotonic_ms)

    life = Life(
        base=round(settings.message_ttl_seconds * 1000),
        per_character=settings.message_ttl_per_character_ms,
        free_characters=settings.message_ttl_free_characters,
        max=round(settings.message_ttl_max_seconds * 1000),
    )
    limits = Limits(
        frame_bytes=settings.max_message_size,
        messages_per_minute=settings.rate_limit_per_minute,
        messages_per_minute_per_ip=settings.rate_limit_per_minute_per_ip,
        channel_messages_per_second=settings.channel_messages_per_second,
        connections_per_user=settings.connections_per_user,
        roster=settings.roster_limit,
        drafts_per_second=settings.drafts_per_second,
        cursors_per_second=settings.cursors_per_second,
    )
    presence = Presence(
        store,
        channels,
        loop=loop,
        now_ms=clock.now_ms,
        roster_limit=settings.roster_limit,
        grace_s=settings.grace_seconds,
        meters=meters,
    )
    talk = Talk(
        live,
        limiter,
        now_ms=clock.now_ms,
        life=life,
        limits=MessageLimits(
            settings.rate_limit_per_minute,
            settings.rate_limit_per_minute_per_ip,
            settings.channel_messages_per_second,
        ),
        meters=meters,
    )
    local = LocalSessions(registry, settings.connections_per_user)
    moderation = Moderation(
        rules,
        channels,
        presence,
        talk,
        local,
        now_ms=clock.now_ms,
        owners=access_list("channel_owners", settings.channel_owners, every=True),
        members=access_list("channel_members", settings.channel_members, every=False),
        ttl_ms=round(settings.channel_rules_ttl_seconds * 1000),
    )
    sessions = Sessions(
        channels,
        presence,
        talk,
        local,
        moderation,
        loop=loop,
        now_ms=clock.now_ms,
        wall_ms=clock.wall_ms,
        life=life,
        limits=limits,
        answers=Answers(
            per_user=settings.answer_bytes_per_second,
            per_address=settings.answer_bytes_per_second_per_ip,
        ),
        volatile_per_second_per_ip=settings.volatile_per_second_per_ip,
        meters=meters,
    )
    outages = Outages(channels, presence, talk, moderation, sessions, fallback, meters)
    router = ControlRouter(channels, presence, talk, moderation, sessions, outages, fallback)

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

    exposition = metrics.Exposition(meters, gauges, readiness.checks)
    telemetry = _telemetry(exposition)
    dispatch = Dispatch(
        sessions,
        presence,
        talk,
        moderation,
        verify=verify,
        loop=loop,
        now_ms=clock.now_ms,
        frame_bytes=limits.frame_bytes,
        meters=meters,
    )
    http = HttpServer(
        settings,
        sessions,
        dispatch,
        moderation,
        limiter,
        secret=secret,
        verify=verify,
        sign_in=offered.told if offered is not None else None,
        allowing=offered.policy if offered is not None else "",
        checks=readiness.checks,
        expose=exposition.render,
        refuse_new=lambda: readiness.draining,
        now_ms=clock.wall_ms,
        page_dir=page_dir,
        backlog=backlog,
        meters=meters,
        traces=tracing.Tracing(settings.log_sample_ratio, telemetry.begin if telemetry is not None else None),
    )
    return Asocial(
        Parts(
            settings=settings,
            clock=clock,
            meters=meters,
            channels=channels,
            presence=presence,
            talk=talk,
            local=local,
            sessions=sessions,
            outages=outages,
            router=router,
            http=http,
            broker=broker,
            readiness=readiness,
            backend=backend,
            telemetry=telemetry,
            closing=[
                port
                for port in (store, limiter, live, registry, rules, verifier, backend, telemetry)
                if port is not None
            ],
        )
    )


def _redis(settings: Settings, presence_ttl_ms: int, clock: Clock, meters: Meters) -> RedisBackend | None:
    url = settings.redis_url.get_secret_value()
    if not url:
        return None
    try:
        return RedisBackend(
            url,
            username=settings.redis_username,
            password=settings.redis_password.get_secret_value(),
            namespace=settings.redis_namespace,
            process_id=f"{socket.gethostname()}-{os.getpid()}",
            presence_ttl_ms=presence_ttl_ms,
            probe_s=settings.redis_probe_seconds,
            clock=clock,
            meters=meters,
        )
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _telemetry(exposition: metrics.Exposition) -> Telemetry | None:
    """OpenTelemetry, where the environment asks for it. Raises ConfigError where it cannot be had."""
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
