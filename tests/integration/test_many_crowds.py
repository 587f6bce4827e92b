"""W170: a crowd over two processes that share a Redis, and a process that knows no crowds (an earlier version)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from asocial.domain.cells import CELL
from tests.support.client import Client, Position
from tests.support.processes import Process, processes
from tests.support.redis_server import Server
from tests.support.server import Enter

FAR: Position = (40 * CELL, 0)
HERE = (0.0, 0.0, 1000.0, 800.0)
THERE = (float(FAR[0]), 0.0, 1000.0, 800.0)


@pytest.fixture(scope="module")
def pair(folder: Path, redis: Server) -> Iterator[list[Process]]:
    with processes(folder, 2, redis.url, "--crowd-threshold", "4") as started:
        yield started


async def crowd(enter: Enter, first: Process, second: Process) -> tuple[Client, Client, Client, Client]:
    """(an author on the first process; on the second, people who look here and there; a listener there)."""
    author = await enter(first)
    others = [await enter(process) for process in (second, first, second)]
    for client in (author, *others[:2]):
        await client.receive("crowd", where=lambda frame: bool(frame["on"]))
    return author, await enter(second, view=HERE), await enter(second, view=THERE), others[0]


def chats(client: Client) -> list[str]:
    return [frame["payload"] for frame in client.received if frame["type"] == "chat"]


async def heard(client: Client, payload: str) -> None:
    await client.receive("chat", where=lambda frame: frame["payload"] == payload)


async def test_w170_messages_reach_the_regions_that_hold_them_on_every_process(
    pair: list[Process], enter: Enter
) -> None:
    author, here, there, listener = await crowd(enter, *pair)
    for number in range(5):
        await author.chat(f"here {number}", at=(5, 5))
        await author.chat(f"there {number}", at=FAR)
    await heard(here, "here 4")
    await heard(there, "there 4")
    await heard(listener, "there 4")
    assert chats(here) == [f"here {number}" for number in range(5)]
    assert chats(there) == [f"there {number}" for number in range(5)]
    assert len(chats(listener)) == 10


async def test_w170_a_viewport_that_moves_gets_messages_of_other_processes_once(
    pair: list[Process], enter: Enter
) -> None:
    author, here, there, _ = await crowd(enter, *pair)
    await author.chat("before", at=FAR)
    await heard(there, "before")
    assert not chats(here)
    await here.look(FAR)
    await heard(here, "before")
    await author.chat("after", at=FAR)
    await heard(here, "after")
    assert chats(here) == ["before", "after"]


async def test_w170_pointers_drafts_views_and_activity_cross_processes(pair: list[Process], enter: Enter) -> None:
    author, here, there, _ = await crowd(enter, *pair)
    await author.typing("hel", message_id="d", at=(1, 1))
    await here.receive("typing")
    await author.cursor((7, 8))
    assert (await here.receive("cursors"))["cursors"] == [[author.user_id, 7, 8]]
    activity = await there.receive("activity", where=lambda frame: [512, 512, 1, 0] in frame["places"])
    assert activity["size"] == CELL
    await there.follow(author.user_id)
    await author.receive("followed")
    await author.look((3, 4))
    assert (await there.receive("view"))["position"] == {"x": 3, "y": 4}
    assert not here.waiting("view")
    assert not there.waiting("typing", "cursors")


async def test_w181_anchors_of_pointers_cross_processes(pair: list[Process], enter: Enter) -> None:
    author, here, _, _ = await crowd(enter, *pair)
    at = {"x": 7, "y": 8, "anchor": "install/2.0/1x3k9a/500/250+12"}
    await author.send({"type": "cursor", "position": at})
    frame = await here.receive("cursors")
    assert frame["cursors"] == [[author.user_id, 7, 8]]
    assert frame["anchors"] == {author.user_id: at["anchor"]}
    await author.cursor((9, 9))
    frame = await here.receive("cursors")
    assert frame["cursors"] == [[author.user_id, 9, 9]]
    assert "anchors" not in frame


async def test_w170_w205_pointers_that_rest_on_another_process_come_into_view(
    pair: list[Process], enter: Enter
) -> None:
    author, here, there, _ = await crowd(enter, *pair)
    await author.cursor((7, 8))
    await here.receive("cursors")
    await there.look((0, 0))
    assert (await there.receive("cursors"))["cursors"] == [[author.user_id, 7, 8]]


async def test_w170_a_process_without_crowds_gets_everything_and_is_heard_by_everybody(
    pair: list[Process], folder: Path, redis: Server, enter: Enter
) -> None:
    with processes(folder, 1, redis.url, "--crowd-threshold", "0") as [old]:
        author, here, there, _ = await crowd(enter, *pair)
        elsewhere = await enter(old)
        await author.chat("from the crowd", at=FAR)
        await heard(elsewhere, "from the crowd")
        await author.cursor((FAR[0], 5))
        await elsewhere.receive("cursors")
        await elsewhere.chat("to all", at=FAR)
        for client in (here, there, author):
            await heard(client, "to all")
        await here.look(FAR)
        await heard(here, "from the crowd")
        await elsewhere.chat("again", at=FAR)
        await heard(here, "again")
        assert chats(here) == ["to all", "from the crowd", "again"]
        await elsewhere.close()
