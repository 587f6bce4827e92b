"""Everything Redis, assembled: one link, and the ports that share it. What the composition root builds.

Set `on_degraded`, `on_restored` and `on_death`, then `start`. Whoever awaits `on_restored` finds every subscription
back and every port answering; presence must be joined again then, for Redis may have come back empty.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from ...service.meters import Meters
from .broker import RedisBroker
from .leases import Leases
from .limiter import RedisRateLimiter
from .line import ANSWER_TIMEOUT_S
from .link import Link
from .live import RedisLiveMessages
from .names import Names
from .presence import RedisPresence
from .registry import RedisSessionRegistry
from .rules import RedisChannelRules
from .topology import Topology
from .unreadable import Unreadable
from .urls import parse

PRESENCE_TTL_MS = 300_000
LEASE_MS = 15_000
PROBE_S = 3.0
LINGER_MS = 120_000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class RedisBackend:
    """`process_id` names this process in logs and leases; a restarted one is another all the same.

    `linger_ms`: how long keys outlive the last deadline in them. `namespace`: see names.py. Raises ValueError for a URL that cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        namespace: str = "",
        process_id: str = "asocial",
        presence_ttl_ms: int = PRESENCE_TTL_MS,
        lease_ms: int = LEASE_MS,
        linger_ms: int = LINGER_MS,
        probe_s: float = PROBE_S,
        timeout_s: float = ANSWER_TIMEOUT_S,
        clock_ms: Callable[[], int] = _wall_ms,
        meters: Meters | None = None,
    ) -> None:
        identity = f"{process_id}-{secrets.token_hex(4)}".replace(" ", "-").replace("/", "-")
        target = parse(url, username, password)
        self._link = Link(
            Topology(target, timeout_s),
            probe_s=probe_s,
            resume=self._resume,
            names=Names(target.database, namespace),
            unreadable=Unreadable(meters),
        )
        pool = self._link.pool
        self.on_death: Callable[[], None] = lambda: None
        """Called when other processes died and their people have been removed: not all of it may have been told."""
        self._leases = Leases(
            pool,
            identity,
            lease_ms=lease_ms,
            keep_ms=lease_ms + presence_ttl_ms + linger_ms,
            on_lost=lambda: self._link.interrupted("the lease of this process ran out"),
            on_death=lambda: self.on_death(),
        )
        self.broker = RedisBroker(self._link, identity, meters=meters)
        self.presence = RedisPresence(pool, self._leases, ttl_ms=presence_ttl_ms, linger_ms=linger_ms)
        self.limiter = RedisRateLimiter(pool, clock_ms)
        self.live = RedisLiveMessages(pool, clock_ms)
        self.registry = RedisSessionRegistry(pool, self._leases, ttl_ms=presence_ttl_ms)
        self.rules = RedisChannelRules(pool)
        self._keeping: asyncio.Task[None] | None = None

    @property
    def on_degraded(self) -> Callable[[], None] | None:
        """Called at the start of an outage."""
        return self._link.on_degraded

    @on_degraded.setter
    def on_degraded(self, callback: Callable[[], None] | None) -> None:
        self._link.on_degraded = callback

    @property
    def on_restored(self) -> Callable[[], Awaitable[None]] | None:
        """Awaited at its end, once everything is subscribed and answers again."""
        return self._link.on_restored

    @on_restored.setter
    def on_restored(self, callback: Callable[[], Awaitable[None]] | None) -> None:
        self._link.on_restored = callback

    def state(self) -> dict[str, str]:
        """{"redis": "ok" or "down", "pubsub": "ok" or "down"}, for /ready."""
        return self._link.state()

    def probe_age_s(self) -> float:
        """Seconds since a message was last seen to come back through Redis; infinite before the first."""
        return asyncio.get_running_loop().time() - self._link.subscriber.probed_at

    async def start(self) -> None:
        """Connect; degraded if Redis cannot be reached soon. Raises nothing."""
        await self._link.start()
        self._keeping = asyncio.create_task(self._leases.keep(), name="redis-lease")

    async def close(self) -> None:
        """Close the ports that are still open, then every connection."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        for port in (self.live, self.registry, self.presence, self.limiter, self.broker):
            await port.close()
        await self._link.close()

    async def _resume(self) -> None:
        await self.presence.resume()
        await self.live.resume()
        await self.registry.resume()
