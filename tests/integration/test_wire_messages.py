"""W6 to W16 of docs/protocol.md: chat, typing, cursor: receivers, times and order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.support.client import Client, Frame, new_message_id
from tests.support.server import Join, Server, StartServer

CHAT: Frame = {"type": "chat", "message_id": "m", "payload": "hi", "position": {"x": 1, "y": 2}}


async def assert_refused(client: Client, frame: Frame | str | bytes, code: str, message_id: str | None = None) -> Frame:
    """The frame is answered by this error, and the connection goes on."""
    if isinstance(frame, dict):
        await client.send(frame)
    else:
        await client.send_raw(frame)
    error = await client.receive("error", "ack")
    assert error["type"] == "error", error
    assert error["code"] == code, error
    assert error["message"]
    assert error.get("message_id") == message_id
    assert "retry_after" not in error
    await client.ping(5)
    await client.receive("pong")
    return error


async def assert_posted(client: Client, frame: Frame) -> Frame:
    await client.send(frame)
    ack = await client.receive("ack", "error")
    assert ack["type"] == "ack", ack
    assert ack["message_id"] == frame["message_id"]
    return ack


# W6, W7: ids and unknown fields.


@pytest.mark.parametrize("message_id", ["a", "A-Z_09", "a" * 64])
async def test_w6_a_valid_message_id_is_accepted(server: Server, join: Join, message_id: str) -> None:
    await assert_posted(await join(server), CHAT | {"message_id": message_id})


@pytest.mark.parametrize("message_id", ["", "a" * 65, "a b", "é", "a\n", "a.b", 5, None, ["a"]])
@pytest.mark.parametrize("type_", ["chat", "typing"])
@pytest.mark.drives("bad_frame")
async def test_w6_an_invalid_message_id_is_a_bad_frame(server: Server, join: Join, type_: str, message_id: Any) -> None:
    client = await join(server)
    await client.send(CHAT | {"type": type_, "message_id": message_id})
    assert (await client.receive("error", "ack")).get("code") == "bad_frame"


async def test_w6_w13_two_users_may_use_the_same_message_id(server: Server, join: Join) -> None:
    ada, bob, eve = [await join(server) for _ in range(3)]
    await ada.chat("from ada", message_id="same")
    await bob.chat("from bob", message_id="same")
    got = {(chat["user_id"], chat["payload"]) for chat in [await eve.receive("chat"), await eve.receive("chat")]}
    assert got == {(ada.user_id, "from ada"), (bob.user_id, "from bob")}


async def test_w7_unknown_and_meaningless_fields_are_ignored(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    frame = CHAT | {"user_id": "mallory", "channel_id": "kitchen", "timestamp": 1, "flag": [{"x": None}]}
    ack = await assert_posted(ada, frame)
    chat = await bob.receive("chat")
    assert (chat["user_id"], chat["channel_id"]) == (ada.user_id, "garden")
    assert chat["timestamp"] == ack["timestamp"] > 1
    assert "flag" not in chat


# W8: payloads.


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        ("x", "x"),
        ("  both ends  ", "both ends"),
        ("\u00a0\u3000wide\u2003\n", "wide"),
        ("in  side", "in  side"),
        ("a\nb", "a\nb"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\nb"),
        ("a\r\n\rb", "a\n\nb"),
        ("\r\n line \r", "line"),
        ("x" * 500, "x" * 500),
        ("  " + "x" * 500 + "\n\n", "x" * 500),
        ("\U0001f600" * 500, "\U0001f600" * 500),
        ("a\r\n" * 249 + "bc", "a\n" * 249 + "bc"),
        ("\u05d0 \u202btext\u202c", "\u05d0 \u202btext\u202c"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ('"\\u0000"', '"\\u0000"'),
    ],
    ids=lambda text: ascii(text)[:24],
)
async def test_w8_a_payload_is_trimmed_and_delivered(server: Server, join: Join, sent: str, delivered: str) -> None:
    ada, bob = await join(server), await join(server)
    await ada.send_raw(json.dumps(CHAT | {"payload": sent}, ensure_ascii=False))
    await ada.receive("ack")
    assert (await bob.receive("chat"))["payload"] == delivered


@pytest.mark.parametrize("payload", ["", " ", "\n\n", "\r\n \r", "\u3000\u00a0"], ids=ascii)
@pytest.mark.drives("payload_empty")
async def test_w8_a_payload_of_white_space_is_empty(server: Server, join: Join, payload: str) -> None:
    await assert_refused(await join(server), CHAT | {"payload": payload}, "payload_empty", "m")


@pytest.mark.parametrize("payload", ["x" * 501, "\U0001f600" * 501, "x" + " " * 499 + "x", "a\r\n" * 251])
@pytest.mark.drives("payload_too_large")
async def test_w8_a_payload_above_500_characters_is_too_large(server: Server, join: Join, payload: str) -> None:
    await assert_refused(
        await join(server),
        json.dumps(CHAT | {"payload": payload + "x"}, ensure_ascii=False),
        "payload_too_large",
        "m",
    )


CONTROLS = [chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t\n\r"]


@pytest.mark.drives("bad_frame")
async def test_w8_every_other_control_character_is_refused(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for control in CONTROLS:
        await ada.send(CHAT | {"payload": f"a{control}b", "message_id": "m"})
        answer = await ada.receive("error", "ack")
        assert answer.get("code") == "bad_frame", f"{control!r}: {answer}"
        await ada.send(CHAT | {"message_id": new_message_id()})  # W27 counts bad frames in a row.
        await ada.receive("ack")
        assert (await bob.receive("chat"))["payload"] == "hi"


@pytest.mark.drives("bad_frame")
@pytest.mark.parametrize("control", ["\x00", "\x0b", "\x1f", "\x7f", "\x85", "\x9f"], ids=ascii)
async def test_w8_a_control_character_at_an_end_is_refused_too(server: Server, join: Join, control: str) -> None:
    client = await join(server)
    await assert_refused(client, CHAT | {"payload": f"a{control}"}, "bad_frame", "m")
    await assert_refused(client, CHAT | {"payload": f"{control}a"}, "bad_frame", "m")


@pytest.mark.parametrize("draft", ["h", "", "  untrimmed ", "x" * 500, "two\nlines"], ids=lambda text: ascii(text)[:20])
async def test_w8_a_draft_is_passed_on_untrimmed(server: Server, join: Join, draft: str) -> None:
    ada, bob = await join(server), await join(server)
    await ada.typing(draft, message_id="d", at=(3, 4))
    typing = await bob.receive("typing")
    assert typing == {
        "type": "typing",
        "message_id": "d",
        "user_id": ada.user_id,
        "payload": draft,
        "position": {"x": 3, "y": 4},
    }


@pytest.mark.parametrize(("draft", "code"), [("x" * 501, "payload_too_large"), ("a\x00b", "bad_frame")])
async def test_w8_an_unfit_draft_is_refused(server: Server, join: Join, draft: str, code: str) -> None:
    await assert_refused(await join(server), CHAT | {"type": "typing", "payload": draft}, code, "m")


# W9: positions.


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (1e7, -1e7), (-10_000_000, 10_000_000), (0.5, -12.25), (-0.0, 3), (1234567, 2)]
)
async def test_w9_a_valid_position_is_delivered_unchanged(server: Server, join: Join, x: float, y: float) -> None:
    ada, bob = await join(server), await join(server)
    await ada.chat("here", at=(x, y))
    assert (await bob.receive("chat"))["position"] == {"x": x, "y": y}


@pytest.mark.parametrize("bad", ["10000001", "-10000000.5", "1e8", "-1e300", "1e999", "-1e999"])
@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("type_", ["chat", "typing", "cursor"])
@pytest.mark.drives("position_invalid")
async def test_w9_a_position_out_of_range_is_invalid(
    server: Server, join: Join, type_: str, axis: str, bad: str
) -> None:
    text = json.dumps(CHAT | {"type": type_, "position": {"x": 1, "y": 1} | {axis: "BAD"}}).replace('"BAD"', bad)
    client = await join(server)
    await client.send_raw(text)
    error = await client.receive("error", "ack")
    assert error.get("code") == "position_invalid", error


@pytest.mark.parametrize(
    "bad",
    [
        '"1"',
        "null",
        "true",
        "[1]",
        "{}",
        pytest.param("NaN", id="NaN is not JSON"),
        pytest.param("Infinity", id="Infinity is not JSON"),
    ],
)
@pytest.mark.drives("bad_frame")
async def test_w9_a_position_that_is_no_number_is_a_bad_frame(server: Server, join: Join, bad: str) -> None:
    client = await join(server)
    await client.send_raw(json.dumps(CHAT | {"position": {"x": "BAD", "y": 1}}).replace('"BAD"', bad))
    error = await client.receive("error", "ack")
    assert error.get("code") == "bad_frame", error


# W10 to W14: delivery.


async def test_w10_a_resent_message_is_acked_with_the_first_times_and_delivered_once(
    server: Server, join: Join
) -> None:
    ada, bob = await join(server), await join(server)
    first = await assert_posted(ada, CHAT)
    assert (await bob.receive("chat"))["message_id"] == "m"
    await asyncio.sleep(0.02)  # So that a second time would differ.
    assert await assert_posted(ada, CHAT) == first
    assert await assert_posted(ada, CHAT | {"payload": "changed"}) == first
    await ada.chat("after", message_id="after")
    assert (await bob.receive("chat"))["message_id"] == "after"
    assert [message["payload"] for message in (await bob.resync())["messages"]] == ["hi", "after"]


async def test_w10_a_message_resent_over_a_new_connection_is_the_same(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    first = await assert_posted(ada, CHAT)
    ada.abort()
    again = await join(server, token=ada.token)
    assert await assert_posted(again, CHAT) == first
    await again.chat("after", message_id="after")
    assert [(await bob.receive("chat"))["message_id"] for _ in range(2)] == ["m", "after"]


async def test_w10_resending_is_safe_at_the_limit_too(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=2)
    client = await join(server)
    first = await assert_posted(client, CHAT | {"message_id": "one"})
    second = await assert_posted(client, CHAT | {"message_id": "two"})
    assert await assert_posted(client, CHAT | {"message_id": "one"}) == first
    assert await assert_posted(client, CHAT | {"message_id": "two"}) == second


async def test_w90_a_message_of_a_snapshot_does_not_come_as_chat_too(server: Server, join: Join) -> None:
    """In a busy channel a message is in a snapshot before the flush that brings it."""
    ada, bob = await join(server), await join(server)
    for _ in range(20):
        await asyncio.gather(ada.chat("hi"), ada.chat("hi"), bob.send({"type": "sync"}))
    for _ in range(20):
        await bob.receive("user_sync")
    await ada.chat("last", message_id="last")
    while (await bob.receive("chat"))["message_id"] != "last":
        pass
    told: set[str] = set()
    for frame in bob.received:
        if frame["type"] == "user_sync":
            told |= {message["message_id"] for message in frame["messages"]}
        elif frame["type"] == "chat":
            assert frame["message_id"] not in told
            told.add(frame["message_id"])
    assert len(told) == 41


async def test_w11_a_chat_goes_to_all_but_the_connection_that_sent_it(server: Server, join: Join) -> None:
    tab, bob = await join(server), await join(server)
    other_tab = await join(server, token=tab.token)
    outside = await join(server, "kitchen")
    ack = await assert_posted(tab, CHAT)
    [user] = [user for user in bob.sync["users"] if user["user_id"] == tab.user_id]
    expected = {
        "type": "chat",
        "message_id": "m",
        "channel_id": "garden",
        "user_id": tab.user_id,
        "name": user["name"],
        "color": user["color"],
        "payload": "hi",
        "position": {"x": 1, "y": 2},
        "timestamp": ack["timestamp"],
        "expires_at": ack["expires_at"],
    }
    assert await bob.receive("chat") == expected
    assert await other_tab.receive("chat") == expected
    await bob.chat("fence", message_id="fence")
    assert (await tab.receive("chat"))["message_id"] == "fence", "the sender got its own message"
    other = await join(server, "kitchen")
    await other.chat("kitchen", message_id="kitchen")
    assert (await outside.receive("chat"))["message_id"] == "kitchen", "a message went into another channel"


async def test_w11_an_ack_has_its_fields_and_no_more(server: Server, join: Join) -> None:
    ack = await assert_posted(await join(server), CHAT)
    assert set(ack) == {"type", "message_id", "timestamp", "expires_at"}
    assert type(ack["timestamp"]) is int
    assert type(ack["expires_at"]) is int


async def test_w11_a_draft_goes_to_all_but_the_connection_that_sent_it(server: Server, join: Join) -> None:
    tab, bob = await join(server), await join(server)
    other_tab = await join(server, token=tab.token)
    await tab.typing("he", message_id="m")
    for client in (bob, other_tab):
        assert (await client.receive("typing"))["payload"] == "he"
    await bob.typing("fence", message_id="fence")
    assert (await tab.receive("typing"))["message_id"] == "fence", "the sender got its own draft"


@pytest.mark.parametrize(
    ("characters", "life_ms"),
    [(1, 5000), (60, 5000), (61, 5050), (100, 7000), (199, 11_950), (200, 12_000), (500, 12_000)],
)
async def test_w12_a_message_lives_by_its_length(server: Server, join: Join, characters: int, life_ms: int) -> None:
    client = await join(server)
    ack = await assert_posted(client, CHAT | {"payload": "  " + "x" * characters + " "})
    assert ack["expires_at"] - ack["timestamp"] == life_ms


async def test_w12_a_late_joiner_gets_live_messages_with_their_times(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(3):
        await assert_posted(ada, CHAT | {"message_id": f"m{number}"})
    chats = [await bob.receive("chat") for _ in range(3)]
    await ada.close()
    late = await join(server)
    for message, chat in zip(late.sync["messages"], chats, strict=True):
        message.setdefault("type", "chat")
        assert message == chat
        assert late.sync["timestamp"] < message["expires_at"]
    assert (await join(server, "kitchen")).sync["messages"] == []


async def test_w12_the_sender_gets_its_own_live_messages_too(server: Server, join: Join) -> None:
    ada = await join(server)
    ack = await assert_posted(ada, CHAT)
    [message] = (await join(server, token=ada.token)).sync["messages"]
    assert (message["message_id"], message["timestamp"]) == ("m", ack["timestamp"])


async def test_w12_a_message_is_listed_until_it_expires_and_not_a_moment_longer(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(message_ttl_seconds=0.6)
    ada = await join(server)
    ack = await assert_posted(ada, CHAT)
    listed = []
    for _ in range(15):
        sync = await ada.resync()
        listed.append(bool(sync["messages"]))
        assert listed[-1] == (sync["timestamp"] < ack["expires_at"]), (sync, ack)
        if not listed[-1]:
            break
        await asyncio.sleep(0.06)
    assert listed[0]
    assert not listed[-1]


async def test_w12_the_life_of_a_message_ends_exactly_at_expires_at(start_server: StartServer, join: Join) -> None:
    now = [1_800_000_000_000]
    server = await start_server(now_ms=lambda: now[0])
    client = await join(server)
    ack = await assert_posted(client, CHAT)
    assert ack["timestamp"] == now[0]
    now[0] = ack["expires_at"] - 1
    assert [message["message_id"] for message in (await join(server)).sync["messages"]] == ["m"]
    now[0] = ack["expires_at"]
    assert (await join(server)).sync["messages"] == []


async def test_w13_a_reconnect_within_a_life_loses_none_and_doubles_none(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=0, message_ttl_seconds=60, message_ttl_max_seconds=60)
    ada, bob = await join(server), await join(server)
    sent = [f"m{number}" for number in range(120)]

    async def talk() -> None:
        for message_id in sent:
            await ada.chat(message_id, message_id=message_id)
            await ada.receive("ack")

    talking = asyncio.create_task(talk())
    seen: list[str] = []
    token = bob.token

    async def hear() -> None:
        # By W13 a message may come both in user_sync and as chat, so what counts is what the client then has.
        message_id = (await bob.receive("chat"))["message_id"]
        if message_id not in [message["message_id"] for message in bob.sync["messages"]]:
            assert message_id not in seen, "one connection got one message twice"
            seen.append(message_id)

    for number in range(1, 7):
        while len(seen) < min(len(sent), 10 * number):
            await hear()
        bob.abort()
        bob = await join(server, token=token)
        seen += [message["message_id"] for message in bob.sync["messages"] if message["message_id"] not in seen]
    while set(seen) != set(sent):
        await hear()
    await talking
    assert seen == sent


async def test_w78_a_newcomer_gets_the_newest_messages_and_no_more_than_256_kib(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(rate_limit_per_minute=0, message_ttl_seconds=60, message_ttl_max_seconds=60)
    ada = await join(server)
    payload = "\N{SEEDLING}" * 500
    for number in range(150):
        frame = {"type": "chat", "message_id": f"m{number}", "payload": payload, "position": {"x": 0, "y": 0}}
        await ada.send_raw(json.dumps(frame, ensure_ascii=False))  # escaped, it would be too large
        await ada.receive("ack")
    newcomer = await join(server)
    got = [message["message_id"] for message in newcomer.sync["messages"]]
    assert 100 < len(got) < 150
    assert got == [f"m{number}" for number in range(150 - len(got), 150)]
    size = sum(len(json.dumps(message, ensure_ascii=False).encode()) for message in newcomer.sync["messages"])
    assert size < 300 * 1024


async def test_w13_one_connection_gets_each_chat_frame_once(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(30):
        await ada.chat("x", message_id=f"m{number}")
    for _ in range(30):
        await bob.receive("chat")
    await ada.chat("fence", message_id="fence")
    assert (await bob.receive("chat"))["message_id"] == "fence"


async def test_w14_messages_of_one_sender_arrive_in_order(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=0)
    senders = [await join(server) for _ in range(4)]
    reader = await join(server)

    async def talk(client: Client) -> None:
        for number in range(60):
            await client.chat(f"{number}", message_id=f"m{number}")

    await asyncio.gather(*(talk(client) for client in senders))
    got: dict[str, list[str]] = {client.user_id: [] for client in senders}
    for _ in range(4 * 60):
        chat = await reader.receive("chat")
        got[chat["user_id"]].append(chat["payload"])
    assert got == {client.user_id: [str(number) for number in range(60)] for client in senders}
    for client in senders:
        assert [(await client.receive("ack"))["message_id"] for _ in range(60)] == [f"m{n}" for n in range(60)]


async def test_w15_a_cursor_reaches_the_others_as_cursors(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    await ada.cursor((12, -34))
    frame = await bob.receive("cursors", where=lambda frame: any(row[0] == ada.user_id for row in frame["cursors"]))
    assert set(frame) == {"type", "cursors"}
    assert [ada.user_id, 12, -34] in frame["cursors"]


async def test_w15_several_cursors_all_arrive(server: Server, join: Join) -> None:
    clients = [await join(server) for _ in range(5)]
    for number, client in enumerate(clients[1:], start=1):
        await client.cursor((number, -number))
    seen: dict[str, tuple[float, float]] = {}
    while len(set(seen) - {clients[0].user_id}) < 4:
        for user_id, x, y in (await clients[0].receive("cursors"))["cursors"]:
            seen[user_id] = (x, y)
    assert seen == {client.user_id: (n, -n) for n, client in enumerate(clients) if n}


async def test_w6_w13_a_draft_and_its_chat_carry_the_same_id_in_order(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(5):
        draft = f"m{number}"
        await ada.typing("hell", message_id=draft)
        await bob.receive("typing", where=lambda frame, draft=draft: frame["message_id"] == draft)  # type: ignore[misc]
        await ada.chat("hello", message_id=draft)
        assert (await bob.receive("chat"))["message_id"] == draft
