"""The fan-out on real loop turns, with fake connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from asocial.domain.errors import TooSlow
from asocial.domain.message import Position
from asocial.domain.pacing import CURSOR_TICK_S, MAX_WAIT_S, TICK_S, LoopLag
from asocial.ports import Batch
from asocial.protocol import Pong, pack
from asocial.service.channels import UNSENT_LIMIT_BYTES, VOLATILE_UNSENT_LIMIT_BYTES, Channel, Channels

from .fakes import FakeBroker, FakeConnection, turns

A, B, C = pack(Pong(1, 1)), pack(Pong(2, 2)), pack(Pong(3, 3))


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def channel(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = Channel("garden", broker, asyncio.get_running_loop(), lambda _channel, _control: None)
    yield made
    made.close()


def join(channel: Channel, name: str) -> FakeConnection:
    connection = FakeConnection(name)
    channel.attach(connection)
    channel.release(connection, b"")
    connection.writes.clear()
    return connection


async def test_a_quiet_channel_writes_on_the_next_turn_and_once(channel: Channel, broker: FakeBroker) -> None:
    ann, bob = join(channel, "ann"), join(channel, "bob")
    channel.post(A, ann, reply=B)
    channel.post(C)
    assert bob.writes == []
    await turns()
    assert bob.writes == [A + C]
    assert ann.writes == [B + C]
    assert broker.published == [("garden", Batch(A + C, b""))]


async def test_a_busy_channel_waits_for_the_tick_and_joins(channel: Channel) -> None:
    bob = join(channel, "bob")
    channel.post(A)
    await turns()
    channel.post(B)
    channel.post(C)
    await turns()
    assert bob.writes == [A]
    await asyncio.sleep(TICK_S * 3)
    assert bob.writes == [A, B + C]


async def test_a_channel_tells_how_late_the_loop_is(broker: FakeBroker) -> None:
    lag = LoopLag()
    crowded = Channel("crowded", broker, asyncio.get_running_loop(), lambda _channel, _control: None, lag=lag)
    crowded.attach(FakeConnection("ann"))
    for _ in range(60):
        crowded.post(A)
        time.sleep(0.005)  # noqa: ASYNC251 (the loop is kept from its work, which is the point)
        await turns()
    assert lag.mean_s > 0.0005
    crowded.close()


async def test_where_the_loop_is_late_a_channel_waits_longer(broker: FakeBroker) -> None:
    loop, lag, bob = asyncio.get_running_loop(), LoopLag(), FakeConnection("bob")
    for _ in range(100):
        lag.late(1.0)
    channel = Channel("garden", broker, loop, lambda _channel, _control: None, lag=lag)
    channel.attach(bob)
    channel.release(bob, b"")
    channel.post(B)
    await turns()
    assert bob.writes[-1] == B
    written_at = loop.time()
    channel.post(C)
    while bob.writes[-1] != C:  # noqa: ASYNC110 (a fake has no event)
        await asyncio.sleep(0.001)
    assert loop.time() - written_at > TICK_S + MAX_WAIT_S / 2
    channel.close()


async def test_nothing_is_written_when_nothing_waits(channel: Channel, broker: FakeBroker) -> None:
    bob = join(channel, "bob")
    channel.flush()
    assert bob.writes == []
    assert broker.published == []


async def test_what_comes_between_attach_and_snapshot_follows_the_snapshot(channel: Channel) -> None:
    late = FakeConnection("late")
    channel.post(A)
    channel.attach(late)
    channel.post(B)
    await turns()
    assert late.writes == []
    channel.release(late, C)
    channel.post(A)
    await asyncio.sleep(TICK_S * 3)
    assert late.bytes == C + B + A


async def test_frames_of_other_processes_reach_everyone_and_are_not_published(
    channel: Channel, broker: FakeBroker
) -> None:
    bob = join(channel, "bob")
    channel.deliver(Batch(A, B))
    await turns()
    assert bob.writes == [A + B]
    assert broker.published == []


async def test_a_slow_reader_gets_messages_but_no_cursors_until_it_catches_up(channel: Channel) -> None:
    slow, fine = join(channel, "slow"), join(channel, "fine")
    slow.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    channel.post(A)
    channel.draft(fine, "m", B)
    channel.cursor("fine", Position(1, 2))
    await turns()
    assert slow.bytes == A
    assert fine.bytes.startswith(A)
    assert [frame["cursors"] for frame in fine.frames("cursors")] == [[["fine", 1, 2]]]
    slow.unsent_bytes = 0
    channel.cursor("fine", Position(3, 4))
    await asyncio.sleep(CURSOR_TICK_S * 3)
    assert [frame["cursors"] for frame in slow.frames("cursors")] == [[["fine", 3, 4]]]


async def test_w30_a_slow_reader_gets_no_reactions_and_the_sender_not_its_own(
    channel: Channel, broker: FakeBroker
) -> None:
    slow, fine, sender = join(channel, "slow"), join(channel, "fine"), join(channel, "sender")
    slow.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    channel.fleeting(sender, A)
    channel.fleeting(sender, B)
    await turns()
    assert (slow.bytes, fine.bytes, sender.bytes) == (b"", A + B, b"")
    assert broker.published == [("garden", Batch(b"", A + B))]


async def test_a_reader_that_is_too_slow_is_closed_4008_and_nobody_else(channel: Channel) -> None:
    stuck, fine = join(channel, "stuck"), join(channel, "fine")
    stuck.unsent_bytes = UNSENT_LIMIT_BYTES + 1
    channel.post(A)
    await turns()
    assert isinstance(stuck.closed_with, TooSlow)
    assert stuck.writes == []
    assert (fine.closed_with, fine.writes) == (None, [A])
    assert len(channel) == 1


async def test_cursors_keep_their_own_slower_tick(channel: Channel) -> None:
    bob = join(channel, "bob")
    for x in range(20):
        channel.cursor("ann", Position(x, 0))
        await asyncio.sleep(CURSOR_TICK_S / 10)
    await asyncio.sleep(CURSOR_TICK_S * 2)
    seen = [frame["cursors"][0][1] for frame in bob.frames("cursors")]
    assert seen[0] == 0
    assert seen[-1] == 19
    assert seen == sorted(set(seen))
    assert len(seen) < 10


async def test_who_detached_gets_nothing_more(channel: Channel) -> None:
    bob = join(channel, "bob")
    channel.post(A)
    channel.detach(bob)
    await turns()
    assert bob.writes == []


async def test_closing_writes_what_waits(channel: Channel, broker: FakeBroker) -> None:
    bob = join(channel, "bob")
    channel.post(A)
    await turns()
    channel.post(B)
    channel.close()
    assert bob.writes == [A, B]
    assert [batch for _, batch in broker.published] == [Batch(A, b""), Batch(B, b"")]


async def test_the_first_member_subscribes_and_the_last_unsubscribes_after_a_while(broker: FakeBroker) -> None:
    channels = Channels(broker, asyncio.get_running_loop(), linger_s=0.01)
    ann, bob = FakeConnection("ann"), FakeConnection("bob")
    first, second = await asyncio.gather(channels.enter("garden", ann), channels.enter("garden", bob))
    assert first is second
    assert broker.log == ["subscribe garden"]
    channels.exit(first, ann)
    channels.exit(first, bob)
    assert broker.log == ["subscribe garden"]
    await asyncio.sleep(0.05)
    assert broker.log == ["subscribe garden", "unsubscribe garden"]
    assert len(channels) == 0


async def test_who_comes_back_in_time_keeps_the_subscription(broker: FakeBroker) -> None:
    channels = Channels(broker, asyncio.get_running_loop(), linger_s=0.02)
    ann = FakeConnection("ann")
    channel = await channels.enter("garden", ann)
    channels.exit(channel, ann)
    assert await channels.enter("garden", ann) is channel
    await asyncio.sleep(0.05)
    assert broker.log == ["subscribe garden"]
    await channels.close()
    assert broker.log == ["subscribe garden", "unsubscribe garden"]


async def test_a_new_subscription_waits_for_the_old_unsubscription() -> None:
    class SlowBroker(FakeBroker):
        async def unsubscribe(self, channel: str) -> None:
            self.log.append("unsubscribing")
            await asyncio.sleep(0.02)
            await super().unsubscribe(channel)

    broker = SlowBroker()
    channels = Channels(broker, asyncio.get_running_loop(), linger_s=0.0)
    ann = FakeConnection("ann")
    channels.exit(await channels.enter("garden", ann), ann)
    await asyncio.sleep(0.01)
    assert broker.log == ["subscribe garden", "unsubscribing"]
    again = await channels.enter("garden", ann)
    assert broker.log == ["subscribe garden", "unsubscribing", "unsubscribe garden", "subscribe garden"]
    assert broker.subscriptions["garden"] == again.deliver
    await channels.close()


async def test_a_frame_for_a_channel_nobody_here_is_in_goes_to_the_others(broker: FakeBroker) -> None:
    channels = Channels(broker, asyncio.get_running_loop())
    channels.post("elsewhere", A)
    assert broker.published == [("elsewhere", Batch(A, b""))]


async def test_whoever_comes_in_the_very_turn_that_drops_an_empty_channel_gets_in(broker: FakeBroker) -> None:
    channels = Channels(broker, asyncio.get_running_loop(), linger_s=0.0)
    channel = await channels.enter("garden", FakeConnection("first"))
    for number in range(3):
        channels._drop(channel)
        async with asyncio.timeout(1):
            channel = await channels.enter("garden", FakeConnection(f"c{number}"))
        assert broker.subscriptions["garden"] == channel.deliver
    await channels.close()
    assert broker.subscriptions == {}
