"""W30 of docs/protocol.md: reactions, which every member sees once and the server does not store."""

from __future__ import annotations

import pytest

from asocial.service.participant import REACTIONS_BURST
from tests.support.client import Client, Frame
from tests.support.server import Join, Server

KINDS = ["heart", "spark", "laugh", "wave", "agree", "question", "point"]


def kinds(client: Client) -> list[str]:
    return [frame["kind"] for frame in client.received if frame["type"] == "reaction"]


@pytest.mark.parametrize("kind", KINDS)
async def test_w30_a_reaction_goes_to_all_but_the_connection_that_sent_it(
    server: Server, join: Join, kind: str
) -> None:
    ada, bob = await join(server), await join(server)
    tab = await join(server, token=ada.token)
    await ada.reaction(kind, at=(12.5, -34))
    for other in (bob, tab):
        frame = await other.receive("reaction")
        assert frame == {
            "type": "reaction",
            "user_id": ada.user_id,
            "kind": kind,
            "position": {"x": 12.5, "y": -34},
        }
    await bob.cursor((0, 0))
    await ada.receive("cursors")
    assert kinds(ada) == []


async def test_w30_several_reactions_of_one_user_arrive_in_order_and_none_is_stored(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for kind in KINDS:
        await ada.reaction(kind)
    for kind in KINDS:
        assert (await bob.receive("reaction"))["kind"] == kind
    late = await join(server)
    await bob.cursor((0, 0))
    await late.receive("cursors")
    assert kinds(late) == []


REACTION: Frame = {"type": "reaction", "kind": "heart", "position": {"x": 0, "y": 0}}


@pytest.mark.drives("bad_frame")
@pytest.mark.parametrize("wrong", [{"kind": "tomato"}, {"kind": "Heart"}, {"kind": 1}, {"kind": None}, {"position": 1}])
async def test_w30_the_kinds_are_a_closed_set(server: Server, join: Join, wrong: Frame) -> None:
    ada, bob = await join(server), await join(server)
    await ada.send(REACTION | wrong)
    assert (await ada.receive("error"))["code"] == "bad_frame"
    await ada.reaction("wave")
    assert (await bob.receive("reaction"))["kind"] == "wave"
    assert kinds(bob) == ["wave"]


@pytest.mark.drives("position_invalid")
async def test_w30_w9_a_reaction_is_at_a_point_of_the_plane(server: Server, join: Join) -> None:
    ada = await join(server)
    await ada.send(REACTION | {"position": {"x": 10_000_001, "y": 0}})
    assert (await ada.receive("error"))["code"] == "position_invalid"


async def test_w30_w26_reactions_above_the_rate_are_dropped_without_an_error(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(60):
        await ada.reaction("heart", at=(number, 0))
    # Counted apart: a pointer does not wait for them. It goes last in a flush, so what was to come has come.
    await ada.cursor((1, 1))
    await bob.receive("cursors")
    await ada.ping(1)
    await ada.receive("pong")
    assert REACTIONS_BURST <= len(kinds(bob)) <= REACTIONS_BURST + 10
    assert not ada.waiting("error")
