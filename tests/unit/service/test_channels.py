"""Which channels a process has, and when it subscribes to them."""

from __future__ import annotations

import asyncio

import pytest

from asocial.ports import Batch, Deliver
from asocial.protocol.codec import pack
from asocial.protocol.schema import Pong

from .fakes import FakeBroker, FakeConnection, make_channels

A, B, C = pack(Pong(1, 1)), pack(Pong(2, 2)), pack(Pong(3, 3))


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


async def test_the_first_member_subscribes_and_the_last_unsubscribes_after_a_while(broker: FakeBroker) -> None:
    channels = make_channels(broker, linger_s=0.01)
    ann, bob = FakeConnection("ann"), FakeConnection("bob")
    first, second = await asyncio.gather(channels.join("garden", ann), channels.join("garden", bob))
    assert first is second
    assert broker.log == ["subscribe garden"]
    channels.leave(first, ann)
    channels.leave(first, bob)
    assert broker.log == ["subscribe garden"]
    await asyncio.sleep(0.05)
    assert broker.log == ["subscribe garden", "unsubscribe garden"]
    assert len(channels) == 0


async def test_returning_in_time_keeps_the_subscription(broker: FakeBroker) -> None:
    channels = make_channels(broker, linger_s=0.02)
    ann = FakeConnection("ann")
    channel = await channels.join("garden", ann)
    channels.leave(channel, ann)
    assert await channels.join("garden", ann) is channel
    await asyncio.sleep(0.05)
    assert broker.log == ["subscribe garden"]
    await channels.close()
    assert broker.log == ["subscribe garden", "unsubscribe garden"]


async def test_who_is_cancelled_while_the_channel_is_subscribed_is_not_in_it() -> None:
    class SlowBroker(FakeBroker):
        async def subscribe(self, channel: str, deliver: Deliver) -> None:
            await asyncio.sleep(0.02)
            await super().subscribe(channel, deliver)

    broker = SlowBroker()
    channels = make_channels(broker, linger_s=0.0)
    ann, bob = FakeConnection("ann"), FakeConnection("bob")
    joining = [asyncio.create_task(channels.join("garden", who)) for who in (ann, bob)]
    await asyncio.sleep(0.01)
    joining[0].cancel()
    channel = await joining[1]
    assert list(channel) == [bob]
    channels.leave(channel, bob)
    await asyncio.sleep(0.05)
    assert len(channels) == 0
    assert broker.log == ["subscribe garden", "unsubscribe garden"]


async def test_a_new_subscription_waits_for_the_old_unsubscription() -> None:
    class SlowBroker(FakeBroker):
        async def unsubscribe(self, channel: str) -> None:
            self.log.append("unsubscribing")
            await asyncio.sleep(0.02)
            await super().unsubscribe(channel)

    broker = SlowBroker()
    channels = make_channels(broker, linger_s=0.0)
    ann = FakeConnection("ann")
    channels.leave(await channels.join("garden", ann), ann)
    await asyncio.sleep(0.01)
    assert broker.log == ["subscribe garden", "unsubscribing"]
    again = await channels.join("garden", ann)
    assert broker.log == ["subscribe garden", "unsubscribing", "unsubscribe garden", "subscribe garden"]
    assert broker.subscriptions["garden"] == again.deliver
    await channels.close()


async def test_a_frame_for_a_channel_nobody_here_is_in_goes_to_the_others(broker: FakeBroker) -> None:
    channels = make_channels(broker)
    channels.post("elsewhere", A)
    assert broker.published == [("elsewhere", Batch(A, b""))]


async def test_joining_in_the_loop_turn_that_drops_an_empty_channel_works(broker: FakeBroker) -> None:
    channels = make_channels(broker, linger_s=0.0)
    channel = await channels.join("garden", FakeConnection("first"))
    for number in range(3):
        channels._drop(channel)
        async with asyncio.timeout(1):
            channel = await channels.join("garden", FakeConnection(f"c{number}"))
        assert broker.subscriptions["garden"] == channel.deliver
    await channels.close()
    assert broker.subscriptions == {}


async def test_frames_are_numbered_without_a_gap_and_never_again(broker: FakeBroker) -> None:
    channels = make_channels(broker, linger_s=0.0)
    ann = FakeConnection("ann")
    numbers = []
    for _ in range(2):
        channel = await channels.join("garden", ann)
        channel.confirm()
        channel.deliver(Batch(C, b""))  # what others published is not published again, and not counted
        channel.flush()
        channel.set_draft(ann, "m", A)  # nor are drafts
        channel.flush()
        for frame in (A, B, C):
            numbers.append(channel.next_number)
            channel.post(frame)
        channel.flush()
        channels.leave(channel, ann)
        await asyncio.sleep(0.01)
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert [(batch.number, batch.frames) for _, batch in broker.published if batch.frames] == [(1, 3), (4, 3)]
    await channels.close()
