"""The Broker contract: batches reach the other processes, whole, in order, and never come back."""

from __future__ import annotations

import asyncio
import time

from asocial.ports import Batch
from tests.support.waiting import eventually

from .conftest import Adapters


async def test_a_batch_reaches_every_other_process_and_not_its_publisher(adapters: Adapters) -> None:
    here, there, elsewhere = await adapters.broker(), await adapters.broker(), await adapters.broker()
    got: dict[str, list[Batch]] = {"here": [], "there": [], "elsewhere": []}
    await here.subscribe("garden", got["here"].append)
    await there.subscribe("garden", got["there"].append)
    await elsewhere.subscribe("garden", got["elsewhere"].append)

    batch = Batch(b"\x81\x02hi\x81\x00", b"\x81\x05draft")
    here.publish("garden", batch)

    await eventually(lambda: got["there"] == [batch] and got["elsewhere"] == [batch], "the batch at both others")
    # Had it come back, it would have come with the others'; another round trip makes sure.
    there.publish("garden", Batch(b"second", b""))
    await eventually(lambda: len(got["here"]) == 1, "the answer")
    assert got["here"] == [Batch(b"second", b"")]


async def test_batches_of_one_publisher_arrive_in_order_and_none_twice(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    got: list[Batch] = []
    await there.subscribe("garden", got.append)
    sent = [Batch(b"%d" % number, b"") for number in range(500)]
    for number, batch in enumerate(sent):
        here.publish("garden", batch)
        if number % 50 == 0:
            await asyncio.sleep(0)
    await eventually(lambda: len(got) >= len(sent), "all batches")
    assert got == sent


async def test_bytes_pass_through_unchanged(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    got: list[Batch] = []
    await there.subscribe("garden", got.append)
    sent = [
        Batch(bytes(range(256)) * 300, b""),
        Batch(b"", bytes(range(255, -1, -1))),
        Batch(b"\r\n\0", b"\n", b"\0control\n"),
        Batch(b"", b"", b"alone"),
        Batch(b"words", b"draft", b"\0control\n", number=7, frames=2),
    ]
    for batch in sent:
        here.publish("garden", batch)
    await eventually(lambda: len(got) == 5, "all batches")
    assert got == sent


async def test_channels_are_independent_and_case_sensitive(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    got: dict[str, list[Batch]] = {"garden": [], "Garden": []}
    await there.subscribe("garden", got["garden"].append)
    await there.subscribe("Garden", got["Garden"].append)
    here.publish("Garden", Batch(b"upper", b""))
    here.publish("garden", Batch(b"lower", b""))
    await eventually(lambda: bool(got["garden"] and got["Garden"]), "both")
    assert got == {"garden": [Batch(b"lower", b"")], "Garden": [Batch(b"upper", b"")]}


async def test_nothing_is_delivered_after_unsubscribe_and_subscribing_again_works(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    first: list[Batch] = []
    second: list[Batch] = []
    witness: list[Batch] = []
    await there.subscribe("garden", first.append)
    await there.subscribe("witness", witness.append)
    await there.unsubscribe("garden")
    here.publish("garden", Batch(b"lost", b""))
    here.publish("witness", Batch(b"through", b""))
    await eventually(lambda: len(witness) == 1, "the witness")
    assert first == []

    await there.subscribe("garden", second.append)
    here.publish("garden", Batch(b"heard", b""))
    await eventually(lambda: len(second) == 1, "the second subscription")
    assert (first, second) == ([], [Batch(b"heard", b"")])


async def test_unsubscribing_what_was_never_subscribed_is_no_error(adapters: Adapters) -> None:
    await (await adapters.broker()).unsubscribe("nowhere")


async def test_publishing_needs_no_subscription_and_no_reader(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    here.publish("empty", Batch(b"into the void", b""))
    got: list[Batch] = []
    await there.subscribe("garden", got.append)
    here.publish("garden", Batch(b"heard", b""))
    await eventually(lambda: got == [Batch(b"heard", b"")], "the batch of a publisher that never subscribed")


async def test_close_sends_what_was_handed_over_before(adapters: Adapters) -> None:
    here, there = await adapters.broker(), await adapters.broker()
    got: list[Batch] = []
    await there.subscribe("garden", got.append)
    here.publish("garden", Batch(b"last words", b""))
    await here.close()
    await eventually(lambda: got == [Batch(b"last words", b"")], "the last words")


async def test_w90_batches_say_where_they_come_from(adapters: Adapters) -> None:
    """By publisher and number a process knows which batches it has missed."""
    one, two, there = await adapters.broker(), await adapters.broker(), await adapters.broker()
    got: list[Batch] = []
    await there.subscribe("garden", got.append)
    for number in (1, 2**40):
        for broker in (one, two):
            broker.publish("garden", Batch(b"words", b"", number=number, frames=3))
    await eventually(lambda: len(got) == 4, "all batches")
    by_publisher: dict[bytes, list[int]] = {}
    for batch in got:
        by_publisher.setdefault(batch.publisher, []).append(batch.number)
        assert batch.frames == 3
    assert list(by_publisher.values()) == [[1, 2**40]] * 2
    assert b"" not in by_publisher
    now_ms = time.time_ns() // 1_000_000
    assert all(batch.published_at == 0 or abs(now_ms - batch.published_at) < 60_000 for batch in got)
