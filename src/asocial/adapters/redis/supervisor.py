"""The supervisor: the one place that decides whether Redis is available, and that reconnects.

One task repeats: connect what is missing (discover the masters, a command connection and a subscribing connection to
each, all subscriptions, a probe through each), report `restored`, then watch until something fails. A lost connection
reports itself. One that silently delivers nothing is found by a probe every few seconds, which takes the same path as
messages. The pause between attempts grows up to a limit, and is random, so that processes do not reconnect at once.

An outage begins when something is missing and ends when everything is there again. The events `degraded` and `restored`
are called once each. In between, commands fail at once, batches are dropped, and subscriptions are remembered. Batches
of an outage are not sent later: the life of their messages would be over.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from ... import logs
from ...ports import StoreEvents, StoreUnavailable
from .connection import RedisConnection
from .names import Names
from .pool import Pool
from .subscriber import Subscriber
from .topology import Topology
from .unreadable import Unreadable

BACKOFF_FIRST_S = 0.05
BACKOFF_CAP_S = 2.0
PROBE_ANSWER_S = 1.0
FIRST_ATTEMPT_S = 3.0
REDISCOVER_S = 1.0
NOTIFY_S = 5.0
OUTAGE_PAUSE_S = 0.3
"""The pause before connecting again to a server that answers but cannot work: it needs longer than a restart."""
REDISCOVER_EVERY = 10
"""Probes between two checks of where the masters are."""

log = logs.get(__name__)


class RedisSupervisor:
    """`resume`: awaited when commands are answered again, before `restored`, so that adapters can catch up."""

    def __init__(
        self,
        topology: Topology,
        *,
        probe_s: float,
        resume: Callable[[], Awaitable[None]],
        names: Names,
        unreadable: Unreadable,
    ) -> None:
        self._events: StoreEvents | None = None
        self._interrupted = asyncio.Event()
        self.pool = Pool(
            topology, self._on_lost, self._on_outage, self._interrupted.set, self._rediscover, names, unreadable
        )
        self.subscriber = Subscriber(topology, self._on_lost, self.interrupt, names)
        self._topology = topology
        self._probe_s = probe_s
        self._resume = resume
        self._attempted = asyncio.Event()
        self._serving = False
        self._delivering = False
        self._server_failing = False
        self._notifying = False
        self._degraded = False
        self._reason = ""
        self._started = False
        self._run_task: asyncio.Task[None] | None = None
        self._restore_task: asyncio.Task[None] | None = None

    def state(self) -> dict[str, str]:
        """For /ready: whether commands are answered, and whether pub/sub delivers."""
        return {
            "redis": "ok" if self._serving and self.pool.is_complete else "down",
            "pubsub": "ok" if self._delivering and self.subscriber.is_complete else "down",
        }

    async def start(self, events: StoreEvents) -> None:
        """Connect, or start degraded if that is not possible soon. Raises nothing. Calls `events` from now on."""
        self._events = events
        self._run_task = asyncio.create_task(self._run(), name="redis-supervisor")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_ATTEMPT_S):
                await self._attempted.wait()

    async def close(self) -> None:
        """End every task and connection."""
        for task in (self._run_task, self._restore_task):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._run_task = self._restore_task = None
        self.subscriber.close()
        self.pool.close()

    def interrupt(self, reason: str) -> None:
        """Shared state was lost though the connections are open, such as a lease: an outage that is over at once."""
        self._serving = False
        self._degrade(reason)
        self._interrupted.set()

    async def _run(self) -> None:
        pause_s = BACKOFF_FIRST_S
        while True:
            self._interrupted.clear()
            self._server_failing = False
            try:
                await self._connect()
            except StoreUnavailable as error:
                self._degrade(str(error))
                self._attempted.set()
                await asyncio.sleep(random.uniform(pause_s / 2, pause_s))
                pause_s = min(pause_s * 2, BACKOFF_CAP_S)
                continue
            except Exception as error:
                log.exception("unexpected error while connecting to redis")
                self._degrade(repr(error))
                self._attempted.set()
                await asyncio.sleep(BACKOFF_CAP_S)
                continue
            pause_s = BACKOFF_FIRST_S
            await self._watch()
            # All processes lost the same server at the same moment, and should not come back at the same moment.
            await asyncio.sleep(random.uniform(0, BACKOFF_FIRST_S) + (OUTAGE_PAUSE_S if self._server_failing else 0))

    async def _connect(self) -> None:
        """Connect what is missing. Raises StoreUnavailable; connections that succeeded stay open."""
        layout = await self._topology.discover()
        # Both sides, even if one fails: a dead master of a cluster affects its own channels only.
        served, subscribed = await asyncio.gather(
            self.pool.connect(layout), self.subscriber.connect(layout), return_exceptions=True
        )
        if served is not None:
            raise served
        if not self._serving:
            # Before anything counts as working: these calls write, so they also show that the server accepts writes.
            await self._resume()
            if self._server_failing:
                raise StoreUnavailable("redis still reports an error")
            self._serving = True
        if subscribed is not None:
            raise subscribed
        if not await self.subscriber.probe(self.pool, min(self._probe_s, PROBE_ANSWER_S)):
            raise StoreUnavailable("redis accepts published messages but delivers none")
        self._delivering = True
        await self._restore()
        self._attempted.set()

    async def _watch(self) -> None:
        """Return when something fails."""
        probes = 0
        while not self._interrupted.is_set():
            try:
                async with asyncio.timeout(self._probe_s):
                    await self._interrupted.wait()
            except TimeoutError:
                await self.subscriber.probe(self.pool, min(self._probe_s, PROBE_ANSWER_S))
                probes += 1
                if probes % REDISCOVER_EVERY == 0 and await self._has_moved():
                    return

    async def _has_moved(self) -> bool:
        """Whether the masters have changed though the known ones still answer (a split, a resharding)."""
        try:
            return await self._topology.discover() != self.pool.layout
        except StoreUnavailable:
            return False  # a working master is kept when the sentinels are away

    async def _restore(self) -> None:
        if self._started and not self._degraded:
            return
        if self._restore_task is not None:
            # The last `restored` is still running. If Redis went away again, its calls fail fast.
            await asyncio.wait([self._restore_task], timeout=NOTIFY_S)
            self._restore_task.cancel()
            await asyncio.gather(self._restore_task, return_exceptions=True)
        if not (self._serving and self.pool.is_complete and self.subscriber.is_complete):
            raise StoreUnavailable("redis went away again")
        self._started = True
        if self._degraded:
            self._degraded = False
            log.info("redis is back")
            self._notifying = False
            self._restore_task = asyncio.create_task(self._notify_restored(), name="redis-restored")

    async def _notify_restored(self) -> None:
        self._notifying = True
        if self._events is not None:
            try:
                await self._events.restored()
            except StoreUnavailable:
                log.warning("redis went away again before clients were up to date")
            except Exception:
                log.exception("unexpected error at the end of a redis outage")

    def _degrade(self, reason: str) -> None:
        self._delivering = self._delivering and self.subscriber.is_complete
        if self._degraded:
            if reason != self._reason:
                log.info("redis is still away", reason=reason)
            self._reason = reason
            return
        self._degraded, self._reason = True, reason
        if self._restore_task is not None and not self._notifying:
            # Redis went away before `restored` was called: the same outage continues.
            self._restore_task.cancel()
            self._restore_task = None
            return
        log.warning("redis is away: people see only those on the same process", reason=reason)
        if self._events is not None:
            try:
                self._events.degraded()
            except Exception:
                log.exception("unexpected error at the beginning of a redis outage")

    def _on_lost(self, connection: RedisConnection) -> None:
        self._serving = self._serving and self.pool.is_complete
        self._degrade(connection.lost or connection.name)
        self._interrupted.set()

    def _on_outage(self, reason: str) -> None:
        self._server_failing = True
        self.interrupt(reason)

    async def _rediscover(self) -> None:
        """A server redirected a command: find the masters again, and return when they are known."""
        self._attempted.clear()
        self._interrupted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REDISCOVER_S):
                await self._attempted.wait()
