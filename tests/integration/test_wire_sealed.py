"""Section 17 of docs/protocol.md, the server's side: what it takes, passes on and refuses without reading it.

The boxes here hold random bytes: no server can tell them from real ones.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from pathlib import Path

import pytest

from asocial.domain import sealed
from tests.support import redis_server
from tests.support.api_keys import create
from tests.support.client import Client, Frame, refusal
from tests.support.server import Join, Server, StartServer

from .test_wire_owners import bearer

WRITER, WRITER_TEXT = create("ci", "write", ["*"])


def new_channel() -> str:
    return "sealed-" + secrets.token_urlsafe(32)


def box(padded: int = 64) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(43 + padded)).decode().rstrip("=")


def empty_box(padded: int) -> str:
    """The same with zeros: tests have the same parameters in each process that runs them."""
    return base64.urlsafe_b64encode(bytes(43 + padded)).decode().rstrip("=")


@pytest.fixture
def channel() -> str:
    return new_channel()


@pytest.fixture(params=["memory", "redis"])
def redis_url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue("redis").url)


@pytest.fixture
async def server(redis_url: str | None, start_server: StartServer) -> Server:
    settings = {"secret": "the secret of these tests, long enough", "api_keys": WRITER.entry}
    return await start_server(**settings, **({"redis_url": redis_url} if redis_url else {}))


async def send(client: Client, kind: str, what: str, message_id: str = "") -> None:
    frame = {"type": "sealed", "kind": kind, "box": what}
    await client.send(frame | ({"message_id": message_id} if message_id else {}))


async def get(client: Client, kind: str) -> Frame:
    return await client.receive("sealed", where=lambda frame: frame["kind"] == kind)


@pytest.mark.drives("sealed_channel")
async def test_w192_a_client_that_does_not_know_sealed_channels_never_gets_in(
    server: Server, join: Join, channel: str
) -> None:
    answer = await refusal(server.url, channel=channel)
    assert (answer.status, answer.code) == (403, "sealed_channel")
    asked = await server.get(f"/api/channels/{channel}")
    assert (asked.status, asked.json["error"]["code"]) == (403, "sealed_channel")
    assert (await server.get(f"/api/channels/{channel}?sealed=1")).status == 200
    assert (await join(server, channel, sealed="1")).sync["channel_id"] == channel


@pytest.mark.parametrize("name", ["sealed-", "sealed-short", "sealed-" + "A" * 42, "Sealed-" + "A" * 43])
async def test_w192_other_names_are_ordinary_channels(server: Server, join: Join, name: str) -> None:
    client = await join(server, name)
    await client.chat("hello")
    await client.receive("ack")


async def test_w192_the_http_api_is_refused_with_a_reason(server: Server, channel: str) -> None:
    key = {"Authorization": f"Bearer {WRITER_TEXT}"}
    answers = [await server.get(f"/api/channels/{channel}/{what}", key) for what in ("messages", "members", "events")]
    answers.append(await server.post(f"/api/channels/{channel}/messages", key, json.dumps({"payload": "hello"})))
    for answer in answers:
        assert (answer.status, answer.json["error"]["code"]) == (403, "sealed_channel")
        assert "sealed" in answer.json["error"]["message"]


async def test_w192_the_roster_has_no_name_that_a_client_chose(server: Server, join: Join, channel: str) -> None:
    ada = await join(server, channel, sealed="1")
    await join(server, channel, sealed="1", name="Zebedee", on_map="0")
    joined = await ada.receive("user_joined")
    assert joined["name"] != "Zebedee"
    assert "on_map" not in joined
    assert "Zebedee" not in json.dumps((await ada.resync())["users"])


@pytest.mark.drives("not_sealed")
async def test_w193_frames_that_the_server_could_read_are_refused(server: Server, join: Join, channel: str) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    await ada.chat("plain", message_id="m1")
    await ada.typing("plain", message_id="m2")
    await ada.stroke([(0, 0), (1, 1)], message_id="m3")
    await ada.cursor((1, 2))
    await ada.reaction("heart")
    await ada.send({"type": "view", "position": {"x": 0, "y": 0}, "width": 10, "height": 10})
    await ada.profile("Ada", "rust")
    errors = [await ada.receive("error") for _ in range(7)]
    assert {error["code"] for error in errors} == {"not_sealed"}
    # What comes after it is the first that others get.
    await send(ada, "cursor", box())
    await get(bob, "cursor")
    assert {frame["type"] for frame in bob.received} <= {"user_sync", "user_joined", "user_count", "sealed"}


@pytest.mark.drives("bad_frame")
async def test_w193_sealed_frames_are_refused_in_other_channels(server: Server, join: Join) -> None:
    ada = await join(server, "garden")
    await send(ada, "chat", box(), "m1")
    assert (await ada.receive("error"))["code"] == "bad_frame"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("", "bad_frame"),
        ("not base64!", "bad_frame"),
        ("A" * 9, "bad_frame"),
        (empty_box(0), "bad_frame"),
        (empty_box(63), "bad_frame"),
        (empty_box(65), "bad_frame"),
        (empty_box(4096 + 64), "payload_too_large"),
        ("A" * 7000, "payload_too_large"),
    ],
)
async def test_w195_boxes_of_another_size_are_refused(
    server: Server, join: Join, channel: str, what: str, code: str
) -> None:
    ada = await join(server, channel, sealed="1")
    await send(ada, "chat", what, "m1")
    error = await ada.receive("error")
    assert (error["code"], error["message_id"]) == (code, "m1")


async def test_w195_the_largest_box_is_taken(server: Server, join: Join, channel: str) -> None:
    ada = await join(server, channel, sealed="1")
    await send(ada, "chat", box(4096), "m1")
    await ada.receive("ack")


@pytest.mark.drives("bad_frame")
@pytest.mark.parametrize(("kind", "message_id"), [("chat", ""), ("cursor", "m1"), ("landmark", "m1")])
async def test_w193_kinds_have_a_message_id_or_have_none(
    server: Server, join: Join, channel: str, kind: str, message_id: str
) -> None:
    ada = await join(server, channel, sealed="1")
    await send(ada, kind, box(), message_id)
    assert (await ada.receive("error"))["code"] == "bad_frame"


async def test_w194_a_message_is_acknowledged_passed_on_and_in_the_snapshot(
    server: Server, join: Join, channel: str
) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    words, line = box(), box(128)
    await send(ada, "chat", words, "m1")
    await send(ada, "stroke", line, "s1")
    ack = await ada.receive("ack")
    chat, stroke = await get(bob, "chat"), await get(bob, "stroke")
    assert chat == {
        "type": "sealed",
        "kind": "chat",
        "user_id": ada.user_id,
        "box": words,
        "message_id": "m1",
        "timestamp": ack["timestamp"],
        "expires_at": ack["expires_at"],
    }
    late = await join(server, channel, sealed="1")
    assert (late.sync["messages"], late.sync["strokes"]) == ([chat], [stroke])


async def test_w194_the_same_box_again_gets_the_same_ack(server: Server, join: Join, channel: str) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    words = box()
    await send(ada, "chat", words, "m1")
    first = await ada.receive("ack")
    await send(ada, "chat", words, "m1")
    assert await ada.receive("ack") == first
    await send(ada, "chat", box(), "m2")
    assert [(await get(bob, "chat"))["message_id"] for _ in range(2)] == ["m1", "m2"]


async def test_w194_the_life_comes_from_the_padded_size(server: Server, join: Join, channel: str) -> None:
    ada = await join(server, channel, sealed="1")
    lives = []
    for number, padded in enumerate((64, 192 + 60 // 64 * 64, 320, 4096)):
        await send(ada, "chat", box(padded), f"m{number}")
        ack = await ada.receive("ack")
        lives.append(ack["expires_at"] - ack["timestamp"])
    ttl = ada.sync["ttl"]
    of_128 = ttl["base"] + (128 - ttl["free_characters"]) * ttl["per_character"]
    assert lives == [ttl["base"], ttl["base"], of_128, ttl["max"]]


async def test_w194_a_draft_is_shown_and_ends(server: Server, join: Join, channel: str) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    for kind in ("typing", "drawing"):
        what = box()
        await send(ada, kind, what, "m1")
        shown = await get(bob, kind)
        assert (shown["user_id"], shown["message_id"], shown["box"]) == (ada.user_id, "m1", what)
        # Another draft ends the one before (W73), and a client ends its own.
        await send(ada, kind, box(), "m2")
        ended = await get(bob, kind)
        assert (ended["message_id"], ended["box"]) == ("m1", "")
        assert (await get(bob, kind))["message_id"] == "m2"
        await send(ada, kind, "", "m2")
        ended = await get(bob, kind)
        assert (ended["message_id"], ended["box"]) == ("m2", "")


@pytest.mark.parametrize("kind", ["cursor", "view", "reaction", "profile"])
async def test_w194_volatile_kinds_reach_the_others(server: Server, join: Join, channel: str, kind: str) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    what = box()
    await send(ada, kind, what)
    assert await get(bob, kind) == {"type": "sealed", "kind": kind, "user_id": ada.user_id, "box": what}
    assert not ada.waiting("sealed")


async def test_w194_only_the_latest_cursor_waits(server: Server, join: Join, channel: str) -> None:
    ada, bob = await join(server, channel, sealed="1"), await join(server, channel, sealed="1")
    boxes = [box() for _ in range(60)]
    for each in boxes:
        await send(ada, "cursor", each)
    seen: list[str] = []
    while not seen or seen[-1] != boxes[-1]:
        seen.append((await get(bob, "cursor"))["box"])
    assert len(seen) < len(boxes)
    assert seen == [each for each in boxes if each in seen]


@pytest.mark.drives("read_only", "rate_limited")
async def test_w194_owners_moderate_without_reading(server: Server, join: Join, channel: str) -> None:
    owner = await join(server, channel, sealed="1")
    claimed = await server.post(f"/api/channels/{channel}", bearer(owner), "{}")
    assert claimed.status == 200
    guest = await join(server, channel, sealed="1")
    await owner.moderate("slow", slow_ms=60_000)
    await guest.receive("channel_updated")
    await send(guest, "chat", box(), "m1")
    await guest.receive("ack")
    await send(guest, "chat", box(), "m2")
    assert (await guest.receive("error"))["limit"] == "slow"
    await owner.moderate("read_only", on=True)
    for kind in ("chat", "typing", "stroke", "drawing"):
        await send(guest, kind, box(), "m3")
        assert (await guest.receive("error"))["code"] == "read_only"
    await send(guest, "profile", box())
    await get(owner, "profile")
    await owner.moderate("clear")
    await guest.receive("cleared")
    assert (await guest.resync())["messages"] == []
    await owner.moderate("remove", user_id=guest.user_id)
    assert (await guest.closed()).code == 4512


@pytest.mark.drives("not_sealed", "payload_too_large")
async def test_w196_landmarks_are_kept_without_being_read(server: Server, join: Join, channel: str) -> None:
    owner = await join(server, channel, sealed="1")
    assert (await server.post(f"/api/channels/{channel}", bearer(owner), "{}")).status == 200
    first, second = box(128), box(128)
    await owner.moderate("place_landmark", name="l1", box=first)
    await owner.moderate("place_landmark", name="l1", box=second)
    for _ in range(2):  # the claim, and the first box
        await owner.receive("channel_updated")
    updated = await owner.receive("channel_updated")
    assert updated["landmarks"] == [{"name": "l1", "position": {"x": 0, "y": 0}, "box": second}]
    newcomer = await join(server, channel, sealed="1")
    assert newcomer.sync["rules"]["landmarks"] == updated["landmarks"]
    await owner.moderate("place_landmark", name="fire", position={"x": 1, "y": 2})
    assert (await owner.receive("error"))["code"] == "not_sealed"
    await owner.moderate("place_landmark", name="l2", box=box(384 + 64))
    assert (await owner.receive("error"))["code"] == "payload_too_large"
    await owner.moderate("remove_landmark", name="l1")
    assert "landmarks" not in await owner.receive("channel_updated")


@pytest.mark.drives(4515)
async def test_w197_one_person_more_is_told_that_the_channel_is_full(
    server: Server, join: Join, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asocial.service.sessions.MAX_PEOPLE", 3)
    assert sealed.MAX_PEOPLE == 200
    first, *_ = [await join(server, channel, sealed="1") for _ in range(3)]
    turned_away = await join(server, channel, sealed="1", wait_for_sync=False)
    closed = await turned_away.closed()
    assert (closed.code, closed.info["reason"]) == (4515, "channel full")
    await join(server, channel, sealed="1", token=first.token)
    # Several at once do not get past the limit either.
    await first.close()
    racers = await asyncio.gather(*(join(server, channel, sealed="1", wait_for_sync=False) for _ in range(6)))
    await asyncio.gather(*(racer.receive("user_sync") for racer in racers), return_exceptions=True)
    assert (await (await join(server, channel, sealed="1", token=first.token)).resync())["user_count"] <= 3


async def test_w197_a_sealed_channel_is_never_a_crowd(start_server: StartServer, join: Join, channel: str) -> None:
    server = await start_server(crowd_threshold=2)
    people = [await join(server, channel, sealed="1") for _ in range(4)]
    await send(people[0], "chat", what := box(), "m1")
    for person in people[1:]:
        assert (await get(person, "chat"))["box"] == what
    assert not any("crowd" in client.sync for client in people)
    assert not any(frame["type"] in ("crowd", "pace", "activity") for client in people for frame in client.received)
    # An ordinary channel of the same server is one.
    assert "crowd" in [await join(server, "garden") for _ in range(3)][-1].sync


async def test_w200_an_invitation_names_the_path_that_all_sealed_channels_have(
    server: Server, join: Join, channel: str
) -> None:
    owner = await join(server, channel, sealed="1")
    assert (await server.post(f"/api/channels/{channel}", bearer(owner), "{}")).status == 200
    wanted = json.dumps({"rights": "read", "ttl_seconds": 60})
    made = await server.post(f"/api/channels/{channel}/invitations", bearer(owner), wanted)
    assert (made.status, made.json["url"]) == (201, f"{server.origin}/s/?invite={made.json['token']}")
    guest = await join(server, channel, sealed="1", invite=made.json["token"])
    assert guest.sync["rules"]["rights"] == "read"


async def test_w201_all_sealed_channels_have_one_page_which_tells_no_other_site_its_address(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<title>the page</title>")
    server = await start_server(page_dir=tmp_path)
    answer = await server.get("/s/")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_w194_people_on_two_processes_hear_each_other(
    redis: redis_server.Server, start_server: StartServer, join: Join, channel: str
) -> None:
    one, two = await start_server(redis_url=redis.url), await start_server(redis_url=redis.url)
    ada, bob = await join(one, channel, sealed="1"), await join(two, channel, sealed="1")
    for kind in ("chat", "typing", "stroke", "drawing", "cursor", "reaction", "view", "profile"):
        what = box()
        await send(ada, kind, what, f"id-{kind}" if kind in sealed.KINDS_WITH_ID else "")
        assert (await get(bob, kind))["box"] == what
    late = await join(two, channel, sealed="1")
    assert [message["message_id"] for message in late.sync["messages"]] == ["id-chat"]
