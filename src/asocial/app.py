"""The composition root: the one place that knows both the services and the technologies.

`build` puts an Asocial together from settings; any port can be given in its place (tests, embedding).
`run` serves until SIGTERM or Ctrl-C and drains. Must be called with the loop running that will serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from . import garbage, logs, metrics, tracing
from .adapters.http.listening import listen, reachable
from .adapters.http.page import PAGE_DIR
from .adapters.http.refusals import CLOSE_CODES
from .adapters.http.server import HttpServer, IdentityOptions, ProcessState, Services
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
from .ports import (
    Broker,
    ChannelRules,
    LiveMessages,
    PresenceStore,
    RateLimiter,
    SessionRegistry,
    StoreUnavailable,
)
from .protocol import Limits
from .service.answers import Answers
from .service.backlog import Backlog
from .service.channels import Channels
from .service.chat import Talk
from .service.dispatch import Dispatch
from .service.fallback import FallbackPresence
from .service.meters import Meters
from .service.moderation import Moderation
from .service.presence import Presence
from .service.sessions import Sessions
from .signing import signing_secret

if TYPE_CHECKING:
    from .telemetry import Telemetry

SWEEP_S = 1.0
_ASK_FOR_TELEMETRY = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
)
DRAIN_LOOK_S = 0.02
FLUSH_MARGIN_S = 2.0
"""Of the drain's time, what is kept for closing the broker and the HTTP server."""

log = logs.get(__name__)


def wall_ms() -> int:
    """The machine's clock: ms since the Unix epoch."""
    return time.time_ns() // 1_000_000


class Asocial:
    """A server that is put together. `start` listens, `drain` sends everyone away and lets go of everything."""

    def __init__(
        self,
        settings: Settings,
        *,
        broker: Broker,
        store: PresenceStore,
        limiter: RateLimiter,
        live: LiveMessages,
        registry: SessionRegistry,
        rules: ChannelRules,
        backend: RedisBackend | None,
        clock: Clock,
        page_dir: Path,
        meters: Meters | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.meters = meters = meters or Meters()
        self.settings = settings
        self._broker = broker
        self._store = store
        self._stores = (store, limiter, live, registry, rules)
        self._backend = backend
        self._clock = clock
        clock.on_set = self._move
        now_ms = clock.now_ms
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
        self._backlog = backlog = Backlog(settings.unsent_total_bytes, meters)
        self.channels = Channels(broker, loop, meters=meters, backlog=backlog, now_ms=now_ms)
        self.presence = Presence(
            store,
            self.channels,
            loop=loop,
            now_ms=now_ms,
            roster_limit=settings.roster_limit,
            grace_s=settings.grace_seconds,
            meters=meters,
        )
        self.talk = Talk(
            live,
            limiter,
            now_ms=now_ms,
            life=life,
            limits=MessageLimits(
                settings.rate_limit_per_minute,
                settings.rate_limit_per_minute_per_ip,
                settings.channel_messages_per_second,
            ),
            meters=meters,
        )
        self.moderation = moderation = Moderation(
            rules,
            self.channels,
            self.presence,
            self.talk,
            now_ms=now_ms,
            owners=access_list("channel_owners", settings.channel_owners, every=True),
            members=access_list("channel_members", settings.channel_members, every=False),
            ttl_ms=round(settings.channel_rules_ttl_seconds * 1000),
        )
        moderation.on_moderated = _log_moderated
        self.sessions = Sessions(
            self.channels,
            self.presence,
            self.talk,
            registry,
            moderation,
            loop=loop,
            now_ms=now_ms,
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
        secret = signing_secret(settings)
        self._verifier = token_verifier(settings, secret)
        verify = self._verifier.verify if self._verifier is not None else None
        if isinstance(store, FallbackPresence):
            self.sessions.on_profile_elsewhere = store.heard
            store.is_local = self.channels.is_local
            store.is_away = lambda: self.channels.away
        exposition = metrics.Exposition(meters, self._gauges, self._checks)
        self._telemetry = _telemetry(exposition)
        traces = tracing.Tracing(settings.log_sample_ratio, self._telemetry.begin if self._telemetry else None)
        dispatch = Dispatch(
            self.sessions,
            self.presence,
            self.talk,
            moderation,
            verify=verify,
            loop=loop,
            now_ms=now_ms,
            frame_bytes=limits.frame_bytes,
            meters=meters,
        )
        offered = sign_in(settings)
        self._draining = False
        self._http = HttpServer(
            settings,
            Services(self.sessions, dispatch, moderation, limiter, backlog),
            IdentityOptions(
                secret=secret,
                verify=verify,
                sign_in=offered.told if offered is not None else None,
                sign_in_policy=offered.policy if offered is not None else "",
            ),
            ProcessState(
                checks=self._checks,
                expose=exposition.render,
                is_draining=lambda: self._draining,
                now_ms=clock.wall_ms,
            ),
            meters,
            traces,
            page_dir,
        )
        self._background: list[asyncio.Task[None]] = []
        self._recounting: asyncio.Task[None] | None = None
        self._sockets: list[socket.socket] = []
        self._restoring = False
        self.port = 0

    async def start(self) -> None:
        """Listen on the configured address; `port` is the one taken. Raises CannotListen if that is not possible."""
        self._sockets = listening = listen(self.settings.host, self.settings.port)
        self.port = listening[0].getsockname()[1]
        if self._backend is not None:
            self._backend.on_degraded = self.sessions.degrade
            self._backend.on_restored = self._restore
            self._backend.on_death = self._recount
            await self._backend.start()
        if self._telemetry is not None:
            self._telemetry.start()
        await self._http.start(listening)
        loop = asyncio.get_running_loop()
        self._background = [
            loop.create_task(metrics.watch_loop(self.meters)),
            loop.create_task(_every(SWEEP_S, self._sweep)),
            loop.create_task(_every(self.settings.heartbeat_seconds, self.sessions.refresh)),
        ]

    def addresses(self) -> list[str]:
        """Addresses at which the server accepts connections now. Tries each, which takes a moment."""
        return reachable(self._sockets)

    async def drain(self) -> None:
        """Stop in order: unready, notice, no new ones, 4001 in batches, flush, close. Bounded by `drain_seconds`."""
        if self._draining:
            return
        self._draining = True
        settings = self.settings
        notice_s = min(settings.effective_drain_notice_seconds, settings.drain_seconds / 2)
        log.info("draining", connections=len(self.sessions), notice_seconds=notice_s)
        deadline = asyncio.get_running_loop().time() + settings.drain_seconds - FLUSH_MARGIN_S
        await asyncio.sleep(notice_s)
        self._http.stop_listening()
        # More than once: a client that was being let in when the door closed, which takes Redis its time, is in later.
        while len(self._http.endpoint) and asyncio.get_running_loop().time() < deadline:
            await self.sessions.drain(spread_ms=round(settings.reconnect_spread_seconds * 1000))
            await asyncio.sleep(DRAIN_LOOK_S)
        await self._close()

    async def _close(self) -> None:
        tasks = [*self._background, *filter(None, (self._recounting,))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.end_watch()
        self.presence.close()
        await self.channels.close()
        await self._broker.close()
        await self._http.close()
        for port in self._stores:
            await port.close()
        if self._verifier is not None:
            await self._verifier.close()
        if self._backend is not None:
            await self._backend.close()
        if self._telemetry is not None:
            await self._telemetry.close()

    def _checks(self) -> dict[str, str]:
        shared = self._backend.state() if self._backend is not None else {}
        return {"server": "draining" if self._draining else "ok", **shared}

    def _gauges(self) -> dict[str, float]:
        now: dict[str, float] = {
            "websocket_connections_active": len(self._http.endpoint),
            "channels": len(self.channels),
            "members": sum(len(channel) for channel in self.channels),
            "send_buffer_bytes": self._http.endpoint.unsent_bytes,
            "unsent_memory_bytes": self._backlog.bytes,
            "tasks": len(asyncio.all_tasks()),
            "clock_skew_seconds": self._clock.skew_s,
        }
        return now if self._backend is None else now | {"broker_probe_age_seconds": self._backend.probe_age_s()}

    async def _restore(self) -> None:
        # Before anybody is registered again: people who may not be in a channel are closed first.
        self._restoring = True
        try:
            await self.moderation.restore()
            await self._catch_up(None)
        finally:
            self._restoring = False

    async def _catch_up(self, channels: Collection[str] | None) -> None:
        store = self._store
        if isinstance(store, FallbackPresence):
            await self.sessions.restore(await store.restore(channels), store.changed(), channels)
        else:
            await self.sessions.restore([], None, channels)

    def _recount(self) -> None:
        # Another death while one is looked into: asked anew, for some channels may have been counted before it.
        if self._recounting is not None:
            self._recounting.cancel()
        self._recounting = asyncio.get_running_loop().create_task(self._tell_counts())

    async def _tell_counts(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.presence.recount()

    def _move(self, shift_ms: int) -> None:
        """The server's clock was set: what lives keeps the time it has left."""
        self.talk.shift(shift_ms)
        self.sessions.tell_clock(shift_ms)

    async def _sweep(self) -> None:
        self._clock.check(idle=not len(self._http.endpoint) and not self.talk.said_here())
        self.talk.expire()
        if not self._restoring:
            await self.moderation.retry()
            behind = self.sessions.behind()
            if behind:
                with contextlib.suppress(StoreUnavailable):
                    await self._catch_up(behind)
        await self.presence.sweep()


def build(
    settings: Settings,
    *,
    broker: Broker | None = None,
    store: PresenceStore | None = None,
    limiter: RateLimiter | None = None,
    live: LiveMessages | None = None,
    registry: SessionRegistry | None = None,
    rules: ChannelRules | None = None,
    now_ms: Callable[[], int] | None = None,
    page_dir: Path = PAGE_DIR,
) -> Asocial:
    """An Asocial for `settings`: over Redis if they name one, else in memory, but for what is given here.

    `now_ms` takes the place of all clocks.

    Raises ConfigError for a Redis URL that cannot be used.
    """
    presence_ttl_ms = round(settings.presence_ttl_seconds * 1000)
    meters = Meters(CLOSE_CODES)
    clock = Clock(meters) if now_ms is None else Clock.by(now_ms)
    backend = _redis(settings, presence_ttl_ms, clock, meters)
    memory = MemoryPresence(clock.monotonic_ms, presence_ttl_ms)
    if backend is not None:
        broker, limiter = broker or backend.broker, limiter or backend.limiter
        live, registry = live or backend.live, registry or backend.registry
        store = store or FallbackPresence(backend.presence, memory)
        rules = rules or backend.rules
    return Asocial(
        settings,
        broker=broker or MemoryBroker(),
        store=store or memory,
        limiter=limiter or MemoryRateLimiter(clock.monotonic_ms),
        live=live or MemoryLiveMessages(),
        registry=registry or MemorySessionRegistry(),
        rules=rules or MemoryChannelRules(clock.monotonic_ms),
        backend=backend,
        clock=clock,
        page_dir=page_dir,
        meters=meters,
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


async def run(settings: Settings, announce: Callable[[Asocial], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain. A second SIGINT ends the process at once.

    `announce` is called once the server listens. Raises CannotListen if it cannot.
    """
    app = build(settings)
    await app.start()
    garbage.settle()
    loop = asyncio.get_running_loop()
    collecting = loop.create_task(garbage.collect())
    stop = asyncio.Event()

    def interrupt() -> None:
        if stop.is_set():
            raise SystemExit(130)
        stop.set()

    # A SIGTERM may well come twice, from a supervisor to the whole group and from `make` to its child; only
    # somebody at a terminal who presses Ctrl-C again means "at once".
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    announce(app)
    await stop.wait()
    collecting.cancel()
    await app.drain()
    log.info("stopped")


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


def _log_moderated(action: str, channel: str, by: str, details: dict[str, object]) -> None:
    log.info("moderated", action=action, channel=channel, by=by, **details)


async def _every(seconds: float, do: Callable[[], object]) -> None:
    """Await `do()` every so often, for ever. One that fails is told and does not end the others."""
    while True:
        await asyncio.sleep(seconds)
        try:
            result = do()
            if asyncio.iscoroutine(result):
                await result
        except Exception:
            log.exception("a background job failed and will be tried again", job=getattr(do, "__qualname__", str(do)))
