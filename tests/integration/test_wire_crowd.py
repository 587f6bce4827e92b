"""W160 to W170 of docs/protocol.md: a channel with so many people that each gets what they can see."""

from __future__ import annotations

import pytest

from asocial.domain.cells import CELL, MAX_SIDE
from tests.support.client import Client, Position
from tests.support.server import Join, Server, StartServer

FAR: Position = (40 * CELL, 0)
HERE = (0.0, 0.0, 1000.0, 800.0)
THERE = (float(FAR[0]), 0.0, 1000.0, 800.0)


@pytest.fixture
async def crowded(start_server: StartServer) -> Server:
    """A server whose channels are crowds from four people on."""
    return await start_server(crowd_threshold=4)


async def fill(server: Server, join: Join, people: int) -> list[Client]:
    return [await join(server) for _ in range(people)]


async def settled(*clients: Client) -> None:
    """Everything that was sent to these clients until now has arrived."""
    for client in clients:
        await client.ping(1)
        await client.receive("pong")


async def looks(client: Client, at: Position, size: tuple[float, float] = (1000, 800)) -> None:
    """The client's region is that of this view."""
    await client.look(at, size)
    # Frames of one client are carried out in order; a view waits if the one before it was a moment ago.
    marker = await client.chat("looked", at=at)
    await client.receive("ack", where=lambda frame: frame["message_id"] == marker)


async def heard(client: Client, message_id: str) -> None:
    await client.receive("chat", where=lambda frame: frame["message_id"] == message_id)


def has_heard(client: Client, message_id: str) -> bool:
    return any(frame["type"] == "chat" and frame["message_id"] == message_id for frame in client.received)


async def test_w160_a_channel_becomes_a_crowd_and_stops_being_one(crowded: Server, join: Join) -> None:
    first = await fill(crowded, join, 3)
    assert all("crowd" not in client.sync for client in first)
    fourth = await join(crowded)
    assert fourth.sync["crowd"] is True
    for client in first:
        assert (await client.receive("crowd"))["on"] is True
    await fourth.close()
    for client in first:
        assert (await client.receive("crowd"))["on"] is False


async def test_w160_messages_go_to_those_who_see_their_place(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    near = await join(crowded, view=HERE)
    far = await join(crowded, view=THERE)
    message_id = await author.chat("hello", at=(10, 10))
    await heard(near, message_id)
    elsewhere = await author.chat("over there", at=FAR)
    await heard(far, elsewhere)
    assert not has_heard(far, message_id)
    await settled(near)
    assert not has_heard(near, elsewhere)


async def test_w161_a_client_that_never_says_what_it_sees_gets_every_message_and_no_pointers(
    crowded: Server, join: Join
) -> None:
    author, listener, *_ = await fill(crowded, join, 4)
    viewer = await join(crowded, view=HERE)
    await author.cursor((5, 5))
    await author.typing("hel", message_id="draft")
    await viewer.receive("cursors")
    await viewer.receive("typing")
    for at in ((0, 0), FAR):
        await heard(listener, await author.chat("hello", at=at))
    assert not listener.waiting("cursors", "typing")


async def test_w162_the_query_says_what_a_client_sees_before_its_first_view(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    here, there = await author.chat("here", at=(0, 0)), await author.chat("there", at=FAR)
    await settled(author)
    viewer = await join(crowded, view=HERE)
    assert [message["message_id"] for message in viewer.sync["messages"]] == [here]
    assert [message["message_id"] for message in (await join(crowded)).sync["messages"]] == [here, there]


async def test_w162_the_client_whose_joining_makes_a_crowd_has_its_region_at_once(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 3)
    before = await author.chat("there, before", at=FAR)
    await settled(author)
    last = await join(crowded, view=HERE)
    assert [message["message_id"] for message in last.sync["messages"]] == [before]
    there = await author.chat("there", at=FAR)
    await heard(last, await author.chat("here", at=(0, 0)))
    assert not has_heard(last, there)
    await last.look(FAR)
    await heard(last, there)
    await settled(last)
    ids = [frame["message_id"] for frame in last.received if frame["type"] == "chat"]
    assert (ids.count(there), ids.count(before)) == (1, 0)


@pytest.mark.parametrize("view", [(0, 0, 0, 800), (0, 0, -1, 1), (1e9, 0, 10, 10), (float("nan"), 0, 10, 10)])
async def test_w162_a_query_that_is_not_valid_is_ignored(
    crowded: Server, join: Join, view: tuple[float, float, float, float]
) -> None:
    author, *_ = await fill(crowded, join, 4)
    there = await author.chat("there", at=FAR)
    await settled(author)
    assert [message["message_id"] for message in (await join(crowded, view=view)).sync["messages"]] == [there]


async def test_w163_a_viewport_that_moves_gets_the_live_messages_there_once(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    viewer = await join(crowded, view=HERE)
    there = await author.chat("there", at=FAR)
    await settled(author, viewer)
    assert not has_heard(viewer, there)
    await viewer.look(FAR)
    await heard(viewer, there)
    await viewer.look((0, 0))
    here = await author.chat("here", at=(0, 0))
    await heard(viewer, here)
    await viewer.look(FAR)
    later = await author.chat("there, later", at=FAR)
    await heard(viewer, later)
    await settled(viewer)
    ids = [frame["message_id"] for frame in viewer.received if frame["type"] == "chat"]
    assert ids == [there, here, later]


async def test_w163_messages_from_before_the_crowd_come_into_view_too(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 3)
    there = await author.chat("there", at=FAR)
    await settled(author)
    await join(crowded)
    viewer = await join(crowded, view=HERE)
    assert viewer.sync["messages"] == []
    await viewer.look(FAR)
    await heard(viewer, there)


async def test_w163_at_the_end_of_a_crowd_everybody_gets_what_they_lack(crowded: Server, join: Join) -> None:
    author, second, third, fourth = await fill(crowded, join, 4)
    viewer = await join(crowded, view=HERE)
    there = await author.chat("there", at=FAR)
    await settled(author, viewer)
    assert not has_heard(viewer, there)
    await third.close()
    await fourth.close()
    await heard(viewer, there)
    after = await author.chat("after", at=FAR)
    await heard(viewer, after)
    await heard(second, after)
    assert sum(has_heard(viewer, each) for each in (there, after)) == 2
    assert len([frame for frame in viewer.received if frame["type"] == "chat"]) == 2


async def test_w163_a_cleared_channel_brings_nothing(start_server: StartServer, join: Join) -> None:
    server = await start_server(crowd_threshold=4, auth="open", channel_owners="garden:owner")
    owner = await join(server, uid="owner")
    author, *_ = await fill_open(server, join, 4)
    viewer = await join(server, uid="viewer", view=HERE)
    await author.chat("there", at=FAR)
    await settled(author)
    await owner.moderate("clear")
    await viewer.receive("cleared")
    await viewer.look(FAR)
    last = await author.chat("there again", at=FAR)
    await heard(viewer, last)
    assert len([frame for frame in viewer.received if frame["type"] == "chat"]) == 1


async def fill_open(server: Server, join: Join, people: int) -> list[Client]:
    return [await join(server, uid=f"person{number}") for number in range(people)]


async def test_w164_a_view_of_any_size_has_a_region_of_limited_size(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    viewer = await join(crowded, view=(0, 0, 10_000_000, 10_000_000))
    inside, outside = (MAX_SIDE // 2 - 1) * CELL, (MAX_SIDE // 2 + 1) * CELL
    far = await author.chat("too far", at=(outside, 0))
    await heard(viewer, await author.chat("in the middle", at=(inside, 0)))
    assert not has_heard(viewer, far)


async def test_w165_pointers_go_to_those_who_see_them(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    near, far = await join(crowded, view=HERE), await join(crowded, view=THERE)
    await author.cursor((5, 6))
    frame = await near.receive("cursors")
    assert frame["cursors"] == [[author.user_id, 5, 6]]
    await author.cursor((FAR[0], 7))
    assert (await far.receive("cursors"))["cursors"] == [[author.user_id, FAR[0], 7]]
    await settled(near, far)
    assert len([frame for frame in (*near.received, *far.received) if frame["type"] == "cursors"]) == 2


async def test_w205_a_viewport_that_arrives_gets_the_pointers_that_rest_there(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    near, far = await join(crowded, view=HERE), await join(crowded, view=THERE)
    await author.cursor((5, 6))
    await near.receive("cursors")
    await far.look((0, 0))
    assert (await far.receive("cursors"))["cursors"] == [[author.user_id, 5, 6]]
    newcomer = await join(crowded, view=HERE)
    assert (await newcomer.receive("cursors"))["cursors"] == [[author.user_id, 5, 6]]


async def test_w165_a_follower_gets_the_view_and_the_pointer_wherever_they_are(crowded: Server, join: Join) -> None:
    followed, *_ = await fill(crowded, join, 4)
    follower, other = await join(crowded, view=HERE), await join(crowded, view=HERE)
    await follower.follow(followed.user_id)
    await followed.receive("followed")
    await followed.look(FAR)
    view = await follower.receive("view")
    assert (view["user_id"], view["position"]) == (followed.user_id, {"x": FAR[0], "y": 0})
    await followed.cursor((FAR[0], 3))
    assert (await follower.receive("cursors"))["cursors"] == [[followed.user_id, FAR[0], 3]]
    await settled(other)
    assert not other.waiting("view", "cursors")


async def test_w165_people_who_follow_each_other_see_no_view_of_each_other(crowded: Server, join: Join) -> None:
    ann, bob, *_ = await fill(crowded, join, 4)
    await ann.follow(bob.user_id)
    await bob.receive("followed")
    await bob.follow(ann.user_id)
    await ann.receive("followed")
    await bob.look(FAR)
    await heard(ann, await bob.chat("done", at=FAR))
    assert not ann.waiting("view")


async def test_w165_nobody_sees_the_view_of_somebody_who_is_hidden_from_maps(crowded: Server, join: Join) -> None:
    hidden = await join(crowded, on_map="0")
    _, follower, *_ = await fill(crowded, join, 4)
    await follower.follow(hidden.user_id)
    await hidden.receive("followed")
    await hidden.look(FAR)
    marker = await hidden.chat("done", at=FAR)
    await heard(follower, marker)
    await settled(follower)
    assert not follower.waiting("view")


async def test_w166_activity_says_where_people_and_messages_are(crowded: Server, join: Join) -> None:
    people = await fill(crowded, join, 4)
    hidden = await join(crowded, on_map="0", view=THERE)
    viewer = await join(crowded, view=HERE)
    await people[0].cursor(FAR)
    await people[1].cursor((FAR[0] + 3, 3))
    await hidden.cursor((30 * CELL, 0))
    await people[0].chat("there", at=FAR)
    await hidden.chat("here", at=(30 * CELL, 0))
    frame = await viewer.receive("activity", where=lambda frame: bool(frame["places"]))
    assert frame["size"] == CELL
    assert frame["places"] == [[40 * CELL + CELL // 2, CELL // 2, 2, 1]]
    newcomer = await join(crowded, view=HERE)
    whole = await newcomer.receive("activity")
    assert whole["whole"] is True
    assert whole["places"] == frame["places"]


async def test_w167_the_server_says_how_often_to_send_and_samples_who_is_faster(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    viewer = await join(crowded, view=HERE)
    pace = await viewer.receive("pace")
    assert pace["cursors_per_second"] >= 1
    assert pace["drafts_per_second"] >= 1
    for number in range(300):
        await author.cursor((number, 0))
    await viewer.receive("cursors", where=lambda frame: frame["cursors"] == [[author.user_id, 299, 0]])
    assert len([frame for frame in viewer.received if frame["type"] == "cursors"]) < 150
    assert not author.waiting("error")


async def test_w168_a_view_of_a_crowd_is_not_shown_to_all_once_it_is_over(crowded: Server, join: Join) -> None:
    author, second, third, fourth = await fill(crowded, join, 4)
    await looks(author, (0, 0))
    await fourth.close()
    assert (await author.receive("crowd", where=lambda frame: not frame["on"]))["on"] is False
    await author.look((9, 9))
    await heard(second, await author.chat("done"))
    assert not second.waiting("view")
    assert not third.waiting("view")


async def test_w160_the_end_of_a_draft_and_a_stroke_reach_those_who_see_them(crowded: Server, join: Join) -> None:
    author, *_ = await fill(crowded, join, 4)
    viewer = await join(crowded, view=HERE)
    await author.typing("hel", message_id="d1", at=(3, 3))
    await viewer.receive("typing")
    await author.typing("", message_id="d1", at=(3, 3))
    assert (await viewer.receive("typing"))["payload"] == ""
    across = [(FAR[0], 0), (3, 3)]
    await author.stroke(across, message_id="s1", done=False)
    await viewer.receive("stroke", where=lambda frame: "expires_at" not in frame)
    await author.stroke(across, message_id="s1")
    await viewer.receive("stroke", where=lambda frame: "expires_at" in frame)
