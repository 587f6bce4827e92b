"""The Python client in sealed channels, against a server in memory and one with Redis (protocol.md, section 17)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asocial_client import (
    Channel,
    Cursor,
    Draft,
    Left,
    Message,
    NotSent,
    ProfileChanged,
    Reaction,
    Refused,
    RulesChanged,
    Stroke,
    View,
    connect,
)
from asocial_client.sealed.link import SealedLink
from asocial_client.sealed.translator import NAMELESS

from asocial.domain.errors import GoingAway
from tests.support.server import Server
from tests.support.waiting import eventually

from .test_python_client import next_of, server

__all__ = ["server"]


@pytest.fixture
def link(server: Server) -> str:
    return f"{server.origin}/s/#{SealedLink.new('garden').fragment}"


@pytest.fixture
async def ann(link: str) -> AsyncIterator[Channel]:
    async with connect(link, name="Ann", color="teal") as channel:
        yield channel


@pytest.fixture
async def bob(link: str, ann: Channel) -> AsyncIterator[Channel]:
    """Comes after Ann."""
    async with connect(f"{link}@120,-40,1", name="Bob", color="rust") as channel:
        yield channel


def name_of(channel: Channel, user_id: str) -> str:
    member = channel.members.get(user_id)
    return "" if member is None else member.name


def knows(channel: Channel, user_id: str) -> bool:
    return name_of(channel, user_id) not in ("", NAMELESS)


async def know_each_other(one: Channel, two: Channel) -> None:
    await eventually(lambda: knows(one, two.user_id) and knows(two, one.user_id), "names come")


async def test_w193_people_with_the_link_talk_as_in_any_channel(ann: Channel, bob: Channel) -> None:
    assert ann.name == bob.name == "garden"
    said = await ann.say("hello\nthere", at=(10, -20.5))
    assert await next_of(bob, Message) == said
    async with ann.draft(at=(1, 2)) as draft:
        await draft.type("hel")
        assert (await next_of(bob, Draft)).text == "hel"
        finished = await draft.say("hello")
        assert await next_of(bob, Message) == finished
    async with ann.draft() as draft:
        await draft.type("no")
        await next_of(bob, Draft, lambda event: event.text == "no")
    # A draft is sent again when somebody joins (W16), so it may come twice.
    await next_of(bob, Draft, lambda event: event.text == "")
    drawn = await ann.stroke([(0, 0), (10.04, -20)])
    assert await next_of(bob, Stroke) == drawn
    await ann.move_cursor(5, 6)
    assert (await next_of(bob, Cursor)).x == 5
    await ann.react("heart", at=(7, 8))
    assert (await next_of(bob, Reaction)).kind == "heart"
    await ann.view(1, 2, 30, 40)
    await bob.follow(ann.user_id)
    assert (await next_of(bob, View)).width == 30
    assert ann.dropped == bob.dropped == 0


async def test_w198_names_go_from_client_to_client(server: Server, ann: Channel, bob: Channel, link: str) -> None:
    await know_each_other(ann, bob)
    assert (name_of(ann, bob.user_id), name_of(bob, ann.user_id)) == ("Bob", "Ann")
    await bob.set_profile("Robert", "plum")
    changed = await next_of(ann, ProfileChanged, lambda event: event.member.name == "Robert")
    assert changed.member.color == "plum"
    async with connect(link) as nobody:
        await know_each_other(ann, nobody)
        assert name_of(ann, nobody.user_id) == name_of(nobody, nobody.user_id)
    assert (await next_of(ann, Left)).member.user_id == nobody.user_id


async def test_w194_a_late_joiner_gets_what_lives(ann: Channel, link: str) -> None:
    said = await ann.say("hello")
    drawn = await ann.stroke([(0, 0), (10, 10)])
    async with connect(link) as late:
        assert (late.messages, late.strokes) == ([said], [drawn])


async def test_w194_a_message_that_got_no_answer_is_sent_again_after_a_reconnect(
    server: Server, ann: Channel, bob: Channel
) -> None:
    for session in list(server.app.sessions._local):
        session.connection.close(GoingAway(retry_ms=0))
    said = await ann.say("hello again")
    assert await next_of(bob, Message) == said
    assert ann.dropped == bob.dropped == 0


async def test_w191_somebody_with_another_key_is_elsewhere(server: Server, ann: Channel) -> None:
    async with connect(f"{server.origin}/s/#{SealedLink.new('garden').fragment}") as stranger:
        await ann.say("hello")
        assert (stranger.count, stranger.messages) == (1, [])


async def test_w192_a_client_without_the_link_never_gets_in(server: Server) -> None:
    channel = SealedLink.new("garden").channel
    with pytest.raises(Refused) as refused:
        async with connect(server.origin, channel):
            pass
    assert refused.value.code == "sealed_channel"


async def test_w196_an_owner_names_places(server: Server, ann: Channel, link: str) -> None:
    channel = SealedLink.read(link.partition("#")[2]).channel
    claimed = await server.post(f"/api/channels/{channel}", {"Authorization": f"Bearer {ann.token}"}, "{}")
    assert claimed.status == 200
    await next_of(ann, RulesChanged)
    async with connect(link, name="Bob", color="rust") as bob:
        await ann.place_landmark("fire", (1, 2))
        landmark = (await next_of(bob, RulesChanged)).rules.landmarks[0]
        assert (landmark.name, landmark.position.x, landmark.position.y) == ("fire", 1, 2)
        await next_of(ann, RulesChanged)
        await ann.rename_landmark("FIRE", "stage")
        assert [each.name for each in (await next_of(bob, RulesChanged)).rules.landmarks] == ["stage"]
        await next_of(ann, RulesChanged)
        await ann.remove_landmark("stage")
        assert list((await next_of(bob, RulesChanged)).rules.landmarks) == []
        await ann.set_read_only(True)
        await next_of(bob, RulesChanged)
        with pytest.raises(NotSent) as not_sent:
            await bob.say("hello")
        assert not_sent.value.code == "read_only"


async def test_w190_a_damaged_link_connects_to_nothing() -> None:
    with pytest.raises(ValueError, match="damaged"):
        connect(f"https://talk.example/s/#{SealedLink.new('garden').fragment[:-1]}")
