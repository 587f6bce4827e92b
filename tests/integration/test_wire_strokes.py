"""W110 to W114 of docs/protocol.md: strokes."""

from __future__ import annotations

import json

import pytest

from tests.integration.test_wire_owners import SECRET
from tests.integration.test_wire_rules import Clock, bearer_post
from tests.support.client import Client, Frame
from tests.support.server import Join, Server, StartServer

LINE = [(0.0, 0.0), (10.5, 5.0), (20.0, -5.0)]
WIRE = [[0.0, 0.0], [10.5, 5.0], [20.0, -5.0]]


async def stroke_of(client: Client, message_id: str, *, done: bool = True) -> Frame:
    return await client.receive(
        "stroke", where=lambda frame: frame["message_id"] == message_id and ("expires_at" in frame) == done
    )


async def settled(*clients: Client) -> None:
    """Everything that was sent before this has been handled, and everything delivered."""
    for client in clients:
        await client.ping(7)
        await client.receive("pong", where=lambda frame: frame["t"] == 7)


# W110: drawing.


async def test_w110_others_see_a_stroke_grow_and_then_the_finished_one(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke(LINE[:2], message_id="s1", done=False)
    assert await bob.receive("stroke") == {
        "type": "stroke",
        "message_id": "s1",
        "user_id": ann.user_id,
        "points": WIRE[:2],
    }
    await ann.stroke(LINE, message_id="s1")
    ack = await ann.receive("ack")
    finished = await bob.receive("stroke")
    assert finished == {
        "type": "stroke",
        "message_id": "s1",
        "channel_id": bob.sync["channel_id"],
        "user_id": ann.user_id,
        "name": finished["name"],
        "color": finished["color"],
        "points": WIRE,
        "timestamp": ack["timestamp"],
        "expires_at": ack["expires_at"],
    }
    await settled(ann)
    assert not ann.waiting("stroke", "error")


async def test_w110_w11_the_own_other_tab_sees_the_stroke_too(server: Server, join: Join) -> None:
    ann = await join(server)
    tab = await join(server, token=ann.token)
    await ann.stroke(LINE, message_id="s1", done=False)
    await stroke_of(tab, "s1", done=False)
    await ann.stroke(LINE, message_id="s1")
    await stroke_of(tab, "s1")
    assert not ann.waiting("stroke")


async def test_w110_an_abandoned_stroke_disappears(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke(LINE, message_id="s1", done=False)
    await stroke_of(bob, "s1", done=False)
    await ann.stroke([], message_id="s1", done=False)
    assert (await stroke_of(bob, "s1", done=False))["points"] == []
    assert "strokes" not in await bob.resync()


async def test_w110_another_stroke_ends_the_one_before(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke(LINE, message_id="s1", done=False)
    await stroke_of(bob, "s1", done=False)
    await ann.stroke(LINE, message_id="s2", done=False)
    ended = await bob.receive("stroke")
    assert (ended["message_id"], ended["points"]) == ("s1", [])
    await stroke_of(bob, "s2", done=False)


async def test_w110_no_state_follows_the_finished_stroke(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    for _ in range(30):  # above the rate, so that states wait
        await ann.stroke(LINE, message_id="s1", done=False)
    await ann.stroke(LINE, message_id="s1")
    await stroke_of(bob, "s1")
    await ann.stroke(LINE, message_id="s1", done=False)
    await ann.chat("fence")
    await bob.receive("chat")
    assert "expires_at" in [frame for frame in bob.received if frame["type"] == "stroke"][-1]


async def test_w110_a_draft_and_a_stroke_do_not_end_each_other(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.typing("hel", message_id="m1")
    await bob.receive("typing")
    await ann.stroke(LINE, message_id="s1", done=False)
    await stroke_of(bob, "s1", done=False)
    await ann.typing("hello", message_id="m1")
    assert (await bob.receive("typing"))["payload"] == "hello"


# W111: points.


async def test_w111_points_are_rounded(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke([(0.04, -0.04), (1.26, 99.99)], message_id="s1")
    assert (await stroke_of(bob, "s1"))["points"] == [[0.0, 0.0], [1.3, 100.0]]


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ("[[0,0],[10000000.1,0]]", "position_invalid"),
        ("[[0,0],[1e999,0]]", "position_invalid"),
        ("[[0,0],[0,-1e12]]", "position_invalid"),
        ("[[0,0],[NaN,0]]", "bad_frame"),
        ("[[0,0],[0]]", "bad_frame"),
        ("[[0,0],[0,0,0]]", "bad_frame"),
        ('[[0,0],["1",0]]', "bad_frame"),
        ("[[0,0],null]", "bad_frame"),
        ("{}", "bad_frame"),
        ("[]", "payload_empty"),
        ("[[1,1]]", "payload_empty"),
        (json.dumps([[n % 10, 0] for n in range(257)]), "payload_too_large"),
        (json.dumps([[-1234567, -1234567]] * 160), "payload_too_large"),
    ],
)
async def test_w111_points_that_are_none_are_refused(server: Server, join: Join, points: str, code: str) -> None:
    ann, bob = await join(server), await join(server)
    await ann.send_raw(f'{{"type":"stroke","message_id":"s1","done":true,"points":{points}}}')
    assert (await ann.receive("error"))["code"] == code
    await ann.chat("fence")
    await bob.receive("chat")
    assert not bob.waiting("stroke")


# W112: life.


async def test_w112_w10_a_stroke_that_is_sent_again_is_delivered_once(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke(LINE, message_id="s1")
    first = await ann.receive("ack")
    tab = await join(server, token=ann.token)
    for client in (ann, tab):
        await client.stroke(LINE, message_id="s1")
        assert await client.receive("ack") == first
    await ann.chat("fence")
    await bob.receive("chat")
    assert len([frame for frame in bob.received if frame["type"] == "stroke"]) == 1


async def test_w112_w6_messages_and_strokes_of_a_user_share_their_ids(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.stroke(LINE, message_id="x")
    first = await ann.receive("ack")
    await ann.chat("not shown", message_id="x")
    assert await ann.receive("ack") == first
    await ann.chat("fence")
    assert (await bob.receive("chat"))["payload"] == "fence"


async def test_w112_a_newcomer_gets_the_strokes_that_live(start_server: StartServer, join: Join) -> None:
    clock = Clock()
    server = await start_server(now_ms=clock)
    ann = await join(server)
    assert "strokes" not in ann.sync
    life = ann.sync["ttl"]["base"]
    await ann.stroke(LINE, message_id="s1")
    first = await ann.receive("ack")
    assert first["expires_at"] - first["timestamp"] == life
    await ann.chat("a word")
    await ann.receive("ack")
    clock.ms += 100
    await ann.stroke(LINE[:2], message_id="s2")
    await ann.receive("ack")
    bob = await join(server)
    assert [(each["message_id"], each["points"]) for each in bob.sync["strokes"]] == [("s1", WIRE), ("s2", WIRE[:2])]
    assert [each["payload"] for each in bob.sync["messages"]] == ["a word"], "no stroke is among the messages"
    clock.ms = first["expires_at"]
    assert [each["message_id"] for each in (await bob.resync())["strokes"]] == ["s2"]
    clock.ms += life
    assert "strokes" not in await (await join(server)).resync()


async def test_w112_w78_a_snapshot_holds_the_newest_hundred_strokes(start_server: StartServer, join: Join) -> None:
    server = await start_server(strokes_per_minute=0, rate_limit_per_minute=0)
    ann = await join(server)
    for number in range(110):
        await ann.stroke(LINE, message_id=f"s{number}")
        await ann.receive("ack")
    held = (await join(server)).sync["strokes"]
    assert [each["message_id"] for each in held] == [f"s{number}" for number in range(10, 110)]


async def test_w112_w65_clear_removes_strokes(start_server: StartServer, join: Join) -> None:
    server = await start_server(secret=SECRET)
    owner = await join(server)
    await bearer_post(server, owner, "/api/channels/garden")
    ann = await join(server)
    await ann.stroke(LINE, message_id="s1")
    ack = await ann.receive("ack")
    await owner.moderate("clear")
    assert (await ann.receive("cleared"))["timestamp"] >= ack["timestamp"]
    assert "strokes" not in (await join(server)).sync


# W113: limits.


@pytest.mark.drives("rate_limited")
async def test_w113_a_user_draws_ten_strokes_a_minute(start_server: StartServer, join: Join) -> None:
    clock = Clock()
    server = await start_server(now_ms=clock)
    ann, bob = await join(server), await join(server)
    assert ann.sync["limits"]["strokes_per_minute"] == 10
    for number in range(10):
        # Drawn first: the finished one uses the same place.
        await ann.stroke(LINE, message_id=f"s{number}", done=False)
        await ann.stroke(LINE, message_id=f"s{number}")
        await ann.receive("ack")
    for done in (False, True):
        await ann.stroke(LINE, message_id="s10", done=done)
        error = await ann.receive("error")
        assert (error["code"], error["limit"], error["message_id"]) == ("rate_limited", "strokes", "s10")
        assert 0 < error["retry_after"] <= 60_000
    await ann.chat("words still pass")
    await ann.receive("ack")
    await bob.stroke(LINE, message_id="b1")
    await bob.receive("ack")
    clock.ms += 60_000
    await ann.stroke(LINE, message_id="s11")
    await ann.receive("ack")


@pytest.mark.drives("rate_limited")
async def test_w113_a_refused_stroke_is_answered_once_while_it_is_drawn(start_server: StartServer, join: Join) -> None:
    server = await start_server(strokes_per_minute=1)
    ann = await join(server)
    await ann.stroke(LINE)
    await ann.receive("ack")
    for _ in range(5):
        await ann.stroke(LINE, message_id="s2", done=False)
    await settled(ann)
    assert len(ann.waiting("error")) == 1


async def test_w113_a_stroke_counts_as_a_message(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=2)
    ann = await join(server)
    await ann.stroke(LINE, message_id="s1")
    await ann.receive("ack")
    await ann.chat("a word")
    await ann.receive("ack")
    await ann.stroke(LINE, message_id="s2", done=False)
    assert (await ann.receive("error"))["limit"] == "user"


async def test_w113_drawing_does_not_take_the_place_of_an_open_draft(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=2)
    ann = await join(server)
    await ann.typing("hel", message_id="m1")
    await ann.stroke(LINE, message_id="s1", done=False)
    await ann.stroke(LINE, message_id="s1")
    await ann.receive("ack")
    await ann.chat("hello", message_id="m1")
    assert (await ann.receive("ack", "error"))["type"] == "ack"


async def test_w113_states_above_the_rate_are_dropped_and_the_latest_arrives(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    for number in range(60):
        await ann.stroke([(0, 0), (number, 0)], message_id="s1", done=False)
    await bob.receive("stroke", where=lambda frame: frame["points"][1][0] == 59)
    assert len([frame for frame in bob.received if frame["type"] == "stroke"]) < 30
    assert not ann.waiting("error")


# W114: clients that know no strokes.


async def test_w114_the_original_clients_field_users_works_with_strokes(server: Server, join: Join) -> None:
    ann = await join(server)
    await ann.stroke(LINE, message_id="s1")
    await ann.receive("ack")
    old = await join(server, users="ids", subprotocols=())
    assert old.sync["messages"] == []
    assert all(isinstance(user, str) for user in old.sync["users"])
    await ann.chat("a word")
    assert (await old.receive("chat"))["payload"] == "a word"


async def test_w114_the_server_says_whether_it_knows_strokes(server: Server, join: Join) -> None:
    assert "strokes_per_minute" in (await join(server)).sync["limits"]
