"""The adapters under contract. Each suite runs unchanged against all of them. ports.py defines the contracts.

An `Adapters` stands for the store that several processes share, and `broker()`, `presence()`... make one more process's
adapter over it. Those for Redis use real servers (tests/support/redis_server.py), started once
for the whole run and emptied before each test: one server, a cluster of three masters, a master behind sentinels.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from asocial.adapters.memory.broker import MemoryBroker, MemoryBus
from asocial.adapters.memory.claims import MemoryUserIdClaims
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.adapters.memory.presence import MemoryPresence
from asocial.adapters.memory.registry import MemorySessionRegistry
from asocial.adapters.memory.rules import MemoryChannelRules
from asocial.adapters.redis.backend import RedisBackend
from asocial.ports import (
    Broker,
    ChannelRules,
    LiveMessages,
    PresenceStore,
    RateLimiter,
    SessionRegistry,
    UserIdClaims,
)
from tests.support.redis_backend import make_backend
from tests.support.redis_server import Cluster, Sentinels, Server, running, temporary_folder
from tests.support.store_events import IgnoreStoreEvents
from tests.support.wall_clock import wall_ms

PRESENCE_TTL_MS = 1500
"""Short enough to wait for (these suites run on real clocks, because Redis has its own), and long enough for a busy
machine to refresh in time."""


class Adapters(Protocol):
    """Each call makes the adapter of one more process; `close` closes them all."""

    async def broker(self) -> Broker: ...
    async def presence(self) -> PresenceStore: ...
    async def limiter(self) -> RateLimiter: ...
    async def live(self) -> LiveMessages: ...
    async def registry(self) -> SessionRegistry: ...
    async def rules(self) -> ChannelRules: ...
    async def claims(self) -> UserIdClaims: ...
    async def close(self) -> None: ...


class MemoryAdapters:
    """Several apps in one interpreter: one wire, one store."""

    def __init__(self) -> None:
        self._wire = MemoryBus()
        self._presence = MemoryPresence(wall_ms, PRESENCE_TTL_MS)
        self._limiter = MemoryRateLimiter(wall_ms)
        self._live = MemoryLiveMessages()
        self._registry = MemorySessionRegistry()
        self._rules = MemoryChannelRules(wall_ms)
        self._claims = MemoryUserIdClaims(wall_ms)

    async def broker(self) -> Broker:
        return MemoryBroker(self._wire)

    async def presence(self) -> PresenceStore:
        return self._presence

    async def limiter(self) -> RateLimiter:
        return self._limiter

    async def live(self) -> LiveMessages:
        return self._live

    async def registry(self) -> SessionRegistry:
        return self._registry

    async def rules(self) -> ChannelRules:
        return self._rules

    async def claims(self) -> UserIdClaims:
        return self._claims

    async def close(self) -> None:
        await self._presence.close()
        await self._limiter.close()
        await self._live.close()
        await self._registry.close()
        await self._rules.close()
        await self._claims.close()


class RedisAdapters:
    """Each adapter belongs to a backend of its own, as each process has one: nothing is shared but the servers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._backends: list[RedisBackend] = []

    async def backend(self) -> RedisBackend:
        backend = make_backend(self._url, presence_ttl_ms=PRESENCE_TTL_MS)
        self._backends.append(backend)
        await backend.start(IgnoreStoreEvents())
        assert backend.state() == {"redis": "ok", "pubsub": "ok"}
        return backend

    async def broker(self) -> Broker:
        return (await self.backend()).broker

    async def presence(self) -> PresenceStore:
        return (await self.backend()).presence

    async def limiter(self) -> RateLimiter:
        return (await self.backend()).limiter

    async def live(self) -> LiveMessages:
        return (await self.backend()).live

    async def registry(self) -> SessionRegistry:
        return (await self.backend()).registry

    async def rules(self) -> ChannelRules:
        return (await self.backend()).rules

    async def claims(self) -> UserIdClaims:
        return (await self.backend()).claims

    async def close(self) -> None:
        for backend in self._backends:
            await backend.close()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


@pytest.fixture(scope="session")
def redis_server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    with running(server):
        yield server


@pytest.fixture(scope="session")
def redis_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    with running(cluster):
        yield cluster


@pytest.fixture(scope="session")
def redis_sentinels(folder: Path) -> Iterator[Sentinels]:
    # One is enough to be asked; three, that must agree, are in test_redis_failover.py.
    sentinels = Sentinels(folder, 1)
    with running(sentinels):
        yield sentinels


def _memory(request: pytest.FixtureRequest) -> Adapters:
    return MemoryAdapters()


def _single(request: pytest.FixtureRequest) -> Adapters:
    server: Server = request.getfixturevalue("redis_server")
    server.ask("FLUSHALL")
    return RedisAdapters(server.url)


def _cluster(request: pytest.FixtureRequest) -> Adapters:
    cluster: Cluster = request.getfixturevalue("redis_cluster")
    cluster.wait_until_ready()
    for master in cluster.masters:
        master.ask("FLUSHALL")
    return RedisAdapters(cluster.url)


def _sentinel(request: pytest.FixtureRequest) -> Adapters:
    sentinels: Sentinels = request.getfixturevalue("redis_sentinels")
    sentinels.master.ask("FLUSHALL")
    return RedisAdapters(sentinels.url)


ADAPTERS: dict[str, Callable[[pytest.FixtureRequest], Adapters]] = {
    "memory": _memory,
    "redis": _single,
    "cluster": _cluster,
    "sentinel": _sentinel,
}


@pytest.fixture(params=list(ADAPTERS))
async def adapters(request: pytest.FixtureRequest) -> AsyncIterator[Adapters]:
    made = ADAPTERS[request.param](request)
    yield made
    await made.close()
