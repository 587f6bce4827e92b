"""Discovery: answers of sentinels and cluster nodes are verified, and a single bad one of several does no harm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from asocial.adapters.redis.layout import SLOTS, Layout
from asocial.adapters.redis.topology import Beside, Topology
from asocial.adapters.redis.urls import Address, parse
from asocial.ports import StoreUnavailable
from tests.support.fake_redis import SILENCE, Answer, FakeRedis, node, replica_of, sentinel
from tests.support.ports import reserve_port
from tests.support.redis_server import Cluster, Sentinels, Server, running
from tests.support.waiting import PATIENCE_S, until

from .test_redis_faults import Start, delivered, start  # noqa: F401 (the fixture)

MASTER: Answer = lambda command: [b"master", 0, []] if command == ["ROLE"] else RuntimeError("ERR")  # noqa: E731
HANGS: Answer = lambda _command: SILENCE  # noqa: E731
RUBBISH: Answer = lambda _command: [b"\xff\xfe", [], None]  # noqa: E731
HANGS_S = 3.0
"""How long discovery waits for a node where one of several hangs: as long as the others may take on a busy machine."""
BOUND_S = 15 * HANGS_S
"""For one discovery with nodes that hang, on a very busy machine. Asked one after another, thirty take longer."""


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


async def found(kind: str, *ports: int, timeout_s: float = PATIENCE_S) -> Layout:
    """One discovery, which waits `timeout_s` for each answer."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    url = f"redis+{kind}://{hosts}" + ("/canvas" if kind == "sentinel" else "")
    async with asyncio.timeout(max(BOUND_S, timeout_s)):
        return await Topology(parse(url), timeout_s=timeout_s).discover()


def patience_for(bad: Answer | None) -> float:
    """The timeout of a discovery beside one that answers like this."""
    return HANGS_S if bad is HANGS else PATIENCE_S


def at(port: int) -> Address:
    return Address("127.0.0.1", port)


async def test_a_sentinel_that_names_a_replica_is_not_believed(fake: Fakes) -> None:
    master = await fake(MASTER)
    stale = await fake(sentinel(await fake(replica_of(reserve_port(fake)))))
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


async def test_of_two_masters_the_newer_configuration_wins(fake: Fakes) -> None:
    old, new = await fake(MASTER), await fake(MASTER)
    assert await found("sentinel", await fake(sentinel(old, 1)), await fake(sentinel(new, 2))) == Layout((at(new),))
    # Where no epoch is known, most sentinels decide.
    three = [await fake(sentinel(port)) for port in (old, new, new)]
    assert await found("sentinel", *three) == Layout((at(new),))


@pytest.mark.parametrize("bad", [HANGS, RUBBISH, None, sentinel(1, 99)], ids=["hangs", "rubbish", "away", "liar"])
async def test_one_bad_sentinel_of_several_costs_a_bounded_time(fake: Fakes, bad: Answer | None) -> None:
    master = await fake(MASTER)
    first = reserve_port(fake) if bad is None else await fake(bad)
    good = await fake(sentinel(master, 1))
    assert await found("sentinel", first, good, timeout_s=patience_for(bad)) == Layout((at(master),))


async def test_many_hanging_sentinels_cost_no_more_than_one(fake: Fakes) -> None:
    hanging = [await fake(HANGS) for _ in range(30)]
    master = await fake(MASTER)
    began = time.monotonic()
    good = await fake(sentinel(master))
    assert await found("sentinel", *hanging, good, timeout_s=HANGS_S) == Layout((at(master),))
    assert time.monotonic() - began < BOUND_S


async def test_a_master_that_hangs_is_given_up_for_the_one_another_sentinel_names(fake: Fakes) -> None:
    hanging, master = await fake(HANGS), await fake(MASTER)
    stale = await fake(sentinel(hanging, 9))
    good = await fake(sentinel(master, 1))
    assert await found("sentinel", stale, good, timeout_s=HANGS_S) == Layout((at(master),))


async def test_no_sentinel_that_answers_says_why(fake: Fakes) -> None:
    with pytest.raises(StoreUnavailable, match="knows no master 'canvas'"):
        await found("sentinel", await fake(lambda _command: None))
    with pytest.raises(StoreUnavailable):
        await found("sentinel", await fake(HANGS), reserve_port(fake), timeout_s=1.0)


async def test_a_cluster_node_with_an_old_epoch_is_ignored(fake: Fakes) -> None:
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
    first = reserve_port(fake) if bad is None else await fake(bad)
    good = await fake(node([(0, SLOTS - 1, master)], 1))
    layout = await found("cluster", first, good, timeout_s=patience_for(bad))
    assert layout == Layout((at(master),), (at(master),) * SLOTS)


async def test_a_master_that_is_away_and_has_no_successor_keeps_its_slots(fake: Fakes) -> None:
    here, away = await fake(MASTER), reserve_port(fake)
    asked = await fake(node([(0, 99, here), (100, SLOTS - 1, away)], 1))
    layout = await found("cluster", asked)
    assert (layout.slots[99], layout.slots[100]) == (at(here), at(away))


async def test_real_sentinels_behind_a_stale_and_a_hanging_one(
    fake: Fakes, redis_sentinels: Sentinels, start: Start  # noqa: F811
) -> None:  # fmt: skip
    stale = await fake(sentinel(redis_sentinels.replica.port))
    ports = (await fake(HANGS), stale, redis_sentinels.sentinels[0].port, reserve_port(fake))
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    url = f"redis+sentinel://{hosts}/{Sentinels.NAME}"
    here, there = await start(url), await start(url)
    assert here.told == there.told == []
    await delivered(here, there)


async def test_a_real_cluster_behind_a_stale_and_a_hanging_node(
    fake: Fakes, redis_cluster: Cluster, redis_server: Server, start: Start  # noqa: F811
) -> None:  # fmt: skip
    stale = await fake(node([(0, SLOTS - 1, redis_server.port)], epoch=0))
    ports = (await fake(HANGS), stale, redis_cluster.masters[0].port, reserve_port(fake))
    url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)
    here, there = await start(url), await start(url)
    assert here.told == there.told == []
    await delivered(here, there)


# One server in the URL, of several: a name that leads to any of them.


PATIENT_S = 10.0
"""For a Sentinel that answers: however busy the machine is."""


async def followed(port: int, sentinel_port: int, *, answer_s: float = PATIENT_S) -> Layout:
    url = parse(f"redis://127.0.0.1:{port}")
    return await Topology(url, PATIENT_S, Beside(sentinel_port, answer_s)).discover()


def watching(*masters: int) -> Answer:
    """A sentinel that watches these masters, the later ones with newer configurations."""

    def answer(command: list[str]) -> object:
        if command != ["SENTINEL", "MASTERS"]:
            return RuntimeError("ERR unknown command")
        return [
            [b"name", b"m%d" % number, b"ip", b"127.0.0.1", b"port", b"%d" % port, b"config-epoch", b"%d" % number]
            for number, port in enumerate(masters)
        ]

    return answer


def master_with_replicas(command: list[str]) -> object:
    return [b"master", 0, [[b"127.0.0.1", b"1", b"0"]]] if command == ["ROLE"] else RuntimeError("ERR")


async def test_a_single_server_without_replicas_is_what_the_url_says_and_no_sentinel_is_asked(fake: Fakes) -> None:
    server = await fake(MASTER)
    assert await followed(server, await fake(watching(await fake(MASTER)))) == Layout((at(server),))


async def test_a_replica_in_the_url_leads_to_the_master_that_the_sentinel_beside_it_names(fake: Fakes) -> None:
    old, new = await fake(master_with_replicas), await fake(MASTER)
    assert await followed(await fake(replica_of(old)), await fake(watching(new))) == Layout((at(new),))


async def test_a_master_that_was_replaced_is_left_for_the_one_that_the_sentinel_names(fake: Fakes) -> None:
    old, new = await fake(master_with_replicas), await fake(MASTER)
    assert await followed(old, await fake(watching(new))) == Layout((at(new),))


@pytest.mark.parametrize("beside", [HANGS, RUBBISH, replica_of(1), None])
async def test_without_a_sentinel_a_replica_leads_to_its_master(fake: Fakes, beside: Answer | None) -> None:
    master = await fake(master_with_replicas)
    sentinel_port = reserve_port(fake) if beside is None else await fake(beside)
    for url in (await fake(replica_of(master)), master):
        assert await followed(url, sentinel_port, answer_s=0.2) == Layout((at(master),))


async def test_of_several_masters_that_a_sentinel_watches_only_that_of_the_replica_counts(fake: Fakes) -> None:
    master, strangers = await fake(MASTER), await fake(MASTER)
    assert await followed(await fake(replica_of(master)), await fake(watching(master, strangers))) == Layout(
        (at(master),)
    )


async def test_a_sentinel_that_names_a_server_nobody_reaches_does_not_cost_the_master_in_the_url(fake: Fakes) -> None:
    master = await fake(master_with_replicas)
    assert await followed(master, await fake(watching(reserve_port(fake)))) == Layout((at(master),))


async def test_while_the_sentinel_is_of_no_use_the_last_master_stays(fake: Fakes) -> None:
    """The URL may lead to another server each time; what is connected must not change with it."""
    new, old = await fake(master_with_replicas), await fake(master_with_replicas)
    answers = [watching(new)]
    beside = Beside(await fake(lambda command: answers[0](command)), answer_s=PATIENT_S)
    topology = Topology(parse(f"redis://127.0.0.1:{old}"), PATIENT_S, beside)
    assert await topology.discover() == Layout((at(new),))
    answers[0] = RUBBISH
    assert await topology.discover() == Layout((at(new),))


async def test_a_url_that_names_a_real_replica_is_a_backend_that_works(folder: Path, start: Start) -> None:  # noqa: F811
    sentinels = Sentinels(folder)
    with running(sentinels):
        await asyncio.to_thread(until, lambda: "slave" in str(sentinels.replica.ask("ROLE")), "a replica")
        here, there = await start(sentinels.replica.url), await start(sentinels.master.url)
        await delivered(here, there)
        await delivered(there, here)
