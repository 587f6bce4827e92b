"""Bad input of every kind: each is answered as docs/protocol.md says and reaches no other client.

One table, one row per case: what is sent, what answers, by which rule. Each case goes to a real server with somebody
else in the channel, who must not notice (W25) and can still send.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import pytest
from websockets.frames import Opcode

from asocial.adapters.http.connection import WebSocketConnection
from asocial.adapters.http.websocket import ADDRESS_TURN_FRAMES
from asocial.protocol.frame_reader import Message
from tests.support.client import OBSERVED, Client, Frame, refusal
from tests.support.raw_client import RawClient
from tests.support.server import Join, JoinRaw, Server, StartServer
from tests.support.websocket_bytes import client_frame, upgrade_request

AT = {"x": 0, "y": 0}


def chat(payload: object = "hi", message_id: object = "m", position: object = AT, **more: object) -> str:
    return json.dumps({"type": "chat", "message_id": message_id, "payload": payload, "position": position} | more)


def cursor(x: str) -> str:
    """A pointer whose x is written exactly so."""
    return f'{{"type":"cursor","position":{{"x":{x},"y":0}}}}'


def ping(t: str, more: str = "") -> str:
    return f'{{"type":"ping","t":{t}{more}}}'


def said(payload: str) -> str:
    """A message whose payload is written exactly so."""
    return f'{{"type":"chat","message_id":"m","payload":{payload},"position":{{"x":0,"y":0}}}}'


def profile(name: object, color: object = "rust") -> str:
    return json.dumps({"type": "profile", "name": name, "color": color})


class Case(NamedTuple):
    rule: str
    what: str
    sent: str | bytes
    answer: str
    """An error code, or the type of the frame that a good one is answered by."""


ZALGO = "Z" + "\u0301\u0316" * 20
CASES = [
    # W45: what is JSON.
    Case("w45", "NaN", cursor("NaN"), "bad_frame"),
    Case("w45", "infinity", cursor("Infinity"), "bad_frame"),
    Case("w45", "minus infinity", cursor("-Infinity"), "bad_frame"),
    Case("w45", "NaN in a field nobody reads", ping("1", ',"pad":NaN'), "bad_frame"),
    Case("w45", "a leading zero", cursor("01"), "bad_frame"),
    Case("w45", "no digit after the point", cursor("1."), "bad_frame"),
    Case("w45", "no digit before the point", cursor(".5"), "bad_frame"),
    Case("w45", "a plus", cursor("+1"), "bad_frame"),
    Case("w45", "hexadecimal", cursor("0x10"), "bad_frame"),
    Case("w45", "a trailing comma", ping("1", ","), "bad_frame"),
    Case("w45", "a missing comma", '{"type":"ping" "t":1}', "bad_frame"),
    Case("w45", "a comment", "/* hi */" + ping("1"), "bad_frame"),
    Case("w45", "a byte order mark", "\ufeff" + ping("1"), "bad_frame"),
    Case("w45", "something after it", ping("1") + "x", "bad_frame"),
    Case("w45", "a NUL after it", ping("1") + "\x00", "bad_frame"),
    Case("w45", "single quotes", said("'hi'"), "bad_frame"),
    Case("w45", "an unknown escape", said(r'"\x41"'), "bad_frame"),
    Case("w45", "a bare line break in a string", said('"a\nb"'), "bad_frame"),
    Case("w45", "a bare tab in a string", said('"a\tb"'), "bad_frame"),
    Case("w45", "half a surrogate pair", said(r'"\ud800"'), "bad_frame"),
    Case("w45", "surrogates the wrong way round", said(r'"\udc00\ud800"'), "bad_frame"),
    Case("w45", "half a pair as an id", chat(message_id="ID").replace("ID", r"\ud800"), "bad_frame"),
    Case("w45", "half a pair in a field nobody reads", ping("1", r',"pad":"\ud800"'), "bad_frame"),
    Case("w45", "a whole pair", said(r'"\ud83d\ude00"'), "ack"),
    Case("w45", "white space around it", f" \t{ping('1')}\r\n", "pong"),
    Case("w45", "escapes in names", r'{"\u0074ype":"\u0070ing","t":1}', "pong"),
    Case("w45", "a field twice", ping("1", ',"t":2'), "pong"),
    Case("w45", "a field twice, once wrong", ping('"x"', ',"t":2'), "bad_frame"),
    Case("w45", "type twice", '{"type":"ping","type":"ping","t":1}', "pong"),
    Case("w45", "type twice, differing", '{"type":"sync","type":"ping","t":1}', "bad_frame"),
    Case("w45", "deep objects", ping("1", ',"pad":' + '{"a":' * 650 + "1" + "}" * 650), "pong"),
    Case("w45", "deeper lists", ping("1", ',"pad":' + "[" * 2000 + "]" * 2000), "bad_frame"),
    Case("w45", "lists without an end", "[" * 4096, "bad_frame"),
    Case("w45", "a long number nobody reads", ping("1", ',"pad":' + "9" * 3900), "pong"),
    Case("w45", "a long name nobody reads", ping("1", f',"{"k" * 3900}":1'), "pong"),
    Case("w45", "a name from a prototype", ping("1", ',"__proto__":{"t":2},"constructor":1'), "pong"),
    # W9: numbers.
    Case("w9", "a float's end", cursor("1e400"), "position_invalid"),
    Case("w9", "the other end", cursor("-1e400"), "position_invalid"),
    Case("w9", "a huge exponent", cursor("1e999999999"), "position_invalid"),
    Case("w9", "a huge integer", cursor("9" * 400), "position_invalid"),
    Case("w9", "a very huge integer", cursor("9" * 4000), "position_invalid"),
    Case("w9", "just too far", cursor("10000000.000001"), "position_invalid"),
    Case("w9", "a number as text", cursor('"1"'), "bad_frame"),
    Case("w9", "true", cursor("true"), "bad_frame"),
    Case("w9", "null", cursor("null"), "bad_frame"),
    Case("w9", "a list", cursor("[1]"), "bad_frame"),
    # W21: the clock.
    Case("w21", "a fraction", ping("1.5"), "bad_frame"),
    Case("w21", "a float that is whole", ping("1.0"), "bad_frame"),
    Case("w21", "an exponent", ping("1e3"), "bad_frame"),
    Case("w21", "beyond 2^53", ping("9007199254740993"), "bad_frame"),
    Case("w21", "below -2^53", ping("-9007199254740993"), "bad_frame"),
    Case("w21", "beyond 64 bits", ping("18446744073709551616"), "bad_frame"),
    Case("w21", "4,000 digits", ping("9" * 4000), "bad_frame"),
    Case("w21", "text", ping('"1"'), "bad_frame"),
    Case("w21", "2^53", ping("9007199254740992"), "pong"),
    # W6, W8: ids and payloads.
    Case("w6", "an id of 65", chat(message_id="a" * 65), "bad_frame"),
    Case("w6", "an empty id", chat(message_id=""), "bad_frame"),
    Case("w6", "an id with markup", chat(message_id="<b>"), "bad_frame"),
    Case("w6", "an id with a NUL", chat(message_id="a\x00"), "bad_frame"),
    Case("w6", "an id of full-width letters", chat(message_id="ａ"), "bad_frame"),
    Case("w6", "an id that is a number", chat(message_id=7), "bad_frame"),
    Case("w8", "a payload that is a list", chat(payload=["hi"]), "bad_frame"),
    Case("w8", "a payload that is an object", chat(payload={"$gt": ""}), "bad_frame"),
    Case("w8", "a payload that is null", chat(payload=None), "bad_frame"),
    Case("w8", "a NUL", chat("a\x00b"), "bad_frame"),
    Case("w8", "an escape sequence", chat("\x1b[2J"), "bad_frame"),
    Case("w8", "a C1 control", chat("\x9b2J"), "bad_frame"),
    Case("w8", "a right-to-left override", chat("gnp\u202egpj.exe"), "bad_frame"),
    Case("w8", "a left-to-right override", chat("\u202dabc"), "bad_frame"),
    Case("w8", "isolates", chat("a \u2067b\u2069 c"), "ack"),
    Case("w8", "a mark of direction", chat("\u200fשלום!"), "ack"),
    Case("w8", "nothing to see", chat("\u200b\u2060\ufeff"), "payload_empty"),
    Case("w8", "10,000 characters", chat("x" * 10_000), "payload_too_large"),
    Case("w8", "501 characters outside of the BMP", chat("😀" * 501), "payload_too_large"),
    Case("w8", "markup is text", chat("<script>alert(1)</script>"), "ack"),
    # W44: marks.
    Case("w44", "a pile in a payload", chat(ZALGO), "bad_frame"),
    Case("w44", "a pile after a joiner", chat("Z" + ("\u0301" * 5 + "\u200d") * 3), "bad_frame"),
    Case("w44", "a pile in a name", profile("Z" + "\u0301" * 12), "bad_frame"),
    Case("w44", "eight", chat("Z" + "\u0301" * 8), "ack"),
    # W23: names.
    Case("w23", "a name of 10,000", profile("n" * 10_000), "payload_too_large"),
    Case("w23", "a name of 3,000", profile("n" * 3_000), "bad_frame"),
    Case("w23", "a name of 33", profile("n" * 33), "bad_frame"),
    Case("w23", "an empty name", profile(""), "bad_frame"),
    Case("w23", "a name of spaces", profile("  \u3000 "), "bad_frame"),
    Case("w23", "a name nobody can see", profile("\u200b"), "bad_frame"),
    Case("w23", "a name with an override", profile("\u202eadmin"), "bad_frame"),
    Case("w23", "a name with an isolate", profile("\u2066admin\u2069"), "bad_frame"),
    Case("w23", "a name with a line break", profile("a\nb"), "bad_frame"),
    Case("w23", "a name that is a number", profile(5), "bad_frame"),
    Case("w23", "a color of CSS", profile("Ada", "red;background:url(//evil.example)"), "bad_frame"),
    Case("w23", "a color that is a list", profile("Ada", ["rust"]), "bad_frame"),
    # Section 2: the other fields.
    Case("w25", "who without ids", '{"type":"who","user_ids":[]}', "bad_frame"),
    Case("w25", "who with 51 ids", json.dumps({"type": "who", "user_ids": ["a"] * 51}), "bad_frame"),
    Case("w25", "who with a number", '{"type":"who","user_ids":["a",5]}', "bad_frame"),
    Case("w25", "who with text", '{"type":"who","user_ids":"abc"}', "bad_frame"),
    Case("w25", "who with nonsense", '{"type":"who","user_ids":["\\u0000","*","__proto__"]}', "profiles"),
    Case("w25", "type in capitals", '{"type":"PING","t":1}', "bad_frame"),
    Case("w25", "a type with a NUL", r'{"type":"ping\u0000","t":1}', "bad_frame"),
    Case("w25", "binary JSON", b'{"type":"ping","t":1}', "bad_frame"),
    Case("w25", "binary, empty", b"", "bad_frame"),
    Case("w7", "somebody else's id", chat(user_id="somebody", channel_id="kitchen", timestamp=1), "ack"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.what}")
async def test_w6_w7_w8_w9_w21_w23_w25_w44_w45_bad_input_has_its_answer_and_costs_the_others_nothing(
    server: Server, join: Join, case: Case
) -> None:
    mallory, bob = await join(server), await join(server)
    await mallory.send_raw(case.sent)
    answer = await mallory.receive("error", "ack", "pong", "profiles", "user_updated")
    assert (answer["code"] if answer["type"] == "error" else answer["type"]) == case.answer, answer
    await nothing_happened(mallory, bob, heard=case.answer == "ack")


async def nothing_happened(mallory: Client, bob: Client, *, heard: bool) -> None:
    """Mallory is still connected; Bob talks, and has heard of nothing but, at most, a message of hers."""
    await mallory.ping(77)
    await mallory.receive("pong", where=lambda frame: frame["t"] == 77)
    await bob.chat("fence", message_id="fence")
    await bob.receive("ack")
    assert (await mallory.receive("chat"))["user_id"] == bob.user_id
    others = [frame for frame in bob.received if frame["type"] not in ("user_sync", "ack", "user_joined")]
    assert [frame["type"] for frame in others] == (["chat"] if heard else [])
    assert all(frame["user_id"] == mallory.user_id and frame["channel_id"] == "garden" for frame in others)
    told = await bob.resync()
    assert told["user_count"] == 2
    assert {user["user_id"] for user in told["users"]} == {mallory.user_id, bob.user_id}


# Broken WebSocket: the frame itself. (docs/conformance.md has the whole of RFC 6455.)


@pytest.mark.parametrize(
    ("opcode", "payload", "code"),
    [
        pytest.param(Opcode.TEXT, b"\xff\xfe", 1007, id="w28: no UTF-8"),
        pytest.param(Opcode.TEXT, b"\xc0\xaf", 1007, id="w28: overlong"),
        pytest.param(Opcode.TEXT, b"\xed\xa0\x80", 1007, id="w28: an encoded surrogate"),
        pytest.param(Opcode.TEXT, b"\xf4\x90\x80\x80", 1007, id="w28: beyond Unicode"),
        pytest.param(Opcode.TEXT, b'{"type":"ping","t":1}\xc3', 1007, id="w28: cut off"),
        pytest.param(Opcode.TEXT, b"x" * 65_536, 1009, id="w28: 64 KiB of text"),
        pytest.param(Opcode.BINARY, b"x" * 100_000, 1009, id="w28: too much of anything"),
        pytest.param(Opcode.PING, b"x" * 126, 1002, id="w28: a ping that is too large"),
        pytest.param(0x3, b"", 1002, id="w28: an opcode that is none"),
        pytest.param(Opcode.CONT, b"x", 1002, id="w28: a continuation of nothing"),
    ],
)
async def test_a_broken_frame_ends_one_connection_and_costs_the_others_nothing(
    server: Server, join: Join, join_raw: JoinRaw, opcode: int, payload: bytes, code: int
) -> None:
    bob = await join(server)
    mallory = await join_raw(server)
    await mallory.receive("user_sync")
    await mallory.send_frame(opcode, payload)
    assert (await mallory.closed()).code == code
    await bob.chat("fence", message_id="fence")
    await bob.receive("ack")
    assert {frame["type"] for frame in bob.received} <= {"user_sync", "user_joined", "user_left", "ack"}


# Floods: more of it than anybody can mean.


async def flood(mallory: RawClient, opcode: Opcode, payload: bytes, times: int, *, final: bool = True) -> None:
    """Frames as fast as the server takes them, until it has had enough."""
    data = client_frame(opcode, payload, final=final) * 100
    for _ in range(times // 100):
        try:
            await mallory.send_bytes(data)
        except ConnectionError:
            return


FLOODS: dict[str, tuple[Opcode, bytes, bool]] = {
    "pings": (Opcode.PING, b"x" * 125, True),
    "empty pings": (Opcode.PING, b"", True),
    "pongs": (Opcode.PONG, b"", True),
    "fragments that never end": (Opcode.CONT, b"", False),
    "fragments of a byte": (Opcode.CONT, b"x", False),
    "pointers": (Opcode.TEXT, b'{"type":"cursor","position":{"x":1,"y":1}}', True),
    "drafts": (Opcode.TEXT, chat().replace('"chat"', '"typing"').encode(), True),
    "messages": (Opcode.TEXT, chat().encode(), True),
    "questions": (Opcode.TEXT, b'{"type":"who","user_ids":["a"]}', True),
    "snapshots": (Opcode.TEXT, b'{"type":"sync"}', True),
    "empty text": (Opcode.TEXT, b"", True),
    "binary": (Opcode.BINARY, b"", True),
    "rubbish": (Opcode.TEXT, b"{" * 4000, True),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_w43_a_flood_delays_no_other_client(
    start_server: StartServer, join: Join, join_raw: JoinRaw, kind: str
) -> None:
    server = await start_server(drain_seconds=1)
    ada, bob = await join(server), await join(server)
    mallory = await join_raw(server)
    await mallory.receive("user_sync")
    opcode, payload, final = FLOODS[kind]
    if opcode == Opcode.CONT:
        await mallory.send_bytes(client_frame(Opcode.TEXT, b"", final=False))
    flooding = asyncio.create_task(
        flood(mallory, opcode, payload, 200_000 if len(payload) < 200 else 20_000, final=final)
    )
    try:
        loop = asyncio.get_running_loop()
        for number in range(20):
            began = loop.time()
            await ada.chat("hello", message_id=f"m{number}")
            await ada.receive("ack")
            await bob.receive("chat", where=lambda frame: frame["user_id"] == ada.user_id)
            assert loop.time() - began < 2, f"message {number} took {loop.time() - began:.1f} s"
            await asyncio.sleep(0.02)
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


@pytest.mark.drives(4008)
async def test_w28_a_client_that_asks_endlessly_and_does_not_read_is_closed_with_4008(
    start_server: StartServer, join_raw: JoinRaw, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers pile up as messages do, also in a channel where nobody says anything."""
    # Without a pace, or what the kernel holds would take a minute to fill.
    server = await start_server(frames_per_second=0, read_bytes_per_second=0)
    mallory = await join_raw(server, receive_buffer_bytes=4096)
    pings = client_frame(Opcode.PING, b"x" * 125) * 500

    async def ping_on() -> None:
        while True:
            await mallory.send_bytes(pings)

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(60):
            await ping_on()
    lines = [line for line in capsys.readouterr().out.splitlines() if "connection closed" in line]
    assert any("code=4008" in line for line in lines), lines
    OBSERVED.add(4008)


@pytest.mark.drives(4501)
async def test_w27_a_flood_of_rubbish_is_closed_with_4501_before_it_is_read(
    start_server: StartServer, join_raw: JoinRaw
) -> None:
    server = await start_server(drain_seconds=1)
    mallory = await join_raw(server)
    await mallory.receive("user_sync")
    await mallory.send_bytes(client_frame(Opcode.TEXT, b"{") * 20_000)
    assert (await mallory.closed()).code == 4501


async def test_no_two_clients_can_share_an_identity(server: Server, join: Join) -> None:
    """What a client says it is means nothing: neither in a frame (W7) nor in the query (W1)."""
    ada = await join(server)
    assert (await refusal(server.url, uid=ada.user_id)).code == "uid_invalid"
    mallory = await join(server, name="Ada")
    assert mallory.user_id != ada.user_id
    claims: Frame = {"user_id": ada.user_id, "name": "Ada", "color": "rust", "connection_id": ada.connection_id}
    await mallory.send(json.loads(chat("I am Ada", **claims)))
    heard: dict[str, Any] = await ada.receive("chat")
    assert heard["user_id"] == mallory.user_id


# W76: many connections of one address.

MANY = {"pings": (Opcode.PING, b"p"), "fragments": (Opcode.CONT, b""), "pointers": FLOODS["pointers"][:2]}


@pytest.mark.parametrize("kind", MANY)
async def test_w76_an_address_is_read_at_a_pace_and_a_quiet_neighbour_at_once(
    start_server: StartServer, join: Join, join_raw: JoinRaw, kind: str
) -> None:
    """All are at one address: a client that sends little does not wait for those that flood."""
    server = await start_server(frames_per_second_per_ip=100, read_bytes_per_second_per_ip=50_000)
    ada, bob = await join(server), await join(server)
    mallories = [await join_raw(server) for _ in range(10)]
    opcode, payload = MANY[kind]
    for mallory in mallories:
        await mallory.receive("user_sync")
        if opcode == Opcode.CONT:
            await mallory.send_bytes(client_frame(Opcode.TEXT, b"", final=False))
    floods = [asyncio.create_task(flood(mallory, opcode, payload, 100_000, final=opcode != 0)) for mallory in mallories]
    try:
        loop = asyncio.get_running_loop()
        for number in range(20):
            began = loop.time()
            await ada.chat("hello", message_id=f"m{number}")
            await ada.receive("ack")
            await bob.receive("chat", where=lambda frame: frame["user_id"] == ada.user_id)
            assert loop.time() - began < 2, f"message {number} took {loop.time() - began:.1f} s"
            await asyncio.sleep(0.06)
    finally:
        for flooding in floods:
            flooding.cancel()
        await asyncio.gather(*floods, return_exceptions=True)


async def test_w76_many_connections_of_one_address_take_one_turn(
    start_server: StartServer, join_raw: JoinRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they all send at once is not handled in one go, while everybody else waits."""
    handled, most = 0, 0
    handle = WebSocketConnection._handle

    def count(connection: WebSocketConnection, message: Message) -> bool:
        nonlocal handled
        handled += 1
        return handle(connection, message)

    monkeypatch.setattr(WebSocketConnection, "_handle", count)
    server = await start_server(frames_per_second=0, frames_per_second_per_ip=1_000_000)
    mallories = [await join_raw(server) for _ in range(60)]
    for mallory in mallories:
        await mallory.receive("user_sync")
    pings = client_frame(Opcode.PING, b"") * 100
    for mallory in mallories:
        await mallory.send_bytes(pings)
    total, handled = handled, 0
    while total < 60 * 100:
        await asyncio.sleep(0)
        total, most, handled = total + handled, max(most, handled), 0
    assert most <= ADDRESS_TURN_FRAMES + len(mallories)


async def test_w76_connections_of_one_address_share_its_pace_and_nothing_is_lost(
    start_server: StartServer, join_raw: JoinRaw
) -> None:
    server = await start_server(frames_per_second_per_ip=100)
    mallories = [await join_raw(server) for _ in range(10)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for mallory in mallories:
        await mallory.send_bytes(client_frame(Opcode.PING, b"x") * 100)
    for mallory in mallories:
        pongs = 0
        async with asyncio.timeout(60):
            while pongs < 100:
                pongs += (await mallory.read_frame())[0] == Opcode.PONG
    assert loop.time() - began > 1.5, "1000 frames: 200 at once, then 100 a second and 20 for each connection"


@pytest.mark.drives("rate_limited")
async def test_w79_questions_with_long_answers_are_limited_for_an_address(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(answer_bytes_per_second_per_ip=1000)
    guests = [await join(server, "crowd") for _ in range(5)]
    for guest in guests:
        for _ in range(5):
            await guest.send({"type": "sync"})
    error = await guests[-1].receive("error")
    assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)
    written = sum(len(json.dumps(frame)) for guest in guests for frame in guest.received)
    assert written < 16_000 + 5_000, "16 seconds' worth at once, and little more"
    await guests[0].chat("talking goes on")
    await guests[0].receive("ack")


async def test_w76_behind_a_trusted_proxy_the_clients_address_counts(start_server: StartServer, join: Join) -> None:
    """Each of 20 clients of one proxy sends as much as an address may: none of them waits."""
    server = await start_server(trusted_proxies="127.0.0.0/8", frames_per_second_per_ip=20, rate_limit_per_minute=0)
    loop = asyncio.get_running_loop()
    readers = []
    for number in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        request = upgrade_request(f"{server.url}/api/chat?channel=garden", {"X-Forwarded-For": f"198.51.100.{number}"})
        writer.write(request + client_frame(Opcode.PING, b"x") * 40)
        readers.append((reader, writer))
    began = loop.time()
    for reader, writer in readers:
        client = RawClient(reader, writer)
        await reader.readuntil(b"\r\n\r\n")
        pongs = 0
        async with asyncio.timeout(20):
            while pongs < 40:
                pongs += (await client.read_frame())[0] == Opcode.PONG
        await client.abort()
    assert loop.time() - began < 15, "one address for all would take 20 s and more"


async def test_w76_a_disconnected_flood_leaves_at_once(
    start_server: StartServer, join: Join, join_raw: JoinRaw
) -> None:
    """What it had sent would take minutes at its pace; the others see it go after its grace."""
    server = await start_server(frames_per_second_per_ip=10, grace_seconds=0)
    ada = await join(server)
    mallories = [await join_raw(server) for _ in range(3)]
    for mallory in mallories:
        await mallory.send_bytes(client_frame(Opcode.PONG, b"") * 2000)
    for mallory in mallories:
        await mallory.abort()
    for _ in mallories:
        await ada.receive("user_left", timeout_s=30)
