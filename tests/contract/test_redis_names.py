"""Two deployments on one Redis share nothing: not across databases, and not across namespaces."""

from __future__ import annotations

import asyncio

import pytest

from asocial.adapters.redis.names import Names
from asocial.domain.live_message import LiveMessage
from asocial.domain.profile import Profile
from asocial.domain.rules import NO_RULES
from tests.support.redis_server import Cluster, Server
from tests.support.waiting import eventually_is

from .registrations import connections_of
from .test_redis_faults import Process, Start, delivered, start  # noqa: F401 (the fixture)

FOX = Profile("sly fox", "rust")


def test_database_0_keeps_its_names() -> None:
    assert Names().key("garden", "conns") == "asocial:{garden}:conns"
    assert Names().topic("garden") == "asocial:{garden}"
    # Keys belong to their database: those of another one keep their names too, or its channels would lose their owners.
    assert Names(3).key("garden", "conns") == "asocial:{garden}:conns"


def test_no_two_deployments_have_the_same_topic() -> None:
    made = [Names(database, space) for database in (0, 1, 11) for space in ("", "1", "db1", "a", "a-1")]
    assert len({names.topic("garden") for names in made}) == len(made)
    assert all(names.topic("garden").startswith("asocial:") for names in made)
    assert all(names.key("garden", "live").startswith("asocial:") for names in made)


async def keeps_to_itself(one: Process, other: Process) -> None:
    """Neither hears nor sees anything of the other."""
    now_ms = one.backend._runtime.clock.now_ms()
    for number in range(20):
        one.say(b"of one %d" % number)
        other.say(b"of the other %d" % number)
    await one.backend.presence.join("garden", "c1", "ann", FOX, 1)
    one.backend.live.add("garden", LiveMessage("ann", "m1", now_ms, now_ms + 60_000, b"{}"))
    await one.backend.rules.swap("garden", NO_RULES.with_owner("ann"), 60_000)
    assert await one.backend.registry.register("ann", "c1", 1)
    assert await one.backend.limiter.take("ann", 1, 60_000) == 0
    await eventually_is(lambda: _count(one.backend.live.load("garden", now_ms)), 1)
    assert (await other.backend.presence.roster("garden", 10)).user_count == 0
    assert await other.backend.live.load("garden", now_ms) == []
    assert await other.backend.rules.load("garden") == NO_RULES
    assert await connections_of(other.backend.registry, "ann") == 0
    assert await other.backend.limiter.take("ann", 1, 60_000) == 0
    assert one.heard == other.heard == []


async def _count(living: object) -> int:
    return len(await living)  # type: ignore[misc]


@pytest.mark.parametrize("spaces", [("", ""), ("a", "a"), ("a", "b"), ("", "a")])
@pytest.mark.parametrize("databases", [(0, 1), (2, 12), (0, 0)])
async def test_deployments_on_one_server(
    redis_server: Server, start: Start, databases: tuple[int, int], spaces: tuple[str, str]  # noqa: F811
) -> None:  # fmt: skip
    redis_server.ask("FLUSHALL")
    urls = [f"{redis_server.url}/{database}" for database in databases]
    one, other, again = (
        await start(urls[0], namespace=spaces[0]),
        await start(urls[1], namespace=spaces[1]),
        await start(urls[0], namespace=spaces[0]),
    )
    if urls[0] == urls[1] and spaces[0] == spaces[1]:
        await delivered(one, other)
        return
    await keeps_to_itself(one, other)
    await asyncio.sleep(0.2)
    assert other.heard == []
    # The negative control: a process of the same deployment hears it.
    await delivered(one, again)
    assert other.heard == []


async def test_deployments_on_one_cluster(redis_cluster: Cluster, start: Start) -> None:  # noqa: F811
    for master in redis_cluster.masters:
        master.ask("FLUSHALL")
    one, other, again = [await start(redis_cluster.url, namespace=space) for space in ("a", "b", "a")]
    await keeps_to_itself(one, other)
    await delivered(one, again)
    assert other.heard == []
