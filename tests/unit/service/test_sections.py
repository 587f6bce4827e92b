"""A channel in sections: each connection gets every frame once and in order, and no message waits for all sections."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Sequence

import pytest

from asocial.domain.flush import Piece, Shared
from asocial.domain.pacing import LoopLag
from asocial.groups import CrowdSettings
from asocial.ports import Batch
from asocial.protocol.framing import text_frame
from asocial.service import sections
from asocial.service.channel import Channel
from asocial.service.sections import Sections

from .fakes import FakeBroker, FakeConnection, enter, join, make_channel, turns

SIZE = 3


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "SECTION_MEMBERS", SIZE)


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def channel(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = make_channel(broker, crowds=CrowdSettings(threshold=200))
    yield made
    made.close()


def frame(text: object) -> bytes:
    return text_frame(str(text).encode())


def sections_of(channel: Channel) -> Sections:
    return channel._sections


async def test_members_are_divided_and_one_section_remains_when_they_leave(channel: Channel) -> None:
    members = [join(channel, f"m{number}") for number in range(8)]
    assert [len(section.members) for section in sections_of(channel).all] == [3, 3, 2]
    for connection in members[3:]:
        channel.detach(connection)
    assert [len(section.members) for section in sections_of(channel).all] == [3]
    late = join(channel, "late")
    channel.post(frame("a"))
    channel.flush_all()
    assert [b"".join(each.writes) for each in (*members[:3], late)] == [frame("a")] * 4
    for connection in (*members[:3], late):
        channel.detach(connection)
    assert [len(section.members) for section in sections_of(channel).all] == [0]


async def test_a_message_that_arrives_between_two_sections_goes_with_the_next_one(channel: Channel) -> None:
    members = [join(channel, f"m{number}") for number in range(3 * SIZE)]
    channel.post(frame("a"))
    while not any(each.writes for each in members):
        await turns(1)
    first = [each for each in members if each.writes]
    assert len(first) == SIZE, "the loop reads between two sections"
    channel.post(frame("b"))
    channel.flush_all()
    assert [each.writes for each in first] == [[frame("a"), frame("b")]] * SIZE
    assert [each.writes for each in members if each not in first] == [[frame("a") + frame("b")]] * 2 * SIZE


async def test_other_processes_get_each_frame_once(channel: Channel, broker: FakeBroker) -> None:
    members = [join(channel, f"m{number}") for number in range(3 * SIZE)]
    for number in range(5):
        channel.post(frame(number), members[-number], reply=b"ack")
    channel.set_draft(members[0], "d", frame("draft"))
    channel.flush_all()
    reliable = b"".join(batch.reliable for _, batch in broker.published)
    assert reliable == b"".join(map(frame, range(5)))
    assert b"".join(batch.volatile for _, batch in broker.published) == frame("draft")


async def test_a_flush_is_counted_once_and_what_it_sends_for_every_reader(channel: Channel) -> None:
    """It was counted for each section: a channel of 5,000 seemed to flush five times as often."""
    for number in range(8):
        join(channel, f"m{number}")
    counters = channel._counters
    channel.post(frame("a"))
    channel.flush_all()
    await turns()  # the time of a flush is known on the next turn
    histograms = (counters.flush_frames, counters.flush_bytes, counters.flush_seconds)
    assert [sum(each.counts) for each in histograms] == [1, 1, 1]
    assert counters.sent["presence"].frames == 8


async def test_the_sections_of_a_crowd_that_ends_hold_everyone(channel: Channel) -> None:
    members = [join(channel, f"m{number}") for number in range(3 * SIZE)]
    channel.count_users(200)
    assert channel.crowd is not None
    channel.detach(members.pop())
    members.append(join(channel, "late"))
    channel.count_users(0)
    assert sum(len(section.members) for section in sections_of(channel).all) == len(members)
    assert len(sections_of(channel).all) == 3
    for each in members:
        each.writes.clear()
    channel.post(frame("a"))
    channel.flush_all()
    assert [each.writes for each in members] == [[frame("a")]] * len(members)


class Witness(FakeConnection):
    """Checks, when it gets an `ack`, that the message was published before (W10)."""

    def __init__(self, name: str, broker: FakeBroker) -> None:
        super().__init__(name)
        self._broker = broker

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        super().deliver(shared, pieces)
        for number in re.findall(rb"ack (\d+)", self.writes[-1]):
            assert frame(number.decode()) in self._broker.sent


@pytest.mark.parametrize("seed", range(40))
async def test_everyone_gets_every_frame_once_and_in_order(channel: Channel, broker: FakeBroker, seed: int) -> None:
    rng = random.Random(seed)
    expected: dict[FakeConnection, bytes] = {}
    published = b""
    for number in range(150):
        what = rng.random()
        if what < 0.25 or not expected:
            expected[enter(channel, Witness(f"m{number}", broker))] = b""
        elif what < 0.4:
            gone = rng.choice(list(expected))
            channel.detach(gone)
            del expected[gone]
        elif what < 0.8:
            sender = rng.choice([None, *expected])
            published += frame(number)
            channel.post(frame(number), sender, reply=frame(f"ack {number}"))
            for each in expected:
                expected[each] += frame(f"ack {number}") if each is sender else frame(number)
        elif what < 0.9:
            channel.deliver(Batch(frame(f"remote {number}"), b""))
            # Its place among the frames of this process is another one: compared on its own below.
            for each in expected:
                expected[each] += frame(f"remote {number}")
        if rng.random() < 0.3:
            channel.flush() if rng.random() < 0.5 else await turns()
    channel.flush_all()
    for connection, frames in expected.items():
        got = b"".join(connection.writes)
        assert sorted(got.split(b"\x81")) == sorted(frames.split(b"\x81"))
        assert [each for each in got.split(b"\x81") if b"remote" not in each] == [
            each for each in frames.split(b"\x81") if b"remote" not in each
        ]
    assert b"".join(batch.reliable for _, batch in broker.published) == published
    numbers = [n for _, batch in broker.published for n in range(batch.number, batch.number + batch.frames)]
    assert numbers == list(range(1, published.count(b"\x81") + 1))


async def test_w14_what_a_later_section_acknowledges_is_published_before(channel: Channel, broker: FakeBroker) -> None:
    """A user who has the `ack` may go on through another process, where both messages must come in order."""
    members = [enter(channel, Witness(f"m{number}", broker)) for number in range(3 * SIZE)]
    channel.post(frame(1), members[0], reply=frame("ack 1"))
    channel.flush()
    channel.post(frame(2), members[-1], reply=frame("ack 2"))
    channel.post(frame(3))
    while not members[-1].writes:
        channel.flush()
    assert b"".join(batch.reliable for _, batch in broker.published) == frame(1) + frame(2) + frame(3)
    channel.post(frame(4), members[-1], reply=frame("ack 4"))
    channel.set_draft(members[0], "d", frame("draft"))
    channel.flush_all()
    assert b"".join(batch.reliable for _, batch in broker.published) == b"".join(map(frame, range(1, 5)))
    assert b"".join(batch.volatile for _, batch in broker.published) == frame("draft")


def test_an_empty_channel_waits_for_nothing() -> None:
    empty = Sections(LoopLag(), {})
    assert (empty.has_frames, empty.has_cursors, empty.waiting_bytes, len(empty.all)) == (False, False, 0, 1)
    assert empty.next() is empty.first
