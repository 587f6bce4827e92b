"""W25 to W28 of docs/protocol.md: errors, limits and how connections are closed."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.frames import Opcode

from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.domain.admission import MessageLimits, Posting, Verdict
from asocial.ports import StoreUnavailable
from tests.support.client import OBSERVED, Client, Frame, new_message_id
from tests.support.server import Join, JoinRaw, Server, StartServer
from tests.support.waiting import eventually
from tests.support.wall_clock import wall_ms

CHAT: Frame = {"type": "chat", "message_id": "m", "payload": "hi", "position": {"x": 1, "y": 2}}


class Clock:
    """The server's clock, set by the test."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


def padded(frame: Frame, size_bytes: int) -> str:
    """The frame as JSON of exactly this many bytes, by a field that means nothing (W7)."""
    text = json.dumps(frame | {"pad": ""})
    return json.dumps(frame | {"pad": "x" * (size_bytes - len(text))})


# W25: errors.


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="not JSON"),
        pytest.param("{} {}", id="two objects"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param("5", id="a number"),
        pytest.param('"ping"', id="a string"),
        pytest.param("{}", id="no type"),
        pytest.param('{"type":null}', id="null type"),
        pytest.param('{"type":["ping"]}', id="type a list"),
        pytest.param('{"type":"shout"}', id="unknown type"),
        pytest.param('{"type":"Ping","t":1}', id="case matters"),
        pytest.param('{"type":"user_sync"}', id="a server's type"),
        pytest.param('{"type":"ping"}', id="missing field"),
        pytest.param('{"type":"chat","message_id":"m","payload":"x"}', id="no position"),
        pytest.param('{"type":"chat","message_id":"m","payload":"x","position":{"x":1}}', id="no y"),
        pytest.param('{"type":"chat","message_id":"m","payload":5,"position":{"x":1,"y":1}}', id="payload a number"),
        pytest.param('{"type":"chat","message_id":"m","payload":"x","position":[1,1]}', id="position a list"),
        pytest.param('{"type":"chat","message_id":"m","position":{"x":1,"y":1}}', id="no payload"),
        pytest.param('{"type":"typing","payload":"x","position":{"x":1,"y":1}}', id="typing without message_id"),
        pytest.param('{"type":"typing","message_id":"m","position":{"x":1,"y":1}}', id="typing without payload"),
        pytest.param('{"type":"cursor"}', id="cursor without position"),
        pytest.param('{"type":"profile","name":"Ada"}', id="profile without color"),
        pytest.param("[" * 4000, id="deeply nested"),
        pytest.param('{"type":"ping","t":1,"pad":' + "[" * 1800 + "]" * 1800 + "}", id="deeply nested JSON"),
        pytest.param(b'{"type":"ping","t":1}', id="binary"),
        pytest.param(b"\xff\xfe", id="binary rubbish"),
    ],
)
@pytest.mark.drives("bad_frame")
async def test_w25_a_bad_frame_is_answered_and_keeps_the_connection(
    server: Server, join: Join, data: str | bytes, request: pytest.FixtureRequest
) -> None:
    client = await join(server)
    await client.send_raw(data)
    error = await client.receive("error", "pong")
    assert error.get("code") == "bad_frame", error
    assert isinstance(error["message"], str)
    assert error["message"]
    assert "retry_after" not in error
    await client.ping(9)
    assert (await client.receive("pong"))["t"] == 9


@pytest.mark.parametrize(
    "frame",
    [
        CHAT | {"payload": ""},
        CHAT | {"payload": "x" * 501},
        CHAT | {"payload": 5},
        CHAT | {"position": {"x": 1e8, "y": 0}},
        CHAT | {"position": None},
        CHAT | {"type": "typing", "payload": "x" * 501},
        CHAT | {"type": "typing", "payload": "\x00"},
        CHAT | {"type": "shout"},
    ],
    ids=lambda frame: str(frame)[:60],
)
async def test_w25_an_error_carries_the_message_id_of_its_frame(server: Server, join: Join, frame: Frame) -> None:
    client = await join(server)
    await client.send(frame)
    assert (await client.receive("error")).get("message_id") == "m"


@pytest.mark.parametrize("frame", [{"type": "shout"}, {"type": "cursor", "position": {"x": 1e8, "y": 0}}], ids=str)
async def test_w25_an_error_without_a_message_id_says_none(server: Server, join: Join, frame: Frame) -> None:
    client = await join(server)
    await client.send(frame)
    assert set(await client.receive("error")) == {"type", "code", "message"}


async def test_w25_errors_go_to_the_sender_only(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    await ada.send(CHAT | {"payload": ""})
    await ada.receive("error")
    await ada.chat("fence", message_id="fence")
    await bob.receive("chat")
    assert not [frame for frame in bob.received if frame["type"] == "error"]


@pytest.mark.drives("payload_too_large")
async def test_w25_a_frame_of_4096_bytes_is_taken_and_one_of_4097_is_too_large(server: Server, join: Join) -> None:
    client = await join(server)
    assert client.sync["limits"]["frame_bytes"] == 4096
    await client.send_raw(padded(CHAT, 4096))
    await client.receive("ack")
    for size in (4097, 8192, 60_000):
        await client.send_raw(padded(CHAT, size))
        assert (await client.receive("error", "ack")).get("code") == "payload_too_large", size
    await client.ping(1)
    await client.receive("pong")


async def test_w25_frames_are_measured_in_bytes(server: Server, join: Join) -> None:
    client = await join(server)
    await client.send_raw(json.dumps(CHAT | {"pad": "\u20ac" * 1350}, ensure_ascii=False))
    assert (await client.receive("error", "ack")).get("code") == "payload_too_large"


class BreakableLimiter(MemoryRateLimiter):
    """The memory's limiter, until somebody pulls the plug: then as a store that does not answer."""

    broken = False

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        return None if self.broken else super().admit_at_once(posting, limits)

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        if self.broken:
            raise StoreUnavailable("the plug is pulled")
        return await super().admit(posting, limits)


@pytest.mark.drives("unavailable")
async def test_w25_while_the_store_is_broken_a_chat_is_unavailable_and_nothing_was_done(
    start_server: StartServer, join: Join
) -> None:
    limiter = BreakableLimiter(wall_ms)
    server = await start_server(limiter=limiter)
    ada, bob = await join(server), await join(server)
    limiter.broken = True
    await ada.send(CHAT)
    error = await ada.receive("error", "ack")
    assert (error.get("code"), error.get("message_id")) == ("unavailable", "m")
    limiter.broken = False
    await ada.send(CHAT)
    await ada.receive("ack")
    await ada.chat("fence", message_id="fence")
    assert [(await bob.receive("chat"))["message_id"] for _ in range(2)] == ["m", "fence"]


class FaultyLimiter(MemoryRateLimiter):
    """Has a bug, of the kind nobody foresaw: before it answers, or while its answer is awaited."""

    at_once = False

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        if self.at_once:
            raise RuntimeError("a bug")
        return None

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        raise RuntimeError("a bug")


@pytest.mark.drives(4011)
@pytest.mark.parametrize("at_once", [True, False])
async def test_w28_a_fault_of_the_server_closes_the_connection_that_met_it_with_4011_and_no_other(
    start_server: StartServer, join: Join, at_once: bool
) -> None:
    limiter = FaultyLimiter(wall_ms)
    limiter.at_once = at_once
    server = await start_server(limiter=limiter)
    ada, bob = await join(server), await join(server)
    await ada.send(CHAT)
    assert (await ada.closed()).code == 4011
    await bob.send({"type": "ping", "t": 1})
    await bob.receive("pong")


# rate_limited.


@pytest.mark.drives("rate_limited")
async def test_w25_the_101st_message_within_a_minute_is_refused_until_retry_after(
    start_server: StartServer, join: Join
) -> None:
    clock = Clock()
    server = await start_server(now_ms=clock)
    client = await join(server)
    for number in range(100):
        clock.ms += 10
        await client.chat("x", message_id=f"m{number}")
        await client.receive("ack")
    await client.send(CHAT | {"message_id": "late"})
    error = await client.receive("error", "ack")
    assert error["code"] == "rate_limited"
    assert error["message_id"] == "late"
    assert error["retry_after"] == 60_000 - 990, "the first message leaves the minute then"
    clock.ms += error["retry_after"] - 1
    await client.send(CHAT | {"message_id": "late"})
    assert (await client.receive("error", "ack"))["retry_after"] == 1
    clock.ms += 1
    await client.send(CHAT | {"message_id": "late"})
    assert (await client.receive("error", "ack"))["type"] == "ack"
    await client.send(CHAT | {"message_id": "later"})
    assert (await client.receive("error", "ack"))["retry_after"] == 10, "the second message leaves the minute then"


@pytest.mark.drives("rate_limited")
async def test_w25_a_refused_message_is_not_delivered(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=2)
    ada, bob = await join(server), await join(server)
    assert ada.sync["limits"]["messages_per_minute"] == 2
    for number in range(4):
        await ada.chat("x", message_id=f"m{number}")
    errors = [await ada.receive("error") for _ in range(2)]
    assert [error["message_id"] for error in errors] == ["m2", "m3"]
    for error in errors:
        assert 0 < error["retry_after"] <= 60_000
    await bob.chat("fence", message_id="fence")
    assert [(await ada.receive("chat"))["message_id"] for _ in range(1)] == ["fence"]
    assert [message["message_id"] for message in (await bob.resync())["messages"]] == ["m0", "m1", "fence"]
    assert [(await bob.receive("chat"))["message_id"] for _ in range(2)] == ["m0", "m1"]
    assert not bob.waiting("chat")


@pytest.mark.drives("rate_limited")
async def test_w25_messages_are_counted_for_the_user_not_for_the_connection(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(rate_limit_per_minute=2)
    tab = await join(server)
    other_tab = await join(server, "kitchen", token=tab.token)
    bob = await join(server)
    for client in (tab, other_tab):
        await client.chat("x")
        await client.receive("ack")
    await other_tab.chat("x")
    assert (await other_tab.receive("error", "ack")).get("code") == "rate_limited"
    await bob.chat("x")
    assert (await bob.receive("error", "ack"))["type"] == "ack"


async def test_w25_refused_frames_do_not_count_as_messages(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=1)
    client = await join(server)
    for _ in range(3):
        await client.send(CHAT | {"payload": ""})
        assert (await client.receive("error"))["code"] == "payload_empty"
    await client.chat("x")
    assert (await client.receive("error", "ack"))["type"] == "ack"


async def test_w25_with_a_limit_of_0_messages_are_not_limited(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=0)
    client = await join(server)
    assert client.sync["limits"]["messages_per_minute"] == 0
    for number in range(150):
        await client.chat("x", message_id=f"m{number}")
    for _ in range(150):
        await client.receive("ack")
    assert not client.waiting("error")


REQUESTS: dict[str, tuple[Frame, str]] = {
    "ping": ({"type": "ping", "t": 1}, "pong"),
    "who": ({"type": "who", "user_ids": ["a"]}, "profiles"),
    "sync": ({"type": "sync"}, "user_sync"),
    "profile": ({"type": "profile", "name": "Ada", "color": "rust"}, "user_updated"),
}


@pytest.mark.parametrize("type_", [*REQUESTS, "together"])
@pytest.mark.drives("rate_limited")
async def test_w25_twenty_requests_at_once_are_answered_and_more_are_limited(
    server: Server, join: Join, type_: str
) -> None:
    client = await join(server)
    kinds = list(REQUESTS.values()) if type_ == "together" else [REQUESTS[type_]]
    before = time.monotonic()
    for number in range(60):
        await client.send(kinds[number % len(kinds)][0])
    answers = [await client.receive("error", *(answer for _, answer in kinds)) for _ in range(60)]
    elapsed = time.monotonic() - before
    errors = [answer for answer in answers if answer["type"] == "error"]
    assert 20 <= len(answers) - len(errors) <= 20 + 10 * elapsed + 1
    assert {error["code"] for error in errors} == {"rate_limited"}
    assert all(type(error["retry_after"]) is int and 0 < error["retry_after"] <= 3000 for error in errors)

    async def allowed() -> bool:
        await asyncio.sleep(errors[-1]["retry_after"] / 1000)
        await client.ping(2)
        return bool((await client.receive("pong", "error"))["type"] == "pong")

    await eventually(allowed, "a request is answered again after retry_after")


async def test_w25_requests_do_not_use_up_messages_drafts_or_cursors(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    for number in range(30):
        await ada.ping(number)
    for _ in range(30):
        await ada.receive("pong", "error")
    await ada.typing("h", message_id="m")
    await ada.cursor((1, 1))
    await ada.chat("hi", message_id="other")
    await bob.receive("typing")
    await bob.receive("cursors", where=lambda frame: any(row[0] == ada.user_id for row in frame["cursors"]))
    await bob.receive("chat")


# W26: drafts and cursors.


async def test_w26_excess_drafts_are_dropped_and_the_latest_is_delivered(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    before = time.monotonic()
    for number in range(300):
        await ada.typing(f"{number}", message_id="m")
    await bob.receive("typing", where=lambda frame: frame["payload"] == "299")
    elapsed = time.monotonic() - before
    drafts = [frame["payload"] for frame in bob.received if frame["type"] == "typing"]
    assert len(drafts) <= 30 * (elapsed + 1) + 1
    assert [int(draft) for draft in drafts] == sorted(int(draft) for draft in drafts)
    await ada.ping(1)
    await ada.receive("pong")
    assert not ada.waiting("error")


async def test_w26_excess_cursors_are_dropped_and_the_latest_is_delivered(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    before = time.monotonic()
    for number in range(300):
        await ada.cursor((number, 0))
    await bob.receive("cursors", where=lambda frame: [ada.user_id, 299, 0] in frame["cursors"])
    elapsed = time.monotonic() - before
    rows = [row for frame in bob.received if frame["type"] == "cursors" for row in frame["cursors"]]
    assert len(rows) <= 30 * (elapsed + 1) + 1
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    await ada.ping(1)
    await ada.receive("pong")
    assert not ada.waiting("error")


async def test_w26_drafts_and_cursors_are_counted_apart(start_server: StartServer, join: Join) -> None:
    server = await start_server(drafts_per_second=1)
    ada, bob = await join(server), await join(server)
    await ada.typing("a", message_id="m")
    await bob.receive("typing")
    await ada.typing("ab", message_id="m")
    await ada.typing("abc", message_id="m")
    await ada.cursor((1, 1))
    await bob.receive("cursors")
    assert not bob.waiting("typing"), "the cursor waited for the draft"
    assert (await bob.receive("typing"))["payload"] == "abc"


async def test_w26_drafts_of_two_connections_are_counted_apart(start_server: StartServer, join: Join) -> None:
    server = await start_server(drafts_per_second=1)
    ada, bob, eve = [await join(server) for _ in range(3)]
    await ada.typing("a", message_id="m")
    await eve.receive("typing")
    await ada.typing("ab", message_id="m")
    await bob.typing("b", message_id="m")
    assert (await eve.receive("typing"))["user_id"] == bob.user_id
    assert (await eve.receive("typing"))["payload"] == "ab"


# W27: abuse.

UNFIT: dict[str, Frame | str] = {
    "bad_frame": "{",
    "payload_too_large": CHAT | {"payload": "x" * 501},
    "payload_empty": CHAT | {"payload": " "},
    "position_invalid": CHAT | {"position": {"x": 1e9, "y": 0}},
}


async def send_any(client: Client, frame: Frame | str) -> None:
    await (client.send_raw(frame) if isinstance(frame, str) else client.send(frame))


@pytest.mark.parametrize("codes", [*([code] for code in UNFIT), list(UNFIT)], ids=str)
@pytest.mark.drives(4501)
async def test_w27_ten_unfit_frames_in_a_row_close_with_4501(server: Server, join: Join, codes: list[str]) -> None:
    client = await join(server)
    for number in range(9):
        await send_any(client, UNFIT[codes[number % len(codes)]])
        assert (await client.receive("error"))["code"] == codes[number % len(codes)]
    await client.ping(1)
    await client.receive("pong")
    for _ in range(9):
        await send_any(client, UNFIT[codes[0]])
        await client.receive("error")
    assert client.socket.close_code is None, "a good frame in between starts the count again"
    await send_any(client, UNFIT[codes[0]])
    closed = await client.closed()
    assert closed.code == 4501
    assert closed.info["reason"]
    assert "retry_ms" not in closed.info


async def test_w27_invisible_characters_are_no_abuse(server: Server, join: Join) -> None:
    client = await join(server)
    for _ in range(6):
        await client.profile("\u3164", "rust")
        assert (await client.receive("error"))["code"] == "bad_frame"
        await client.chat("\u2800")
        assert (await client.receive("error"))["code"] == "payload_empty"
    await client.ping(1)
    await client.receive("pong")


async def test_w27_rate_limited_is_no_abuse(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=1)
    client = await join(server)
    for _ in range(30):
        await client.chat("x")
    await client.receive("ack")
    for _ in range(29):
        assert (await client.receive("error"))["code"] == "rate_limited"
    await client.ping(1)
    await client.receive("pong")


# W28: close codes.


@pytest.mark.drives(4001)
async def test_w28_draining_closes_all_with_4001_and_a_retry_delay(start_server: StartServer, join: Join) -> None:
    server = await start_server(reconnect_spread_seconds=5)
    clients = [await join(server) for _ in range(10)]
    await server.app.drain()
    closes = [await client.closed() for client in clients]
    assert {closed.code for closed in closes} == {4001}
    delays = [closed.info["retry_ms"] for closed in closes]
    assert all(type(delay) is int and 0 <= delay <= 5000 for delay in delays)
    assert len(set(delays)) > 1, "they would all come back at once"
    assert all(closed.info["reason"] for closed in closes)


@pytest.mark.drives(4008)
async def test_w28_a_client_that_does_not_read_is_closed_with_4008_and_the_others_go_on(
    start_server: StartServer, join: Join, join_raw: JoinRaw, capsys: pytest.CaptureFixture[str]
) -> None:
    """More than the kernel takes stands between such a client and a close frame, so it is cut off (1006) without one;
    that it was 4008 is in the server's log."""
    server = await start_server(rate_limit_per_minute=0, grace_seconds=0, message_ttl_seconds=0.2)
    ada, bob = await join(server), await join(server)
    stuck = await join_raw(server, receive_buffer_bytes=4096)
    stuck_id = (await ada.receive("user_joined", where=lambda frame: frame["user_id"] != bob.user_id))["user_id"]
    text = json.dumps(CHAT | {"payload": "\U0001f600" * 500}, ensure_ascii=False)
    sent = 0
    while not (gone := [frame for frame in ada.received if frame["type"] == "user_left"]):
        assert sent < 8000, "16 MB unsent, and still connected"
        for _ in range(50):
            sent += 1
            await ada.send_raw(text.replace('"m"', f'"m{sent}"'))
        for _ in range(50):
            await ada.receive("ack")
    assert gone[0]["user_id"] == stuck_id
    assert sent * 2000 > 1 << 20, "closed before 1 MiB was unsent"
    for number in range(1, sent + 1):
        assert (await bob.receive("chat"))["message_id"] == f"m{number}", "who reads lost something"
    assert (await stuck.closed()).code in (4008, 1006)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "connection closed" in line]
    assert "code=4008" in line
    assert f"user_id={stuck_id}" in line
    OBSERVED.add(4008)


@pytest.mark.drives(1009)
@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_w28_a_frame_above_64_kib_is_closed_with_1009(
    server: Server, join: Join, compression: str | None
) -> None:
    client = await join(server, compression=compression)
    await client.send_raw(padded(CHAT, 65_536 - 64))
    assert (await client.receive("error"))["code"] == "payload_too_large"
    await client.send_raw(padded(CHAT, 65_537))
    assert (await client.closed()).code == 1009


@pytest.mark.drives(1007)
@pytest.mark.parametrize("data", [b"\xff", b'{"type":"ping","t":1,"pad":"\xc3\x28"}', b"\xed\xa0\x80"], ids=repr)
async def test_w28_broken_utf_8_is_closed_with_1007(server: Server, join_raw: JoinRaw, data: bytes) -> None:
    client = await join_raw(server)
    await client.receive("user_sync")
    await client.send_frame(Opcode.TEXT, data)
    assert (await client.closed()).code == 1007


@pytest.mark.drives(1002)
@pytest.mark.parametrize("broken", [{"opcode": 0x3}, {"opcode": 0x1, "reserved_bits": 2}], ids=str)
async def test_w28_a_broken_websocket_frame_is_closed_with_1002(
    server: Server, join_raw: JoinRaw, broken: dict[str, Any]
) -> None:
    client = await join_raw(server)
    await client.receive("user_sync")
    await client.send_frame(payload=b'{"type":"ping","t":1}', **broken)
    assert (await client.closed()).code == 1002


async def test_w28_a_close_frame_is_answered_with_a_close_frame(server: Server, join: Join) -> None:
    client = await join(server)
    await client.close()
    assert client.socket.close_code == 1000


async def test_a_fragmented_frame_is_one_frame(server: Server, join: Join) -> None:
    client = await join(server)
    text = json.dumps(CHAT)
    await client.socket.send([text[:9], text[9:20], text[20:]])
    assert (await client.receive("ack"))["message_id"] == "m"


async def test_w28_after_churn_the_channel_is_empty(server: Server, join: Join) -> None:
    """Rude and polite endings together leave nothing behind."""
    server_reader = await join(server)
    for number in range(10):
        client = await join(server)
        if number % 2:
            for _ in range(10):
                await client.send_raw("{")
            assert (await client.closed()).code == 4501
        else:
            await client.chat("bye", message_id=new_message_id())
            await client.close()

    async def alone() -> bool:
        await asyncio.sleep(0.1)
        return bool((await server_reader.resync())["user_count"] == 1)

    await eventually(alone, "all others have left")
