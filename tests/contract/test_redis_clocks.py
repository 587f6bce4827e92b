"""The clock of a real Redis is set forward and back while processes use it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asocial.adapters.redis.shared_time import measure
from asocial.domain.profile import Profile
from asocial.service.clock import Clock
from asocial.service.counters import Counters
from asocial.service.runtime import Runtime
from tests.support.fake_clock import FakeClock
from tests.support.redis_backend import make_backend
from tests.support.redis_server import Server, running
from tests.support.store_events import IgnoreStoreEvents
from tests.support.waiting import eventually

from .test_redis_faults import Start, settled, start  # noqa: F401 (the fixture)

FOX = Profile("sly fox", "rust")
HOUR_S = 3600


@pytest.fixture
def clock(folder: Path) -> FakeClock:
    clock = FakeClock(folder, "redis")
    clock.set(0)
    return clock


@pytest.fixture
def server(clock: FakeClock, folder: Path) -> Iterator[Server]:
    server = Server(folder)
    with clock.seen(), running(server):
        yield server


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
async def test_processes_follow_together(server: Server, clock: FakeClock, start: Start, step_s: int) -> None:  # noqa: F811
    here, there = await start(server.url), await start(server.url)
    clock.set(step_s)
    newcomer = await start(server.url)
    await eventually(lambda: _apart(here, newcomer) < 200 and _apart(there, newcomer) < 200, "one time")
    assert abs(here.shifts[0] - step_s * 1000) < 1000
    # Told, as an outage that is over: so that everybody is registered anew.
    await eventually(lambda: here.told == there.told == ["degraded", "restored"], "told")
    await settled(here, there)


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
async def test_present_users_are_never_swept(server: Server, clock: FakeClock, start: Start, step_s: int) -> None:  # noqa: F811
    here, there = await start(server.url), await start(server.url)
    await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
    assert await there.backend.presence.sweep() == []
    clock.set(step_s)
    for _ in range(3):
        assert await there.backend.presence.sweep() == []
        assert await here.backend.presence.sweep() == []
    # What the application does after this event.
    await eventually(lambda: here.told == ["degraded", "restored"], "told")
    await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
    assert await there.backend.presence.sweep() == []
    assert (await there.backend.presence.roster("garden", 10)).user_count == 1


async def test_a_clock_step_back_leaves_no_ghost(server: Server, clock: FakeClock, start: Start) -> None:  # noqa: F811
    here = await start(server.url)
    await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
    await here.backend.presence.abandon("garden", "c1", 8_000)
    clock.set(-HOUR_S)
    await here.backend.presence.sweep()
    # Without this the deadline is an hour away.
    farthest = float(str(server.ask("ZRANGE", "asocial:{garden}:expiry", "0", "0", "WITHSCORES")[1]))  # type: ignore[index]
    seconds = int(str(server.ask("TIME")[0]))  # type: ignore[index]
    assert farthest / 1000 - seconds <= 601


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
async def test_no_wait_is_longer_than_a_window(server: Server, clock: FakeClock, start: Start, step_s: int) -> None:  # noqa: F811
    here = await start(server.url)
    assert [await here.backend.limiter.take("ann", 2, 300) for _ in range(2)] == [0, 0]
    clock.set(step_s)
    wait_ms = await here.backend.limiter.take("ann", 2, 300)
    assert wait_ms <= 300
    await asyncio.sleep(wait_ms / 1000 + 0.05)
    assert await here.backend.limiter.take("ann", 2, 300) == 0


async def test_w120_tokens_come_with_the_time_of_redis(server: Server, clock: FakeClock, start: Start) -> None:  # noqa: F811
    limiter = (await start(server.url)).backend.limiter
    assert [await limiter.take_token("school", 2, 6) for _ in range(2)] == [0, 0]
    assert await limiter.take_token("school", 2, 6) > 0
    clock.set(10)
    assert await limiter.take_token("school", 2, 6) == 0
    assert await limiter.take_token("school", 2, 6) > 0
    # Set back, it refills nothing for what was, and tells nobody to wait for longer than a minute.
    clock.set(-HOUR_S)
    assert 0 < await limiter.take_token("school", 2, 6) <= 60_000
    clock.set(20 - HOUR_S)
    assert await limiter.take_token("school", 2, 6) == 0


async def test_a_registration_from_before_a_step_back_does_not_stay(
    server: Server, clock: FakeClock, start: Start  # noqa: F811
) -> None:  # fmt: skip
    here = await start(server.url, presence_ttl_ms=400)
    assert await here.backend.registry.register("ann", "c1", 1)
    await here.crash()
    clock.set(-HOUR_S)
    there = await start(server.url, presence_ttl_ms=400)
    deadline = asyncio.get_running_loop().time() + 10
    while not await there.backend.registry.register("ann", "c2", 1):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)


async def test_a_machine_with_a_wrong_clock_uses_the_redis_time(server: Server) -> None:
    ahead_ns = 20 * 1_000_000_000
    right, wrong = make_backend(server.url), make_backend(server.url, runtime=_wrong(ahead_ns))
    await right.start(IgnoreStoreEvents())
    await wrong.start(IgnoreStoreEvents())
    try:
        assert abs(right._runtime.clock.now_ms() - wrong._runtime.clock.now_ms()) < 100
        assert 19 < wrong._runtime.clock.skew_s < 21
        assert await measure(wrong._supervisor.pool, wrong._runtime.clock) == 0
    finally:
        await right.close()
        await wrong.close()


def _wrong(ahead_ns: int) -> Runtime:
    counters = Counters()
    clock = Clock(counters, wall_ns=lambda: time.time_ns() + ahead_ns)
    return Runtime(asyncio.get_running_loop(), clock, counters)


def _apart(one: object, other: object) -> int:
    return abs(one.backend._runtime.clock.now_ms() - other.backend._runtime.clock.now_ms())  # type: ignore[attr-defined,no-any-return]
