"""A crowd on a loop with virtual time, with fake connections: listeners, slow readers, pointers, activity, pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from asocial.domain.cells import CELL, MIDDLE, Region, region_of
from asocial.domain.crowd_pace import FRAMES_PER_SECOND, LEAST, MOST
from asocial.domain.flush import Piece, Shared
from asocial.domain.message import Position
from asocial.domain.pointers import MAX_POINTERS
from asocial.groups import CrowdSettings
from asocial.ports import Batch
from asocial.protocol.codec import encode, pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import Ack, Chat, UserCount
from asocial.service.channel import Channel
from asocial.service.control import ActivityHere, CrowdCounted, decode_control
from asocial.service.crowd import CATCH_UP_BYTES, CATCH_UP_MESSAGES, GRACE_S, MAX_LISTENERS, Crowd
from asocial.service.crowd_batch import Part, cells_line, parts, split_control
from asocial.service.crowd_load import SUSPENDED_S
from asocial.service.crowd_pointers import EXPIRE_PARTS, MAX_RESTING_OF_CELL, RESTING_S
from asocial.service.crowd_rounds import SLICE
from asocial.service.sections import SECTION_MEMBERS
from asocial.service.writing import UNSENT_LIMIT_BYTES, VOLATILE_UNSENT_LIMIT_BYTES

from .fakes import FakeBroker, FakeConnection, make_channel

HERE, THERE = region_of(0, 0, 800, 600), region_of(40 * CELL, 0, 800, 600)
THRESHOLD = 8


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def channel(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = make_channel(broker, crowds=CrowdSettings(threshold=THRESHOLD, life_s=12))
    made.count_users(THRESHOLD)
    yield made
    made.close()


def crowd_of(channel: Channel) -> Crowd:
    assert channel.crowd is not None
    return channel.crowd


def join(channel: Channel, name: str, region: Region | None) -> FakeConnection:
    connection = FakeConnection(name)
    channel.attach(connection, region)
    channel.release(connection, b"")
    return connection


def chat(channel: Channel, author: FakeConnection, message_id: str, at: tuple[float, float]) -> None:
    body = encode(Chat(message_id, "garden", author.id, "x", "jade", "hi", Position(*at), 1, 10**15))
    channel.post(text_frame(body), author, pack(Ack(message_id, 1, 10**15)), message_id, (at,))


async def test_w160_hysteresis(broker: FakeBroker) -> None:
    channel = make_channel(broker, crowds=CrowdSettings(threshold=THRESHOLD))
    states = []
    for count in (7, 8, 7, 6, 7, 8):
        channel.count_users(count)
        states.append(channel.crowd is not None)
    assert states == [False, True, True, False, False, True]
    told = [message for _, batch in broker.published for message in decode_control(batch.control)]
    assert told == [CrowdCounted(8), CrowdCounted(6), CrowdCounted(8)]
    channel.close()


async def test_w160_without_a_threshold_there_are_no_crowds(broker: FakeBroker) -> None:
    channel = make_channel(broker)
    channel.count_users(1_000_000)
    assert channel.crowd is None
    channel.close()


async def test_w163_a_move_brings_the_newest_messages_within_both_limits(channel: Channel) -> None:
    author, sent = join(channel, "author", THERE), CATCH_UP_MESSAGES + 30
    for number in range(sent):
        chat(channel, author, f"m{number}", (40 * CELL, 0))
    channel.flush_all()
    many = join(channel, "many", HERE)
    crowd_of(channel).look(many, "many", (40 * CELL, 0), THERE, on_map=True)
    assert [frame["message_id"] for frame in many.frames("chat")] == [f"m{number}" for number in range(30, sent)]
    filler = "x" * (CATCH_UP_BYTES // 100)
    for number in range(110):
        body = encode(Chat(f"l{number}", "garden", author.id, "x", "jade", filler, Position(0, 0), 1, 10**15))
        channel.post(text_frame(body), author, pack(Ack(f"l{number}", 1, 10**15)), f"l{number}", ((0.0, 0.0),))
    channel.flush_all()
    large = join(channel, "large", THERE)
    crowd_of(channel).look(large, "large", (0, 0), HERE, on_map=True)
    ids = [frame["message_id"] for frame in large.frames("chat")]
    assert ids == [f"l{number}" for number in range(110 - len(ids), 110)]
    assert 90 < len(ids) < 100


async def test_w161_after_the_grace_a_process_takes_a_hundred_listeners(channel: Channel) -> None:
    early = [join(channel, f"early{number}", None) for number in range(MAX_LISTENERS + 5)]
    assert {channel.region_of(connection) for connection in early} == {None}
    await asyncio.sleep(GRACE_S + 1.5)
    assert [channel.region_of(connection) for connection in early].count(MIDDLE) == 5
    assert channel.region_of(join(channel, "late", None)) == MIDDLE
    assert channel.region_of(join(channel, "viewer", THERE)) == THERE


async def test_slow_readers_get_no_volatile_frames_and_then_are_closed(channel: Channel) -> None:
    ann, bob, eve = (join(channel, name, HERE) for name in ("ann", "bob", "eve"))
    bob.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    eve.unsent_bytes = UNSENT_LIMIT_BYTES + 1
    for connection in (ann, bob, eve):
        connection.writes.clear()
    chat(channel, ann, "m1", (0, 0))
    channel.set_draft(ann, "m2", pack(UserCount(1, "draft", 1)), ((0, 0),))
    channel.flush_all()
    assert [frame["type"] for frame in bob.frames()] == ["chat"]
    assert eve.closed
    assert channel.region_of(eve) is None
    crowd_of(channel).move(ann, "ann", 0, 0, on_map=True)
    await asyncio.sleep(1)
    assert not bob.frames("cursors")


async def test_w85_what_comes_into_view_after_the_clock_was_set_has_the_new_times(channel: Channel) -> None:
    ann, bob = join(channel, "ann", THERE), join(channel, "bob", HERE)
    chat(channel, ann, "m1", (40 * CELL, 0))
    channel.flush_all()
    crowd_of(channel).clock_set(-500)
    crowd_of(channel).look(bob, "bob", (40 * CELL, 0), THERE, on_map=True)
    [frame] = bob.frames("chat")
    assert (frame["message_id"], frame["timestamp"], frame["expires_at"]) == ("m1", 1 - 500, 10**15 - 500)
    # Both look away and back: neither gets it again.
    for look in (HERE, THERE):
        crowd_of(channel).look(ann, "ann", look.middle, look, on_map=True)
        crowd_of(channel).look(bob, "bob", look.middle, look, on_map=True)
    assert len(bob.frames("chat")) == len(ann.frames("chat")) + 1 == 1


async def test_w165_a_group_gets_at_most_a_hundred_pointers_in_a_tick(channel: Channel) -> None:
    ann = join(channel, "ann", HERE)
    for number in range(3 * MAX_POINTERS):
        crowd_of(channel).move(ann, f"user{number}", number, 0, on_map=True)
    await asyncio.sleep(0.5)
    [frame] = ann.frames("cursors")
    assert len(frame["cursors"]) == MAX_POINTERS
    assert frame["cursors"] == sorted(frame["cursors"], key=lambda cursor: int(cursor[1] / 256)), "the nearest"


async def test_w205_a_viewport_that_arrives_gets_the_pointers_that_rest_there(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", THERE)
    crowd = crowd_of(channel)
    crowd.move(ann, "ann", 5, 6, on_map=True)
    crowd.move(bob, "bob", 40 * CELL, 7, on_map=True)
    await asyncio.sleep(1)
    bob.writes.clear()
    crowd.look(bob, "bob", (0, 0), HERE, on_map=True)
    assert [frame["cursors"] for frame in bob.frames("cursors")] == [[["ann", 5, 6]]]
    # It is there already.
    crowd.look(bob, "bob", (CELL, 0), region_of(CELL, 0, 800, 600), on_map=True)
    assert len(bob.frames("cursors")) == 1
    eve = join(channel, "eve", HERE)
    assert [frame["cursors"] for frame in eve.frames("cursors")] == [[["ann", 5, 6]]], "a newcomer"
    channel.detach(ann, user_gone="ann")
    assert not join(channel, "fay", HERE).frames("cursors")


async def test_w205_at_the_slowest_pace_pointers_that_rest_are_left_out(channel: Channel) -> None:
    ann, crowd = join(channel, "ann", HERE), crowd_of(channel)
    crowd.move(ann, "ann", 5, 6, on_map=True)
    await asyncio.sleep(1)
    for number in range(3 * int(FRAMES_PER_SECOND)):
        join(channel, f"p{number}", HERE)
    await asyncio.sleep(1.5)
    assert ann.frames("pace")[-1]["cursors_per_second"] == LEAST
    assert not join(channel, "bob", HERE).frames("cursors")


async def test_w181_a_position_and_its_anchor_come_from_the_same_process(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", HERE)
    crowd = crowd_of(channel)
    elsewhere = text_frame(b'{"type":"cursors","cursors":[["ann",1,2]],"anchors":{"ann":"install/0"}}')
    line = cells_line([], [(elsewhere, ((0, 0),))])
    # A user with tabs on two processes: the newest move counts.
    crowd.add_batch(b"", elsewhere, line)
    crowd.move(ann, "ann", 5, 6, on_map=True)
    await asyncio.sleep(0.5)
    assert bob.frames("cursors") == [{"type": "cursors", "cursors": [["ann", 5, 6]]}]
    bob.writes.clear()
    crowd.move(ann, "ann", 5, 6, on_map=True)
    crowd.add_batch(b"", elsewhere, line)
    await asyncio.sleep(0.5)
    assert bob.frames("cursors") == [{"type": "cursors", "cursors": [["ann", 1, 2]], "anchors": {"ann": "install/0"}}]


async def test_what_waited_in_any_section_is_shown_when_the_channel_becomes_a_crowd(broker: FakeBroker) -> None:
    channel = make_channel(broker, crowds=CrowdSettings(threshold=5_000, life_s=12))
    people = [join(channel, f"p{number}", HERE) for number in range(2 * SECTION_MEMBERS + 1)]
    channel.set_cursor("ann", Position(5, 6))
    # The first section has written the position, the others have not.
    channel.flush()
    written = sum(bool(each.frames("cursors")) for each in people)
    assert 0 < written < len(people)
    channel.count_users(5_000)
    for person in people:
        crowd_of(channel).look(person, person.id, (0, 0), HERE, on_map=True)
    await asyncio.sleep(0.5)
    assert all(each.frames("cursors")[-1]["cursors"] == [["ann", 5, 6]] for each in people)
    channel.close()


async def test_w205_at_most_so_many_of_a_cell_and_for_a_while(channel: Channel) -> None:
    ann = join(channel, "ann", HERE)
    crowd = crowd_of(channel)
    for number in range(3 * MAX_RESTING_OF_CELL):
        crowd.move(ann, f"user{number}", number, 0, on_map=True)
    await asyncio.sleep(1)
    [frame] = join(channel, "bob", HERE).frames("cursors")
    last = {f"user{number}" for number in range(2 * MAX_RESTING_OF_CELL, 3 * MAX_RESTING_OF_CELL)}
    assert {user_id for user_id, _, _ in frame["cursors"]} == last
    await asyncio.sleep(RESTING_S + 1)
    assert not join(channel, "eve", HERE).frames("cursors")
    await asyncio.sleep(EXPIRE_PARTS)
    assert not crowd.pointers
    assert not crowd.pointers._moves
    assert not crowd.pointers._newest


async def test_w205_a_slow_reader_does_not_get_them(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", THERE)
    crowd = crowd_of(channel)
    crowd.move(ann, "ann", 5, 6, on_map=True)
    await asyncio.sleep(1)
    bob.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    crowd.look(bob, "bob", (0, 0), HERE, on_map=True)
    assert not bob.frames("cursors")


async def test_w165_pointers_are_written_in_slices_to_everybody_once(channel: Channel) -> None:
    people = [join(channel, f"p{number}", Region(number % 7, 0, number % 7 + 5, 0)) for number in range(3 * SLICE)]
    for person in people:
        person.writes.clear()
    crowd_of(channel).move(people[0], "p0", 5.5 * CELL, 1, on_map=True)
    await asyncio.sleep(0.5)
    got = [len(person.frames("cursors")) for person in people]
    assert got == [int(number % 7 <= 5) for number in range(3 * SLICE)]


async def test_w166_who_was_too_slow_for_a_change_gets_the_whole_later(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", HERE)
    bob.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    bob.writes.clear()
    crowd_of(channel).move(ann, "ann", 10, 10, on_map=True)
    await asyncio.sleep(2.5)
    assert ann.frames("activity")[-1]["places"] == [[512, 512, 1, 0]]
    assert not bob.frames("activity")
    bob.unsent_bytes = 0
    await asyncio.sleep(1.5)
    assert bob.frames("activity") == [{"type": "activity", "size": CELL, "whole": True, "places": [[512, 512, 1, 0]]}]


async def test_w166_who_moves_while_a_change_is_written_gets_it_once(channel: Channel) -> None:
    people = [join(channel, f"p{number}", Region(number, 0, number, 0)) for number in range(2 * SLICE)]
    first, last = people[0], people[-1]
    moved = False

    class Mover(FakeConnection):
        def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
            nonlocal moved
            super().deliver(shared, pieces)
            if b'"activity"' in shared.data and not moved:
                moved = True
                # Each into the region of the other: one has been written to in this round, and one has not.
                look(first, -1)
                look(last, 0)

    def look(connection: FakeConnection, number: int) -> None:
        x = (number % len(people)) * CELL + 512
        crowd_of(channel).look(
            connection, connection.id, (x, 512), Region(x // CELL, 0, x // CELL, 0), on_map=connection is people[1]
        )

    mover = Mover("mover")
    channel.attach(mover, Region(SLICE // 2, 0, SLICE // 2, 0))
    channel.release(mover, b"")
    look(people[1], 1)
    await asyncio.sleep(1.5)
    assert moved
    everybody = [*people, mover]
    assert [len([frame for frame in each.frames("activity") if frame["places"]]) for each in everybody] == [1] * len(
        everybody
    )


async def test_w167_a_crowd_that_comes_at_once_is_asked_for_little_from_the_beginning(channel: Channel) -> None:
    ann = join(channel, "ann", HERE)
    assert ann.frames("pace")[-1]["cursors_per_second"] == MOST
    people = [join(channel, f"p{number}", HERE) for number in range(5_000)]
    await asyncio.sleep(1.5)
    pace = ann.frames("pace")[-1]["cursors_per_second"]
    assert pace <= FRAMES_PER_SECOND / (len(people) / 2)
    late = join(channel, "late", HERE)
    assert late.frames("pace")[-1]["cursors_per_second"] == pace


async def test_a_process_that_was_suspended_asks_whether_clients_are_gone(channel: Channel) -> None:
    crowd, now = crowd_of(channel), asyncio.get_running_loop().time
    assert not crowd.load.reads_late(now())
    await asyncio.sleep(SUSPENDED_S / 2)
    assert not crowd.load.reads_late(now())
    await asyncio.sleep(SUSPENDED_S * 2)
    assert crowd.load.reads_late(now())
    assert crowd.load.reads_late(now()), "of everybody"
    await asyncio.sleep(SUSPENDED_S * 0.9)
    crowd.load.reads_late(now())
    await asyncio.sleep(SUSPENDED_S * 0.9)
    assert not crowd.load.reads_late(now())


async def test_w166_the_activity_of_another_process_is_added_and_ends_with_it(channel: Channel) -> None:
    ann = join(channel, "ann", HERE)
    crowd_of(channel).move(ann, "ann", 10, 10, on_map=True)
    crowd_of(channel).add_activity(b"2", ActivityHere(0, [(0, 0, 4, 1), (9, 9, 2, 0)]))
    await asyncio.sleep(1.5)
    assert ann.frames("activity")[-1]["places"] == [[512, 512, 5, 1], [9 * CELL + 512, 9 * CELL + 512, 2, 0]]
    ann.writes.clear()
    await asyncio.sleep(7)
    assert [9 * CELL + 512, 9 * CELL + 512, 0, 0] in ann.frames("activity")[0]["places"]


async def test_w170_a_batch_says_its_cells_and_an_earlier_version_skips_the_line(
    channel: Channel, broker: FakeBroker
) -> None:
    ann = join(channel, "ann", HERE)
    broker.published.clear()
    chat(channel, ann, "m1", (10, 10))
    channel.post(pack(UserCount(3, "e", 1)))
    channel.set_draft(ann, "m2", b"draft", ((3 * CELL, 0),))
    channel.flush_all()
    [(_, batch)] = broker.published
    assert decode_control(batch.control) == []
    line, rest = split_control(batch.control)
    assert rest == b""
    divided = parts(line, batch.reliable, batch.volatile)
    assert divided is not None
    assert [to for _, to in divided[0]] == [((0, 0),), ()]
    assert divided[1] == [(b"draft", ((3, 0),))]
    assert batch.frames == 2


@pytest.mark.parametrize("line", [b"", b"{}", b'{"type":"cells","reliable":[[5]],"volatile":[]}', b"\xff",
                                  b'{"type":"cells","reliable":[[-1]],"volatile":[]}',
                                  b'{"type":"cells","reliable":[[3,1]],"volatile":[]}'])  # fmt: skip
def test_w170_a_line_that_does_not_fit_is_ignored(line: bytes) -> None:
    assert parts(line, b"abc", b"") is None


def test_w170_cells_survive_the_way() -> None:
    reliable: list[Part] = [(b"a", ()), (b"bc", ((1, -2), (3, 4)))]
    volatile: list[Part] = [(b"d", "user"), (b"", ((0, 0),))]
    line, rest = split_control(cells_line(reliable, volatile) + b'{"type":"other"}\n')
    assert rest == b'{"type":"other"}\n'
    assert parts(line, b"abc", b"d") == (reliable, volatile)


async def test_w170_a_batch_without_cells_goes_to_everybody(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", THERE)
    body = encode(Chat("m1", "garden", "eve", "x", "jade", "hi", Position(0, 0), 1, 10**15))
    channel.deliver(Batch(text_frame(body), b"", number=1, frames=1, publisher=b"old"))
    channel.flush_all()
    assert [len(connection.frames("chat")) for connection in (ann, bob)] == [1, 1]
    crowd_of(channel).look(bob, "bob", (0, 0), HERE, on_map=True)
    assert len(bob.frames("chat")) == 1
    late = join(channel, "late", THERE)
    crowd_of(channel).look(late, "late", (0, 0), HERE, on_map=True)
    assert len(late.frames("chat")) == 1


async def test_w166_somebody_who_hides_disappears_from_activity(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", HERE)
    crowd_of(channel).move(ann, "ann", 10, 10, on_map=True)
    await asyncio.sleep(1.5)
    assert bob.frames("activity")[-1]["places"] == [[512, 512, 1, 0]]
    crowd_of(channel).activity.show_on_map(ann, False)
    await asyncio.sleep(6)
    assert bob.frames("activity")[-1]["places"] == [[512, 512, 0, 0]]


async def test_a_follow_that_is_over_is_forgotten(channel: Channel) -> None:
    ann = join(channel, "ann", HERE)
    for number in range(100):
        crowd_of(channel).follow(ann, f"nobody{number}")
    await asyncio.sleep(13)
    assert not crowd_of(channel)._followers


async def test_who_leaves_leaves_nothing_behind(channel: Channel) -> None:
    ann, bob = join(channel, "ann", HERE), join(channel, "bob", THERE)
    crowd = crowd_of(channel)
    crowd.move(ann, "ann", 0, 0, on_map=True)
    crowd.follow(bob, "ann")
    channel.detach(ann, user_gone="ann")
    channel.detach(bob, user_gone="bob")
    assert not crowd.pointers
    assert not crowd.activity._places
    assert not crowd._followers
    assert not crowd._memory._history
    assert len(crowd.groups) == 0
