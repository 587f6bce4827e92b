"""The supervisor: the one place that decides that Redis is there, or is not, and brings it back.

One task goes round: connect what is missing (discover the masters, a command connection and a subscribing connection to
each, everything resubscribed, a probe through each), tell the world, then watch until something is wrong: a connection
that was lost says so at once, one that silently delivers nothing is found by the probe every few seconds, through the
very path that messages take. Between attempts it waits, longer each time up to a cap, and never exactly as long as the
other processes do.

An outage begins with the first thing missing and ends when everything is there again; the events `degraded` and
`restored` are called once each. Between them commands fail at once, publishing drops, and subscriptions are remembered.
What was handed over for others during an outage is gone: by the time it could be sent, its life is over.
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
"""Before looking again at a server that answers and cannot work: it needs longer than one that hung up."""
REDISCOVER_EVERY = 10
"""Probes between two looks at where the masters are."""

log = logs.get(__name__)


class RedisSupervisor:
    """`resume` lets the adapters catch up when commands are answered again, before `restored` is awaited."""

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
        """For /ready: what answers commands, and what delivers."""
        return {
            "redis": "ok" if self._serving and self.pool.is_complete else "down",
            "pubsub": "ok" if self._delivering and self.subscriber.is_complete else "down",
        }

    async def start(self, events: StoreEvents) -> None:
        """Connect, or start degraded if that is not possible soon. Raises nothing. `events` are told from now on."""
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
        """Something shared was lost though the connections stand (a lease ran out): an outage that is over already."""
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
                log.exception("connecting to redis failed in a way nobody thought of")
                self._degrade(repr(error))
                self._attempted.set()
                await asyncio.sleep(BACKOFF_CAP_S)
                continue
            pause_s = BACKOFF_FIRST_S
            await self._watch()
            # Everyone lost the same server at the same moment, and shall not come back at the same moment.
            await asyncio.sleep(random.uniform(0, BACKOFF_FIRST_S) + (OUTAGE_PAUSE_S if self._server_failing else 0))

    async def _connect(self) -> None:
        """Make is_complete what is not. Raises StoreUnavailable; what could be connected stays."""
        layout = await self._topology.discover()
        # Each side even if the other fails: one dead master of a cluster takes its own channels along, no others.
        served, subscribed = await asyncio.gather(
            self.pool.connect(layout), self.subscriber.connect(layout), return_exceptions=True
        )
        if served is not None:
            raise served
        if not self._serving:
            # Before anything is said to work: these calls write, so they also prove that the server lets us.
            await self._resume()
            if self._server_failing:
                raise StoreUnavailable("redis refuses again")
            self._serving = True
        if subscribed is not None:
            raise subscribed
        if not await self.subscriber.probe(self.pool, min(self._probe_s, PROBE_ANSWER_S)):
            raise StoreUnavailable("redis takes publishes and delivers nothing")
        self._delivering = True
        await self._restore()
        self._attempted.set()

    async def _watch(self) -> None:
        """Return when something is wrong."""
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
        """Whether the masters are others by now, though the ones we know still answer (a split, a resharding)."""
        try:
            return await self._topology.discover() != self.pool.layout
        except StoreUnavailable:
            return False  # sentinels that are away are no reason to leave a master that works

    async def _restore(self) -> None:
        if self._started and not self._degraded:
            return
        if self._restore_task is not None:
            # Still telling of the last return: what that asks of a Redis that went away again fails fast.
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
                log.warning("redis went away again before everything was told")
            except Exception:
                log.exception("telling that redis is back failed")

    def _degrade(self, reason: str) -> None:
        self._delivering = self._delivering and self.subscriber.is_complete
        if self._degraded:
            if reason != self._reason:
                log.info("redis is still away", reason=reason)
            self._reason = reason
            return
        self._degraded, self._reason = True, reason
        if self._restore_task is not None and not self._notifying:
            # Gone again before anybody was told that it was back: the same outage goes on.
            self._restore_task.cancel()
            self._restore_task = None
            return
        log.warning("redis is away: people on one process still hear each other", reason=reason)
        if self._events is not None:
            try:
                self._events.degraded()
            except Exception:
                log.exception("telling that redis is away failed")

    def _on_lost(self, connection: RedisConnection) -> None:
        self._serving = self._serving and self.pool.is_complete
        self._degrade(connection.lost or connection.name)
        self._interrupted.set()

    def _on_outage(self, reason: str) -> None:
        self._server_failing = True
        self.interrupt(reason)

    async def _rediscover(self) -> None:
        """A server sent us elsewhere: look anew where everything is, and return when that is known."""
        self._attempted.clear()
        self._interrupted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REDISCOVER_S):
                await self._attempted.wait()
