"""The Python client (packages/python) against real servers: what it promises, and the rules that concern a client.

Each test runs against a server in memory and against one that shares a Redis. Rules that need frames at the right
moment are in tests/unit/client.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from asocial_client import (
    Activity,
    Channel,
    ChannelClosed,
    Cleared,
    Connected,
    CountChanged,
    Crowd,
    Cursor,
    Degraded,
    Disconnected,
    Draft,
    Expired,
    Followed,
    Joined,
    Lagged,
    Left,
    Message,
    NotSent,
    ProfileChanged,
    Reaction,
    Refused,
    Rejected,
    Restored,
    RulesChanged,
    Stroke,
    View,
    codec,
    connect,
    frames,
)
from asocial_client.address import parse

from asocial.domain.errors import GoingAway
from tests.support import api_keys, redis_server
from tests.support.server import Server, StartServer
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
_Event = TypeVar("_Event")


async def next_of(channel: Channel, kind: type[_Event], where: Callable[[_Event], bool] = lambda event: True) -> _Event:
    """The next event of this kind; others before it are dropped."""
    async with asyncio.timeout(PATIENCE_S):
        async for event in channel:
            if isinstance(event, kind) and where(event):
                return event
    raise AssertionError(f"the channel ended without {kind.__name__}")


@pytest.fixture(params=["memory", "redis"])
async def server(request: pytest.FixtureRequest, start_server: StartServer) -> Server:
    if request.param == "memory":
        return await start_server()
    redis: redis_server.Server = request.getfixturevalue("redis")
    return await start_server(redis_url=redis.url, redis_namespace=secrets.token_hex(8))


@pytest.fixture
async def ann(server: Server) -> AsyncIterator[Channel]:
    async with connect(server.origin, "garden", name="Ann", color="teal") as channel:
        yield channel


@pytest.fixture
async def bob(server: Server, ann: Channel) -> AsyncIterator[Channel]:
    """Comes after Ann."""
    async with connect(f"{server.origin}/c/garden", name="Bob", color="rust") as channel:
        yield channel


async def test_w11_w12_a_message_arrives_with_its_times_and_ends_at_both(ann: Channel, bob: Channel) -> None:
    said = await ann.say("hello\nthere", at=(10, -20.5))
    heard = await next_of(bob, Message)
    assert heard == said
    assert (heard.name, heard.color, heard.text, heard.x, heard.y) == ("Ann", "teal", "hello\nthere", 10, -20.5)
    assert bob.messages == ann.messages == [said]
    for channel in (ann, bob):
        assert (await next_of(channel, Expired)).message == said
        assert channel.messages == []
        assert abs(channel.now_ms() - said.expires_at) < 1000 * PATIENCE_S


async def test_w17_w24_who_is_here_follows_joins_profiles_and_leaves(
    server: Server, ann: Channel, bob: Channel
) -> None:
    assert (await next_of(ann, Joined)).member.name == "Bob"
    assert {member.name for member in ann.members.values()} == {"Ann", "Bob"}
    await bob.set_profile("Robert", "plum")
    assert (await next_of(ann, ProfileChanged)).member.name == "Robert"
    async with connect(server.origin, "garden") as carl:
        assert carl.count == 3
        await next_of(ann, Joined)
    assert (await next_of(ann, Left)).member.user_id == carl.user_id
    assert ann.count == len(ann.members) == 2


async def test_w13_w15_a_draft_is_shown_then_sent_or_given_up(ann: Channel, bob: Channel) -> None:
    async with ann.draft(at=(1, 2)) as draft:
        await draft.type("hel")
        assert (await next_of(bob, Draft)).text == "hel"
        said = await draft.say("hello")
    assert await next_of(bob, Message) == said
    assert said.id == draft.message_id
    assert bob.drafts == []
    async with ann.draft() as draft:
        await draft.type("no, rather")
        await next_of(bob, Draft, lambda shown: shown.text != "")
    # It may come twice: Bob joined just now, so Ann sends it again (W16).
    assert (await next_of(bob, Draft, lambda shown: shown.text != "no, rather")).text == ""


async def test_w110_w112_a_stroke_arrives_once_lives_and_is_in_a_snapshot(
    server: Server, ann: Channel, bob: Channel
) -> None:
    drawn = await ann.stroke([(0, 0), (10.04, -20)])
    assert drawn.points == ((0.0, 0.0), (10.0, -20.0))
    assert await next_of(bob, Stroke) == drawn
    assert bob.strokes == ann.strokes == [drawn]
    async with connect(server.origin, "garden") as carl:
        assert await next_of(carl, Stroke) == drawn
    await eventually(lambda: not (ann.strokes or bob.strokes), "it ends at both")
    with pytest.raises(NotSent) as refused:
        await ann.stroke([(0, 0)])
    assert refused.value.code == "payload_empty"


async def test_w16_a_newcomer_sees_the_pointer_and_the_draft(server: Server, ann: Channel) -> None:
    await ann.move_cursor(3, 4)
    async with ann.draft() as draft:
        await draft.type("still writing")
        async with connect(server.origin, "garden") as late:
            seen: set[str] = set()
            async with asyncio.timeout(PATIENCE_S):
                async for event in late:
                    if isinstance(event, Cursor | Draft):
                        seen.add(type(event).__name__)
                    if len(seen) == 2:
                        break
            assert late.cursors[ann.user_id] == (3, 4)
            assert [shown.text for shown in late.drafts] == ["still writing"]


async def test_w30_reactions_arrive(ann: Channel, bob: Channel) -> None:
    await ann.react("heart", at=(5, 6))
    assert await next_of(bob, Reaction) == Reaction(ann.user_id, "heart", 5, 6)


async def test_w10_w18_w28_after_a_break_the_client_is_back_as_the_same_user_and_sends_again(
    server: Server, ann: Channel, bob: Channel
) -> None:
    user_id = ann.user_id
    for sessions in server.app.sessions._local.of_user(user_id, "garden"):
        sessions.connection.close(GoingAway(retry_ms=1))
    said = await ann.say("said while it is away")
    assert ann.user_id == user_id
    assert await next_of(bob, Message) == said
    assert not any(isinstance(event, Left) for event in bob._session.events.waiting)
    await next_of(ann, Disconnected)
    await next_of(ann, Connected)


async def test_w25_a_refused_message_says_why(ann: Channel) -> None:
    with pytest.raises(NotSent) as refused:
        await ann.say("x" * 501)
    assert refused.value.code == "payload_too_large"


async def test_w72_say_waits_for_a_limit_that_ends_in_time(start_server: StartServer) -> None:
    server = await start_server()
    async with connect(server.origin, "garden") as ann:
        await _claim(server, ann)
        async with connect(server.origin, "garden") as bob:
            await ann.slow_down(1)
            await next_of(bob, RulesChanged)
            first, second = await bob.say("one"), await bob.say("two")
            assert second.sent_at - first.sent_at >= 1000
            with pytest.raises(NotSent) as refused:
                await bob.say("three", timeout_s=0.1)
            assert (refused.value.code, refused.value.limit) == ("rate_limited", "slow")
            assert refused.value.retry_after_s


async def test_w65_w66_an_owner_clears_and_removes(server: Server, ann: Channel) -> None:
    await _claim(server, ann)
    assert (await _again(server, ann)).yours
    async with connect(server.origin, "garden") as bob:
        await bob.say("one")
        await ann.clear()
        await next_of(bob, Expired)
        await next_of(bob, Cleared)
        assert bob.messages == []
        await ann.remove(bob.user_id)
        with pytest.raises(ChannelClosed) as closed:
            await next_of(bob, Connected, lambda event: False)
        assert closed.value.code == 4512
        with pytest.raises(ChannelClosed):
            await bob.say("still here?")


async def test_w1_a_refusal_is_raised_with_its_code(server: Server, ann: Channel) -> None:
    await _claim(server, ann)
    await ann.set_private(True)
    await next_of(ann, RulesChanged)
    with pytest.raises(Refused) as refused:
        async with connect(server.origin, "garden"):
            pass
    assert (refused.value.status, refused.value.code) == (403, "channel_private")


async def test_w4_a_client_learns_that_the_server_does_not_know_its_token(server: Server, ann: Channel) -> None:
    assert ann.is_new_guest
    for token, is_new in ((ann.token, False), ("of.another.server", True)):
        async with connect(server.origin, "garden", token=token) as tab:
            assert (tab.is_new_guest, tab.user_id != ann.user_id) == (is_new, is_new)


async def test_w4_w84_a_token_is_the_same_user_and_a_second_tab_no_second_person(server: Server, ann: Channel) -> None:
    async with connect(server.origin, "garden", token=ann.token) as tab:
        assert tab.user_id == ann.user_id
        assert tab.count == 1
        said = await tab.say("from the other tab")
        assert await next_of(ann, Message) == said


async def test_w14_messages_arrive_in_the_order_in_which_they_were_sent(ann: Channel, bob: Channel) -> None:
    texts = [f"message {number}" for number in range(20)]
    await asyncio.gather(*(ann.say(text) for text in texts))
    assert [(await next_of(bob, Message)).text for _ in texts] == texts


async def test_w25_a_refused_frame_that_is_no_message_is_an_event(ann: Channel) -> None:
    await ann.set_read_only(True)
    assert (await next_of(ann, Rejected)).code == "not_owner"


async def test_w32_a_followed_user_answers_with_the_view(ann: Channel, bob: Channel) -> None:
    await bob.view(1, 2, 300, 200)
    await ann.follow(bob.user_id)
    assert (await next_of(bob, Followed)).user_id == ann.user_id
    assert await next_of(ann, View) == View(bob.user_id, 1, 2, 300, 200)
    await bob.view(3, 4, 300, 200)
    assert await next_of(ann, View) == View(bob.user_id, 3, 4, 300, 200)


async def test_w115_an_owner_names_places(server: Server, ann: Channel) -> None:
    await _claim(server, ann)
    await ann.place_landmark("Stage", (10, 20))
    rules = (await next_of(ann, RulesChanged, lambda event: event.rules.landmarks != ())).rules
    assert [(each.name, each.position.x) for each in rules.landmarks] == [("Stage", 10)]
    await ann.rename_landmark("Stage", "Bar")
    assert (await next_of(ann, RulesChanged)).rules.landmarks[0].name == "Bar"
    await ann.remove_landmark("Bar")
    assert (await next_of(ann, RulesChanged)).rules.landmarks == ()


async def test_w29_an_outage_of_redis_is_an_event_and_the_client_goes_on(start_server: StartServer) -> None:
    with redis_server.temporary_folder() as folder:
        redis = redis_server.Server(folder)
        with redis_server.running(redis):
            server = await start_server(redis_url=redis.url, redis_probe_seconds=0.2)
            async with connect(server.origin, "garden") as ann, connect(server.origin, "garden") as bob:
                await asyncio.to_thread(redis.stop)
                known = []
                await next_of(ann, Degraded)
                known.append(ann.is_degraded)
                said = await ann.say("on one process all goes on")
                assert await next_of(bob, Message) == said
                await asyncio.to_thread(redis.start)
                await next_of(ann, Restored)
                known.append(ann.is_degraded)
                assert known == [True, False]
                assert ann.count == 2


async def test_w130_a_message_of_an_api_key_is_marked_as_a_bots(start_server: StartServer) -> None:
    key, text = api_keys.create("ci", "write", ["*"])
    server = await start_server(api_keys=key.entry)
    async with connect(server.origin, "garden") as ann:
        headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
        await server.post("/api/channels/garden/messages", headers, '{"payload": "green"}')
        heard = await next_of(ann, Message)
        assert (heard.name, heard.bot, heard.text) == ("ci", True, "green")


async def test_w160_a_crowd_sends_what_the_client_shows_and_the_activity_of_the_rest(start_server: StartServer) -> None:
    server = await start_server(crowd_threshold=2)
    ann, bob = connect(server.origin, "garden"), connect(server.origin, "garden")
    await ann.view(0, 0, 800, 600)
    async with ann, bob:
        await next_of(ann, Crowd)
        await bob.view(50_000, 0, 800, 600)
        said = await bob.say("over there", (50_000, 0))
        activity = await next_of(ann, Activity, lambda event: any(place.messages for place in event.places))
        assert activity.size == 1024
        await ann.view(50_000, 0, 800, 600)
        assert await next_of(ann, Message) == said
        await bob.close()
        assert await next_of(ann, Crowd) == Crowd(on=False)


async def test_the_example_of_the_readme_answers(server: Server, bob: Channel) -> None:
    code = _example().replace("http://localhost:8080", server.origin)
    environ = os.environ | {"PYTHONPATH": str(ROOT / "packages/python/src")}
    example = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ)
    try:
        assert (await next_of(bob, Message)).text == "I repeat what you say"
        said = await bob.say("anyone?", at=(3, 4))
        answer = await next_of(bob, Message)
        assert (answer.name, answer.text, answer.y) == ("Echo", said.text, 24)
    finally:
        if example.returncode is None:
            example.kill()
        await example.wait()


async def test_a_server_that_is_away_is_an_error_at_first() -> None:
    with pytest.raises(ConnectionRefusedError):
        async with connect("http://127.0.0.1:9"):
            pass


async def test_w20_in_a_large_channel_only_the_count_comes(start_server: StartServer) -> None:
    server = await start_server(roster_limit=2)
    async with connect(server.origin, "garden") as ann, connect(server.origin, "garden"):
        await next_of(ann, Joined)
        async with connect(server.origin, "garden"):
            assert (await next_of(ann, CountChanged)).count == 3
            assert ann.count == 3
        await eventually(lambda: ann.count == 2 and len(ann.members) == 2, "the roster is whole again")


async def test_a_program_that_does_not_read_its_events_learns_how_many_it_lost(
    ann: Channel, bob: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asocial_client.event_queue.QUEUED_EVENTS", 3)
    for number in range(6):
        await ann.say(f"message {number}")
    await eventually(lambda: len(bob.messages) == 6, "all arrived")
    lagged = await next_of(bob, Lagged)
    assert lagged.lost >= 3
    assert (await next_of(bob, Message)).text == "message 3"


def test_an_unknown_type_is_ignored_and_a_broken_frame_is_not() -> None:
    assert codec.decode('{"type": "news", "x": 1}') is None
    with pytest.raises(msgspec.ValidationError):
        codec.decode('{"type": "ack"}')


@pytest.mark.parametrize(
    ("url", "channel", "expected"),
    [
        ("https://talk.example", None, ("wss://talk.example", "default")),
        ("https://talk.example/c/garden#120,-40,1", None, ("wss://talk.example", "garden")),
        ("https://talk.example/c/garden/", "pond", ("wss://talk.example", "pond")),
        ("localhost:8080", "garden", ("ws://localhost:8080", "garden")),
        ("ws://[::1]:8080", None, ("ws://[::1]:8080", "default")),
    ],
)
def test_a_link_names_server_and_channel(url: str, channel: str | None, expected: tuple[str, str]) -> None:
    assert parse(url, channel) == expected


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        ("ftp://talk.example", None),
        ("https://", None),
        ("https://a", "a b"),
        ("https://a:99999", None),
        ("https://a:b", None),
        ("https://[", None),
        ("https://a", ""),
    ],
)
def test_a_wrong_link_is_an_error(url: str, channel: str | None) -> None:
    with pytest.raises(ValueError, match="not the"):
        parse(url, channel)


@pytest.mark.parametrize("token", ["a\nb", "a b", "ü"])
def test_a_token_that_cannot_be_sent_is_an_error(token: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        connect("https://talk.example", "garden", token=token)


def _example() -> str:
    readme = (ROOT / "packages/python/README.md").read_text(encoding="utf-8")
    return readme.partition("```python\n")[2].partition("```")[0]


async def _claim(server: Server, channel: Channel) -> None:
    answer = await server.post(f"/api/channels/{channel.name}", {"Authorization": f"Bearer {channel.token}"})
    assert answer.status == 200, answer


async def _again(server: Server, channel: Channel) -> frames.Rules:
    """The rules as a new connection of the same user sees them."""
    async with connect(server.origin, channel.name, token=channel.token) as other:
        return other.rules
