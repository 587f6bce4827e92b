"""Processes that die or only seem dead: their connections are swept once each, and no keys are left."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from asocial.domain.profile import Profile
from asocial.ports import Departed
from tests.support.redis_server import Cluster, Server
from tests.support.waiting import LONG_LEASE_MS, eventually, eventually_is

from .registrations import connections_of
from .test_redis_faults import Process, Start, start  # noqa: F401 (the fixture)

FOX = Profile("sly fox", "rust")


@pytest.fixture(params=["redis", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    servers: Server | Cluster = request.getfixturevalue(f"redis_{'server' if request.param == 'redis' else 'cluster'}")
    for server in [servers] if isinstance(servers, Server) else servers.masters:
        server.ask("FLUSHALL")
    return servers.url


async def test_a_killed_process_is_swept_completely_and_each_departure_reported_once(url: str, start: Start) -> None:  # noqa: F811
    doomed = await start(url, lease_ms=LONG_LEASE_MS)
    survivors = [await start(url, lease_ms=LONG_LEASE_MS) for _ in range(3)]
    channels = [f"channel{n}" for n in range(20)]
    await asyncio.gather(
        *(doomed.backend.presence.join(channels[n % 20], f"c{n}", f"user{n}", FOX, n) for n in range(300)),
        # Some of them have a second tab on a process that lives on.
        *(survivors[0].backend.presence.join(channels[n], f"tab{n}", f"user{n}", FOX, n) for n in range(20)),
    )
    swept: list[Departed] = []

    async def sweep() -> int:
        for some in await asyncio.gather(*(survivor.backend.presence.sweep() for survivor in survivors)):
            swept.extend(some)
        return len(swept)

    assert await sweep() == 0  # its lease still runs
    await doomed.expire()
    await doomed.crash()
    await eventually_is(sweep, 300)
    assert await sweep() == 300
    assert set(Counter(departed.connection_id for departed in swept).values()) == {1}
    assert sum(departed.last for departed in swept) == 280
    for number, channel in enumerate(channels):
        roster = await survivors[1].backend.presence.roster(channel, 10)
        assert [member.user_id for member in roster.members] == [f"user{number}"]
    assert survivors[0].told == []


async def test_every_process_hears_of_a_death_once_its_people_are_gone(url: str, start: Start) -> None:  # noqa: F811
    doomed = await start(url, lease_ms=LONG_LEASE_MS)
    survivors = [await start(url, lease_ms=LONG_LEASE_MS) for _ in range(2)]

    def deaths() -> list[int]:
        return [survivor.deaths for survivor in survivors]

    await doomed.backend.presence.join("garden", "c1", "ann", FOX, 1)
    assert await survivors[0].backend.presence.sweep() == []
    await _renew(*survivors)
    assert deaths() == [0, 0], "nobody has died"
    await doomed.expire()
    await doomed.crash()

    async def sweep() -> list[str]:
        return [departed.user_id for departed in await survivors[0].backend.presence.sweep()]

    await eventually_is(sweep, ["ann"])
    assert deaths() == [0, 0], "told after its people are gone, not before"
    await sweep()
    for _ in range(2):
        await _renew(*survivors)
    assert deaths() == [1, 1], "both told, once each"


async def test_a_channel_whose_only_process_died_is_swept_by_one_that_never_heard_of_it(
    url: str,
    start: Start,  # noqa: F811
) -> None:
    doomed, stranger = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    await doomed.backend.presence.join("secret", "c1", "ann", FOX, 1)
    await doomed.expire()
    await doomed.crash()

    async def sweep() -> list[tuple[str, str]]:
        return [(departed.channel, departed.user_id) for departed in await stranger.backend.presence.sweep()]

    await eventually_is(sweep, [("secret", "ann")])


async def test_a_process_that_closes_orderly_keeps_the_grace_of_those_it_abandoned(url: str, start: Start) -> None:  # noqa: F811
    leaving, staying = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    await leaving.backend.presence.join("garden", "old", "ann", FOX, 1)
    await leaving.backend.presence.abandon("garden", "old", 5000)
    await leaving.backend.close()
    assert await staying.backend.presence.sweep() == []
    back = await staying.backend.presence.join("garden", "new", "ann", FOX, 2)
    assert not back.first

    async def sweep() -> list[tuple[str, bool]]:
        return [(departed.connection_id, departed.last) for departed in await staying.backend.presence.sweep()]

    await eventually_is(sweep, [("old", False)])


async def test_a_grace_longer_than_the_lease_of_a_dead_process_is_kept(url: str, start: Start) -> None:  # noqa: F811
    """A user whom a drain asked to wait before reconnecting is not swept with the drained process."""
    leaving, staying = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    await leaving.backend.presence.join("garden", "asked", "ann", FOX, 1)
    await leaving.backend.presence.join("garden", "cut", "bob", FOX, 1)
    await leaving.backend.presence.abandon("garden", "asked", 60_000)
    await leaving.expire()
    await leaving.crash()

    async def sweep() -> list[tuple[str, bool]]:
        return [(departed.connection_id, departed.last) for departed in await staying.backend.presence.sweep()]

    await eventually_is(sweep, [("cut", True)])
    assert await sweep() == []
    back = await staying.backend.presence.join("garden", "new", "ann", FOX, 2)
    assert not back.first


async def test_a_process_whose_lease_expired_is_notified_and_can_join_again(url: str, start: Start) -> None:  # noqa: F811
    slow, other = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    await slow.backend.presence.join("garden", "c1", "ann", FOX, 1)
    assert await slow.backend.registry.register("ann", "c1", 1)
    await slow.expire()

    async def sweep() -> list[str]:
        return [departed.user_id for departed in await other.backend.presence.sweep()]

    await eventually_is(sweep, ["ann"])
    leases = slow.backend._leases
    leases._lease_ms = 30  # it renews at once,
    slow.backend._lease_task = asyncio.create_task(leases.run())
    await asyncio.sleep(0)
    leases._lease_ms = LONG_LEASE_MS  # and from then on keeps its lease
    await eventually(lambda: slow.told == ["degraded", "restored"], "told, so that it joins again")
    assert (await slow.backend.presence.join("garden", "c1", "ann", FOX, 1)).first
    assert not await other.backend.registry.register("ann", "c2", 1)
    assert await sweep() == []
    assert (await other.backend.presence.roster("garden", 10)).user_count == 1


async def test_a_dead_process_is_swept_though_the_list_of_its_channels_was_lost(
    redis_server: Server,
    start: Start,  # noqa: F811
) -> None:
    redis_server.ask("FLUSHALL")
    doomed, other = [await start(redis_server.url, lease_ms=LONG_LEASE_MS) for _ in range(2)]
    await doomed.backend.presence.join("garden", "c1", "ann", FOX, 1)
    lost = f"asocial:{{.pods}}:channels:{doomed.backend._leases.process}"
    assert redis_server.ask("DEL", lost, "asocial:{.pods}:deadlines") == 2
    await doomed.backend.presence.refresh("garden", ["c1"])
    await doomed.expire()
    await doomed.crash()

    async def sweep() -> list[str]:
        return [departed.user_id for departed in await other.backend.presence.sweep()]

    await eventually_is(sweep, ["ann"])


async def test_those_who_join_at_once_when_a_lease_has_expired_are_not_swept(url: str, start: Start) -> None:  # noqa: F811
    """A process that was suspended is back, or Redis was emptied. It may notice that a third of a lease later."""
    slow, other = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    await slow.expire()
    leases = slow.backend._leases
    leases._lease_ms = LONG_LEASE_MS  # from the next renewal on
    await eventually(lambda: _has_expired(slow, other), "expired")
    joins = [slow.backend.presence.join("garden", f"c{n}", f"user{n}", FOX, n) for n in range(30)]
    *joined, _, _ = await asyncio.gather(*joins, leases.check(), leases.check())
    assert all(one is not None and one.first for one in joined)
    assert await other.backend.presence.sweep() == []
    assert (await other.backend.presence.roster("garden", 50)).user_count == 30
    assert not await _has_expired(slow, other)
    await eventually(lambda: slow.told == ["degraded", "restored"], "told once, so that the others join again")


async def test_a_leave_during_a_join_comes_after_it(url: str, start: Start) -> None:  # noqa: F811
    process = await start(url)
    presence = process.backend.presence
    for number in range(20):
        name = f"c{number}"
        joined, departed = await asyncio.gather(
            presence.join("garden", name, "ann", FOX, 1), presence.leave("garden", name)
        )
        assert joined.first
        assert departed is not None
        assert departed.last
    assert (await presence.roster("garden", 10)).user_count == 0


async def test_closing_leaves_no_task_and_no_connection(url: str, start: Start) -> None:  # noqa: F811
    before = asyncio.all_tasks()
    process = await start(url)
    await process.backend.presence.join("garden", "c1", "ann", FOX, 1)
    await process.backend.close()
    await process.backend.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_slots_of_a_dead_process_are_free_again(url: str, start: Start) -> None:  # noqa: F811
    doomed, other = await start(url, lease_ms=LONG_LEASE_MS), await start(url, lease_ms=LONG_LEASE_MS)
    assert await doomed.backend.registry.register("ann", "c1", 1)
    assert not await other.backend.registry.register("ann", "c2", 1)
    await doomed.expire()
    await doomed.crash()

    async def register() -> bool:
        return await other.backend.registry.register("ann", "c2", 1)

    await eventually_is(register, True)
    assert await connections_of(other.backend.registry, "ann") == 1


async def test_nothing_is_left_when_everyone_is_gone(
    redis_server: Server,
    start: Start,  # noqa: F811
) -> None:
    redis_server.ask("FLUSHALL")
    short = {"presence_ttl_ms": 300, "lease_ms": 3000, "linger_ms": 200}
    processes = [await start(redis_server.url, **short) for _ in range(2)]
    for number, process in enumerate(processes):
        backend = process.backend
        for n in range(30):
            await backend.presence.join(f"channel{n % 3}", f"c{number}-{n}", f"user{n}", FOX, n)
            await backend.registry.register(f"user{n}", f"c{number}-{n}", 8)
            await backend.limiter.take(f"user{n}", 100, 500)
        await backend.presence.abandon("channel0", f"c{number}-0", 100)
        await backend.presence.leave("channel1", f"c{number}-1")
    assert redis_server.ask("DBSIZE") != 0
    for key in _list(redis_server.ask("KEYS", "*")):
        assert key.startswith("asocial:")
        assert int(str(redis_server.ask("PTTL", key))) != -1, f"{key} never expires"
    await processes[0].crash()
    await processes[1].backend.close()
    await eventually(lambda: redis_server.ask("DBSIZE") == 0, "no key left")


async def _has_expired(process: Process, other: Process) -> bool:
    leases = process.backend._leases
    return await other.backend._leases.find_dead([leases.process]) == {leases.process}


async def _renew(*processes: Process) -> None:
    """What each does by itself every third of its lease."""
    for process in processes:
        assert await process.backend._leases.renew()


def _list(reply: object) -> list[str]:
    assert isinstance(reply, list)
    return [str(item) for item in reply]
