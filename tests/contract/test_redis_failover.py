"""A master dies, or its slots move: real Sentinel and Cluster."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from asocial.adapters.redis.layout import slot_of
from asocial.domain.profile import Profile
from asocial.ports import Batch
from tests.support.redis_server import FAILOVER_MS, Cluster, Sentinels, Server, running
from tests.support.waiting import eventually, eventually_is, until

from .test_redis_faults import OK, Start, delivered, settled, start  # noqa: F401 (the fixture)

FOX = Profile("sly fox", "rust")


async def test_sentinels_name_another_master(folder: Path, start: Start) -> None:  # noqa: F811
    sentinels = Sentinels(folder)
    with running(sentinels):
        here, there = await start(sentinels.url), await start(sentinels.url)
        await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
        await asyncio.to_thread(until, lambda: sentinels.master.ask("WAIT", "1", "1000") == 1, "the replica having it")
        sentinels.master.stop()
        await eventually(lambda: here.told == there.told == ["degraded"], "both told")
        await settled(here, there)
        await delivered(here, there)
        await delivered(there, here)
        await eventually(lambda: here.told == there.told == ["degraded", "restored"], "both told once each")
        # What the replica had is what there is.
        assert not (await there.backend.presence.join("garden", "c2", "ann", FOX, 2)).first
        # The old master comes back as a replica, and no process uses it as the master.
        sentinels.master.start()
        await asyncio.sleep(0.5)
        await delivered(here, there)
        assert here.backend.state() == OK
        await here.backend.close()
        await there.backend.close()


async def test_a_cluster_master_dies_and_its_replica_takes_over(folder: Path, start: Start) -> None:  # noqa: F811
    cluster = Cluster(folder, replicas=1, node_timeout_ms=FAILOVER_MS)
    with running(cluster):
        here, there = await start(cluster.url), await start(cluster.url)
        owner = _owner(cluster, "garden")
        other = next(f"channel{n}" for n in range(100) if _owner(cluster, f"channel{n}") is not owner)
        heard: list[bytes] = []
        await there.backend.broker.subscribe(other, lambda batch: heard.append(batch.reliable))
        await delivered(here, there)
        owner.stop()
        await eventually(lambda: here.told == there.told == ["degraded"], "both told")
        # The channels of the other masters never knew.
        here.backend.broker.publish(other, Batch(b"still here", b""))
        await eventually(lambda: heard == [b"still here"], "a channel of another master")
        assert here.backend.state() != OK
        await settled(here, there)
        await delivered(here, there)
        await eventually(lambda: here.told == there.told == ["degraded", "restored"], "both told once each")
        assert (await here.backend.presence.join("garden", "c1", "ann", FOX, 1)).user_count >= 1
        await here.backend.close()
        await there.backend.close()


async def test_a_slot_moves_to_another_master_under_traffic(folder: Path, start: Start) -> None:  # noqa: F811
    cluster = Cluster(folder)
    with running(cluster):
        here, there = await start(cluster.url), await start(cluster.url)
        await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
        source = _owner(cluster, "garden")
        target = next(master for master in cluster.masters if master is not source)
        await asyncio.to_thread(_move, cluster, slot_of("garden"), source, target)
        await delivered(here, there)
        await delivered(there, here)

        async def count() -> int:
            return (await there.backend.presence.roster("garden", 10)).user_count

        await eventually_is(count, 1)
        await settled(here, there)
        assert await here.backend.limiter.take("ann", 1, 1000) == 0
        await here.backend.close()
        await there.backend.close()


def test_a_cluster_that_was_down_is_waited_for_until_every_node_says_it_is_whole(folder: Path) -> None:
    """Guards tests that share a cluster: a node was silent before one, and its first command met CLUSTERDOWN."""
    cluster = Cluster(folder, node_timeout_ms=FAILOVER_MS)
    with running(cluster):
        silent, *others = cluster.masters
        silent.pause()
        until(lambda: all("cluster_state:fail" in str(each.ask("CLUSTER", "INFO")) for each in others), "it is down")
        silent.go_on()
        cluster.wait_until_ready()
        for asked in cluster.masters:
            info = str(asked.ask("CLUSTER", "INFO"))
            assert "cluster_state:ok" in info
            assert "cluster_slots_ok:16384" in info
            assert "fail" not in str(asked.ask("CLUSTER", "NODES"))


def _owner(cluster: Cluster, channel: str) -> Server:
    share = 16384 // len(cluster.masters)
    return cluster.masters[min(slot_of(channel) // share, len(cluster.masters) - 1)]


def _move(cluster: Cluster, slot: int, source: Server, target: Server) -> None:
    """As redis-cli --cluster reshard does, step by step and slowly, so that the in-between is seen."""
    names = {server: str(server.ask("CLUSTER", "MYID")) for server in (source, target)}
    assert target.ask("CLUSTER", "SETSLOT", str(slot), "IMPORTING", names[source]) == "OK"
    assert source.ask("CLUSTER", "SETSLOT", str(slot), "MIGRATING", names[target]) == "OK"
    time.sleep(0.2)
    keys = source.ask("CLUSTER", "GETKEYSINSLOT", str(slot), "100")
    assert isinstance(keys, list)
    assert keys
    assert source.ask("MIGRATE", "127.0.0.1", str(target.port), "", "0", "1000", "KEYS", *keys) == "OK"
    time.sleep(0.2)
    for server in (target, source, *(m for m in cluster.masters if m not in (source, target))):
        assert server.ask("CLUSTER", "SETSLOT", str(slot), "NODE", names[target]) == "OK"
