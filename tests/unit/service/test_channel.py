"""The fan-out on real loop turns, with fake connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from asocial.domain.errors import TooSlow
from asocial.domain.message import Position
from asocial.domain.pacing import CURSOR_TICK_S, MAX_WAIT_S, PATIENCE_S, TICK_S, LoopLag
from asocial.ports import Batch
from asocial.protocol.codec import encode, pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import Chat, Pong
from asocial.service.backlog import Backlog
from asocial.service.channel import (
    FLUSH_BYTES,
    FLUSH_COPIED_BYTES,
    LATE_LOOP_S,
    Channel,
)
from asocial.service.counters import Counters
from asocial.service.read_gate import WAITING_BYTES
from asocial.service.remote_frames import MIN_LEFT_MS, STALE_MS
from asocial.service.snapshot_memory import MEMORY_S
from asocial.service.writing import UNSENT_LIMIT_BYTES, VOLATILE_UNSENT_LIMIT_BYTES
from tests.support.runtime import make_runtime
from tests.support.virtual_time import VirtualTimeLoop

from .fakes import FakeBroker, FakeConnection, join, make_channel, turns

A, B, C = pack(Pong(1, 1)), pack(Pong(2, 2)), pack(Pong(3, 3))


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def channel(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = make_channel(broker)
    yield made
    made.close()


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


async def test_w17_patient_frames_wait_for_others_after_a_flush(channel: Channel) -> None:
    loop, ann, bob = asyncio.get_running_loop(), join(channel, "ann"), join(channel, "bob")
    channel.post(A, patient=True)
    await turns()
    assert bob.writes == [A], "the first one after a pause leaves at once"
    written_at = loop.time()
    channel.post(B, ann, patient=True)
    await asyncio.sleep(PATIENCE_S / 2)
    channel.post(C, patient=True)
    await asyncio.sleep(PATIENCE_S / 3)
    assert bob.writes == [A]
    while len(bob.writes) == 1:  # noqa: ASYNC110 (a fake has no event)
        await asyncio.sleep(0.001)
    assert loop.time() - written_at == pytest.approx(PATIENCE_S + TICK_S, abs=0.003)
    assert bob.writes == [A, B + C]
    assert ann.writes == [A, C]


@pytest.mark.parametrize("urgent", ["message", "cursor", "draft", "of another process"])
async def test_w17_patient_frames_leave_with_the_next_urgent_one(channel: Channel, urgent: str) -> None:
    ann, bob = join(channel, "ann"), join(channel, "bob")
    channel.post(A, patient=True)
    await turns()
    channel.post(B, patient=True)
    await asyncio.sleep(TICK_S)
    match urgent:
        case "message":
            channel.post(C, ann, reply=A)
        case "cursor":
            channel.set_cursor("ann", Position(1, 2))
        case "draft":
            channel.set_draft(ann, "m", C)
        case _:
            channel.deliver(Batch(C, b""))
    await asyncio.sleep(2 * CURSOR_TICK_S)
    assert bob.writes[:1] == [A]
    assert bob.bytes.startswith(A + B), "in order, before what came later"
    assert len(bob.bytes) > len(A + B)
    assert len(bob.writes) == 2


async def test_w17_an_urgent_frame_does_not_wait_for_a_patient_one(channel: Channel) -> None:
    bob = join(channel, "bob")
    channel.post(A)
    await turns()
    channel.post(B)
    channel.post(C, patient=True)
    await asyncio.sleep(TICK_S * 2)
    assert bob.writes == [A, B + C]


async def test_w19_patient_frames_are_published_at_once_and_once(channel: Channel, broker: FakeBroker) -> None:
    join(channel, "bob")
    channel.post(A, patient=True)
    await turns()
    channel.post(B, patient=True)
    channel.post(C, patient=True)
    assert [batch.reliable for _, batch in broker.published] == [A, B, C]
    channel.post(A)
    await asyncio.sleep(TICK_S * 2)
    assert [batch.reliable for _, batch in broker.published] == [A, B, C, A]
    assert [(batch.number, batch.frames) for _, batch in broker.published] == [(1, 1), (2, 1), (3, 1), (4, 1)]


async def test_patient_frames_of_an_outage_do_not_wait_for_its_end(channel: Channel, broker: FakeBroker) -> None:
    bob = join(channel, "bob")
    channel.isolate()
    channel.post(A)
    await turns()
    channel.post(B, patient=True)
    await asyncio.sleep(2 * TICK_S)
    channel.confirm()
    await asyncio.sleep(2 * PATIENCE_S)
    assert bob.writes == [A, B]
    assert broker.published == []


async def test_who_comes_while_frames_wait_gets_only_later_ones(channel: Channel) -> None:
    join(channel, "bob")
    channel.post(A, patient=True)
    await turns()
    channel.post(A, patient=True)
    late = join(channel, "late")
    channel.post(B, patient=True)
    await asyncio.sleep(2 * PATIENCE_S)
    assert late.writes == [B]


async def test_a_channel_reports_loop_lag(broker: FakeBroker) -> None:
    loop, lag = asyncio.get_running_loop(), LoopLag()
    assert isinstance(loop, VirtualTimeLoop)
    crowded = make_channel(broker, name="crowded", lag=lag)
    crowded.attach(FakeConnection("ann"))
    for _ in range(60):
        crowded.post(A)
        loop.advance(0.005)  # the loop is kept from its work
        await turns()
    assert lag.mean_s > 0.0005
    crowded.close()


async def test_a_late_loop_makes_a_channel_wait_longer(broker: FakeBroker) -> None:
    loop, lag, bob = asyncio.get_running_loop(), LoopLag(), FakeConnection("bob")
    for _ in range(100):
        lag.observe(1.0)
    channel = make_channel(broker, lag=lag)
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


async def test_frames_between_attach_and_snapshot_follow_the_snapshot(channel: Channel) -> None:
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
    channel.set_draft(fine, "m", B)
    channel.set_cursor("fine", Position(1, 2))
    await turns()
    assert slow.bytes == A
    assert fine.bytes.startswith(A)
    assert [frame["cursors"] for frame in fine.frames("cursors")] == [[["fine", 1, 2]]]
    slow.unsent_bytes = 0
    channel.set_cursor("fine", Position(3, 4))
    await asyncio.sleep(CURSOR_TICK_S * 3)
    assert [frame["cursors"] for frame in slow.frames("cursors")] == [[["fine", 3, 4]]]


async def test_w30_slow_readers_get_no_reactions_and_senders_not_their_own(
    channel: Channel, broker: FakeBroker
) -> None:
    slow, fine, sender = join(channel, "slow"), join(channel, "fine"), join(channel, "sender")
    slow.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    channel.post_transient(sender, A)
    channel.post_transient(sender, B)
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


async def test_w71_a_flush_is_bounded_and_other_work_runs_before_the_rest(channel: Channel, broker: FakeBroker) -> None:
    bob, frame = join(channel, "bob"), pack(Pong(1, 1)) * 1000
    count = FLUSH_BYTES * 3 // len(frame)
    for _ in range(count):
        channel.post(frame)
    await turns()
    assert 0 < len(bob.bytes) <= FLUSH_BYTES
    async with asyncio.timeout(10):
        while len(bob.bytes) < count * len(frame):  # noqa: ASYNC110 (a fake has no event)
            await asyncio.sleep(0.001)
    assert bob.bytes == frame * count
    assert all(len(write) <= FLUSH_BYTES for write in bob.writes)
    assert b"".join(batch.reliable for _, batch in broker.published) == bob.bytes


async def test_w71_a_flush_carries_less_the_more_members_there_are(channel: Channel) -> None:
    members = [join(channel, f"c{number}") for number in range(1000)]
    frame = pack(Pong(1, 1)) * 1000
    for _ in range(40):
        channel.post(frame)
    await turns()
    assert sum(len(member.bytes) for member in members) <= FLUSH_COPIED_BYTES
    assert 0 < len(members[0].bytes) < 40 * len(frame)


async def test_w71_volatile_frames_do_not_overtake_a_waiting_message(channel: Channel) -> None:
    ann, bob = join(channel, "ann"), join(channel, "bob")
    for _ in range(2):
        channel.post(A * 12_000, ann, reply=B)
    channel.set_draft(ann, "m", C)
    channel.set_cursor("ann", Position(1, 2))
    await turns()
    assert bob.writes == [A * 12_000]
    async with asyncio.timeout(10):
        while not bob.frames("cursors"):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert bob.bytes.startswith(A * 24_000 + C)


async def test_w71_reading_pauses_while_too_much_waits_and_resumes_in_turn(channel: Channel) -> None:
    join(channel, "bob")
    frame, read = A * 1000, []

    async def read_on(name: int) -> None:
        while channel.read_gate.is_full:
            await channel.read_gate.wait()
        read.append(name)
        channel.post(frame)

    while channel._sections.first.outbox.waiting_bytes < WAITING_BYTES + 2 * FLUSH_BYTES:
        channel.post(frame)
    readers = [asyncio.create_task(read_on(number)) for number in range(500)]
    await asyncio.sleep(0)
    assert read == []
    most = 0
    async with asyncio.timeout(20):
        while len(read) < 500:
            most = max(most, channel._sections.first.outbox.waiting_bytes)
            await asyncio.sleep(TICK_S / 100)
    assert read == list(range(500)), "first come, first read"
    assert most < WAITING_BYTES + 200 * len(frame)
    await asyncio.gather(*readers)


async def test_w43_a_very_late_loop_gives_members_shorter_turns(broker: FakeBroker) -> None:
    lag = LoopLag()
    channel = make_channel(broker, lag=lag)
    seen = [channel.is_late]
    for lateness_s in (2 * LATE_LOOP_S, 0.0):
        for _ in range(100):
            lag.observe(lateness_s)
        seen.append(channel.is_late)
    assert seen == [False, True, False]


async def test_w71_a_member_that_leaves_while_it_waits_to_be_read_blocks_no_other(channel: Channel) -> None:
    join(channel, "bob")
    while channel._sections.first.outbox.waiting_bytes < WAITING_BYTES + 2 * FLUSH_BYTES:
        channel.post(A * 1000)
    waiting = [asyncio.create_task(channel.read_gate.wait()) for _ in range(200)]
    await asyncio.sleep(0)
    for task in waiting[:150]:
        task.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*waiting[150:])


async def test_w70_frames_held_for_joining_members_count_once_and_are_limited() -> None:
    backlog = Backlog(200_000, Counters())
    channel = make_channel(backlog=backlog)
    joining = [FakeConnection(f"c{number}") for number in range(10)]
    for connection in joining:
        channel.attach(connection)
    channel.post(A * 1000)
    channel.flush()
    assert backlog.bytes == len(A * 1000)
    for connection in joining[:9]:
        channel.release(connection, b"")
    assert backlog.bytes == len(A * 1000)
    while not joining[9].closed:
        channel.post(A * 1000)
        channel.flush()
    assert isinstance(joining[9].closed_with, TooSlow)
    assert (backlog.bytes, len(backlog._slow_readers)) == (0, 0)
    assert not any(connection.closed for connection in joining[:9])
    channel.close()


async def test_w28_a_member_whose_join_takes_too_long_is_closed_like_a_slow_reader(channel: Channel) -> None:
    late = FakeConnection("late")
    channel.attach(late)
    while not late.closed:
        channel.post(A * 10_000)
        channel.flush()
    assert isinstance(late.closed_with, TooSlow)
    assert len(channel) == 0


async def test_cursors_keep_their_own_slower_tick(channel: Channel) -> None:
    bob = join(channel, "bob")
    for x in range(20):
        channel.set_cursor("ann", Position(x, 0))
        await asyncio.sleep(CURSOR_TICK_S / 10)
    await asyncio.sleep(CURSOR_TICK_S * 2)
    seen = [frame["cursors"][0][1] for frame in bob.frames("cursors")]
    assert seen[0] == 0
    assert seen[-1] == 19
    assert seen == sorted(set(seen))
    assert len(seen) < 10


async def test_a_detached_member_gets_nothing_more(channel: Channel) -> None:
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


NOW_MS = 1_000_000


def chat(name: str, expires_at: int = NOW_MS + 5_000) -> bytes:
    """The JSON of a message's frame."""
    return encode(Chat(name, "garden", "ann", "Ann", "rust", f"words of {name}", Position(0, 0), NOW_MS, expires_at))


def names(connection: FakeConnection) -> list[str]:
    """The ids of the messages that came as `chat`."""
    return [frame["message_id"] for frame in connection.frames("chat")]


@pytest.fixture
async def clocked(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = make_channel(broker, runtime=make_runtime(lambda: NOW_MS))
    yield made
    made.close()


async def test_w90_a_held_message_that_is_in_the_snapshot_is_left_out(channel: Channel) -> None:
    late = FakeConnection("late")
    channel.attach(late)
    channel.post(text_frame(chat("m1")) + A)
    channel.deliver(Batch(text_frame(chat("m2")) + text_frame(chat("m3")), b""))
    await turns()
    channel.release(late, B, frozenset([chat("m1"), chat("m3")]))
    assert late.bytes == B + A + text_frame(chat("m2"))


async def test_w90_messages_of_a_snapshot_are_left_out_of_later_frames(channel: Channel) -> None:
    """A message is in the store a moment before the batch that brings it."""
    old, joiner, asker = join(channel, "old"), FakeConnection("joiner"), join(channel, "asker")
    channel.attach(joiner)
    channel.post(text_frame(chat("m1")))  # waits for its flush when the snapshots are written
    channel.release(joiner, A, frozenset([chat("m1"), chat("m2")]))
    channel.snapshots.remember(asker, frozenset([chat("m1"), chat("m2"), chat("m4")]))
    await asyncio.sleep(TICK_S * 3)
    channel.deliver(Batch(b"".join(text_frame(chat(name)) for name in ("m2", "m3", "m4")) + C, A))
    await asyncio.sleep(TICK_S * 3)
    assert names(old) == ["m1", "m2", "m3", "m4"]
    assert joiner.bytes == A + text_frame(chat("m3")) + text_frame(chat("m4")) + C + A
    assert asker.bytes == text_frame(chat("m3")) + C + A


async def test_w90_the_record_of_a_snapshot_expires_soon(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, gone = join(channel, "ann"), join(channel, "bob"), join(channel, "gone")
    loop, now = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    for connection in (ann, gone):
        channel.snapshots.remember(connection, frozenset([chat("m1")]))
    channel.detach(gone)
    assert list(channel.snapshots._messages) == [ann]
    monkeypatch.setattr(loop, "time", lambda: now + MEMORY_S + 1)
    channel.snapshots.remember(bob, frozenset([chat("m1")]))
    channel.post(A)
    channel.flush()
    assert list(channel.snapshots._messages) == [bob]
    channel.snapshots.remember(gone, frozenset([chat("m1")]))
    assert list(channel.snapshots._messages) == [bob], "nothing is kept of a connection that left"


async def test_w90_a_batch_that_comes_late_brings_no_message_after_its_end(clocked: Channel) -> None:
    bob = join(clocked, "bob")
    over, nearly, lives = chat("m1", NOW_MS - 1), chat("m2", NOW_MS + MIN_LEFT_MS), chat("m3")
    frames = A + text_frame(over) + text_frame(nearly) + text_frame(lives) + B
    clocked.deliver(Batch(frames, C, number=1, frames=5, publisher=b"far", published_at=NOW_MS - STALE_MS - 1))
    await turns()
    assert bob.bytes == A + text_frame(lives) + B, "presence stays, drafts and cursors are over"


async def test_a_batch_in_time_is_not_decoded(clocked: Channel) -> None:
    bob = join(clocked, "bob")
    data = text_frame(chat("m1", NOW_MS - 1)) + b"no frame"
    clocked.deliver(Batch(data, C, number=1, frames=1, publisher=b"far", published_at=NOW_MS - STALE_MS))
    await turns()
    assert bob.bytes == data + C


async def test_w90_after_an_outage_only_messages_of_batches_that_were_lost_are_shown(clocked: Channel) -> None:
    bob = join(clocked, "bob")
    for number in (1, 2, 4):
        clocked.deliver(Batch(text_frame(chat(f"m{number}")), b"", number=number, frames=1, publisher=b"far"))
    again = [(number, NOW_MS + 5_000, chat(f"m{number}")) for number in range(1, 6)]
    clocked.catch_up(b"far", [*again, (6, NOW_MS, chat("m6", NOW_MS))])
    await asyncio.sleep(TICK_S * 3)
    assert names(bob) == ["m1", "m2", "m4", "m3", "m5"]
    clocked.catch_up(b"far", again)  # another outage: nothing is missing any more
    clocked.deliver(Batch(A + text_frame(chat("m5")), b"", number=5, frames=2, publisher=b"far"))  # it was only slow
    clocked.catch_up(b"another", again[:1])  # numbers are those of one process
    await asyncio.sleep(TICK_S * 3)
    assert names(bob) == ["m1", "m2", "m4", "m3", "m5", "m1"]
    assert len(bob.frames("pong")) == 1, "what else that batch brings still comes"


async def test_w90_members_who_joined_in_an_outage_get_what_had_arrived_before_them(clocked: Channel) -> None:
    """Their snapshot had only this process's messages, and the one after the outage may be read too early."""
    bob, joining = join(clocked, "bob"), FakeConnection("joining")
    clocked.attach(joining)
    clocked.deliver(Batch(text_frame(chat("m1")), b"", number=1, frames=1, publisher=b"far"))
    await turns()
    clocked.isolate()
    ann, told, joining_too = join(clocked, "ann"), join(clocked, "told"), FakeConnection("joining, too")
    clocked.attach(joining_too)
    clocked.confirm()
    clocked.snapshots.remember(told, frozenset([chat("m1")]))
    again = [(1, NOW_MS + 5_000, chat("m1")), (2, NOW_MS + 5_000, chat("m2"))]
    clocked.catch_up(b"far", again)
    for connection in (joining, joining_too):
        clocked.release(connection, b"")
    clocked.catch_up(b"far", again)
    after = join(clocked, "after")
    await asyncio.sleep(TICK_S * 3)
    assert names(bob) == names(ann) == names(joining_too) == ["m1", "m2"]
    assert set(names(joining)) == {"m1", "m2"}
    assert names(told) == ["m2"]
    assert names(after) == [], "their snapshot has what was repeated"
    assert not clocked._remote._may_lack


async def test_w90_members_who_join_before_messages_are_repeated_get_what_had_arrived(clocked: Channel) -> None:
    """The store may have come back empty: until the messages are repeated, no snapshot has them."""
    for publisher in (b"far", b"gone"):
        clocked.deliver(Batch(text_frame(chat(publisher.decode())), b"", number=1, frames=1, publisher=publisher))
    clocked.isolate()
    clocked.confirm()
    early = join(clocked, "early")
    clocked.isolate()
    clocked.confirm()
    late = join(clocked, "late")
    clocked.catch_up(b"far", [(1, NOW_MS + 5_000, chat("far"))])
    assert names(early) == names(late) == ["far"]
    clocked.catch_up(b"far", [(1, NOW_MS + 5_000, chat("far"))])
    assert names(early) == names(late) == ["far"], "another outage: nothing is missing any more"
    for connection in (early, late):
        clocked.detach(connection)
    assert not clocked._remote._may_lack


async def test_w90_frames_that_wait_for_the_rules_are_neither_lost_nor_doubled(clocked: Channel) -> None:
    bob = join(clocked, "bob")
    clocked.isolate()
    clocked.deliver(Batch(text_frame(chat("m1")), C, number=1, frames=1, publisher=b"far"))
    clocked.catch_up(b"far", [(1, NOW_MS + 5_000, chat("m1")), (2, NOW_MS + 5_000, chat("m2"))])
    clocked.flush()
    assert bob.bytes == b""
    clocked.confirm()
    await turns()
    assert names(bob) == ["m1", "m2"]


async def test_a_frame_that_waits_for_a_later_flush_keeps_its_number(channel: Channel, broker: FakeBroker) -> None:
    frame = text_frame(b"x" * (FLUSH_BYTES // 2))
    numbers = []
    for _ in range(5):
        numbers.append(channel.next_number)
        channel.post(frame)
    channel.flush_all()
    carried = [n for _, batch in broker.published for n in range(batch.number, batch.number + batch.frames)]
    assert len(broker.published) > 1
    assert carried == numbers


async def test_unpublished_frames_are_numbered_too(channel: Channel, broker: FakeBroker) -> None:
    """Other members see the gap, and get its content with the next announcement."""
    channel.isolate()
    channel.post(A)
    channel.flush()
    channel.confirm()
    channel.post(B)
    channel.flush()
    assert [(batch.number, batch.frames) for _, batch in broker.published] == [(2, 1)]
