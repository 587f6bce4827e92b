"""Discovery: what sentinels and cluster nodes say is verified, and no single one of several keeps the server down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from asocial.adapters.redis.layout import SLOTS, Layout
from asocial.adapters.redis.topology import Topology
from asocial.adapters.redis.urls import Address, parse
from asocial.ports import StoreUnavailable
from tests.fake_redis import SILENCE, Answer, FakeRedis, node, replica_of, sentinel
from tests.redis_server import Cluster, Sentinels, Server, free_port

from .test_redis_faults import Start, delivered, start  # noqa: F401 (the fixture)

MASTER: Answer = lambda command: [b"master", 0, []] if command == ["ROLE"] else RuntimeError("ERR")  # noqa: E731
HANGS: Answer = lambda _command: SILENCE  # noqa: E731
RUBBISH: Answer = lambda _command: [b"\xff\xfe", [], None]  # noqa: E731
BOUND_S = 15.0
"""For one discovery with a node that hangs: a second to connect and one to answer, and a very busy machine."""


class Fakes:
    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, answer: Answer) -> int:
        """The port of one more fake."""
        return (await self._stack.enter_async_context(FakeRedis(answer))).port


@pytest.fixture
async def fake() -> AsyncIterator[Fakes]:
    async with AsyncExitStack() as stack:
        yield Fakes(stack)


async def found(kind: str, *ports: int) -> Layout:
    """One discovery, within the bound."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    url = f"redis+{kind}://{hosts}" + ("/canvas" if kind == "sentinel" else "")
    async with asyncio.timeout(BOUND_S):
        return await Topology(parse(url), timeout_s=1.0).discover()


def at(port: int) -> Address:
    return Address("127.0.0.1", port)


async def test_a_sentinel_that_names_a_replica_is_not_believed(fake: Fakes) -> None:
    master = await fake(MASTER)
    stale = await fake(sentinel(await fake(replica_of(free_port()))))
    good = await fake(sentinel(master))
    assert await found("sentinel", stale, good) == Layout((at(master),))


async def test_a_replica_leads_to_its_master_where_every_sentinel_is_stale(fake: Fakes) -> None:
    master = await fake(MASTER)
    stale = await fake(sentinel(await fake(replica_of(master)), epoch=3))
    assert await found("sentinel", stale) == Layout((at(master),))


async def test_two_replicas_that_name_each_other_are_no_master(fake: Fakes) -> None:
    ports = [0, 0]
    ports[0] = await fake(lambda command: replica_of(ports[1])(command))
    ports[1] = await fake(lambda command: replica_of(ports[0])(command))
    with pytest.raises(StoreUnavailable, match="is not a master"):
        await found("sentinel", await fake(sentinel(ports[0])), await fake(sentinel(ports[1])))


async def test_of_two_that_call_themselves_master_the_newer_configuration_wins(fake: Fakes) -> None:
    old, new = await fake(MASTER), await fake(MASTER)
    assert await found("sentinel", await fake(sentinel(old, 1)), await fake(sentinel(new, 2))) == Layout((at(new),))
    # Where no epoch is known, most sentinels decide.
    three = [await fake(sentinel(port)) for port in (old, new, new)]
    assert await found("sentinel", *three) == Layout((at(new),))


@pytest.mark.parametrize("bad", [HANGS, RUBBISH, None, sentinel(1, 99)], ids=["hangs", "rubbish", "away", "liar"])
async def test_one_bad_sentinel_of_several_costs_a_bounded_time(fake: Fakes, bad: Answer | None) -> None:
    master = await fake(MASTER)
    first = free_port() if bad is None else await fake(bad)
    assert await found("sentinel", first, await fake(sentinel(master, 1))) == Layout((at(master),))


async def test_many_hanging_sentinels_cost_no_more_than_one(fake: Fakes) -> None:
    hanging = [await fake(HANGS) for _ in range(30)]  # half a minute, if asked one after another
    master = await fake(MASTER)
    began = time.monotonic()
    assert await found("sentinel", *hanging, await fake(sentinel(master))) == Layout((at(master),))
    assert time.monotonic() - began < BOUND_S


async def test_a_master_that_hangs_is_given_up_for_the_one_another_sentinel_names(fake: Fakes) -> None:
    hanging, master = await fake(HANGS), await fake(MASTER)
    stale = await fake(sentinel(hanging, 9))
    assert await found("sentinel", stale, await fake(sentinel(master, 1))) == Layout((at(master),))


async def test_no_sentinel_that_answers_says_why(fake: Fakes) -> None:
    with pytest.raises(StoreUnavailable, match="knows no master 'canvas'"):
        await found("sentinel", await fake(lambda _command: None))
    with pytest.raises(StoreUnavailable):
        await found("sentinel", await fake(HANGS), free_port())


async def test_a_cluster_node_with_an_old_epoch_is_outvoted(fake: Fakes) -> None:
    old, new = await fake(MASTER), await fake(MASTER)
    everything = SLOTS - 1
    stale = await fake(node([(0, everything, old)], epoch=1))
    fresh = await fake(node([(0, 99, old), (100, everything, new)], epoch=2))
    for nodes in ([stale, fresh], [fresh, stale], [stale, stale, fresh]):
        layout = await found("cluster", *nodes)
        assert (layout.slots[0], layout.slots[99], layout.slots[100]) == (at(old), at(old), at(new))
        assert layout.slots[everything] == at(new)


async def test_a_cluster_master_that_is_a_replica_by_now_is_not_believed(fake: Fakes) -> None:
    master = await fake(MASTER)
    demoted = await fake(replica_of(master))
    stale = await fake(node([(0, SLOTS - 1, demoted)]))
    good = await fake(node([(0, SLOTS - 1, master)]))
    assert (await found("cluster", stale, good)).masters == (at(master),)


@pytest.mark.parametrize(
    "bad", [HANGS, RUBBISH, None, node([(0, SLOTS - 1, 1)], 99), node([(5, 99_999, 1)])],
    ids=["hangs", "rubbish", "away", "liar", "no such slots"],
)  # fmt: skip
async def test_one_bad_cluster_node_of_several_costs_a_bounded_time(fake: Fakes, bad: Answer | None) -> None:
    master = await fake(MASTER)
    first = free_port() if bad is None else await fake(bad)
    layout = await found("cluster", first, await fake(node([(0, SLOTS - 1, master)], 1)))
    assert layout == Layout((at(master),), (at(master),) * SLOTS)


async def test_a_master_that_is_away_and_has_no_successor_keeps_its_slots(fake: Fakes) -> None:
    here, away = await fake(MASTER), free_port()
    asked = await fake(node([(0, 99, here), (100, SLOTS - 1, away)], 1))
    layout = await found("cluster", asked)
    assert (layout.slots[99], layout.slots[100]) == (at(here), at(away))


async def test_real_sentinels_behind_a_stale_and_a_hanging_one(
    fake: Fakes, redis_sentinels: Sentinels, start: Start  # noqa: F811
) -> None:  # fmt: skip
    stale = await fake(sentinel(redis_sentinels.replica.port))
    hosts = ",".join(
        f"127.0.0.1:{port}" for port in (await fake(HANGS), stale, redis_sentinels.sentinels[0].port, free_port())
    )
    url = f"redis+sentinel://{hosts}/{Sentinels.NAME}"
    here, there = await start(url), await start(url)
    assert here.told == there.told == []
    await delivered(here, there)


async def test_a_real_cluster_behind_a_stale_and_a_hanging_node(
    fake: Fakes, redis_cluster: Cluster, redis_server: Server, start: Start  # noqa: F811
) -> None:  # fmt: skip
    stale = await fake(node([(0, SLOTS - 1, redis_server.port)], epoch=0))
    ports = (await fake(HANGS), stale, redis_cluster.masters[0].port, free_port())
    url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)
    here, there = await start(url), await start(url)
    assert here.told == there.told == []
    await delivered(here, there)
