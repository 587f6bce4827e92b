"""Rules that are heard of late, or from elsewhere: who may not be there goes (W63, W65, W66)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.domain.access import Invitation
from asocial.domain.errors import GoingAway, Refusal, Removed
from asocial.domain.identity import Principal
from asocial.domain.live_message_index import LiveMessage
from asocial.domain.rules import NO_RULES, Rules
from asocial.ports import Batch, StoreUnavailable
from asocial.protocol.framing import text_frame
from asocial.service.channel import UNSENT_LIMIT_BYTES
from asocial.service.control import ChannelCleared, RulesChanged, decode_control, encode_control

from .fakes import FakeConnection, turns
from .test_sessions import House


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

    async def swap(self, channel: str, rules: Rules, keep_ms: int) -> Rules:
        if self.away:
            raise StoreUnavailable
        self.rules = rules if rules.version > self.rules.version else self.rules
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
async def house(store: Store, messages: SlowMessages) -> AsyncIterator[House]:
    made = House(rules=store, live=messages)
    yield made
    await made.close()


def control(house: House, message: RulesChanged | ChannelCleared) -> None:
    house.broker.subscriptions["garden"](Batch(b"", b"", encode_control(message)))


async def test_rules_are_read_once_for_however_many_enter_at_once(house: House, store: Store) -> None:
    store.hold = asyncio.Event()
    entering = [asyncio.create_task(house.enter(f"user-{n}")) for n in range(20)]
    await turns(5)
    store.hold.set()
    await asyncio.gather(*entering)
    assert store.loads == 1


async def test_w63_who_came_in_while_the_rules_were_unknown_goes_when_they_are_known(
    house: House, store: Store
) -> None:
    store.rules = NO_RULES.with_owner("ann").with_invitation(10**15, "key")
    store.away = True
    _, ann = await house.enter("ann")
    _, bob = await house.enter("bob")
    store.away = False
    await house.rules_sync.end_outage()
    assert isinstance(bob.closed_with, GoingAway), "to come again, and be told why not"
    assert not ann.closed


async def test_w63_who_was_in_when_the_channel_was_closed_stays(house: House, store: Store) -> None:
    _, bob = await house.enter("bob")
    control(house, RulesChanged(NO_RULES.with_owner("ann").with_invitation(10**15, "key")))
    assert not bob.closed


async def test_what_was_told_meanwhile_wins_over_an_older_answer(house: House, store: Store) -> None:
    store.hold = asyncio.Event()
    entering = asyncio.create_task(house.enter("bob"))
    await turns(5)
    control(house, RulesChanged(NO_RULES.with_owner("ann").with_read_only(True)))
    store.hold.set()
    session, _ = await entering
    assert session.participant.channel.rules == NO_RULES.with_owner("ann").with_read_only(True)


async def test_w66_a_removal_told_while_somebody_enters_keeps_them_out(house: House, messages: SlowMessages) -> None:
    await house.enter("ann")
    messages.ready.clear()
    entering = asyncio.create_task(house.enter("bob"))
    await turns(5)
    control(house, RulesChanged(NO_RULES.with_owner("ann").with_ban("bob", house.now_ms + 1000, house.now_ms)))
    messages.ready.set()
    with pytest.raises(Removed):
        await entering
    assert [session.member.user_id for session in house.local] == ["ann"]


async def test_w66_what_was_not_heard_is_learnt_at_the_next_heartbeat(house: House, store: Store) -> None:
    _, bob = await house.enter("bob")
    store.rules = NO_RULES.with_owner("ann").with_ban("bob", house.now_ms + 1000, house.now_ms)
    await house.sessions.refresh()
    assert isinstance(bob.closed_with, Removed)


async def test_a_store_that_forgot_is_told_again(house: House, store: Store) -> None:
    await house.enter("bob")
    known = NO_RULES.with_owner("ann").with_slow_ms(1000)
    control(house, RulesChanged(known))
    store.rules = NO_RULES
    await house.sessions.refresh()
    assert store.rules == known


async def test_w65_a_clearing_elsewhere_takes_what_was_said_here(house: House) -> None:
    session, _ = await house.enter("bob")
    await house.say(session, "m1")
    control(house, ChannelCleared(house.now_ms))
    house.now_ms += 1
    await house.say(session, "m2")
    _, late = await house.enter("ann")
    [sync] = late.frames("user_sync")
    assert [message["message_id"] for message in sync["messages"]] == ["m2"]


async def test_while_the_store_is_away_what_is_known_counts(house: House, store: Store) -> None:
    store.rules = NO_RULES.with_owner("ann").with_read_only(True)
    bob, connection = await house.enter("bob")
    store.away = True
    await house.sessions.refresh()
    await house.say(bob, "m1")
    assert [frame["code"] for frame in connection.frames("error")] == ["read_only"]


# An outage: nothing goes to or comes from elsewhere until the rules are confirmed (W81).

PRIVATE = NO_RULES.with_owner("ann").with_invitation(10**15, "key")


def from_elsewhere(house: House, message_id: str) -> None:
    """A message of another process arrives."""
    chat = {"type": "chat", "message_id": message_id, "user_id": "ann", "payload": "secret"}
    house.broker.subscriptions["garden"](Batch(text_frame(json.dumps(chat).encode()), b""))


async def flushed() -> None:
    await asyncio.sleep(0.05)


def words(connection: FakeConnection) -> list[str]:
    """What somebody has read: what is written to a connection that closes is not sent."""
    frames = connection.frames_before_close if connection.closed else connection.frames
    said = [frame["message_id"] for frame in frames("chat")]
    return said + [message["message_id"] for sync in frames("user_sync") for message in sync["messages"]]


async def test_w81_a_stranger_who_entered_during_an_outage_hears_nothing_from_elsewhere(
    house: House, store: Store
) -> None:
    store.rules, store.away = PRIVATE, True
    house.outages.begin()
    stranger, connection = await house.enter("bob")
    store.away = False
    from_elsewhere(house, "m1")
    await flushed()
    await house.send(stranger, type="sync")
    await house.rules_sync.end_outage()
    from_elsewhere(house, "m2")
    await flushed()
    assert isinstance(connection.closed_with, GoingAway)
    assert words(connection) == []


async def test_w81_who_may_stay_gets_what_arrived_before_the_rules_were_known(house: House, store: Store) -> None:
    store.rules, store.away = PRIVATE, True
    house.outages.begin()
    _, ann = await house.enter("ann")
    store.away = False
    from_elsewhere(house, "m1")
    await flushed()
    assert words(ann) == []
    await house.rules_sync.end_outage()
    await flushed()
    assert words(ann) == ["m1"]


async def test_w81_a_reading_that_fails_again_leaves_the_channel_to_itself(house: House, store: Store) -> None:
    store.rules, store.away = PRIVATE, True
    house.outages.begin()
    _, connection = await house.enter("bob")
    await house.rules_sync.end_outage()
    from_elsewhere(house, "m1")
    await flushed()
    assert (connection.closed_with, words(connection), house.late()) == (None, [], [])
    store.away = False
    await house.rules_sync.confirm_all()
    assert isinstance(connection.closed_with, GoingAway)
    assert words(connection) == []


async def test_w81_people_whose_rules_could_be_read_only_later_are_brought_up_to_date(
    house: House, store: Store
) -> None:
    _, ann = await house.enter("ann")
    store.away = True
    house.outages.begin()
    await house.outages.end()
    assert ann.frames("restored") == [], "the channel is still alone"
    store.away = False
    await house.rules_sync.confirm_all()
    assert house.late() == ["garden"]
    await house.outages.retry()
    assert [frame["type"] for frame in ann.frames("degraded", "restored", "user_sync")][-2:] == [
        "restored",
        "user_sync",
    ]
    assert house.late() == []


async def test_w81_rules_that_were_read_before_another_outage_confirm_nothing(house: House, store: Store) -> None:
    house.outages.begin()
    _, connection = await house.enter("bob")
    store.hold = asyncio.Event()
    restoring = asyncio.create_task(house.rules_sync.end_outage())
    await turns(5)
    house.outages.begin()
    store.rules = PRIVATE  # decided elsewhere during the second outage, after the answer that is on its way
    store.hold.set()
    await restoring
    from_elsewhere(house, "m1")
    await flushed()
    assert words(connection) == []
    await house.rules_sync.end_outage()
    assert connection.closed


async def test_w29_an_outage_that_begins_while_another_ends_is_not_forgotten(house: House, store: Store) -> None:
    await house.enter("ann")
    house.outages.begin()
    store.hold = asyncio.Event()
    ending = asyncio.create_task(house.outages.end())
    await turns(5)
    house.outages.begin()
    store.hold.set()
    with pytest.raises(StoreUnavailable):
        await ending
    assert house.channels.is_isolated("garden")
    _, bob = await house.enter("bob")
    assert [frame["type"] for frame in bob.frames()] == ["user_sync", "degraded"]
    await house.outages.end()
    assert not house.channels.is_isolated("garden")
    assert [frame["type"] for frame in bob.frames()][-2:] == ["restored", "user_sync"]


async def test_w81_changes_that_an_outage_hid_hold_for_those_who_came_during_it(house: House, store: Store) -> None:
    """Made private, and somebody banned: the people who were in before stay, but for the banned one."""
    store.rules = NO_RULES.with_owner("ann")
    _, before = await house.enter("before")
    _, banned = await house.enter("banned")
    house.outages.begin()
    _, during = await house.enter("during")
    _, ann = await house.enter("ann")
    store.rules = store.rules.with_invitation(10**15, "key").with_ban("banned", house.now_ms + 60_000, house.now_ms)
    await house.rules_sync.end_outage()
    assert isinstance(during.closed_with, GoingAway)
    assert isinstance(banned.closed_with, Removed)
    assert not before.closed
    assert not ann.closed


async def test_w81_an_invitation_that_could_not_be_checked_is_checked_afterwards(house: House, store: Store) -> None:
    store.rules, store.away = PRIVATE, True
    house.outages.begin()
    connections = {}
    for key in ("key", "of a former owner"):
        access = await house.moderation.admit("garden", Principal(key), Invitation("read", key))
        connections[key] = connection = FakeConnection(key)
        await house.open(connection, key.split()[0], access)
    store.away = False
    await house.rules_sync.end_outage()
    assert not connections["key"].closed
    assert connections["of a former owner"].closed
    [invited] = [session for session in house.local if session.connection is connections["key"]]
    assert invited.access.rights == "read", "as the invitation says, now that it counts"


async def test_w81_who_is_let_in_while_the_rules_change_is_looked_at_again(house: House, store: Store) -> None:
    access = await house.moderation.admit("garden", Principal("bob"), None)
    store.rules = PRIVATE
    with pytest.raises(GoingAway):
        await house.open(FakeConnection("bob"), "bob", access)
    assert len(house.local) == 0


async def test_w81_what_is_said_during_an_outage_leaves_the_process_after_the_rules_are_back(
    house: House, store: Store, messages: SlowMessages
) -> None:
    """The store came back empty: others find no rules in it, and have let anybody in."""
    store.rules = PRIVATE
    ann, _ = await house.enter("ann")
    house.outages.begin()
    store.rules = NO_RULES
    await house.say(ann, "m1")
    assert messages.unshared == ["m1"]
    assert [batch for _, batch in house.broker.published if b"m1" in batch.reliable] == []
    house.broker.published.clear()
    await house.outages.end()
    await flushed()
    assert store.rules == PRIVATE
    (_, first), *others = house.broker.published
    assert decode_control(first.control) == [RulesChanged(PRIVATE, restored=True)]
    assert [batch for _, batch in others if b"m1" in batch.control]
    assert messages.shared == ["garden"]


@pytest.mark.parametrize("said", ["before the outage", "during the outage", "after the outage"])
async def test_w29_what_was_said_is_repeated_when_the_rules_are_confirmed_after_everyone_has_left(
    house: House, store: Store, said: str
) -> None:
    ann, _ = await house.enter("ann")
    if said == "before the outage":
        await house.say(ann, "m1")
    store.away = True
    house.outages.begin()
    if said == "during the outage":
        await house.say(ann, "m1")
    await house.outages.end()
    if said == "after the outage":
        await house.say(ann, "m1")
    await house.sessions.close(ann, left=True)
    house.broker.published.clear()
    await house.outages.retry()
    store.away = False
    await house.outages.retry()
    await house.outages.retry()
    await flushed()
    assert len([batch for _, batch in house.broker.published if b"m1" in batch.control]) == 1


async def test_w81_rules_that_the_store_had_lost_close_those_who_came_in_without_them(
    house: House, store: Store
) -> None:
    _, stranger = await house.enter("bob")  # the store is empty, and answers so
    _, ann = await house.enter("ann")
    control(house, RulesChanged(PRIVATE, restored=True))
    from_elsewhere(house, "m1")
    await flushed()
    assert isinstance(stranger.closed_with, GoingAway)
    assert words(stranger) == []
    assert words(ann) == ["m1"]


async def test_w81_the_rules_of_an_empty_channel_outlive_an_outage(house: House, store: Store) -> None:
    store.rules = PRIVATE
    ann, _ = await house.enter("ann")
    house.outages.begin()
    store.rules = NO_RULES
    await house.sessions.close(ann, left=True)
    await asyncio.sleep(0.05)  # longer than an empty channel lingers here
    await house.rules_sync.end_outage()
    assert store.rules == PRIVATE
    await asyncio.sleep(0.05)
    assert len(house.channels) == 0


async def test_w81_what_waits_for_the_rules_is_bounded(house: House, store: Store) -> None:
    store.away = True
    house.outages.begin()
    _, bob = await house.enter("bob")
    chunk = text_frame(b'{"type":"chat","message_id":"m","payload":"' + b"x" * 60_000 + b'"}')
    for _ in range(100):
        house.broker.subscriptions["garden"](Batch(chunk, chunk))
    store.away = False
    await house.rules_sync.end_outage()
    await flushed()
    assert len(bob.bytes) < UNSENT_LIMIT_BYTES + 10_000


async def test_w81_nothing_is_decided_that_other_processes_would_not_hear_of(house: House, store: Store) -> None:
    store.rules = NO_RULES.with_owner("ann")
    ann, connection = await house.enter("ann")
    house.outages.begin()  # though the store answers again already
    for frame in ({"action": "read_only", "on": True}, {"action": "remove", "user_id": "bob"}):
        await house.send(ann, type="moderate", **frame)
    assert [frame["code"] for frame in connection.frames("error")] == ["unavailable"] * 2
    assert store.rules == NO_RULES.with_owner("ann")


async def test_w62_an_invitation_to_a_members_channel_that_cannot_be_checked_is_worth_another_try(
    store: Store,
) -> None:
    house = House(rules=store, members={"board": ["ann"]})
    store.away = True
    with pytest.raises(Refusal) as stranger:
        await house.moderation.admit("board", Principal("bob"), None)
    with pytest.raises(Refusal) as invited:
        await house.moderation.admit("board", Principal("bob"), Invitation("read", "key"))
    assert (stranger.value.code, invited.value.code) == ("members_only", "unavailable")
    assert (await house.moderation.admit("board", Principal("ann"), None)).member
    await house.close()
