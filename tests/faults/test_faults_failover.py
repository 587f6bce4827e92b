"""A master dies and another takes over, behind Sentinel and in a Cluster: the canvas is whole again by itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from asocial.adapters.redis.layout import slot_of
from tests.faults.crowd import Crowd, Person, agree, all_hear, crowd
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import FAILOVER_MS, Cluster, Sentinels, Server, running
from tests.support.waiting import eventually

FAILOVER_S = 20.0
"""Patience for the election itself, which is Redis's own and takes it two to five seconds here."""


async def _whole_again(all_of: Crowd, pair: list[Process], died_at: float) -> None:
    """Everyone is everywhere, hears everyone, and was told; nobody was seen leaving."""
    people = all_of.people
    for channel in {person.channel for person in people}:
        here = [person for person in people if person.channel == channel]
        await agree(here, (person.user_id for person in here))
        await all_hear(here, here)
    await all_ready(*pair)
    print(f"whole again {time.monotonic() - died_at:.1f} s after the master died")
    await eventually(lambda: all(p.notices == ["degraded", "restored"] for p in people), "everyone told, once each")
    assert not any(person.left() or person.closes for person in people)


async def _enter(all_of: Crowd, pair: list[Process], channel: str) -> list[Person]:
    entered = [person for process in pair for person in await all_of.enter(5, channel, at=process.url)]
    await agree(entered, (person.user_id for person in entered))
    return entered


async def test_sentinels_promote_the_replica_of_a_master_that_died(folder: Path) -> None:
    sentinels = Sentinels(folder)
    with running(sentinels), processes(folder, 2, sentinels.url) as pair:
        async with crowd() as all_of:
            people = await _enter(all_of, pair, "garden")
            await all_hear(people, people)
            assert not any(person.notices for person in people), "the control: all is well before"
            sentinels.master.stop()
            died = time.monotonic()
            await eventually(lambda: all(p.notices == ["degraded"] for p in people), "everyone told")
            assert [(await process.ready())[0] for process in pair] == [503, 503]
            await all_hear(people[:2], people[:5])
            await eventually(lambda: all("restored" in p.notices for p in people), "it is over")
            await _whole_again(all_of, pair, died)


@pytest.mark.parametrize("whose", ["garden", ".pods"], ids=["of-a-channel", "of-the-leases"])
async def test_a_cluster_promotes_the_replica_of_a_master_that_died(folder: Path, whose: str) -> None:
    cluster = Cluster(folder, replicas=1, node_timeout_ms=FAILOVER_MS)
    with running(cluster), processes(folder, 2, cluster.url) as pair:
        doomed = _owner(cluster, whose)
        elsewhere = next(f"room{n}" for n in range(100) if _owner(cluster, f"room{n}") is not doomed)
        async with crowd() as all_of:
            await _enter(all_of, pair, next(c for c in _names() if _owner(cluster, c) is doomed))
            others = await _enter(all_of, pair, elsewhere)
            assert not any(person.notices for person in all_of.people), "the control: all is well before"
            doomed.stop()
            died = time.monotonic()
            await eventually(lambda: all(p.notices == ["degraded"] for p in all_of.people), "everyone told")
            # The channels of the masters that live never stop.
            while not all("restored" in person.notices for person in all_of.people):
                assert time.monotonic() < died + FAILOVER_S, "no replica was promoted"
                await all_hear([others[0], others[-1]], others)
                await asyncio.sleep(0.1)
            await _whole_again(all_of, pair, died)


def _names() -> list[str]:
    return ["garden", *(f"channel{number}" for number in range(100))]


def _owner(cluster: Cluster, tag: str) -> Server:
    share = 16384 // len(cluster.masters)
    return cluster.masters[min(slot_of(tag) // share, len(cluster.masters) - 1)]
