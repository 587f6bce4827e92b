"""Landmarks: an owner names places, and everybody gets them (W115, W116)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, Frame
from tests.support.server import Join, Server, StartServer

from .test_wire_owners import bearer, owned

FIRE = {"name": "fire", "position": {"x": 10.5, "y": -20}}
STAGE = {"name": "stage", "position": {"x": 0, "y": 300}}


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    return await start_server(secret="the secret of these tests, long enough")


async def place(owner: Client, landmark: dict[str, Any]) -> None:
    await owner.moderate("place_landmark", **landmark)


async def landmarks(client: Client) -> list[Frame]:
    """Of the next `channel_updated`."""
    found: list[Frame] = (await client.receive("channel_updated")).get("landmarks", [])
    return found


async def test_w115_everybody_gets_them_at_once_and_newcomers_with_the_snapshot(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    guest = await join(server)
    await place(owner, FIRE)
    for client in (owner, guest):
        assert await landmarks(client) == [FIRE]
    await place(owner, STAGE)
    for client in (owner, guest):
        assert await landmarks(client) == [FIRE, STAGE]
    newcomer = await join(server)
    assert newcomer.sync["rules"]["landmarks"] == [FIRE, STAGE]
    assert (await server.get("/api/channels/garden", bearer(guest))).json["landmarks"] == [FIRE, STAGE]
    assert "rules" not in (await join(server, "kitchen")).sync


async def test_w115_they_are_moved_renamed_and_removed(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    await place(owner, FIRE)
    await place(owner, STAGE)
    await place(owner, {"name": "Fire", "position": STAGE["position"]})
    await owner.moderate("rename_landmark", name="STAGE", new_name="  theatre  ")
    await owner.moderate("remove_landmark", name="fire")
    await owner.moderate("remove_landmark", name="theatre")
    seen = [await landmarks(owner) for _ in range(6)]
    moved = {"name": "Fire", "position": STAGE["position"]}
    theatre = {**STAGE, "name": "theatre"}
    assert seen == [[FIRE], [FIRE, STAGE], [moved, STAGE], [moved, theatre], [theatre], []]
    assert "landmarks" not in (await join(server)).sync["rules"]


async def test_w115_other_rules_and_clear_leave_them(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    await place(owner, FIRE)
    await landmarks(owner)
    await owner.moderate("slow", slow_ms=1000)
    assert await landmarks(owner) == [FIRE]
    await owner.moderate("clear")
    await owner.receive("cleared")
    assert (await join(server)).sync["rules"]["landmarks"] == [FIRE]


async def test_w115_rules_with_nothing_but_landmarks_are_in_the_snapshot(start_server: StartServer, join: Join) -> None:
    """An owner of the configuration owns no channel by name, so no other field of the rules is set."""
    server = await start_server(auth="open", channel_owners="garden:ann")
    ann = await join(server, uid="ann")
    await place(ann, FIRE)
    await landmarks(ann)
    bob = await join(server, uid="bob")
    assert bob.sync["rules"]["landmarks"] == [FIRE]
    assert bob.sync["rules"]["yours"] is False


async def test_w65_only_owners_place_them(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    guest = await join(server)
    await place(guest, FIRE)
    await guest.moderate("rename_landmark", name="fire", new_name="mine")
    await guest.moderate("remove_landmark", name="fire")
    for _ in range(3):
        assert (await guest.receive("error"))["code"] == "not_owner"
    assert owner.waiting("channel_updated") == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "", "position": FIRE["position"]}, "bad_frame"),
        ({"name": "\u2800", "position": FIRE["position"]}, "bad_frame"),
        ({"name": "a\tb", "position": FIRE["position"]}, "bad_frame"),
        ({"name": "a\u2066b", "position": FIRE["position"]}, "bad_frame"),
        ({"name": "x" * 41, "position": FIRE["position"]}, "bad_frame"),
        ({"name": "fire"}, "bad_frame"),
        ({"name": 7, "position": FIRE["position"]}, "bad_frame"),
        ({"name": "fire", "position": {"x": 1}}, "bad_frame"),
        ({"name": "fire", "position": {"x": 10_000_001, "y": 0}}, "position_invalid"),
    ],
)
async def test_w116_what_is_not_valid_changes_nothing(
    server: Server, join: Join, fields: dict[str, Any], code: str
) -> None:
    owner = await owned(server, join)
    await place(owner, fields)
    assert (await owner.receive("error"))["code"] == code
    assert owner.waiting("channel_updated") == []
    assert "landmarks" not in (await join(server)).sync["rules"]


async def test_w116_a_position_beyond_all_numbers_is_refused(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    await owner.send_raw('{"type":"moderate","action":"place_landmark","name":"far","position":{"x":1e999,"y":0}}')
    assert (await owner.receive("error"))["code"] == "position_invalid"


async def test_w116_twenty_fit_and_the_longest_names_too(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    for n in range(20):
        await place(owner, {"name": "火" * 38 + f"{n:02}", "position": {"x": -9_999_999.25, "y": n}})
        assert len(await landmarks(owner)) == n + 1
    await place(owner, FIRE)
    assert (await owner.receive("error"))["code"] == "bad_frame"
    assert len((await join(server)).sync["rules"]["landmarks"]) == 20


async def test_w79_a_change_is_charged_with_all_that_it_sends(start_server: StartServer, join: Join) -> None:
    """Fifteen are below the rate of a connection, and at the least charge of an update below the budget too."""
    server = await start_server(answer_bytes_per_second=4_000, answer_bytes_per_second_per_ip=0, secret="s" * 32)
    owner = await owned(server, join)
    for _ in range(4):
        await join(server)
    for n in range(15):
        await place(owner, {"name": "火" * 38 + f"{n:02}", "position": {"x": 0, "y": n}})
    error = await owner.receive("error")
    assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)


async def test_w64_another_owner_finds_them(start_server: StartServer, join: Join) -> None:
    """Whoever owns the channel next may remove them."""
    server = await start_server(auth="open", channel_owners="garden:ann")
    ann = await join(server, uid="ann")
    await place(ann, FIRE)
    await landmarks(ann)
    await ann.close()
    bob = await join(server, uid="bob")
    assert (await server.post("/api/channels/garden?uid=bob")).status == 200
    assert await landmarks(bob) == [FIRE]
    await bob.moderate("remove_landmark", name="fire")
    assert await landmarks(bob) == []
