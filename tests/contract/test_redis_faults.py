"""The Redis adapters while Redis fails. Every fault is made on a real server.

One process here is one RedisBackend. A fault that must raise an alarm has its negative control beside it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asocial.domain.live_message import LiveMessage
from asocial.domain.profile import Profile
from asocial.ports import Batch, StoreUnavailable
from tests.support.redis_backend import make_backend
from tests.support.redis_proxy import Proxy
from tests.support.redis_server import Server, running
from tests.support.waiting import PATIENCE_S, eventually, eventually_is

from .registrations import connections_of

FOX = Profile("sly fox", "rust")
ANSWER_S = 5.0
"""How long some backends here wait for an answer: so long that what takes less has not waited for one."""
OK = {"redis": "ok", "pubsub": "ok"}


class Process:
    """A backend, what it told, and what it heard in the channel `garden`."""

    def __init__(self, url: str, **options: Any) -> None:
        self.backend = make_backend(url, probe_s=0.3, **options)
        self.told: list[str] = []
        self.deaths = 0
        self.shifts: list[int] = []
        """By how many ms the clock of Redis was set, each time."""
        self.heard: list[bytes] = []

    async def start(self) -> None:
        await self.backend.start(self)
        await self.backend.broker.subscribe("garden", lambda batch: self.heard.append(batch.reliable))

    def say(self, words: bytes) -> None:
        self.backend.broker.publish("garden", Batch(words, b""))

    async def crash(self) -> None:
        """As kill -9 would: nothing is said to anybody."""
        if self.backend._lease_task is not None:
            self.backend._lease_task.cancel()
        await self.backend._supervisor.close()

    async def expire(self) -> None:
        """Its lease runs out now, as if it had been stopped for longer than that."""
        keeping, leases = self.backend._lease_task, self.backend._leases
        assert keeping is not None
        keeping.cancel()
        leases._lease_ms = 1
        await leases.renew()

    # What the backend tells: ports.StoreEvents.

    def degraded(self) -> None:
        self.told.append("degraded")

    async def restored(self) -> None:
        self.told.append("restored")

    def process_died(self) -> None:
        self.deaths += 1

    def clock_set(self, shift_ms: int) -> None:
        self.shifts.append(shift_ms)


Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    processes: list[Process] = []

    async def make(url: str, **options: Any) -> Process:
        process = Process(url, **options)
        processes.append(process)
        await process.start()
        return process

    yield make
    for process in processes:
        await process.backend.close()


@pytest.fixture(scope="module")
def module_server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    with running(server):
        yield server


@pytest.fixture
def server(module_server: Server) -> Server:
    """A server that a test may kill; it is there again, and empty, for the next."""
    module_server.stop()
    module_server.start()
    return module_server


async def delivered(here: Process, there: Process, patience_s: float = PATIENCE_S) -> float:
    """Seconds until what `here` says is heard `there`. Said again and again, as talk goes on."""
    started = time.monotonic()
    words = b"%f" % started
    while words not in there.heard:
        assert time.monotonic() - started < patience_s, "nothing is heard"
        here.say(words)
        await asyncio.sleep(0.01)
    return time.monotonic() - started


async def settled(*processes: Process, patience_s: float = PATIENCE_S) -> None:
    await eventually(lambda: all(p.backend.state() == OK for p in processes), "everything ok", patience_s=patience_s)


async def test_delivery_resumes_after_every_kill_of_the_subscribers(server: Server, start: Start) -> None:
    here, there = await start(server.url), await start(server.url)
    for _ in range(50):
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        await delivered(here, there)
        await delivered(there, here)
    await settled(here, there)
    await eventually(lambda: there.told.count("restored") == there.told.count("degraded"), "as many ends as beginnings")
    # Each outage was told once, and only outages were.
    assert there.told == ["degraded", "restored"] * (len(there.told) // 2)
    assert len(there.told) <= 100


async def test_a_server_that_dies_and_comes_back_empty(server: Server, start: Start) -> None:
    here, there = [await start(server.url, timeout_s=ANSWER_S) for _ in range(2)]
    words = LiveMessage("ann", "m1", *_times(60_000), b"{}")
    here.backend.live.add("garden", words)
    assert await here.backend.registry.register("ann", "c1", 1)
    await there.backend.presence.join("garden", "c9", "bob", FOX, 1)
    await delivered(here, there)

    server.stop()
    await eventually(lambda: here.told == there.told == ["degraded"], "both told")
    assert here.backend.state() == {"redis": "down", "pubsub": "down"}
    # Nobody waits for what is known to be away: not once for as long as an answer may take.
    started = time.monotonic()
    for call in (
        here.backend.presence.join("garden", "c1", "ann", FOX, 1),
        here.backend.presence.roster("garden", 10),
        here.backend.presence.refresh("garden", ["c1"]),
        here.backend.presence.sweep(),
        here.backend.presence.leave("garden", "c1"),
    ):
        with pytest.raises(StoreUnavailable):
            await call
    await here.backend.broker.subscribe("meadow", lambda batch: here.heard.append(b"meadow:" + batch.reliable))
    assert await here.backend.live.load("garden", words.timestamp) == [words]
    assert [await here.backend.limiter.take("ann", 2, 60_000) for _ in range(3)][:2] == [0, 0]
    assert await here.backend.limiter.take("ann", 2, 60_000) > 0
    assert await connections_of(here.backend.registry, "ann") == 1
    assert not await here.backend.registry.register("ann", "c2", 1)
    assert time.monotonic() - started < ANSWER_S
    for _ in range(100):
        here.say(b"never to be heard")

    server.start()
    await settled(here, there)
    await delivered(here, there)
    await delivered(there, here)
    there.backend.broker.publish("meadow", Batch(b"wished for", b""))
    await eventually(lambda: b"meadow:wished for" in here.heard, "the channel subscribed meanwhile")
    await eventually(lambda: here.told == there.told == ["degraded", "restored"], "both told once each")
    assert b"never to be heard" not in there.heard
    # The server is empty, and knows again what only we can know.
    here.backend.live.share("garden")
    await eventually_is(lambda: there.backend.live.load("garden", words.timestamp), [words])
    assert not await there.backend.registry.register("ann", "c2", 1)
    assert (await here.backend.presence.roster("garden", 10)).user_count == 0
    assert (await here.backend.presence.join("garden", "c1", "ann", FOX, 1)).first


async def test_a_process_may_start_before_its_redis(server: Server, start: Start) -> None:
    server.stop()
    here, there = await start(server.url), await start(server.url)
    assert here.told == ["degraded"]
    server.start()
    await settled(here, there)
    await delivered(here, there)
    await eventually(lambda: here.told == ["degraded", "restored"], "told")


async def test_a_silent_server_is_disconnected_and_retried(server: Server, start: Start) -> None:
    here, there = [await start(server.url, timeout_s=ANSWER_S) for _ in range(2)]
    server.pause()
    try:
        with pytest.raises(StoreUnavailable):
            await here.backend.presence.roster("garden", 10)
        await eventually(lambda: here.told == there.told == ["degraded"], "both told")
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await here.backend.presence.roster("garden", 10)
        assert time.monotonic() - started < ANSWER_S, "it was asked again, though it is known to be silent"
    finally:
        server.go_on()
    await settled(here, there)
    await delivered(here, there)
    await eventually(lambda: here.told == there.told == ["degraded", "restored"], "both told once each")


@pytest.mark.parametrize("honest", [False, True], ids=["swallows", "honest"])
async def test_a_subscription_that_delivers_nothing_is_found_by_its_probe(
    server: Server, start: Start, honest: bool
) -> None:
    proxy = Proxy(server.port)
    with running(proxy):
        here, there = await start(server.url), await start(proxy.url)
        await delivered(here, there)
        missed: list[int] = []

        def alarmed() -> None:
            there.told.append("degraded")
            missed.append(proxy.swallowed_probes)

        there.degraded = alarmed  # type: ignore[method-assign]
        proxy.swallow = not honest
        if honest:
            await eventually(lambda: proxy.probes >= 5, "five probes come back")
            assert there.told == []
            await delivered(here, there)
            return
        await eventually(lambda: there.told == ["degraded"], "the alarm")
        assert missed == [1], "the first probe that does not come back raises it"
        assert here.told == []
        await eventually(lambda: proxy.swallowed_probes >= 3, "two more attempts")
        # Connecting again does not help as long as nothing comes through, and is not taken for help.
        assert there.backend.state() == {"redis": "ok", "pubsub": "down"}
        assert there.told == ["degraded"]
        proxy.swallow = False
        await settled(there)
        await delivered(here, there)
        await eventually(lambda: there.told == ["degraded", "restored"], "told")
        await there.backend.close()


@pytest.mark.parametrize("how", ["gone", "silent"])
async def test_publishing_without_subscribers_takes_no_memory(server: Server, start: Start, how: str) -> None:
    here = await start(server.url, timeout_s=3.0)
    frame = bytes(64 * 1024)
    if how == "gone":
        server.stop()
        await eventually(lambda: here.told == ["degraded"], "told")
    else:
        server.pause()
    try:
        gc.collect()
        before = _rss_bytes()
        for number in range(4000):  # 250 MB
            here.say(frame + b"%d" % number)
            if number % 50 == 0:
                await asyncio.sleep(0)
        assert _rss_bytes() - before < 40 * 1024 * 1024
        assert here.backend._runtime.counters.broker_dropped > 3000
    finally:
        if how == "silent":
            server.go_on()
    if how == "gone":
        server.start()
    await settled(here)


async def test_a_server_that_forgot_the_scripts_gets_them_again(server: Server, start: Start) -> None:
    here = await start(server.url)
    server.ask("SCRIPT", "FLUSH")
    assert (await here.backend.presence.join("garden", "c1", "ann", FOX, 1)).first
    server.ask("SCRIPT", "FLUSH")
    assert await here.backend.limiter.take("ann", 1, 60_000) == 0
    assert here.told == []


async def test_every_channel_is_subscribed_again_in_batches(server: Server, start: Start) -> None:
    here, there = await start(server.url), await start(server.url)
    heard: set[str] = set()
    channels = [f"channel{n}" for n in range(1200)]
    for channel in channels:
        await there.backend.broker.subscribe(channel, lambda batch: heard.add(batch.reliable.decode()))
    for channel in channels[::3]:
        await there.backend.broker.unsubscribe(channel)
    server.ask("CLIENT", "KILL", "TYPE", "pubsub")
    await eventually(lambda: there.told == ["degraded", "restored"], "told")
    for channel in channels:
        here.backend.broker.publish(channel, Batch(channel.encode(), b""))
    wanted = set(channels) - set(channels[::3])
    await eventually(lambda: len(heard) >= len(wanted), "every channel")
    assert heard == wanted


async def test_a_server_that_answers_but_cannot_work_is_an_outage_too(server: Server, start: Start) -> None:
    here, there = await start(server.url), await start(server.url)
    server.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreUnavailable):
        await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
    assert here.backend.state()["redis"] == "down"
    await eventually(lambda: here.told == ["degraded"], "told")
    # Delivery needs no memory: talk goes on.
    await delivered(here, there)
    server.ask("CONFIG", "SET", "maxmemory", "0")
    await settled(here, there)
    await eventually(lambda: here.told == ["degraded", "restored"], "told, so that it joins again")
    assert (await here.backend.presence.join("garden", "c1", "ann", FOX, 1)).first


async def test_a_callback_that_fails_does_not_end_the_supervision(server: Server, start: Start) -> None:
    here, there = await start(server.url), await start(server.url)
    calls: list[str] = []

    def degraded() -> None:
        calls.append("degraded")
        raise RuntimeError("an error in the listener")

    async def restored() -> None:
        calls.append("restored")
        raise StoreUnavailable("gone again")

    here.degraded, here.restored = degraded, restored  # type: ignore[method-assign]
    for number in (1, 2):
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        await eventually(lambda n=number: calls == ["degraded", "restored"] * n, "told")  # type: ignore[misc]
    await delivered(there, here)


async def test_leaving_while_redis_is_away_leaves_no_ghost(server: Server, start: Start) -> None:
    proxy = Proxy(server.port)
    with running(proxy):
        here, there = await start(proxy.url), await start(server.url)
        await here.backend.presence.join("garden", "c1", "ann", FOX, 1)
        await here.backend.presence.join("garden", "c2", "bob", FOX, 2)
        proxy.cut()
        await eventually(lambda: here.told == ["degraded"], "told")
        with pytest.raises(StoreUnavailable):
            await here.backend.presence.leave("garden", "c1")
        proxy.refuse = False
        await settled(here)
        assert [departed.user_id for departed in await there.backend.presence.sweep()] == ["ann"]
        assert [m.user_id for m in (await there.backend.presence.roster("garden", 10)).members] == ["bob"]
        await here.backend.close()


def _times(life_ms: int) -> tuple[int, int]:
    now_ms = time.time_ns() // 1_000_000
    return now_ms, now_ms + life_ms


def _rss_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096
