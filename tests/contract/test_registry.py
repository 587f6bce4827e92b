"""The SessionRegistry contract: a user's connections are counted over all processes."""

from __future__ import annotations

import asyncio

from .conftest import PRESENCE_TTL_MS, Adapters
from .registrations import connections_of


async def test_the_limit_counts_the_connections_on_every_process(adapters: Adapters) -> None:
    here, there = await adapters.registry(), await adapters.registry()
    assert await here.register("ann", "c1", 2)
    assert await there.register("ann", "c2", 2)
    assert not await here.register("ann", "c3", 2)
    assert not await there.register("ann", "c4", 2)
    assert await there.register("bob", "c5", 2)
    assert await connections_of(here, "ann") == 2


async def test_concurrent_registrations_stop_exactly_at_the_limit(adapters: Adapters) -> None:
    here, there = await adapters.registry(), await adapters.registry()
    answers = await asyncio.gather(*((here, there)[n % 2].register("ann", f"c{n}", 8) for n in range(40)))
    assert sum(answers) == 8
    assert await connections_of(there, "ann") == 8


async def test_registering_twice_counts_once(adapters: Adapters) -> None:
    registry = await adapters.registry()
    assert await registry.register("ann", "c1", 1)
    assert await registry.register("ann", "c1", 1)
    assert await connections_of(registry, "ann") == 1


async def test_unregistering_frees_the_slot_everywhere(adapters: Adapters) -> None:
    here, there = await adapters.registry(), await adapters.registry()
    assert await here.register("ann", "c1", 1)
    assert not await there.register("ann", "c2", 1)
    await here.unregister("ann", "c1")
    await here.unregister("ann", "never-there")
    await here.unregister("nobody", "c1")
    assert await connections_of(there, "ann") == 0
    assert await there.register("ann", "c2", 1)


async def test_refreshed_connections_stay(adapters: Adapters) -> None:
    here, there = await adapters.registry(), await adapters.registry()
    await here.register("ann", "c1", 8)
    await here.register("bob", "c2", 8)
    for _ in range(6):
        await here.refresh([("ann", "c1"), ("bob", "c2"), ("bob", "unknown"), ("nobody", "c1")])
        await asyncio.sleep(PRESENCE_TTL_MS / 4000)
    assert await connections_of(there, "ann") == 1
    assert await connections_of(there, "bob") == 1
    assert await connections_of(there, "nobody") == 0
