"""Rules that arrive late or from another process: users whom they forbid leave (W63, W65, W66)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.domain.access import Invitation
from asocial.domain.errors import GoingAway, Refusal, Removed
from asocial.domain.identity import Principal
from asocial.domain.live_message import LiveMessage
from asocial.domain.rules import NO_RULES, Rules
from asocial.ports import Batch, Stamp, StoreUnavailable
from asocial.protocol.framing import text_frame
from asocial.service.control import ChannelCleared, CountChanged, RulesChanged, decode_control, encode_control
from asocial.service.writing import UNSENT_LIMIT_BYTES

from .fakes import FakeConnection, turns
from .test_sessions import Harness


class Store:
    """A ChannelRules that may be away, or slow to answer with what it had been asked for before."""

    def __init__(self) -> None:
        self.rules = NO_RULES
        self.away = False
        self.hold: asyncio.Event | None = None
        self.loads = 0

    async def load(self, channel: str) -> Rules:
        self.loads += 1
        if self.away:
            raise StoreUnavailable
        answer = self.rules
        if self.hold is not None:
            await self.hold.wait()
        return answer

    async def swap(self, channel: str, rules: Rules, keep_ms: int, *, restore: bool = False) -> Rules:
        if self.away:
            raise StoreUnavailable
        self.rules = rules if rules.replaces(self.rules) else self.rules
        return self.rules

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        return await self.load(channel)

    async def close(self) -> None: ...


class SlowMessages(MemoryLiveMessages):
    """LiveMessages that a snapshot has to wait for, and that remember what was kept from other processes."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()
        self.ready.set()
        self.unshared: list[str] = []
        self.shared: list[str] = []

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        super().add(channel, message)
        if not shared:
            self.unshared.append(message.message_id)

    def share(self, channel: str) -> None:
        self.shared.append(channel)

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        await self.ready.wait()
        return await super().load(channel, now_ms)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def messages() -> SlowMessages:
    return SlowMessages()


@pytest.fixture
async def harness(store: Store, messages: SlowMessages) -> AsyncIterator[Harness]:
    made = Harness(rules=store, live=messages)
    yield made
    await made.close()


def control(harness: Harness, message: RulesChanged | ChannelCleared | CountChanged) -> None:
    harness.broker.subscriptions["garden"](Batch(b"", b"", encode_control(message)))


async def test_concurrent_joins_read_the_rules_once(harness: Harness, store: Store) -> None:
    store.hold = asyncio.Event()
    entering = [asyncio.create_task(harness.enter(f"user-{n}")) for n in range(20)]
    await turns(5)
    store.hold.set()
    await asyncio.gather(*entering)
    assert store.loads == 1


async def test_w63_a_member_admitted_with_unknown_rules_is_removed_when_they_forbid_it(
    harness: Harness, store: Store
) -> None:
    store.rules = NO_RULES.with_owner("ann").with_invitation(10**15, "key")
    store.away = True
    _, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    store.away = False
    await harness.rules_sync.end_outage()
    assert isinstance(bob.closed_with, GoingAway), "to come again, and be told why not"
    assert not ann.closed


async def test_w63_present_members_stay_when_the_channel_becomes_private(harness: Harness, store: Store) -> None:
    _, bob = await harness.enter("bob")
    control(harness, RulesChanged(NO_RULES.with_owner("ann").with_invitation(10**15, "key")))
    assert not bob.closed


async def test_a_newer_announcement_wins_over_an_older_answer(harness: Harness, store: Store) -> None:
    store.hold = asyncio.Event()
    entering = asyncio.create_task(harness.enter("bob"))
    await turns(5)
    control(harness, RulesChanged(NO_RULES.with_owner("ann").with_read_only(True)))
    store.hold.set()
    session, _ = await entering
    assert session.participant.channel.rules == NO_RULES.with_owner("ann").with_read_only(True)


async def test_w66_a_ban_announced_during_a_join_keeps_the_user_out(harness: Harness, messages: SlowMessages) -> None:
    await harness.enter("ann")
    messages.ready.clear()
    entering = asyncio.create_task(harness.enter("bob"))
    await turns(5)
    control(harness, RulesChanged(NO_RULES.with_owner("ann").with_ban("bob", harness.now_ms + 1000, harness.now_ms)))
    messages.ready.set()
    with pytest.raises(Removed):
        await entering
    assert [session.member.user_id for session in harness.local] == ["ann"]


async def test_w66_a_missed_ban_is_read_at_the_next_heartbeat(harness: Harness, store: Store) -> None:
    _, bob = await harness.enter("bob")
    store.rules = NO_RULES.with_owner("ann").with_ban("bob", harness.now_ms + 1000, harness.now_ms)
    await harness.sessions.refresh()
    assert isinstance(bob.closed_with, Removed)


async def test_a_store_without_data_is_registered_again(harness: Harness, store: Store) -> None:
    await harness.enter("bob")
    known = NO_RULES.with_owner("ann").with_slow_ms(1000)
    control(harness, RulesChanged(known))
    store.rules = NO_RULES
    await harness.sessions.refresh()
    assert store.rules == known


async def test_w65_clearing_on_another_process_removes_messages_here(harness: Harness) -> None:
    session, _ = await harness.enter("bob")
    await harness.say(session, "m1")
    control(harness, ChannelCleared(harness.now_ms))
    harness.now_ms += 1
    await harness.say(session, "m2")
    _, late = await harness.enter("ann")
    [sync] = late.frames("user_sync")
    assert [message["message_id"] for message in sync["messages"]] == ["m2"]


async def test_cached_rules_apply_while_the_store_is_away(harness: Harness, store: Store) -> None:
    store.rules = NO_RULES.with_owner("ann").with_read_only(True)
    bob, connection = await harness.enter("bob")
    store.away = True
    await harness.sessions.refresh()
    await harness.say(bob, "m1")
    assert [frame["code"] for frame in connection.frames("error")] == ["read_only"]


# An outage: nothing goes to or comes from elsewhere until the rules are confirmed (W81).

PRIVATE = NO_RULES.with_owner("ann").with_invitation(10**15, "key")


def from_elsewhere(harness: Harness, message_id: str) -> None:
    """A message of another process arrives."""
    chat = {"type": "chat", "message_id": message_id, "user_id": "ann", "payload": "secret"}
    harness.broker.subscriptions["garden"](Batch(text_frame(json.dumps(chat).encode()), b""))


async def flushed() -> None:
    await asyncio.sleep(0.05)


def words(connection: FakeConnection) -> list[str]:
    """What somebody has read: what is written to a connection that closes is not sent."""
    frames = connection.frames_before_close if connection.closed else connection.frames
    said = [frame["message_id"] for frame in frames("chat")]
    return said + [message["message_id"] for sync in frames("user_sync") for message in sync["messages"]]


async def test_w81_a_user_admitted_during_an_outage_gets_nothing_from_other_processes(
    harness: Harness, store: Store
) -> None:
    store.rules, store.away = PRIVATE, True
    harness.outages.begin()
    stranger, connection = await harness.enter("bob")
    store.away = False
    from_elsewhere(harness, "m1")
    await flushed()
    await harness.send(stranger, type="sync")
    await harness.rules_sync.end_outage()
    from_elsewhere(harness, "m2")
    await flushed()
    assert isinstance(connection.closed_with, GoingAway)
    assert words(connection) == []


async def test_w81_members_who_may_stay_get_frames_that_waited_for_the_rules(harness: Harness, store: Store) -> None:
    store.rules, store.away = PRIVATE, True
    harness.outages.begin()
    _, ann = await harness.enter("ann")
    store.away = False
    from_elsewhere(harness, "m1")
    await flushed()
    assert words(ann) == []
    await harness.rules_sync.end_outage()
    await flushed()
    assert words(ann) == ["m1"]


async def test_w81_a_channel_stays_local_while_its_rules_cannot_be_read(harness: Harness, store: Store) -> None:
    store.rules, store.away = PRIVATE, True
    harness.outages.begin()
    _, connection = await harness.enter("bob")
    await harness.rules_sync.end_outage()
    from_elsewhere(harness, "m1")
    await flushed()
    assert (connection.closed_with, words(connection), harness.late()) == (None, [], [])
    store.away = False
    await harness.rules_sync.confirm_all()
    assert isinstance(connection.closed_with, GoingAway)
    assert words(connection) == []


async def test_w81_members_get_a_snapshot_when_their_rules_can_be_read_again(harness: Harness, store: Store) -> None:
    _, ann = await harness.enter("ann")
    store.away = True
    harness.outages.begin()
    await harness.outages.end()
    assert ann.frames("restored") == [], "the channel is still alone"
    store.away = False
    await harness.rules_sync.confirm_all()
    assert harness.late() == ["garden"]
    await harness.outages.retry()
    assert [frame["type"] for frame in ann.frames("degraded", "restored", "user_sync")][-2:] == [
        "restored",
        "user_sync",
    ]
    assert harness.late() == []


async def test_w20_members_that_wait_for_a_snapshot_get_no_count_of_another_epoch(
    harness: Harness, store: Store
) -> None:
    """It would make each of them ask for a snapshot, just before they get one."""
    _, ann = await harness.enter("ann")
    store.away = True
    harness.outages.begin()
    await harness.outages.end()
    store.away = False
    await harness.rules_sync.confirm_all()
    assert harness.late() == ["garden"]
    control(harness, CountChanged(4, Stamp("shared", 9)))
    await flushed()
    assert ann.frames("user_count") == []
    await harness.outages.retry()
    control(harness, CountChanged(4, Stamp("shared", 9)))
    await flushed()
    assert [frame["count"] for frame in ann.frames("user_count")] == [4]


async def test_w81_rules_read_before_another_outage_do_not_confirm_a_channel(harness: Harness, store: Store) -> None:
    harness.outages.begin()
    _, connection = await harness.enter("bob")
    store.hold = asyncio.Event()
    restoring = asyncio.create_task(harness.rules_sync.end_outage())
    await turns(5)
    harness.outages.begin()
    store.rules = PRIVATE  # decided elsewhere during the second outage, after the answer that is on its way
    store.hold.set()
    await restoring
    from_elsewhere(harness, "m1")
    await flushed()
    assert words(connection) == []
    await harness.rules_sync.end_outage()
    assert connection.closed


async def test_w29_an_outage_that_begins_while_another_ends_is_not_forgotten(harness: Harness, store: Store) -> None:
    await harness.enter("ann")
    harness.outages.begin()
    store.hold = asyncio.Event()
    ending = asyncio.create_task(harness.outages.end())
    await turns(5)
    harness.outages.begin()
    store.hold.set()
    with pytest.raises(StoreUnavailable):
        await ending
    assert harness.channels.is_isolated("garden")
    _, bob = await harness.enter("bob")
    assert [frame["type"] for frame in bob.frames()] == ["user_sync", "degraded"]
    await harness.outages.end()
    assert not harness.channels.is_isolated("garden")
    assert [frame["type"] for frame in bob.frames()][-2:] == ["restored", "user_sync"]


async def test_w81_rule_changes_hidden_by_an_outage_apply_to_members_who_joined_in_it(
    harness: Harness, store: Store
) -> None:
    """Made private, and somebody banned: the people who were in before stay, but for the banned one."""
    store.rules = NO_RULES.with_owner("ann")
    _, before = await harness.enter("before")
    _, banned = await harness.enter("banned")
    harness.outages.begin()
    _, during = await harness.enter("during")
    _, ann = await harness.enter("ann")
    store.rules = store.rules.with_invitation(10**15, "key").with_ban("banned", harness.now_ms + 60_000, harness.now_ms)
    await harness.rules_sync.end_outage()
    assert isinstance(during.closed_with, GoingAway)
    assert isinstance(banned.closed_with, Removed)
    assert not before.closed
    assert not ann.closed


async def test_w81_an_invitation_that_could_not_be_checked_is_checked_afterwards(
    harness: Harness, store: Store
) -> None:
    store.rules, store.away = PRIVATE, True
    harness.outages.begin()
    connections = {}
    for key in ("key", "of a former owner"):
        access = await harness.moderation.admit("garden", Principal(key), Invitation("read", key))
        connections[key] = connection = FakeConnection(key)
        await harness.open(connection, key.split()[0], access)
    store.away = False
    await harness.rules_sync.end_outage()
    assert not connections["key"].closed
    assert connections["of a former owner"].closed
    [invited] = [session for session in harness.local if session.connection is connections["key"]]
    assert invited.access.rights == "read", "as the invitation says, now that it counts"


async def test_w81_a_member_admitted_while_the_rules_change_is_checked_again(harness: Harness, store: Store) -> None:
    access = await harness.moderation.admit("garden", Principal("bob"), None)
    store.rules = PRIVATE
    with pytest.raises(GoingAway):
        await harness.open(FakeConnection("bob"), "bob", access)
    assert len(harness.local) == 0


async def test_w81_messages_of_an_outage_leave_the_process_after_the_rules_are_back(
    harness: Harness, store: Store, messages: SlowMessages
) -> None:
    """The store came back empty: others find no rules in it, and have let anybody in."""
    store.rules = PRIVATE
    ann, _ = await harness.enter("ann")
    harness.outages.begin()
    store.rules = NO_RULES
    await harness.say(ann, "m1")
    assert messages.unshared == ["m1"]
    assert [batch for _, batch in harness.broker.published if b"m1" in batch.reliable] == []
    harness.broker.published.clear()
    await harness.outages.end()
    await flushed()
    assert store.rules == PRIVATE
    (_, first), *others = harness.broker.published
    assert decode_control(first.control) == [RulesChanged(PRIVATE, restored=True)]
    assert [batch for _, batch in others if b"m1" in batch.control]
    assert messages.shared == ["garden"]


@pytest.mark.parametrize("said", ["before the outage", "during the outage", "after the outage"])
async def test_w29_what_was_said_is_repeated_when_the_rules_are_confirmed_after_everyone_has_left(
    harness: Harness, store: Store, said: str
) -> None:
    ann, _ = await harness.enter("ann")
    if said == "before the outage":
        await harness.say(ann, "m1")
    store.away = True
    harness.outages.begin()
    if said == "during the outage":
        await harness.say(ann, "m1")
    await harness.outages.end()
    if said == "after the outage":
        await harness.say(ann, "m1")
    await harness.sessions.close(ann, left=True)
    harness.broker.published.clear()
    await harness.outages.retry()
    store.away = False
    await harness.outages.retry()
    await harness.outages.retry()
    await flushed()
    assert len([batch for _, batch in harness.broker.published if b"m1" in batch.control]) == 1


async def test_w81_restored_rules_close_members_who_joined_without_them(harness: Harness, store: Store) -> None:
    _, stranger = await harness.enter("bob")  # the store is empty, and answers so
    _, ann = await harness.enter("ann")
    control(harness, RulesChanged(PRIVATE, restored=True))
    from_elsewhere(harness, "m1")
    await flushed()
    assert isinstance(stranger.closed_with, GoingAway)
    assert words(stranger) == []
    assert words(ann) == ["m1"]


async def test_w81_the_rules_of_an_empty_channel_outlive_an_outage(harness: Harness, store: Store) -> None:
    store.rules = PRIVATE
    ann, _ = await harness.enter("ann")
    harness.outages.begin()
    store.rules = NO_RULES
    await harness.sessions.close(ann, left=True)
    await asyncio.sleep(0.05)  # longer than an empty channel lingers here
    await harness.rules_sync.end_outage()
    assert store.rules == PRIVATE
    await asyncio.sleep(0.05)
    assert len(harness.channels) == 0


async def test_w81_frames_that_wait_for_the_rules_are_limited(harness: Harness, store: Store) -> None:
    store.away = True
    harness.outages.begin()
    _, bob = await harness.enter("bob")
    chunk = text_frame(b'{"type":"chat","message_id":"m","payload":"' + b"x" * 60_000 + b'"}')
    for _ in range(100):
        harness.broker.subscriptions["garden"](Batch(chunk, chunk))
    store.away = False
    await harness.rules_sync.end_outage()
    await flushed()
    assert len(bob.bytes) < UNSENT_LIMIT_BYTES + 10_000


async def test_w81_moderation_is_refused_while_other_processes_cannot_be_reached(
    harness: Harness, store: Store
) -> None:
    store.rules = NO_RULES.with_owner("ann")
    ann, connection = await harness.enter("ann")
    harness.outages.begin()  # though the store answers again already
    for frame in ({"action": "read_only", "on": True}, {"action": "remove", "user_id": "bob"}):
        await harness.send(ann, type="moderate", **frame)
    assert [frame["code"] for frame in connection.frames("error")] == ["unavailable"] * 2
    assert store.rules == NO_RULES.with_owner("ann")


async def test_w62_an_invitation_that_cannot_be_checked_may_be_retried(
    store: Store,
) -> None:
    harness = Harness(rules=store, members={"board": ["ann"]})
    store.away = True
    with pytest.raises(Refusal) as stranger:
        await harness.moderation.admit("board", Principal("bob"), None)
    with pytest.raises(Refusal) as invited:
        await harness.moderation.admit("board", Principal("bob"), Invitation("read", "key"))
    assert (stranger.value.code, invited.value.code) == ("members_only", "unavailable")
    assert (await harness.moderation.admit("board", Principal("ann"), None)).member
    await harness.close()
