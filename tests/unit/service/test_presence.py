"""What is told of the store's counts when somebody else could not tell it."""

from __future__ import annotations

import asyncio

import pytest

from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.profile import Profile
from asocial.groups import PresenceSettings
from asocial.service.control import CountChanged, decode_control
from asocial.service.presence import COUNT_EVERY_S, Presence
from tests.support.runtime import make_runtime
from tests.unit.service.fakes import FakeBroker, FakeConnection, make_channels

FOX = Profile("sly fox", "rust")
LIMIT = 2


class Harness:
    def __init__(self) -> None:
        self.broker = FakeBroker()
        self.channels = make_channels(self.broker)
        self.store = MemoryPresence(lambda: 0, 300_000)
        settings = PresenceSettings(ttl_ms=300_000, grace_ms=8_000, roster_limit=LIMIT)
        self.presence = Presence(self.store, self.channels, settings, make_runtime(lambda: 0))

    async def enter(self, name: str) -> FakeConnection:
        connection = FakeConnection(name)
        channel = await self.channels.enter("garden", connection)
        await self.presence.join("garden", connection, name, FOX)
        channel.confirm()
        channel.release(connection, b"")
        return connection

    def counts_shared(self) -> list[int]:
        told = [c for _, batch in self.broker.published for c in decode_control(batch.control)]
        return [count.count for count in told if isinstance(count, CountChanged)]


@pytest.fixture
async def harness() -> Harness:
    return Harness()


async def test_a_recount_announces_a_missed_change(harness: Harness) -> None:
    ann = await harness.enter("ann")
    await harness.store.join("garden", "elsewhere", "bob", FOX, 0)
    departed = await harness.store.leave("garden", "elsewhere")
    assert departed is not None
    await harness.presence.recount()
    assert ann.frames("user_count") == [], "events on their way come first"
    await asyncio.sleep(3 * COUNT_EVERY_S)
    counts = ann.frames("user_count")
    assert [(frame["count"], frame["epoch"], frame["seq"]) for frame in counts] == [(1, *departed.stamp)]


async def test_a_recount_skips_a_channel_that_the_store_has_lost(harness: Harness) -> None:
    ann = await harness.enter("ann")
    await harness.store.leave("garden", "ann")
    await harness.presence.recount()
    await asyncio.sleep(3 * COUNT_EVERY_S)
    assert ann.frames("user_count") == []


async def test_a_pending_count_is_published_on_close(harness: Harness) -> None:
    for name in ("ann", "bob", "eve", "dan"):
        await harness.enter(name)
    assert harness.counts_shared() == [3], "the next one waits for its turn"
    harness.presence.close()
    assert harness.counts_shared() == [3, 4]
