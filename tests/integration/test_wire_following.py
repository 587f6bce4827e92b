"""W32 of docs/protocol.md: following a user, who gets to know it and shares their view."""

from __future__ import annotations

from typing import Any

import pytest

from asocial.service.participant import VIEWS_PER_SECOND
from tests.support.client import Frame
from tests.support.server import Join, Server

VIEW: Frame = {"type": "view", "position": {"x": 10, "y": -20}, "width": 1440, "height": 900.5}


async def test_w32_only_the_followed_user_is_notified_in_every_tab(server: Server, join: Join) -> None:
    ada, bob, eve = [await join(server) for _ in range(3)]
    tab = await join(server, token=bob.token)
    elsewhere = await join(server, token=bob.token, channel="elsewhere")
    await ada.send({"type": "follow", "user_id": bob.user_id})
    for client in (bob, tab):
        assert await client.receive("followed") == {"type": "followed", "user_id": ada.user_id}
    for client in (ada, eve, elsewhere):
        await client.ping(1)
        await client.receive("pong")
        assert not client.waiting("followed")


async def test_w32_a_view_goes_to_all_but_the_connection_that_sent_it(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    tab = await join(server, token=ada.token)
    await ada.send(VIEW)
    for client in (bob, tab):
        assert await client.receive("view") == VIEW | {"user_id": ada.user_id}
    await bob.cursor((0, 0))
    await ada.receive("cursors")
    assert not ada.waiting("view")


async def test_w32_w26_above_the_rate_only_the_latest_view_counts(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(1, 61):
        await ada.send(VIEW | {"width": number})
    await bob.receive("view", where=lambda frame: frame["width"] == 60)
    widths = [frame["width"] for frame in bob.received if frame["type"] == "view"]
    assert widths == sorted(widths)
    assert len(widths) <= VIEWS_PER_SECOND + 5
    assert not ada.waiting("error")


@pytest.mark.drives("bad_frame")
@pytest.mark.parametrize(
    "wrong",
    [VIEW | {"width": 0}, VIEW | {"height": -1}, VIEW | {"width": 20_000_001}, VIEW | {"height": "tall"},
     {"type": "follow"}, {"type": "follow", "user_id": "no such id"}],
)  # fmt: skip
async def test_w32_an_invalid_view_or_user_is_a_bad_frame(server: Server, join: Join, wrong: Any) -> None:
    ada = await join(server)
    await ada.send(wrong)
    assert (await ada.receive("error"))["code"] == "bad_frame"


async def test_w32_following_an_absent_user_is_no_error(server: Server, join: Join) -> None:
    ada = await join(server)
    await ada.send({"type": "follow", "user_id": "nobody"})
    await ada.ping(1)
    await ada.receive("pong")
    assert not ada.waiting("error", "followed")
