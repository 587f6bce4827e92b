"""The life of a server: what starts in which order, the periodic jobs, and the drain.

Never here: building parts (app.py), or decisions that a client could see.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from . import gc_policy, logs, metrics
from .adapters.http.listening import listen
from .adapters.http.server import HttpServer
from .adapters.redis.backend import RedisBackend
from .domain.checks import MEMORY, OK
from .ports import Broker
from .service.channels import Channels
from .service.chat import ChatService
from .service.control_router import ControlRouter
from .service.outages import Outages
from .service.presence import Presence
from .service.runtime import Runtime
from .service.server_rules import ServerRules
from .service.session import LocalSessions
from .service.sessions import Sessions
from .settings import Settings

if TYPE_CHECKING:
    from .process_metrics import ProcessMetrics
    from .telemetry import Telemetry

SWEEP_S = 1.0
DRAIN_CHECK_S = 0.02
FLUSH_MARGIN_S = 2.0
"""The part of the drain's time that is reserved for closing the broker and the HTTP server."""

JOBS_END_S = 1.0
"""How long a periodic job may take to finish when the process stops; it is cancelled after that."""

log = logs.get(__name__)


class Closable(Protocol):
    async def close(self) -> None: ...


class Readiness:
    """Whether this process should get new clients, for /ready."""

    def __init__(self, backend: RedisBackend | None) -> None:
        self.draining = False
        self.refusing = False
        """Whether it refuses them. Not before the notice is over: until then proxies still send people here."""
        self._backend = backend

    def checks(self) -> dict[str, str]:
        """The state of each check, by its name: "ok", "memory" where no Redis is configured, or what is wrong."""
        shared = self._backend.state() if self._backend is not None else {"redis": MEMORY, "pubsub": MEMORY}
        return {"server": "draining" if self.draining else OK, **shared}


@dataclass(frozen=True)
class Parts:
    """What app.py has built. `closing` is closed last, in this order."""

    settings: Settings
    runtime: Runtime
    channels: Channels
    presence: Presence
    chat: ChatService
    local: LocalSessions
    server_rules: ServerRules
    sessions: Sessions
    outages: Outages
    router: ControlRouter
    http: HttpServer
    broker: Broker
    readiness: Readiness
    backend: RedisBackend | None
    telemetry: Telemetry | None
    process_metrics: ProcessMetrics | None
    """Where there are several processes."""
    closing: Sequence[Closable]


class Asocial:
    """A server. `start` listens, `drain` sends everyone away and closes everything."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.settings = parts.settings
        self.counters = parts.runtime.counters
        self.channels = parts.channels
        self.local = parts.local
        self.sessions = parts.sessions
        self.outages = parts.outages
        self.http = parts.http
        self.port = 0
        """The port that `start` took."""
        self._sockets: list[socket.socket] = []
        self._watch: asyncio.Task[None] | None = None
        self._jobs: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self, bound: Sequence[socket.socket] = ()) -> None:
        """Listen on these sockets, or on the configured address; `port` is the actual port.

        Raises CannotListen if that is not possible.
        """
        parts = self._parts
        settings = self.settings.lifecycle
        self._sockets = listening = list(bound) or listen(settings.host, settings.port)
        self.port = listening[0].getsockname()[1]
        if parts.backend is not None:
            await parts.backend.start(parts.router)
        await parts.server_rules.start()
        if parts.telemetry is not None:
            parts.telemetry.start()
        if parts.process_metrics is not None:
            await parts.process_metrics.start()
        await self.http.start(listening)
        loop = parts.runtime.loop
        self._watch = loop.create_task(metrics.watch_loop(self.counters))
        self._jobs = [
            loop.create_task(_every(SWEEP_S, self._sweep, self._stopping)),
            loop.create_task(_every(settings.heartbeat_s, self.sessions.refresh, self._stopping)),
        ]

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """Those that it accepts connections through."""
        return self._sockets

    async def drain(self) -> None:
        """In order: fail /ready, wait, stop listening, send 4001 in batches, flush, close. At most `drain_seconds`."""
        readiness, settings, loop = self._parts.readiness, self.settings.lifecycle, self._parts.runtime.loop
        if readiness.draining:
            return
        readiness.draining = True
        notice_s = min(settings.drain_notice_s, settings.drain_s / 2)
        log.info("draining", connections=len(self.local), notice_seconds=notice_s)
        deadline = loop.time() + settings.drain_s - FLUSH_MARGIN_S
        await asyncio.sleep(notice_s)
        readiness.refusing = True
        await self.http.stop_listening()
        # Repeated, because a client that was being admitted when we stopped listening is connected only later, for
        # example when Redis was slow.
        while (len(self.http.endpoint) or self.http.endpoint.handshakes) and loop.time() < deadline:
            await self.sessions.drain(spread_ms=settings.reconnect_spread_ms)
            await asyncio.sleep(DRAIN_CHECK_S)
        await self._close()

    async def _close(self) -> None:
        parts = self._parts
        await self._end_jobs()
        await self.http.end_watch()
        parts.outages.close()
        parts.presence.close()
        await self.channels.close()
        await parts.broker.close()
        await self.http.close()
        for part in parts.closing:
            await part.close()

    async def _end_jobs(self) -> None:
        """Let the jobs finish: a sweep that is cut off has removed people whose leaving nobody else announces."""
        self._stopping.set()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=JOBS_END_S)
        tasks = [*self._jobs, *([self._watch] if self._watch is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        parts = self._parts
        shift_ms = parts.runtime.clock.check(idle=not len(self.http.endpoint) and not parts.chat.local_messages())
        if shift_ms:
            parts.router.clock_set(shift_ms)
        parts.chat.expire()
        await self.outages.retry()
        await parts.presence.sweep()


async def run(
    app: Asocial,
    announce: Callable[[Asocial], None],
    bound: Sequence[socket.socket] = (),
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until `stop` is set, then drain. A second SIGINT ends the process at once.

    `announce` is called once the server listens, on the sockets `bound` if there are any. Raises CannotListen if it
    cannot.
    """
    await app.start(bound)
    gc_policy.freeze_startup_objects()
    loop = asyncio.get_running_loop()
    collecting = loop.create_task(gc_policy.collect())
    stop = stop or asyncio.Event()

    def interrupt() -> None:
        if stop.is_set():
            raise SystemExit(130)
        stop.set()

    # SIGTERM can come twice: from a supervisor to the whole group, and from `make` to its child. Only a second Ctrl+C
    # at a terminal means "at once".
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    announce(app)
    await stop.wait()
    collecting.cancel()
    await app.drain()
    log.info("stopped")


async def _every(seconds: float, do: Callable[[], object], stopping: asyncio.Event) -> None:
    """Await `do()` every `seconds` until `stopping` is set. An error is logged and ends nothing."""
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)
            return
        try:
            result = do()
            if asyncio.iscoroutine(result):
                await result
        except Exception:
            log.exception("a background job failed and will be tried again", job=getattr(do, "__qualname__", str(do)))
