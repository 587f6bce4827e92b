"""Builds everything for one Redis URL: one supervisor, and the ports that share it.

`start` takes the listener for events. When its `restored` is called, everything is subscribed and every port answers.
Presence must then be joined again, because Redis may have come back empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets

from ... import logs
from ...groups import RedisSettings
from ...ports import StoreEvents, StoreUnavailable
from ...service.runtime import Runtime
from .broker import RedisBroker
from .claims import RedisUserIdClaims
from .leases import Leases
from .limiter import RedisRateLimiter
from .live import RedisLiveMessages
from .names import Names
from .presence import RedisPresence
from .registry import RedisSessionRegistry
from .rules import RedisChannelRules
from .shared_time import measure
from .supervisor import RedisSupervisor
from .topology import Topology
from .unreadable import Unreadable
from .urls import parse

MEASURE_INTERVAL_S = 5.0
MIN_MEASURE_INTERVAL_S = 1.0
"""The shortest time between two measurements of Redis's clock."""

log = logs.get(__name__)


class RedisBackend:
    """`process_id` names this process in logs and leases. A suffix is added, so that a restarted process differs.

    The clock of `runtime` follows Redis's clock. Raises ValueError for a URL that cannot be used.
    """

    def __init__(self, settings: RedisSettings, process_id: str, runtime: Runtime) -> None:
        identity = f"{process_id}-{secrets.token_hex(4)}".replace(" ", "-").replace("/", "-")
        self._runtime = runtime
        clock, ttl_ms = runtime.clock, settings.presence_ttl_ms
        target = parse(settings.url, settings.username, settings.password)
        self._supervisor = RedisSupervisor(
            Topology(target, settings.timeout_s),
            probe_s=settings.probe_s,
            resume=self._resume,
            names=Names(target.database, settings.namespace),
            unreadable=Unreadable(runtime.counters),
        )
        pool = self._supervisor.pool
        self._events: StoreEvents | None = None
        self._clock_asked = asyncio.Event()
        self._leases = Leases(
            pool,
            identity,
            lease_ms=settings.lease_ms,
            keep_ms=settings.lease_ms + ttl_ms + settings.linger_ms,
            on_lost=lambda: self._supervisor.interrupt("the lease of this process expired"),
            on_death=self._process_died,
        )
        self.presence = RedisPresence(pool, self._leases, ttl_ms=ttl_ms, linger_ms=settings.linger_ms)
        self.limiter = RedisRateLimiter(pool, clock.monotonic_ms)
        self.live = RedisLiveMessages(pool, clock.now_ms)
        self.broker = RedisBroker(self._supervisor, self.live, identity, self._clock_asked.set, runtime)
        self.registry = RedisSessionRegistry(pool, self._leases, ttl_ms=ttl_ms)
        self.rules = RedisChannelRules(pool)
        self.claims = RedisUserIdClaims(pool)
        self._lease_task: asyncio.Task[None] | None = None
        self._clock_task: asyncio.Task[None] | None = None

    def state(self) -> dict[str, str]:
        """{"redis": "ok" or "down", "pubsub": "ok" or "down"}, for /ready."""
        return self._supervisor.state()

    def probe_age_s(self) -> float:
        """Seconds since a probe last came back through Redis; infinite before the first."""
        return self._runtime.loop.time() - self._supervisor.subscriber.probed_at

    async def start(self, events: StoreEvents) -> None:
        """Connect, or start degraded if Redis cannot be reached soon. Raises nothing."""
        self._events = events
        await self._supervisor.start(events)
        self._lease_task = asyncio.create_task(self._leases.run(), name="redis-lease")
        self._clock_task = asyncio.create_task(self._follow_clock_forever(), name="redis-time")

    async def close(self) -> None:
        """Close the ports, then every connection."""
        for task in (self._lease_task, self._clock_task):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._lease_task = self._clock_task = None
        for port in (self.live, self.registry, self.presence, self.limiter, self.broker):
            await port.close()
        await self._supervisor.close()

    async def _follow_clock_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MEASURE_INTERVAL_S):
                    await self._clock_asked.wait()
            self._clock_asked.clear()
            try:
                if await self._follow_clock():
                    # Deadlines and expiry times moved with it, so every connection here is registered again.
                    self._supervisor.interrupt("the clock of Redis was set")
            except StoreUnavailable:
                pass  # the supervisor reconnects, and the clock is measured again when Redis is back
            except Exception:
                log.exception("cannot measure the clock of redis; trying again")
            await asyncio.sleep(MIN_MEASURE_INTERVAL_S)

    async def _follow_clock(self) -> int:
        shift_ms = await measure(self._supervisor.pool, self._runtime.clock)
        if shift_ms and self._events is not None:
            self._events.clock_set(shift_ms)
        return shift_ms

    def _process_died(self) -> None:
        if self._events is not None:
            self._events.process_died()

    async def _resume(self) -> None:
        # First, because what is written next contains times.
        await self._follow_clock()
        await self.presence.resume()
        await self.registry.resume()
