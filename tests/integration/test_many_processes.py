"""Several processes that share a Redis act as one server: everything that clients do, across processes.

Three real processes share a real Redis for the whole module; each test has a channel of its own. To show that a
frame does not come, tests wait for a frame that comes after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Frame
from tests.support.processes import Process, processes
from tests.support.redis_server import Cluster, Sentinels, Server, Startable, running
from tests.support.server import Enter
from tests.support.waiting import PATIENCE_S

SMALL_ROSTER = 5


@pytest.fixture(scope="module")
def three(folder: Path, redis: Server) -> Iterator[list[Process]]:
    with processes(folder, 3, redis.url) as started:
        yield started


def chats(client: Client) -> Counter[tuple[str, str]]:
    """Every `chat` frame so far, as (user, payload)."""
    return Counter((f["user_id"], f["payload"]) for f in client.received if f["type"] == "chat")


def of(frame: Frame, *names: str) -> Frame:
    return {name: frame[name] for name in names}


def names(sync: Frame) -> dict[str, str]:
    return {user["user_id"]: user["name"] for user in sync["users"]}


async def heard(client: Client, payload: str) -> Frame:
    return await client.receive("chat", where=lambda frame: frame["payload"] == payload)


# Talking.


@pytest.mark.parametrize("count", [2, 3])
async def test_w11_people_on_different_processes_talk(three: list[Process], enter: Enter, count: int) -> None:
    people = [await enter(process) for process in three[:count] for _ in range(2)]
    for person in people:
        for number in range(5):
            await person.chat(f"{number}", at=(number, -number))
    expected = Counter({(person.user_id, f"{number}"): 1 for person in people for number in range(5)})
    for person in people:
        for _ in range(5):
            await person.receive("ack")
        others = [p for p in people if p is not person]
        for _ in range(5 * len(others)):
            await person.receive("chat")
    # A message more, heard by everyone, shows that nothing else was under way.
    for person in people:
        await person.chat("last")
    expected += Counter({(person.user_id, "last"): 1 for person in people})
    for person in people:
        for _ in range(len(people) - 1):
            await heard(person, "last")
        own = {key: n for key, n in expected.items() if key[0] == person.user_id}
        assert chats(person) == expected - Counter(own), "everyone else's, once each; one's own never"
        order = [f["payload"] for f in person.received if f["type"] == "chat" and f["user_id"] == people[0].user_id]
        assert order == [] or order == ["0", "1", "2", "3", "4", "last"], "W14"


async def test_w11_the_other_tab_on_another_process_gets_the_message_and_the_sender_its_ack(
    three: list[Process], enter: Enter
) -> None:
    sender = await enter(three[0])
    tab = await enter(three[1], token=sender.token)
    same_process = await enter(three[0], token=sender.token)
    assert tab.user_id == same_process.user_id == sender.user_id
    message_id = await sender.chat("to all my tabs", at=(3, 4))
    ack = await sender.receive("ack")
    for other in (tab, same_process):
        chat = await heard(other, "to all my tabs")
        assert of(chat, "message_id", "user_id") == {"message_id": message_id, "user_id": sender.user_id}
        assert of(chat, "timestamp", "expires_at") == of(ack, "timestamp", "expires_at")
    await tab.chat("and back")
    await heard(sender, "and back")
    assert chats(sender) == Counter({(sender.user_id, "and back"): 1}), "never its own connection's"


async def test_w6_w15_drafts_are_seen_live_on_every_process(three: list[Process], enter: Enter) -> None:
    writer, *readers = [await enter(process) for process in three]
    for text in ("h", "he", "hello"):
        await writer.typing(text, message_id="draft-1", at=(10, 20))
    for reader in readers:
        seen = await reader.receive("typing", where=lambda frame: frame["payload"] == "hello")
        assert of(seen, "message_id", "user_id", "position") == {
            "message_id": "draft-1",
            "user_id": writer.user_id,
            "position": {"x": 10, "y": 20},
        }
    await writer.chat("hello", message_id="draft-1", at=(10, 20))
    for reader in readers:
        assert (await heard(reader, "hello"))["message_id"] == "draft-1"
    await writer.typing("never mind", message_id="draft-2")
    await writer.typing("", message_id="draft-2")
    for reader in readers:
        await reader.receive("typing", where=lambda frame: frame["message_id"] == "draft-2" and not frame["payload"])
    assert not [frame for frame in writer.received if frame["type"] == "typing"], "not to the sender"


async def test_w15_cursors_cross_processes(three: list[Process], enter: Enter) -> None:
    people = [await enter(process) for process in three]
    for number, person in enumerate(people):
        await person.cursor((number, 100 + number))
    for person in people:
        where: dict[str, tuple[float, float]] = {}
        while any(other.user_id not in where for other in people if other is not person):
            frame = await person.receive("cursors")
            where |= {user_id: (x, y) for user_id, x, y in frame["cursors"]}
        for number, other in enumerate(people):
            if other is not person:
                assert where[other.user_id] == (number, 100 + number)


async def test_w30_reactions_cross_processes_each_for_itself(three: list[Process], enter: Enter) -> None:
    sender, *others = [await enter(process) for process in three]
    for number, kind in enumerate(("heart", "heart", "wave")):
        await sender.reaction(kind, at=(number, 5))
    for other in others:
        seen = [await other.receive("reaction") for _ in range(3)]
        assert [of(frame, "user_id", "kind", "position") for frame in seen] == [
            {"user_id": sender.user_id, "kind": kind, "position": {"x": number, "y": 5}}
            for number, kind in enumerate(("heart", "heart", "wave"))
        ]
    await others[0].chat("after them")
    await heard(sender, "after them")
    assert not sender.waiting("reaction"), "not to the sender"


async def test_w32_following_works_between_processes(three: list[Process], enter: Enter) -> None:
    follower, followed = await enter(three[0]), await enter(three[1])
    tab = await enter(three[2], token=followed.token)
    await follower.send({"type": "follow", "user_id": followed.user_id})
    for client in (followed, tab):
        assert (await client.receive("followed"))["user_id"] == follower.user_id
    await followed.send({"type": "view", "position": {"x": 1, "y": 2}, "width": 300, "height": 200})
    view = await follower.receive("view")
    assert of(view, "user_id", "position", "width", "height") == {
        "user_id": followed.user_id,
        "position": {"x": 1, "y": 2},
        "width": 300,
        "height": 200,
    }


async def test_w12_a_late_joiner_on_an_empty_process_gets_live_messages_with_their_times(
    three: list[Process], enter: Enter
) -> None:
    ada = await enter(three[0], name="Ada")
    message_id = await ada.chat("still here", at=(7, 8))
    ack = await ada.receive("ack")
    began = time.time_ns() // 1_000_000
    await asyncio.sleep(1)
    late = await enter(three[2])
    [message] = late.sync["messages"]
    assert message["message_id"] == message_id
    assert of(message, "user_id", "name", "payload", "position") == {
        "user_id": ada.user_id,
        "name": "Ada",
        "payload": "still here",
        "position": {"x": 7, "y": 8},
    }
    assert of(message, "timestamp", "expires_at") == of(ack, "timestamp", "expires_at"), "not those of the joining"
    assert late.sync["timestamp"] >= began + 1000 > message["timestamp"]
    await ada.chat("live")
    live = await heard(late, "live")
    assert of(live, "timestamp", "expires_at") == of(await ada.receive("ack"), "timestamp", "expires_at")


async def test_w110_w112_strokes_cross_processes_and_late_joiners_get_them(three: list[Process], enter: Enter) -> None:
    ann, bob = await enter(three[0]), await enter(three[1])
    line = [[0.0, 0.0], [5.0, 5.0]]
    await ann.stroke([(0, 0), (5, 5)], message_id="s1", done=False)
    assert (await bob.receive("stroke"))["points"] == line
    await ann.stroke([(0, 0), (5, 5)], message_id="s1")
    ack = await ann.receive("ack")
    finished = await bob.receive("stroke", where=lambda frame: "expires_at" in frame)
    assert of(finished, "timestamp", "expires_at") == of(ack, "timestamp", "expires_at")
    late = await enter(three[2])
    assert late.sync["strokes"] == [finished]
    assert late.sync["messages"] == []
    tab = await enter(three[2], token=ann.token)
    await tab.stroke([(9, 9), (5, 5)], message_id="s1")
    assert await tab.receive("ack") == ack, "W10"
    await ann.chat("fence")
    await heard(bob, "fence")
    assert len([frame for frame in bob.received if frame["type"] == "stroke" and "expires_at" in frame]) == 1


async def test_w113_strokes_of_a_user_are_counted_over_all_processes(three: list[Process], enter: Enter) -> None:
    ann = await enter(three[0])
    tab = await enter(three[1], token=ann.token)
    for number in range(12):
        await (ann, tab)[number % 2].stroke([(0, 0), (5, 5)], message_id=f"s{number}")
    answers = [await client.receive("ack", "error") for client in (ann, tab) for _ in range(6)]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert [(answer["code"], answer["limit"]) for answer in refused] == [("rate_limited", "strokes")] * 2


# Presence.


async def test_w17_two_tabs_on_two_processes_are_one_join_and_one_leave(three: list[Process], enter: Enter) -> None:
    watchers = [await enter(three[0]), await enter(three[2])]
    tab = await enter(three[0])
    other_tab = await enter(three[1], token=tab.token)
    assert other_tab.sync["user_count"] == 3
    await tab.close()
    # Nothing was told of the second tab, nor of the first one's end: the next event is the next number.
    after = await enter(three[1])
    for watcher in watchers:
        told = await watcher.receive("user_joined", where=lambda frame: frame["user_id"] == tab.user_id)
        assert (await watcher.receive("user_joined", where=lambda f: f["user_id"] == after.user_id))["seq"] == (
            told["seq"] + 1
        )
    await other_tab.close()
    for watcher in watchers:
        assert (await watcher.receive("user_left"))["user_id"] == tab.user_id
        await watcher.resync()
        assert watcher.sync["user_count"] == 3
        events = Counter(f["type"] for f in watcher.received if f.get("user_id") == tab.user_id)
        assert (events["user_joined"], events["user_left"]) == (1, 1)


async def test_w18_a_break_and_a_return_to_another_process_is_seen_by_nobody(
    three: list[Process], enter: Enter
) -> None:
    watcher = await enter(three[0])
    person = await enter(three[1])
    joined = await watcher.receive("user_joined")
    person.abort()
    again = await enter(three[2], token=person.token)
    assert again.user_id == person.user_id
    assert again.sync["user_count"] == 2
    marker = await enter(three[1])
    told = await watcher.receive("user_joined", "user_left")
    assert (told["user_id"], told["seq"]) == (marker.user_id, joined["seq"] + 1)


async def test_w20_who_requests_and_the_roster_cover_every_process(three: list[Process], enter: Enter) -> None:
    people = [await enter(process, name=f"Person {number}") for number, process in enumerate(three)]
    everyone = {person.user_id: f"Person {number}" for number, person in enumerate(people)}
    for person in people:
        assert names(await person.resync()) == everyone
        await person.who([*everyone, "nobody"])
        profiles = await person.receive("profiles")
        assert {user["user_id"]: user["name"] for user in profiles["users"]} == everyone
    last = people.pop()
    await last.close()
    for person in people:
        assert (await person.receive("user_left"))["user_id"] == last.user_id
        assert last.user_id not in names(await person.resync())


async def test_w24_a_profile_changed_in_one_tab_is_used_by_a_tab_on_another_process(
    three: list[Process], enter: Enter
) -> None:
    tab = await enter(three[0], name="Old Name", color="rust")
    other_tab = await enter(three[1], token=tab.token)
    reader = await enter(three[2])
    await tab.profile("New Name", "teal")
    for person in (tab, other_tab, reader):
        updated = await person.receive("user_updated")
        assert of(updated, "user_id", "name", "color") == {
            "user_id": tab.user_id,
            "name": "New Name",
            "color": "teal",
        }
    await other_tab.chat("signed")
    for person in (tab, reader):
        assert of(await heard(person, "signed"), "name", "color") == {"name": "New Name", "color": "teal"}
    late = await enter(three[1])
    assert names(late.sync)[tab.user_id] == "New Name"
    [said] = late.sync["messages"]
    assert said["name"] == "New Name"


async def test_w31_a_user_off_the_map_is_off_on_every_process(three: list[Process], enter: Enter) -> None:
    ann = await enter(three[0])
    bob = await enter(three[1], on_map="0")
    tab = await enter(three[2], token=bob.token)
    assert (await ann.receive("user_joined"))["on_map"] is False
    await tab.chat("quietly")
    assert (await heard(ann, "quietly"))["on_map"] is False
    await tab.profile("Bob", "moss", on_map=True)
    assert "on_map" not in await ann.receive("user_updated")
    await bob.receive("user_updated")
    await bob.chat("aloud")
    assert "on_map" not in await heard(ann, "aloud")


# Limits hold over all processes together.


async def test_100_messages_a_minute_are_exact_when_one_user_sends_through_two_processes(
    three: list[Process], enter: Enter
) -> None:
    began = time.monotonic()
    tabs = [await enter(three[0])]
    tabs.append(await enter(three[1], token=tabs[0].token))
    for number in range(160):
        await tabs[number % 2].chat(f"{number}")
    answers = [await tab.receive("ack", "error") for tab in tabs for _ in range(80)]
    accepted = [answer for answer in answers if answer["type"] == "ack"]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert time.monotonic() < began + 50, "within one window, or the count means nothing"
    print(f"accepted {len(accepted)} of 160")
    assert 98 <= len(accepted) <= 102
    assert {answer["code"] for answer in refused} == {"rate_limited"}
    assert all(0 < answer["retry_after"] <= 60_000 for answer in refused)


async def test_w10_the_first_of_two_texts_is_the_message_on_every_process(three: list[Process], enter: Enter) -> None:
    ann = await enter(three[0])
    tab = await enter(three[1], token=ann.token)
    others = [await enter(process) for process in three]
    await asyncio.gather(ann.chat("yes", message_id="m"), tab.chat("no", message_id="m"))
    acks = [await client.receive("ack") for client in (ann, tab)]
    assert acks[0] == acks[1]
    heard = [await other.receive("chat", where=lambda frame: frame["message_id"] == "m") for other in others]
    assert len({frame["payload"] for frame in heard}) == 1
    assert {frame["timestamp"] for frame in heard} == {acks[0]["timestamp"]}
    newcomer = await enter(three[2])
    assert [message["payload"] for message in newcomer.sync["messages"]] == [heard[0]["payload"]]


async def test_w10_a_message_sent_again_through_another_process_is_answered_as_the_first_was(
    three: list[Process], enter: Enter
) -> None:
    ann, bob = await enter(three[0]), await enter(three[2])
    await ann.chat("once", message_id="m")
    first = await ann.receive("ack")
    tab = await enter(three[1], token=ann.token)
    for text in ("once", "another text"):
        await tab.chat(text, message_id="m")
        assert await tab.receive("ack") == first
    await tab.chat("fence", message_id="fence")
    await bob.receive("chat", where=lambda frame: frame["message_id"] == "fence")
    said = [frame["payload"] for frame in bob.received if frame["type"] == "chat"]
    assert said == ["once", "fence"]


async def test_w5_connections_of_a_user_are_counted_over_all_processes(three: list[Process], enter: Enter) -> None:
    first = await enter(three[0])
    limit = first.sync["limits"]["connections_per_user"]
    tabs = [first] + [await enter(three[n % 3], token=first.token) for n in range(1, limit)]
    for process in three:
        one_more = await enter(process, token=first.token, wait_for_sync=False)
        assert (await one_more.closed()).code == 4504
    other = await enter(three[1])
    assert other.sync["user_count"] == 2, "another user is another count"
    await tabs.pop().close()

    async def let_in() -> bool:
        # The place is free a moment after the close; which moment is another process's to say.
        client = await enter(three[0], token=first.token, wait_for_sync=False)
        with contextlib.suppress(AssertionError):
            return bool(await client.receive("user_sync"))
        return False

    deadline = time.monotonic() + PATIENCE_S
    while not await let_in():
        assert time.monotonic() < deadline, "the place never became free"


async def test_w20_a_large_channel_is_counted_over_all_processes(folder: Path, redis: Server, enter: Enter) -> None:
    with processes(folder, 2, redis.url, "--roster-limit", str(SMALL_ROSTER)) as pair:
        people = [await enter(pair[number % 2]) for number in range(12)]
        watcher = people[0]
        assert people[-1].sync["user_count"] == 12
        assert len(people[-1].sync["users"]) == SMALL_ROSTER
        assert people[-1].user_id in names(people[-1].sync), "oneself is always listed"
        for person in (watcher, people[1]):
            await person.receive("user_count", where=lambda frame: frame["count"] == 12)
        # Events of two processes may overtake each other; `seq` tells a client (W19).
        named = Counter(frame["user_id"] for frame in watcher.received if frame["type"] == "user_joined")
        by_name = Counter(person.user_id for person in people[1:SMALL_ROSTER])
        assert named == by_name, "up to the limit by name, then by count"

        # Ten come and go on both processes for some seconds.
        began = time.monotonic()
        earlier = len(watcher.received)
        while time.monotonic() < began + 3:
            passers = await asyncio.gather(*(enter(process) for process in pair))
            await asyncio.gather(*(passer.close() for passer in passers))
        for person in people[SMALL_ROSTER - 1 :]:
            await person.close()
        # A count that waited for its turn is the newest there is by then: of the last one that was told by name.
        await watcher.receive("user_count", where=lambda frame: frame["count"] <= SMALL_ROSTER)
        took_s = time.monotonic() - began
        await watcher.receive("user_left")
        counts = [frame for frame in watcher.received[earlier:] if frame["type"] == "user_count"]
        assert len(counts) <= took_s + 2, "at most once a second, whichever process it comes from"
        assert all(a["seq"] < b["seq"] for a, b in itertools.pairwise(counts)), "never an older count after a newer"
        await watcher.resync()
        assert len(watcher.sync["users"]) == watcher.sync["user_count"] == SMALL_ROSTER - 1
        for person in people[: SMALL_ROSTER - 1]:
            await person.close()


# The same over other kinds of Redis.


@pytest.mark.parametrize("kind", ["cluster", "sentinel"])
async def test_messages_cross_a_cluster_and_sentinels(folder: Path, kind: str) -> None:
    made: Cluster | Sentinels = Cluster(folder) if kind == "cluster" else Sentinels(folder)
    servers: Startable = made
    with running(servers), processes(folder, 2, made.url) as pair:
        # Several channels: in a cluster they lie on different masters.
        for channel in ("garden", "kitchen", "attic", "cellar"):
            ada = await Client.connect(pair[0].url, channel=channel)
            bob = await Client.connect(pair[1].url, channel=channel)
            assert (await ada.receive("user_joined"))["user_id"] == bob.user_id
            assert set(names(bob.sync)) == {ada.user_id, bob.user_id}
            tab = await Client.connect(pair[1].url, channel=channel, token=ada.token)
            assert tab.sync["user_count"] == 2
            await ada.typing("hel", message_id="m")
            await bob.receive("typing")
            await ada.chat("hello", message_id="m")
            assert (await heard(bob, "hello"))["user_id"] == ada.user_id
            await heard(tab, "hello")
            await bob.cursor((1, 2))
            assert (await ada.receive("cursors"))["cursors"] == [[bob.user_id, 1, 2]]
            late = await Client.connect(pair[0].url, channel=channel)
            assert [message["payload"] for message in late.sync["messages"]] == ["hello"]
            await bob.close()
            assert (await ada.receive("user_left"))["user_id"] == bob.user_id
            await asyncio.gather(*(client.close() for client in (ada, tab, late)))
