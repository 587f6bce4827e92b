"""Rules that are heard of late, or from elsewhere: who may not be there goes (W63, W65, W66)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.domain.errors import GoingAway, Removed
from asocial.domain.living import LiveMessage
from asocial.domain.rules import NO_RULES, Rules
from asocial.ports import Batch, StoreUnavailable
from asocial.service.control import ChannelCleared, RulesChanged, encode_control

from .fakes import turns
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

    async def keep(self, channel: str, keep_ms: int) -> Rules:
        return await self.load(channel)

    async def close(self) -> None: ...


class SlowMessages(MemoryLiveMessages):
    """LiveMessages that a snapshot has to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()
        self.ready.set()

    async def living(self, channel: str, now_ms: int) -> list[LiveMessage]:
        await self.ready.wait()
        return await super().living(channel, now_ms)


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
    store.rules = NO_RULES.claimed("ann").inviting(10**15)
    store.away = True
    _, ann = await house.enter("ann")
    _, bob = await house.enter("bob")
    store.away = False
    await house.moderation.restore()
    assert isinstance(bob.closed_with, GoingAway), "to come again, and be told why not"
    assert not ann.closed


async def test_w63_who_was_in_when_the_channel_was_closed_stays(house: House, store: Store) -> None:
    _, bob = await house.enter("bob")
    control(house, RulesChanged(NO_RULES.claimed("ann").inviting(10**15)))
    assert not bob.closed


async def test_what_was_told_meanwhile_wins_over_an_older_answer(house: House, store: Store) -> None:
    store.hold = asyncio.Event()
    entering = asyncio.create_task(house.enter("bob"))
    await turns(5)
    control(house, RulesChanged(NO_RULES.claimed("ann").quieted(True)))
    store.hold.set()
    session, _ = await entering
    assert session.voice.channel.rules == NO_RULES.claimed("ann").quieted(True)


async def test_w66_a_removal_told_while_somebody_enters_keeps_them_out(house: House, messages: SlowMessages) -> None:
    await house.enter("ann")
    messages.ready.clear()
    entering = asyncio.create_task(house.enter("bob"))
    await turns(5)
    control(house, RulesChanged(NO_RULES.claimed("ann").without("bob", house.now_ms + 1000, house.now_ms)))
    messages.ready.set()
    with pytest.raises(Removed):
        await entering
    assert [session.member.user_id for session in house.sessions] == ["ann"]


async def test_w66_what_was_not_heard_is_learnt_at_the_next_heartbeat(house: House, store: Store) -> None:
    _, bob = await house.enter("bob")
    store.rules = NO_RULES.claimed("ann").without("bob", house.now_ms + 1000, house.now_ms)
    await house.sessions.refresh()
    assert isinstance(bob.closed_with, Removed)


async def test_a_store_that_forgot_is_told_again(house: House, store: Store) -> None:
    await house.enter("bob")
    known = NO_RULES.claimed("ann").slowed(1000)
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
    store.rules = NO_RULES.claimed("ann").quieted(True)
    bob, connection = await house.enter("bob")
    store.away = True
    await house.sessions.refresh()
    await house.say(bob, "m1")
    assert [frame["code"] for frame in connection.frames("error")] == ["read_only"]
