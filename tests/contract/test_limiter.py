"""The RateLimiter contract: exact in every window, per key, across processes."""

from __future__ import annotations

import asyncio

from .conftest import World
from .waiting import eventually_is


async def test_the_limit_is_exact_across_processes(world: World) -> None:
    one, two = await world.limiter(), await world.limiter()
    answers = await asyncio.gather(*((one, two)[n % 2].take("ann", 100, 60_000) for n in range(250)))
    assert sum(answer == 0 for answer in answers) == 100
    assert all(0 < answer <= 60_000 for answer in answers if answer)


async def test_keys_are_apart(world: World) -> None:
    limiter = await world.limiter()
    assert await limiter.take("ann", 1, 60_000) == 0
    assert await limiter.take("ann", 1, 60_000) > 0
    assert await limiter.take("bob", 1, 60_000) == 0


async def test_no_limit_is_no_limit(world: World) -> None:
    limiter = await world.limiter()
    assert {await limiter.take("ann", 0, 60_000) for _ in range(500)} == {0}


async def test_the_place_is_free_when_it_said(world: World) -> None:
    limiter = await world.limiter()
    window_ms = 300
    assert [await limiter.take("ann", 2, window_ms) for _ in range(2)] == [0, 0]
    wait_ms = await limiter.take("ann", 2, window_ms)
    assert 0 < wait_ms <= window_ms
    await asyncio.sleep(wait_ms / 1000)

    async def take() -> int:
        return await limiter.take("ann", 2, window_ms)

    await eventually_is(take, 0, patience_s=0.5)


async def test_a_refused_attempt_costs_nothing(world: World) -> None:
    limiter = await world.limiter()
    window_ms = 400
    assert await limiter.take("ann", 1, window_ms) == 0
    waits: list[int] = []
    while (wait_ms := await limiter.take("ann", 1, window_ms)) and len(waits) < 10_000:
        waits.append(wait_ms)
        await asyncio.sleep(0.002)
    # Trying again and again did not push the moment back.
    assert waits
    assert waits == sorted(waits, reverse=True)
