"""Recounts: announcements of changes that another process could not announce."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.pacing import PATIENCE_S, TICK_S
from asocial.domain.profile import Profile
from asocial.groups import PresenceSettings
from asocial.ports import StoreUnavailable, Updated
from asocial.service.channel import Channel
from asocial.service.control import CountChanged, decode_control
from asocial.service.fallback import FallbackPresence
from asocial.service.presence import COUNT_INTERVAL_S, PROMPT_EVENTS_PER_S, Presence
from tests.support.runtime import make_runtime
from tests.support.waiting import eventually
from tests.unit.service.fakes import FakeBroker, FakeConnection, make_channels

FOX = Profile("sly fox", "rust")
LIMIT = 2


SETTINGS = PresenceSettings(ttl_ms=300_000, grace_ms=8_000, roster_limit=LIMIT)


class SharedPresence(MemoryPresence):
    """A store of all processes, which can be away."""

    away = False

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        if self.away:
            raise StoreUnavailable("away")
        return await super().update(channel, user_id, profile, unless_later=unless_later)


class Harness:
    def __init__(self, roster_limit: int = LIMIT) -> None:
        self.broker = FakeBroker()
        self.channels = make_channels(self.broker)
        self.store = MemoryPresence(lambda: 0, 300_000)
        settings = replace(SETTINGS, roster_limit=roster_limit)
        self.presence = Presence(self.store, self.channels, settings, make_runtime(lambda: 0))

    async def enter(self, name: str) -> FakeConnection:
        connection = FakeConnection(name)
        channel = await self.channels.join("garden", connection)
        channel.confirm()
        await self.presence.join("garden", connection, name, FOX)
        channel.release(connection, b"")
        return connection

    @property
    def garden(self) -> Channel:
        channel = self.channels.get("garden")
        assert channel is not None
        return channel

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
    harness.presence.start_recount()
    assert ann.frames("user_count") == [], "events on their way come first"
    await asyncio.sleep(3 * COUNT_INTERVAL_S)
    counts = ann.frames("user_count")
    assert [(frame["count"], frame["epoch"], frame["seq"]) for frame in counts] == [(1, *departed.stamp)]


async def test_a_recount_skips_a_channel_that_the_store_has_lost(harness: Harness) -> None:
    ann = await harness.enter("ann")
    await harness.store.leave("garden", "ann")
    harness.presence.start_recount()
    await asyncio.sleep(3 * COUNT_INTERVAL_S)
    assert ann.frames("user_count") == []


async def test_a_pending_count_is_published_on_close(harness: Harness) -> None:
    for name in ("ann", "bob", "eve", "dan"):
        await harness.enter(name)
    harness.garden.flush_all()
    assert harness.counts_shared() == [3], "the next one waits for its turn"
    harness.presence.close()
    await harness.channels.close()
    assert harness.counts_shared() == [3, 4]


async def test_w19_other_processes_get_a_count_after_the_events_that_it_counts(harness: Harness) -> None:
    """Else their clients see a gap, and all of them ask for a snapshot."""
    await harness.enter("ann")
    harness.garden.flush_all()
    roster = await harness.store.roster("garden", 0)
    harness.presence.apply_count("garden", CountChanged(roster.user_count, roster.stamp))
    await harness.presence.join("garden", FakeConnection("bob"), "bob", FOX)
    harness.presence.close()
    await harness.channels.close()
    told = [b"bob" in batch.reliable or decode_control(batch.control) for _, batch in harness.broker.published]
    joined = await harness.store.roster("garden", 0)
    assert told[-2:] == [True, [CountChanged(2, joined.stamp)]]


async def test_w20_after_an_outage_other_processes_are_told_where_the_count_stands(harness: Harness) -> None:
    """The outage may have lost events that this process sent, and no later event shows the gap."""
    ann = await harness.enter("ann")
    joined = await harness.store.roster("garden", 0)
    harness.presence.start_recount(elsewhere=True)
    await eventually(lambda: harness.counts_shared() == [1], "told")
    assert decode_control(harness.broker.published[-1][1].control) == [CountChanged(1, joined.stamp)]
    assert ann.frames("user_count") == [], "people here get a snapshot"


async def test_w19_a_recount_is_dropped_when_an_outage_begins(harness: Harness) -> None:
    """The store may have come back empty since, with another epoch: each client would ask for a snapshot."""
    ann = await harness.enter("ann")
    harness.presence.start_recount()
    harness.presence.start_recount(elsewhere=True)
    await asyncio.sleep(COUNT_INTERVAL_S / 2)  # it has counted
    harness.presence.forget_all_counts()
    await asyncio.sleep(3 * COUNT_INTERVAL_S)
    assert ann.frames("user_count") == []
    assert harness.counts_shared() == []


async def test_w19_a_count_that_waits_is_dropped_when_an_outage_begins(harness: Harness) -> None:
    ann, *_ = [await harness.enter(name) for name in ("ann", "bob", "eve", "dan")]
    harness.garden.flush_all()
    assert [frame["count"] for frame in ann.frames("user_count")] == harness.counts_shared() == [3], "4 waits"
    harness.presence.forget_all_counts()
    await asyncio.sleep(3 * COUNT_INTERVAL_S)
    harness.garden.flush_all()
    assert [frame["count"] for frame in ann.frames("user_count")] == harness.counts_shared() == [3]


async def test_w24_other_processes_are_not_told_what_only_the_store_of_this_process_knows() -> None:
    """Its epoch is not theirs. Here, four join and one leaves before the channel's rules are confirmed."""
    harness = Harness()
    local, shared = MemoryPresence(lambda: 0, 300_000), MemoryPresence(lambda: 0, 300_000)
    harness.presence = Presence(
        FallbackPresence(shared, local, harness.channels), harness.channels, SETTINGS, make_runtime(lambda: 0)
    )
    ann = await harness.enter("ann")
    harness.garden.flush_all()
    harness.broker.published.clear()
    harness.garden.isolate()
    for name in ("bob", "eve", "dan"):
        await harness.presence.join("garden", FakeConnection(name), name, FOX)
    await harness.presence.leave("garden", "dan")
    await asyncio.sleep(3 * COUNT_INTERVAL_S)
    harness.garden.flush_all()
    assert [frame["user_id"] for frame in ann.frames("user_left")] == ["dan"]
    assert ann.frames("user_count")[-1]["count"] == 4
    assert [batch for _, batch in harness.broker.published if batch.reliable or batch.control] == []
    harness.garden.confirm()
    harness.presence.forget_counts(["garden"])
    harness.presence.close()
    assert harness.counts_shared() == []


@pytest.mark.parametrize("away", [False, True])
async def test_w24_a_profile_changed_in_a_local_channel_is_told_elsewhere_if_the_store_knows_it(away: bool) -> None:
    """Its number is one of the store's, so nobody else will tell the other processes."""
    harness = Harness()
    shared = SharedPresence(lambda: 0, 300_000)
    fallback = FallbackPresence(shared, MemoryPresence(lambda: 0, 300_000), harness.channels)
    harness.presence = Presence(fallback, harness.channels, SETTINGS, make_runtime(lambda: 0))
    ann = await harness.enter("ann")
    harness.garden.flush_all()
    harness.broker.published.clear()
    harness.garden.isolate()
    shared.away = away
    await harness.presence.update("garden", "ann", Profile("wise owl", "teal"))
    await eventually(lambda: len(ann.frames("user_updated")) == 1, "shown here")
    assert [b"wise owl" in batch.reliable for _, batch in harness.broker.published] == ([] if away else [True])


async def test_w17_in_a_rush_events_wait_for_each_other_at_most_half_a_second() -> None:
    harness = Harness(roster_limit=1_000)
    ann = await harness.enter("ann")
    for number in range(int(PROMPT_EVENTS_PER_S) // 2):
        await harness.enter(f"early-{number}")
        await asyncio.sleep(0.02)
    alone = len(ann.writes)
    assert len(ann.frames("user_joined")) == PROMPT_EVENTS_PER_S // 2
    for number in range(2 * int(PROMPT_EVENTS_PER_S)):
        await harness.enter(f"late-{number}")
        await asyncio.sleep(0.001)
    await harness.presence.leave("garden", "early-0")
    await asyncio.sleep(PATIENCE_S + 0.1)
    assert len(ann.frames("user_joined")) == 2.5 * PROMPT_EVENTS_PER_S
    assert [frame["user_id"] for frame in ann.frames("user_left")] == ["early-0"]
    events = ann.frames("user_joined", "user_left")
    assert [event["seq"] for event in events] == list(range(2, len(events) + 2)), "in order, without a gap"
    assert len(ann.writes) - alone < 2 * PROMPT_EVENTS_PER_S / 4


async def test_w17_after_a_rush_an_event_is_sent_at_once() -> None:
    harness = Harness(roster_limit=1_000)
    ann = await harness.enter("ann")
    for number in range(2 * int(PROMPT_EVENTS_PER_S)):
        await harness.enter(f"early-{number}")
    await asyncio.sleep(2.0)
    for name in ("bob", "cleo"):
        before = len(ann.frames("user_joined"))
        await harness.enter(name)
        await asyncio.sleep(2 * TICK_S)
        assert len(ann.frames("user_joined")) == before + 1
