"""W78: concurrent requests share one read of a channel, and never get an outdated one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.admission import MessageLimits
from asocial.domain.live_message import LiveMessage
from asocial.domain.profile import Member, Profile, guest_profile
from asocial.groups import MessageSettings, PresenceSettings
from asocial.ports import Batch, Roster, Stamp
from asocial.service.chat import ChatService
from asocial.service.presence import Presence
from asocial.service.snapshots import MESSAGE_BYTES, MESSAGES, SMALL_CHANNEL, Snapshot, Snapshots, newest_of
from tests.support.runtime import make_runtime
from tests.unit.service.fakes import LIFE, FakeBroker, FakeConnection, make_channel, make_channels, turns

FOX = Profile("sly fox", "rust")


class Slow(MemoryPresence):
    """A store that answers when the test lets it, and counts requests."""

    def __init__(self) -> None:
        super().__init__(lambda: 0, 300_000)
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def roster(self, channel: str, limit: int) -> Roster:
        self.asked += 1
        answer = await super().roster(channel, limit)
        await self.may_answer.wait()
        return answer


class Harness:
    def __init__(self, max_age_s: float = 60.0) -> None:
        runtime = make_runtime(lambda: 0)
        self.store, self.live = Slow(), MemoryLiveMessages()
        self.channel = make_channel(runtime=runtime)
        settings = PresenceSettings(ttl_ms=300_000, grace_ms=8_000, roster_limit=3)
        presence = Presence(self.store, make_channels(FakeBroker()), settings, runtime)
        chat = ChatService(self.live, MemoryRateLimiter(lambda: 0), MessageSettings(LIFE, MessageLimits()), runtime)
        self.snapshots = Snapshots(presence, chat, runtime.loop, max_age_s)

    def ask(self) -> asyncio.Task[Snapshot]:
        return asyncio.ensure_future(self.snapshots.of(self.channel))

    def say(self, message_id: str) -> None:
        self.live.add("garden", LiveMessage("ann", message_id, 0, 1000, json.dumps(message_id).encode()))
        self.channel.post(message_id.encode())


@pytest.fixture
async def harness() -> Harness:
    return Harness()


def said(snapshot: Snapshot) -> Any:
    return json.loads(bytes(snapshot.messages_at(0)))


async def test_w78_concurrent_requests_share_one_read(harness: Harness) -> None:
    harness.say("m1")
    first = await asyncio.gather(*(harness.ask() for _ in range(100)))
    assert harness.store.asked == 1
    await harness.ask()
    assert harness.store.asked == 1, "nothing has changed since"
    assert said(first[0]) == ["m1"]


async def test_w78_a_small_channel_is_read_at_once_a_large_one_for_all_who_ask_in_the_same_turn(
    harness: Harness,
) -> None:
    async def ask() -> Snapshot:
        harness.channel.changes += 1  # as a join does
        return await harness.snapshots.of(harness.channel)

    reading = ask()
    with pytest.raises(StopIteration):  # it did not wait
        reading.send(None)
    for number in range(SMALL_CHANNEL + 1):
        harness.channel.attach(FakeConnection(str(number)))
    before = harness.store.asked
    first, *others = await asyncio.gather(*(ask() for _ in range(100)))
    assert harness.store.asked == before + 1
    assert all(other is first for other in others)


@pytest.mark.parametrize(
    "what", ["a message", "a batch of another process", "a join in a crowd", "rules in doubt", "rules confirmed"]
)
async def test_w78_no_snapshot_is_older_than_the_latest_event(harness: Harness, what: str) -> None:
    await harness.ask()
    match what:
        case "a message":
            harness.say("m1")
            assert said(await harness.ask()) == ["m1"]
        case "a batch of another process":
            harness.channel.deliver(Batch(b"frame", b""))
            await harness.ask()
        case "rules in doubt":
            harness.channel.isolate()
            await harness.ask()
        case "rules confirmed":
            harness.channel.confirm()
            await harness.ask()
        case _:
            harness.channel.changes += 1
            await harness.ask()
    assert harness.store.asked == 2


async def test_w78_requests_during_an_outdated_read_share_the_next_one(harness: Harness) -> None:
    harness.store.may_answer.clear()
    early = harness.ask()
    await turns()
    same = harness.ask()
    await turns()
    harness.say("m1")
    late = [harness.ask() for _ in range(50)]
    await turns()
    harness.say("m2")
    later = [harness.ask() for _ in range(50)]
    await turns()
    assert harness.store.asked == 1, "never two at once"
    harness.store.may_answer.set()
    assert said(await early) == said(await same) == []
    assert [said(snapshot) for snapshot in await asyncio.gather(*late, *later)] == [["m1", "m2"]] * 100
    assert harness.store.asked == 2


async def test_w78_a_cached_snapshot_expires_soon() -> None:
    harness = Harness(max_age_s=0.01)
    await harness.ask()
    await asyncio.sleep(0.05)  # timers of one loop go off in their order, however late
    assert len(harness.snapshots._readings) == 0
    await harness.ask()
    assert harness.store.asked == 2


async def test_w78_a_snapshot_that_is_too_old_is_not_shared_until_it_is_forgotten() -> None:
    harness = Harness(max_age_s=0.05)
    await harness.ask()
    await asyncio.sleep(0.03)
    harness.channel.changes += 1
    await harness.ask()  # forgotten with the next timer after 0.08 s, which is at 0.1 s
    await asyncio.sleep(0.06)
    await harness.ask()
    assert harness.store.asked == 3


async def test_w78_a_failed_read_fails_for_all_waiters_and_is_retried(harness: Harness) -> None:
    class Failing(MemoryLiveMessages):
        async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
            raise RuntimeError("broken")

    harness.snapshots._chat._live = Failing()
    results = await asyncio.gather(harness.ask(), harness.ask(), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]
    harness.snapshots._chat._live = harness.live
    harness.channel.changes += 1
    await harness.ask()


async def test_w78_a_waiter_that_leaves_does_not_cancel_the_read(harness: Harness) -> None:
    harness.store.may_answer.clear()
    leaving, staying = harness.ask(), harness.ask()
    await turns()
    leaving.cancel()
    harness.store.may_answer.set()
    assert said(await staying) == []


def message(body: bytes, expires_at: int = 1000) -> LiveMessage:
    return LiveMessage("ann", "m", 0, expires_at, body)


@pytest.mark.parametrize("count", [1, MESSAGES, MESSAGES + 1, 5000])
def test_w78_a_snapshot_holds_the_newest_messages(count: int) -> None:
    messages = [message(b"%d" % number) for number in range(count)]
    assert newest_of(messages) == messages[-MESSAGES:]


def test_w78_the_bytes_of_messages_in_a_snapshot_are_limited() -> None:
    large = message(b"x" * (MESSAGE_BYTES // 3))
    last = message(b"12")
    assert newest_of([message(b"oldest"), large, large, large, last]) == [large, large, last]
    assert newest_of([message(b"x" * (MESSAGE_BYTES + 1))]) == []


def test_w12_a_shared_snapshot_lists_no_message_past_its_end() -> None:
    messages = [message(b"1", 300), message(b"2", 100), message(b"3", 200)]
    snapshot = Snapshot.of(Roster([], 0, Stamp("e", 1)), messages, 3)
    listed = {now_ms: json.loads(bytes(snapshot.messages_at(now_ms))) for now_ms in (0, 99, 100, 199, 200, 300)}
    assert listed == {0: [1, 2, 3], 99: [1, 2, 3], 100: [1, 3], 199: [1, 3], 200: [1], 300: []}


@pytest.mark.parametrize(
    ("listed", "own", "users"),
    [
        (["ann", "bob"], "bob", ["ann", "bob"]),
        (["ann"], "bob", ["ann", "bob"]),
        ([], "bob", ["bob"]),
        (["ann", "bob", "cid"], "dee", ["ann", "bob", "dee"]),
        (["ann", "bob", "cid"], "cid", ["ann", "bob", "cid"]),
    ],
)
def test_w20_a_user_is_always_in_its_own_list(listed: list[str], own: str, users: list[str]) -> None:
    members = [Member.of(user_id, guest_profile(user_id), 0) for user_id in listed]
    snapshot = Snapshot.of(Roster(members, 7, Stamp("e", 1)), [], 3)
    told = json.loads(bytes(snapshot.users_with(Member.of(own, FOX, 0))))
    assert [user["user_id"] for user in told] == users
