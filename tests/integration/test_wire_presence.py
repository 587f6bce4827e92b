"""W17 to W24 of docs/protocol.md: who is here, the clock, profiles.

To show that no event came, tests look at the next event: its `seq` is one higher than the last.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any
from uuid import UUID

import pytest
from websockets.frames import Opcode

from tests.support.client import Client, Frame
from tests.support.server import Join, JoinRaw, Server, StartServer

PALETTE = (
    *("rust", "coral", "amber", "ochre", "olive", "moss", "fern", "jade"),
    *("teal", "lagoon", "azure", "cobalt", "indigo", "violet", "plum", "rose"),
)


async def presence(client: Client) -> Frame:
    return await client.receive("user_joined", "user_left", "user_updated", "user_count")


def users_by_id(sync: Frame) -> dict[str, Frame]:
    return {user["user_id"]: user for user in sync["users"]}


# W17, W18: coming and going.


async def test_w17_w102_a_join_and_a_leave_are_told_to_the_others(server: Server, join: Join) -> None:
    ada = await join(server)
    bob = await join(server)
    joined = await presence(ada)
    [listed] = [user for user in bob.sync["users"] if user["user_id"] == bob.user_id]
    common = {"channel_id": "garden", "epoch": ada.sync["epoch"]}
    event, at = joined.pop("message_id"), joined.pop("timestamp")
    assert joined == {"type": "user_joined", **listed, **common, "seq": ada.sync["seq"] + 1}
    assert bob.sync["seq"] == joined["seq"]
    assert set(users_by_id(bob.sync)) == {ada.user_id, bob.user_id}
    await bob.close()
    left = await presence(ada)
    assert len({UUID(event), UUID(left.pop("message_id"))}) == 2, "each event has an id of its own"
    assert at <= left.pop("timestamp"), "both by the server's clock"
    assert left == {"type": "user_left", "user_id": bob.user_id, **common, "seq": joined["seq"] + 1}
    assert set(users_by_id(await ada.resync())) == {ada.user_id}
    assert ada.sync["user_count"] == 1


async def test_w17_two_tabs_of_a_user_join_once_and_leave_once(server: Server, join: Join) -> None:
    ada = await join(server)
    tab = await join(server)
    assert (await presence(ada))["type"] == "user_joined"
    other_tab = await join(server, token=tab.token)
    assert other_tab.sync["user_count"] == 2
    assert len(other_tab.sync["users"]) == 2
    await tab.close()
    await other_tab.chat("still here", message_id="still")
    assert (await ada.receive("chat"))["user_id"] == tab.user_id
    await other_tab.close()
    left = await presence(ada)
    assert (left["type"], left["user_id"]) == ("user_left", tab.user_id)
    assert left["seq"] == ada.sync["seq"] + 2, "more was told than one join and one leave"


async def test_w17_joined_at_is_when_the_user_came_and_stays(server: Server, join: Join) -> None:
    ada = await join(server)
    joined_at = users_by_id(ada.sync)[ada.user_id]["joined_at"]
    assert type(joined_at) is int
    assert abs(joined_at - ada.sync["timestamp"]) < 5000
    bob = await join(server)
    assert users_by_id(bob.sync)[ada.user_id]["joined_at"] == joined_at


async def test_w17_presence_of_other_channels_is_not_told(server: Server, join: Join) -> None:
    ada = await join(server, "garden")
    await (await join(server, "kitchen")).close()
    await join(server, "garden")
    assert (await presence(ada))["seq"] == ada.sync["seq"] + 1


async def test_w18_a_close_frame_leaves_at_once(start_server: StartServer, join: Join) -> None:
    server = await start_server(grace_seconds=60)
    ada, bob = await join(server), await join(server)
    await presence(ada)
    await bob.close()
    assert (await presence(ada))["type"] == "user_left"  # Well before the 60 s of grace.


async def test_w18_a_broken_connection_is_kept_for_the_time_of_grace(start_server: StartServer, join: Join) -> None:
    server = await start_server(grace_seconds=1)
    ada, bob = await join(server), await join(server)
    await presence(ada)
    before = time.monotonic()
    bob.abort()
    assert bob.user_id in users_by_id(await ada.resync())
    left = await presence(ada)
    assert (left["type"], left["user_id"]) == ("user_left", bob.user_id)
    assert time.monotonic() - before >= 0.9


async def test_w18_a_reconnect_within_the_time_of_grace_shows_nobody_leaving(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(grace_seconds=1.5)
    ada, bob, eve = [await join(server) for _ in range(3)]
    await presence(ada)
    await presence(ada)
    bob.abort()
    again = await join(server, token=bob.token)
    assert again.sync["user_count"] == 3
    eve.abort()  # After bob: once eve's grace has ended, bob's has too.
    left = await presence(ada)
    assert left["user_id"] == eve.user_id
    assert left["seq"] == ada.sync["seq"] + 3, "something was told about bob"
    await again.chat("here", message_id="here")
    assert (await ada.receive("chat"))["user_id"] == bob.user_id


async def test_w18_a_broken_connection_does_not_keep_its_user_out(start_server: StartServer, join: Join) -> None:
    server = await start_server(grace_seconds=60, connections_per_user=1)
    bob = await join(server)
    for _ in range(3):
        bob.abort()
        bob = await reconnect(server, join, bob.token)
    assert bob.sync["user_count"] == 1


async def reconnect(server: Server, join: Join, token: str) -> Client:
    """As a client does: again, while the server has not seen yet that the connection broke."""
    deadline = time.monotonic() + 5
    while True:
        client = await join(server, token=token, wait_for_sync=False)
        try:
            client.sync = await client.receive("user_sync")
        except AssertionError:
            assert time.monotonic() < deadline, "the user is kept out by its own broken connection"
            await asyncio.sleep(0.02)
        else:
            return client


# W19: counting events.


async def test_w19_each_presence_event_counts_one(server: Server, join: Join) -> None:
    ada = await join(server)
    bob = await join(server)
    await bob.profile("Bob", "jade")
    await bob.receive("user_updated")
    await ada.profile("Ada", "rose")
    await ada.receive("user_updated", where=lambda frame: frame["user_id"] == ada.user_id)
    await bob.close()
    await ada.receive("user_left")
    events = [frame for frame in ada.received if "seq" in frame]
    assert [frame["type"] for frame in events] == [
        *("user_sync", "user_joined", "user_updated", "user_updated", "user_left")
    ]
    assert [frame["seq"] for frame in events] == list(range(ada.sync["seq"], ada.sync["seq"] + 5))
    assert {frame["epoch"] for frame in events} == {ada.sync["epoch"]}


async def test_w19_sync_is_answered_with_the_present_state(server: Server, join: Join) -> None:
    ada = await join(server)
    first = ada.sync
    bob = await join(server)
    await bob.chat("hi", message_id="hi")
    await ada.receive("chat")
    sync = await ada.resync()
    assert set(users_by_id(sync)) == {ada.user_id, bob.user_id}
    assert sync["seq"] == first["seq"] + 1
    assert (sync["connection_id"], sync["user_id"]) == (first["connection_id"], first["user_id"])
    assert [message["message_id"] for message in sync["messages"]] == ["hi"]
    assert set(sync) == set(first)


async def test_w19_after_a_restart_the_epoch_is_another(start_server: StartServer, join: Join) -> None:
    first = await join(await start_server())
    second = await join(await start_server())
    assert isinstance(first.sync["epoch"], str)
    assert first.sync["epoch"] != second.sync["epoch"]


async def test_w19_many_come_and_go_and_all_agree(server: Server, join: Join) -> None:
    """A reader that only follows the events ends with the same members as one that asks afresh."""
    reader = await join(server)
    members = set(users_by_id(reader.sync))
    seq = reader.sync["seq"]

    async def visit(stays: bool) -> None:
        client = await join(server)
        if not stays:
            await client.close()

    await asyncio.gather(*(visit(stays=number % 3 == 0) for number in range(30)))
    for _ in range(30 + 20):
        event = await reader.receive("user_joined", "user_left")
        assert event["seq"] == seq + 1
        seq = event["seq"]
        (members.add if event["type"] == "user_joined" else members.remove)(event["user_id"])
    assert len(members) == 11
    assert set(users_by_id(await reader.resync())) == members
    assert reader.sync["seq"] == seq


# W20: more than the roster holds.


async def test_w20_a_full_roster_lists_some_and_counts_all(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=3)
    clients = [await join(server) for _ in range(6)]
    for number, client in enumerate(clients, start=1):
        assert client.sync["user_count"] == number
        assert len(client.sync["users"]) == min(number, 3)
        assert client.user_id in users_by_id(client.sync), "the client itself is always listed"


async def test_w20_above_the_roster_limit_only_the_count_is_sent(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=2)
    reader = await join(server)
    others = [await join(server) for _ in range(4)]
    count = await reader.receive("user_count", where=lambda frame: frame["count"] == 5)
    assert set(count) == {"type", "count", "epoch", "seq"}
    assert count["epoch"] == reader.sync["epoch"]
    await others[0].close()
    await reader.receive("user_count", where=lambda frame: frame["count"] == 4)
    await others[1].profile("New Name", "jade")
    await others[2].close()
    await reader.receive("user_count", where=lambda frame: frame["count"] == 3)
    told = [frame["type"] for frame in reader.received if frame["type"] in ("user_joined", "user_left", "user_updated")]
    assert told == ["user_joined"], "only the join that fits the roster limit has a name"


async def test_w20_user_count_comes_at_most_once_a_second(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=1)
    reader = await join(server)
    before = time.monotonic()
    for _ in range(25):
        await join(server)
    await reader.receive("user_count", where=lambda frame: frame["count"] == 26)
    elapsed = time.monotonic() - before
    counts = [frame for frame in reader.received if frame["type"] == "user_count"]
    assert len(counts) <= elapsed + 2


async def test_w20_the_seq_of_user_count_goes_on_where_the_events_stopped(
    start_server: StartServer, join: Join
) -> None:
    """`user_count` stands for the events that were not told, so its `seq` may jump ahead, and never goes back."""
    server = await start_server(roster_limit=2)
    reader = await join(server)
    others = [await join(server) for _ in range(3)]
    count = await reader.receive("user_count", where=lambda frame: frame["count"] == 4)
    await others.pop().close()
    later = await reader.receive("user_count", where=lambda frame: frame["seq"] > count["seq"])
    assert later["count"] == 3
    events = [frame for frame in reader.received if "seq" in frame]
    assert [frame["seq"] for frame in events] == sorted(frame["seq"] for frame in events)
    assert (await reader.resync())["seq"] == later["seq"]


async def test_w20_when_all_fit_again_sync_lists_all_and_events_are_sent_again(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(roster_limit=2)
    reader = await join(server)
    others = [await join(server) for _ in range(3)]
    await reader.receive("user_count", where=lambda frame: frame["count"] == 4)
    for client in others[1:]:
        await client.close()
    await reader.receive("user_count", where=lambda frame: frame["count"] == 2)
    sync = await reader.resync()
    assert set(users_by_id(sync)) == {reader.user_id, others[0].user_id}
    await others[0].close()
    left = await reader.receive("user_left", "user_count", where=lambda frame: frame["seq"] > sync["seq"])
    assert (left["type"], left.get("user_id")) == ("user_left", others[0].user_id)
    assert left["seq"] == sync["seq"] + 1


async def test_w20_a_who_request_returns_users_that_are_not_listed(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=2)
    clients = [await join(server, name=f"guest {number}", color="teal") for number in range(5)]
    ids = [client.user_id for client in clients]
    await clients[-1].who([*ids, "nobody"])
    profiles = await clients[-1].receive("profiles")
    assert set(profiles) == {"type", "users"}
    found = {user["user_id"]: user for user in profiles["users"]}
    assert set(found) == set(ids)
    for number, user_id in enumerate(ids):
        assert set(found[user_id]) == {"user_id", "name", "color", "joined_at"}
        assert (found[user_id]["name"], found[user_id]["color"]) == (f"guest {number}", "teal")


@pytest.mark.parametrize("user_ids", [["a"], [f"u{number}" for number in range(50)], ["a", "a"]], ids=len)
async def test_w20_a_who_request_takes_1_to_50_ids(server: Server, join: Join, user_ids: list[str]) -> None:
    client = await join(server)
    await client.who(user_ids)
    assert (await client.receive("profiles"))["users"] == []


@pytest.mark.parametrize("user_ids", [[], [f"u{number}" for number in range(51)], "a", None, [5], [None], {"a": 1}])
@pytest.mark.drives("bad_frame")
async def test_w20_a_who_request_without_1_to_50_ids_is_refused(server: Server, join: Join, user_ids: Any) -> None:
    client = await join(server)
    await client.send({"type": "who", "user_ids": user_ids})
    assert (await client.receive("error", "profiles")).get("code") == "bad_frame"


async def test_w20_a_who_request_knows_its_own_channel_only(server: Server, join: Join) -> None:
    ada, bob = await join(server, "garden"), await join(server, "kitchen")
    await ada.who([bob.user_id, ada.user_id])
    assert [user["user_id"] for user in (await ada.receive("profiles"))["users"]] == [ada.user_id]


# W21, W22: the clock and pings.


@pytest.mark.parametrize("t", [0, 1, -5, 1_800_000_000_000, 2**53, -(2**53)])
async def test_w21_a_ping_is_answered_with_t_unchanged(server: Server, join: Join, t: int) -> None:
    client = await join(server)
    await client.ping(t)
    pong = await client.receive("pong", "error")
    assert set(pong) == {"type", "t", "timestamp"}, pong
    assert (type(pong["t"]), pong["t"]) == (int, t)
    assert type(pong["timestamp"]) is int


@pytest.mark.parametrize("t", ["1", None, 1.5, True, [1]])
@pytest.mark.drives("bad_frame")
async def test_w21_a_ping_without_an_integer_is_a_bad_frame(server: Server, join: Join, t: Any) -> None:
    client = await join(server)
    await client.send({"type": "ping", "t": t})
    assert (await client.receive("error", "pong")).get("code") == "bad_frame"


async def test_w21_a_pong_carries_the_servers_time(start_server: StartServer, join: Join) -> None:
    ahead_ms = 3_600_000
    server = await start_server(now_ms=lambda: time.time_ns() // 1_000_000 + ahead_ms)
    client = await join(server)
    best: tuple[int, float] | None = None
    for _ in range(5):
        t = time.time_ns() // 1_000_000
        await client.ping(t)
        pong = await client.receive("pong")
        now = time.time_ns() // 1_000_000
        if best is None or now - t < best[0]:
            best = now - t, pong["timestamp"] - (t + now) / 2
    assert best is not None
    assert abs(best[1] - ahead_ms) <= best[0] / 2 + 2


@pytest.mark.drives(4012)
async def test_w22_a_silent_client_is_pinged_and_closed_with_4012(
    start_server: StartServer, join: Join, join_raw: JoinRaw
) -> None:
    server = await start_server(ping_seconds=0.5, pong_timeout_seconds=2, grace_seconds=0)
    ada = await join(server)
    silent = await join_raw(server)
    await silent.receive("user_sync")
    while True:
        opcode, _ = await asyncio.wait_for(silent.read_frame(), 5)
        assert opcode in (Opcode.PING, Opcode.TEXT), f"opcode {opcode} before any ping"
        if opcode == Opcode.PING:
            break
    closed = await silent.closed()
    assert closed.code == 4012
    assert closed.info["reason"]
    assert (await presence(ada))["type"] == "user_joined"
    assert (await presence(ada))["type"] == "user_left"


async def test_w22_a_client_that_answers_pings_or_sends_stays(
    start_server: StartServer, join: Join, join_raw: JoinRaw
) -> None:
    server = await start_server(ping_seconds=0.5, pong_timeout_seconds=0.8)
    ponging = await join(server)  # The library answers pings.
    talking = await join_raw(server)  # Answers no ping, but is not silent.
    await talking.receive("user_sync")
    for t in range(25):  # 2.5 s, almost twice what a silent one is given.
        await talking.send({"type": "ping", "t": t})
        assert (await talking.receive("pong"))["t"] == t
        await asyncio.sleep(0.1)
    await ponging.ping(1)
    await ponging.receive("pong")


# W23, W24: profiles.


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Ada", "Ada"),
        ("  Ada   King    Lovelace ", "Ada King Lovelace"),
        ("x" * 32, "x" * 32),
        ("  " + "x" * 32 + "  ", "x" * 32),
        ("\U0001f600" * 32, "\U0001f600" * 32),
        ("\u05d0\u05d1", "\u05d0\u05d1"),
        ("a\u00a0\u3000b", "a b"),
    ],
    ids=ascii,
)
async def test_w23_a_name_is_trimmed_and_folded(server: Server, join: Join, name: str, told: str) -> None:
    client = await join(server)
    await client.profile(name, "amber")
    updated = await client.receive("user_updated", "error")
    assert updated.get("name") == told, updated
    assert updated["color"] == "amber"


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", "x" * 33, 5, None),
        *("a\x00b", "a\tb", "a\nb", "a\x7fb", "a\x9bb"),
        *(f"a{chr(code)}b" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
        *("\u3164", "\u2800", "\ufe0f", "\u034f", "\ue000", "\ufffe", "\u0301", "\U000e0020"),
    ],
    ids=ascii,
)
@pytest.mark.drives("bad_frame")
async def test_w23_an_unfit_name_is_a_bad_frame(server: Server, join: Join, name: Any) -> None:
    client = await join(server)
    before = users_by_id(client.sync)[client.user_id]
    await client.send({"type": "profile", "name": name, "color": "rust"})
    assert (await client.receive("error", "user_updated")).get("code") == "bad_frame"
    assert users_by_id(await client.resync())[client.user_id] == before


async def test_w23_all_the_palette_is_allowed(server: Server, join: Join) -> None:
    client = await join(server)
    for color in PALETTE:
        await client.profile("Ada", color)
        assert (await client.receive("user_updated", "error")).get("color") == color


@pytest.mark.parametrize("color", ["", "red", "Rust", "#ff0000", 5, None])
@pytest.mark.drives("bad_frame")
async def test_w23_a_color_that_is_not_in_the_palette_is_a_bad_frame(server: Server, join: Join, color: Any) -> None:
    client = await join(server)
    await client.send({"type": "profile", "name": "Ada", "color": color})
    assert (await client.receive("error", "user_updated")).get("code") == "bad_frame"


async def test_w23_the_profile_to_join_with_is_taken(server: Server, join: Join) -> None:
    ada = await join(server)
    bob = await join(server, name="  Bob  Ross ", color="moss")
    joined = await ada.receive("user_joined")
    assert (joined["name"], joined["color"]) == ("Bob Ross", "moss")
    listed = users_by_id(bob.sync)[bob.user_id]
    assert (listed["name"], listed["color"]) == ("Bob Ross", "moss")


async def test_w122_newcomers_get_colours_that_nobody_there_has(server: Server, join: Join) -> None:
    chosen = await join(server, color="moss")
    clients = [await join(server) for _ in range(15)]
    colors = {user_id: user["color"] for user_id, user in users_by_id(await clients[0].resync()).items()}
    assert sorted(colors.values()) == sorted(PALETTE)
    assert colors[chosen.user_id] == "moss"


async def test_w122_newcomers_who_come_at_the_same_moment_get_different_colours(server: Server, join: Join) -> None:
    clients = await asyncio.gather(*(join(server) for _ in range(16)))
    colors = {user["color"] for user in users_by_id(await clients[0].resync()).values()}
    assert colors == set(PALETTE)


async def test_w122_a_colour_stays_for_the_visit_and_an_own_choice_wins(server: Server, join: Join) -> None:
    ann = await join(server)
    bob = await join(server)
    given = users_by_id(bob.sync)[bob.user_id]["color"]
    bob.abort()
    again = await join(server, token=bob.token)
    assert users_by_id(again.sync)[bob.user_id]["color"] == given
    taken = users_by_id(ann.sync)[ann.user_id]["color"]
    cat = await join(server, color=taken)
    assert users_by_id(cat.sync)[cat.user_id]["color"] == taken


@pytest.mark.parametrize(
    ("lang", "form"), [("de-AT", r"[a-zäöüß]+(er|e|es) [A-ZÄÖÜ]\w+"), ("ar", r"[\u0621-\u064a ]+")]
)
async def test_w123_a_guest_has_a_name_in_the_language_of_their_page(
    server: Server, join: Join, lang: str, form: str
) -> None:
    ann = await join(server)
    bob = await join(server, lang=lang)
    seen = (await ann.receive("user_joined"))["name"]
    assert re.fullmatch(form, seen)
    assert users_by_id(bob.sync)[bob.user_id]["name"] == seen
    cat = await join(server, lang=lang, name="Cat")
    assert users_by_id(cat.sync)[cat.user_id]["name"] == "Cat"


async def test_w23_without_a_profile_it_is_derived_from_the_user_id(start_server: StartServer, join: Join) -> None:
    """So it is the same wherever and whenever the user comes."""
    profiles = set()
    for _ in range(2):
        client = await join(await start_server(auth="open"), uid="ada")
        user = users_by_id(client.sync)["ada"]
        assert 1 <= len(user["name"]) <= 32
        assert user["color"] in PALETTE
        profiles.add((user["name"], user["color"]))
    assert len(profiles) == 1


@pytest.mark.parametrize(("name", "color"), [("x" * 33, "moss "), ("\u202e", "red"), ("", ""), ("\u3164\u2800", "")])
async def test_w23_an_unfit_profile_to_join_with_is_replaced_by_the_derived_one(
    start_server: StartServer, join: Join, name: str, color: str
) -> None:
    server = await start_server(auth="open")
    derived = users_by_id((await join(server, "one", uid="ada")).sync)["ada"]
    given = users_by_id((await join(server, "two", uid="ada", name=name, color=color)).sync)["ada"]
    assert (given["name"], given["color"]) == (derived["name"], derived["color"])


async def test_w24_a_changed_profile_is_sent_to_all_including_the_sender(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    tab = await join(server, token=ada.token)
    await ada.profile("Ada", "plum")
    told = [await client.receive("user_updated") for client in (ada, bob, tab)]
    assert told[0] == told[1] == told[2]
    assert told[0] == {
        "type": "user_updated",
        "user_id": ada.user_id,
        "name": "Ada",
        "color": "plum",
        "epoch": ada.sync["epoch"],
        "seq": bob.sync["seq"] + 1,
    }


async def test_w24_a_profile_holds_for_all_connections_of_the_user(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    tab = await join(server, token=ada.token)
    await ada.profile("Ada", "plum")
    await tab.receive("user_updated")
    await tab.chat("hi", message_id="hi")
    chat = await bob.receive("chat")
    assert (chat["name"], chat["color"]) == ("Ada", "plum")
    late = users_by_id((await join(server)).sync)[ada.user_id]
    assert (late["name"], late["color"]) == ("Ada", "plum")


async def test_w24_a_profile_holds_in_its_channel_only(server: Server, join: Join) -> None:
    garden = await join(server, "garden")
    kitchen = await join(server, "kitchen", token=garden.token)
    before = users_by_id(kitchen.sync)[garden.user_id]
    await garden.profile("In The Garden", "plum")
    await garden.receive("user_updated")
    assert users_by_id(await kitchen.resync())[garden.user_id] == before


async def test_w24_a_profile_that_changes_nothing_is_answered(server: Server, join: Join) -> None:
    client = await join(server)
    for _ in range(2):
        await client.profile("Ada", "plum")
        assert (await client.receive("user_updated"))["name"] == "Ada"


async def test_w29_an_outage_of_the_shared_store_is_announced_and_its_end_brings_a_snapshot(
    server: Server, join: Join
) -> None:
    ada = await join(server)
    server.app.outages.begin()
    assert await ada.receive("degraded") == {"type": "degraded"}
    bob = await join(server)
    assert await bob.receive("degraded") == {"type": "degraded"}
    await server.app.outages.end()
    for client in (ada, bob):
        assert await client.receive("restored") == {"type": "restored"}
        sync = await client.receive("user_sync")
        assert {user["user_id"] for user in sync["users"]} == {ada.user_id, bob.user_id}
