"""W31 of docs/protocol.md: users who hide themselves from other users' maps. The field is sent only for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, Frame
from tests.support.server import Join, Server, StartServer


def user(sync: Frame, user_id: str) -> Frame:
    [found] = [each for each in sync["users"] if each["user_id"] == user_id]
    return dict(found)


async def test_w31_joining_off_the_map_is_announced_everywhere(server: Server, join: Join) -> None:
    ann = await join(server)
    bob = await join(server, on_map="0")
    assert (await ann.receive("user_joined"))["on_map"] is False
    assert user(bob.sync, bob.user_id)["on_map"] is False
    await ann.who([bob.user_id])
    assert (await ann.receive("profiles"))["users"][0]["on_map"] is False
    await bob.chat("quietly")
    assert (await ann.receive("chat"))["on_map"] is False
    assert (await join(server)).sync["messages"][0]["on_map"] is False


@pytest.mark.parametrize("asked", [None, "1", "", "false"])
async def test_w31_on_map_is_absent_for_users_on_the_map(server: Server, join: Join, asked: str | None) -> None:
    ann = await join(server)
    bob = await join(server, on_map=asked)
    await bob.chat("hello")
    assert "on_map" not in await ann.receive("user_joined")
    assert "on_map" not in await ann.receive("chat")
    assert "on_map" not in user(bob.sync, bob.user_id)


async def test_w31_on_map_changes_like_a_name_and_stays_when_a_frame_omits_it(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    told: list[bool | None] = []
    for more in ({"on_map": False}, {}, {"on_map": True}, {}):
        await bob.profile("Bob", "moss", **more)
        told.append((await ann.receive("user_updated")).get("on_map"))
    assert told == [False, False, None, None]
    assert "on_map" not in user(await ann.resync(), bob.user_id)


async def test_w31_on_map_holds_for_every_tab_of_the_user(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    tab = await join(server, token=bob.token)
    await bob.profile("Bob", "moss", on_map=False)
    await tab.receive("user_updated")
    await tab.profile("Robert", "moss")
    updates = [await ann.receive("user_updated") for _ in range(2)]
    assert [update.get("on_map") for update in updates] == [False, False]


@pytest.mark.parametrize("on_map", [0, "no", None, []])
@pytest.mark.drives("bad_frame")
async def test_w31_an_on_map_that_is_not_a_boolean_is_a_bad_frame(server: Server, join: Join, on_map: Any) -> None:
    bob = await join(server)
    await bob.profile("Bob", "moss", on_map=on_map)
    assert (await bob.receive("error", "user_updated")).get("code") == "bad_frame"


async def test_w31_above_the_roster_limit_on_map_comes_with_who(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=1)
    ann = await join(server)
    bob: Client = await join(server, on_map="0")
    await ann.who([bob.user_id])
    assert (await ann.receive("profiles"))["users"][0]["on_map"] is False
