"""Section 14 of docs/protocol.md: posting and reading with an API key."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.support import redis_server
from tests.support.api_keys import create
from tests.support.raw_http import raw_connection
from tests.support.server import Answer, Join, Server, StartServer, http_get, metric
from tests.support.waiting import PATIENCE_S, eventually_is

WRITER, WRITER_TEXT = create("ci", "write", ["build-*", "ops"])
READER, READER_TEXT = create("board", "read", ["*"])
WRONG_TEXT = "ask_ci_" + "A" * 43
KEYS = {"api_keys": f"{WRITER.entry},{READER.entry}"}


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    return await start_server(**KEYS)


async def post(server: Server, channel: str = "ops", *, key: str | None = WRITER_TEXT, **body: Any) -> Answer:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return await server.post(f"/api/channels/{channel}/messages", headers, json.dumps({"payload": "hello", **body}))


async def read(server: Server, what: str, channel: str = "ops", *, key: str = READER_TEXT) -> Answer:
    return await server.get(f"/api/channels/{channel}/{what}", {"Authorization": f"Bearer {key}"})


async def test_w130_a_message_reaches_the_channel_and_says_that_a_bot_sent_it(server: Server, join: Join) -> None:
    ada = await join(server, "ops")
    answer = await post(server, payload="build 7 is green", position={"x": 10, "y": -20}, message_id="build-7")
    assert answer.status == 201
    chat = await ada.receive("chat")
    assert answer.json == {
        "channel": "ops",
        "user_id": "key-ci",
        "message_id": "build-7",
        "timestamp": chat["timestamp"],
        "expires_at": chat["expires_at"],
    }
    assert (chat["user_id"], chat["name"], chat["payload"], chat["bot"]) == ("key-ci", "ci", "build 7 is green", True)
    assert chat["position"] == {"x": 10, "y": -20}
    # It is nobody in the channel, and a newcomer sees what it said.
    bob = await join(server, "ops")
    assert bob.sync["user_count"] == 2
    assert [(m["message_id"], m["bot"]) for m in bob.sync["messages"]] == [("build-7", True)]
    await bob.chat("thanks")
    assert "bot" not in await ada.receive("chat")


async def test_w130_a_message_to_a_channel_where_nobody_is_waits_for_newcomers(server: Server, join: Join) -> None:
    assert (await post(server, "build-9", name="Build 9", color="rust")).status == 201
    ada = await join(server, "build-9")
    [message] = ada.sync["messages"]
    assert (message["payload"], message["name"], message["color"]) == ("hello", "Build 9", "rust")
    assert message["position"] == {"x": 0, "y": 0}


async def test_w131_the_same_id_again_changes_nothing(server: Server, join: Join) -> None:
    ada = await join(server, "ops")
    first = await post(server, message_id="m-1")
    again = await post(server, message_id="m-1")
    assert first.json == again.json
    other = await post(server)
    assert other.json["message_id"] not in ("", "m-1")
    ids = [(await ada.receive("chat"))["message_id"] for _ in range(2)]
    assert ids == ["m-1", other.json["message_id"]]
    assert not ada.waiting("chat")


async def test_w130_over_redis_it_reaches_every_process(start_server: StartServer, join: Join, tmp_path: Path) -> None:
    redis = redis_server.Server(tmp_path)
    with redis_server.running(redis):
        one, two = await start_server(redis_url=redis.url, **KEYS), await start_server(redis_url=redis.url, **KEYS)
        ada = await join(two, "ops")
        assert (await post(one, message_id="m-1")).status == 201
        assert (await ada.receive("chat"))["message_id"] == "m-1"
        assert (await post(two, message_id="m-1")).status == 201
        await post(two, message_id="m-2")
        assert (await ada.receive("chat"))["message_id"] == "m-2"
        assert (await read(one, "members")).json["user_count"] == 1


async def test_w132_a_key_reads_members_and_live_messages(server: Server, join: Join) -> None:
    ada = await join(server, "ops", name="Ada")
    await ada.chat("hello", message_id="m-1")
    await ada.receive("ack")
    members = (await read(server, "members")).json
    assert [user["name"] for user in members["users"]] == ["Ada"]
    assert (members["channel"], members["user_count"]) == ("ops", 1)
    messages = (await read(server, "messages")).json["messages"]
    assert [(message["message_id"], message["payload"]) for message in messages] == [("m-1", "hello")]
    assert (await read(server, "messages", "empty")).json == {"channel": "empty", "messages": []}


@pytest.mark.parametrize(
    ("key", "channel", "status", "code"),
    [
        (None, "ops", 401, "token_invalid"),
        (WRONG_TEXT, "ops", 401, "token_invalid"),
        ("nonsense", "ops", 401, "token_invalid"),
        (WRITER_TEXT, "garden", 403, "key_not_allowed"),
        (READER_TEXT, "ops", 403, "key_not_allowed"),
        (WRITER_TEXT, "a.b", 400, "channel_invalid"),
    ],
    ids=["no key", "a wrong secret", "another token", "another channel", "a key that reads", "an invalid channel"],
)
async def test_w133_a_key_does_only_what_it_is_for(
    server: Server, join: Join, key: str | None, channel: str, status: int, code: str
) -> None:
    ada = await join(server, "ops")
    answer = await post(server, channel, key=key)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    await ada.resync()
    assert not ada.waiting("chat")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"payload": 7}, 400, "body_invalid"),
        ({"payload": " "}, 400, "payload_empty"),
        ({"payload": "x" * 501}, 413, "payload_too_large"),
        ({"payload": "x" * 5000}, 413, "body_invalid"),
        ({"position": {"x": 1e9, "y": 0}}, 400, "position_invalid"),
        ({"message_id": "no id"}, 400, "body_invalid"),
        ({"message_id": "ends-a-line\n"}, 400, "body_invalid"),
        ({"name": "\u202e"}, 400, "body_invalid"),
        ({"color": "no colour"}, 400, "body_invalid"),
        ({"text": "a field that does not exist"}, 400, "body_invalid"),
    ],
)
async def test_w130_a_wrong_body_is_explained(server: Server, body: dict[str, Any], status: int, code: str) -> None:
    answer = await post(server, **body)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"]


async def test_w133_a_key_has_the_limits_of_a_user(start_server: StartServer) -> None:
    server = await start_server(rate_limit_per_minute=2, **KEYS)
    answers = [await post(server) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert answers[2].json["error"]["code"] == "rate_limited"
    assert 50 < int(answers[2].headers["retry-after"]) <= 60, "the time until a place of the minute is free"


async def test_w133_wrong_keys_are_limited(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asocial.adapters.http.key_guard.FAILURES_PER_MINUTE", 3)
    server = await start_server(**KEYS)
    statuses = [(await post(server, key=WRONG_TEXT)).status for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert (await post(server)).status == 201, "a valid key of the same address is not refused"


async def test_w134_a_key_is_no_token(server: Server, join: Join) -> None:
    """It opens no connection as its user, and owns nothing."""
    ada = await join(server, "ops", token=WRITER_TEXT)
    assert ada.user_id.startswith("g-")
    claim = await server.post("/api/channels/ops", {"Authorization": f"Bearer {WRITER_TEXT}"})
    assert (claim.status, claim.json["error"]["code"]) == (401, "token_invalid")


async def test_w134_a_key_may_write_where_only_the_owner_may(server: Server, join: Join) -> None:
    """The operator gave it: it announces what people only read."""
    ada = await join(server, "ops")
    assert (await server.post("/api/channels/ops", {"Authorization": f"Bearer {ada.token}"})).status == 200
    await ada.moderate("read_only", on=True)
    await ada.receive("channel_updated")
    await ada.moderate("private", on=True)
    await ada.receive("channel_updated")
    assert (await post(server)).status == 201
    assert (await ada.receive("chat"))["payload"] == "hello"
    assert (await read(server, "members")).status == 200


class Events:
    """A reader of text/event-stream. `next` is the next event as (name, id, data)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def block(self) -> dict[str, str]:
        async with asyncio.timeout(PATIENCE_S):
            lines = (await self._reader.readuntil(b"\n\n")).decode().splitlines()
        # Chunked coding puts lines of its own between them.
        return dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith(":"))

    async def next(self) -> tuple[str, str, dict[str, Any]]:
        while "data" not in (block := await self.block()):
            pass
        return block["event"], block.get("id", ""), json.loads(block["data"])

    async def ended(self) -> bool:
        """Whether the answer ends as a whole; the connection may be used again."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.readuntil(b"0\r\n\r\n")).endswith(b"\r\n0\r\n\r\n")  # the last chunk


@contextlib.asynccontextmanager
async def events(server: Server, channel: str = "ops", **headers: str) -> AsyncIterator[Events]:
    async with raw_connection(server) as (reader, writer):
        request = f"GET /api/channels/{channel}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {READER_TEXT}\r\n"
        writer.write((request + "".join(f"{n}: {v}\r\n" for n, v in headers.items()) + "\r\n").encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"content-type: text/event-stream" in head.lower()
        stream = Events(reader, writer)
        assert "retry" in await stream.block()
        yield stream


async def test_w135_events_are_the_live_messages_and_then_what_happens(server: Server, join: Join) -> None:
    ada = await join(server, "ops", name="Ada")
    await ada.chat("before", message_id="m-1")
    await ada.receive("ack")
    async with events(server) as stream:
        name, number, data = await stream.next()
        assert (name, data["type"], data["message_id"], data["payload"]) == ("chat", "chat", "m-1", "before")
        assert number == f"{data['timestamp']}-m-1"
        # Volatile frames are left out.
        await ada.cursor((1, 1))
        await ada.typing("after", message_id="m-2")
        await ada.chat("after", message_id="m-2")
        assert (await stream.next())[2]["message_id"] == "m-2"
        bob = await join(server, "ops", name="Bob")
        assert ((await stream.next())[::2]) == ("user_joined", ANY)
        await bob.close()
        name, _, data = await stream.next()
        assert (name, data["user_id"]) == ("user_left", bob.user_id)


async def test_w135_a_reader_that_returns_gets_what_it_missed(server: Server, join: Join) -> None:
    ada = await join(server, "ops")
    for number in range(4):
        await ada.chat(f"message {number}", message_id=f"m-{number}")
        await ada.receive("ack")
    async with events(server) as stream:
        ids = [(await stream.next())[1] for _ in range(4)]
    async with events(server, **{"Last-Event-ID": ids[1]}) as stream:
        seen = [(await stream.next())[2]["message_id"] for _ in range(2)]
        # Messages of the same millisecond may come again.
        assert seen[-1] in ("m-2", "m-3")
        await ada.chat("now", message_id="m-9")
        while seen[-1] != "m-9":
            seen.append((await stream.next())[2]["message_id"])
        assert [one for one in seen if one in ("m-2", "m-3", "m-9")] == ["m-2", "m-3", "m-9"]
    async with events(server, **{"Last-Event-ID": "nonsense"}) as stream:
        assert (await stream.next())[2]["message_id"] == "m-0"


async def test_w135_a_reader_gets_from_another_process_what_it_missed(
    start_server: StartServer, join: Join, tmp_path: Path
) -> None:
    """Its process was restarted, and it comes back with the id of the last event to one that has the same Redis."""
    redis = redis_server.Server(tmp_path)
    with redis_server.running(redis):
        one = await start_server(redis_url=redis.url, **KEYS)
        assert (await post(one, message_id="m-1")).status == 201
        async with events(one) as stream:
            _, seen, _ = await stream.next()
            await one.app.drain()
            assert (await stream.next())[0] == "closed"
        two = await start_server(redis_url=redis.url, **KEYS)
        ada = await join(two, "ops")
        await ada.chat("meanwhile", message_id="m-2")
        await ada.receive("ack")
        async with events(two, **{"Last-Event-ID": seen}) as stream:
            assert (await stream.next())[2]["message_id"] == "m-2"


async def test_w135_a_stream_ends_with_the_server(server: Server) -> None:
    async with events(server) as stream:
        await server.app.drain()
        assert await stream.next() == ("closed", "", {"code": "going_away", "message": "server going away"})
        assert await stream.ended()


async def test_w135_a_reader_that_is_behind_is_told_why_its_stream_ends(
    start_server: StartServer, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads too slowly, but it does read. Nobody else waits for it."""
    monkeypatch.setattr("asocial.service.event_stream.UNSENT_LIMIT_BYTES", 100)
    server = await start_server(**KEYS)
    ada, bob = await join(server, "ops"), await join(server, "ops")
    async with events(server) as stream:
        await ada.chat("x" * 200)
        assert (await bob.receive("chat"))["payload"] == "x" * 200
        while (event := await stream.next())[0] != "closed":
            assert event[0] == "chat"
        assert event == ("closed", "", {"code": "too_slow", "message": "too slow"})
        assert await stream.ended()


async def test_w135_a_stream_outlives_the_time_for_an_answer(start_server: StartServer, join: Join) -> None:
    server = await start_server(answer_seconds=0.2, **KEYS)
    ada = await join(server, "ops")
    async with events(server) as stream:
        await asyncio.sleep(1.5)
        await ada.chat("hello")
        assert (await stream.next())[0] == "chat"


async def test_w135_a_reader_that_does_not_read_is_cut_off(
    start_server: StartServer, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asocial.adapters.http.api.WRITE_S", 0.5)
    server = await start_server(rate_limit_per_minute=0, rate_limit_per_minute_per_ip=0, channel_messages_per_second=0,
                                frames_per_second=0, frames_per_second_per_ip=0, **KEYS)  # fmt: skip
    ada = await join(server, "ops")
    async with events(server):  # its client reads no more from here on
        opened = await metric(server.port, "members")
        for number in range(30_000):
            await ada.chat("x" * 400, message_id=f"m-{number}")
            if number % 500 == 0:
                await ada.receive("ack", where=lambda frame, n=number: frame["message_id"] == f"m-{n}")  # type: ignore[misc]
                if await metric(server.port, "members") < opened:
                    break
        await eventually_is(lambda: metric(server.port, "members"), opened - 1)


async def test_w133_a_key_has_few_streams_at_a_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asocial.adapters.http.api.STREAMS_PER_KEY", 1)
    async with events(server):
        answer = await read(server, "events")
        assert (answer.status, answer.headers["retry-after"]) == (429, "30")


@pytest.mark.parametrize("how", ["closes", "is cut off", "sends no more"])
async def test_w133_a_stream_whose_reader_has_ended_counts_no_more(
    server: Server, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Though nothing happens in the channel, and nothing is sent that could fail."""
    monkeypatch.setattr("asocial.adapters.http.api.STREAMS_PER_KEY", 1)
    monkeypatch.setattr("asocial.adapters.http.api.KEEP_ALIVE_S", 3600)
    before = await metric(server.port, "members")
    async with events(server) as stream:
        assert await metric(server.port, "members") == before + 1
        if how == "closes":
            stream.writer.close()
        elif how == "is cut off":
            stream.writer.transport.abort()
        else:
            stream.writer.write_eof()
        await eventually_is(lambda: metric(server.port, "members"), before)
    async with events(server):
        pass


@pytest.mark.parametrize(
    ("path", "allowed"), [("events", "GET"), ("messages", "GET,HEAD,POST"), ("members", "GET,HEAD")]
)
async def test_w152_a_method_that_is_not_allowed_gets_the_ones_that_are(
    server: Server, path: str, allowed: str
) -> None:
    for method in ("PUT", "DELETE", "TRACE"):
        answer = await http_get(server.port, f"/api/channels/ops/{path}", method=method)
        assert (answer.status, answer.json["error"]["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


async def test_w135_a_stream_cannot_be_asked_for_its_headers_alone(server: Server) -> None:
    """The answer to HEAD would never end, and would take a stream of the key."""
    answer = await http_get(
        server.port, "/api/channels/ops/events", {"Authorization": f"Bearer {READER_TEXT}"}, method="HEAD"
    )
    assert answer.status == 405


@pytest.mark.parametrize("path", ["/api/nothing", "/api/", "/api/channels/a/b/c", "/api/channels/ops/messages/"])
async def test_w152_an_unknown_address_below_api_gets_an_error_in_json(server: Server, path: str) -> None:
    answer = await server.get(path)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/api/config", "/api/nothing", "/api/channels/ops/messages", "/api/chat"])
async def test_w152_an_expectation_that_is_not_met_gets_an_error_in_json(server: Server, path: str) -> None:
    answer = await server.get(path, {"Expect": "200-ok"})
    assert (answer.status, answer.json["error"]["code"]) == (417, "request_invalid")
    assert (answer.headers["cache-control"], "server" in answer.headers) == ("no-store", False)


async def test_w133_a_key_in_the_address_counts_as_none(server: Server) -> None:
    for query in (f"token={READER_TEXT}", f"key={READER_TEXT}", f"access_token={READER_TEXT}"):
        assert (await server.get(f"/api/channels/ops/messages?{query}")).status == 401


async def test_w133_a_page_of_another_site_cannot_send_a_key(server: Server) -> None:
    """Its browser asks first, because of the header. The answer does not name the page's origin."""
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await http_get(server.port, "/api/channels/ops/messages", preflight, method="OPTIONS")
    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("other", [WRONG_TEXT, READER_TEXT], ids=["another", "the same"])
async def test_w133_a_request_with_two_keys_has_none(server: Server, other: str) -> None:
    async with raw_connection(server) as (reader, writer):
        keys = "".join(f"Authorization: Bearer {key}\r\n" for key in (READER_TEXT, other))
        writer.write(f"GET /api/channels/ops/members HTTP/1.1\r\nHost: x\r\n{keys}\r\n".encode())
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401 ")


async def test_w130_a_whole_number_may_be_written_with_a_point(start_server: StartServer) -> None:
    """Some languages write 60 as 60.0; JSON does not tell the two apart."""
    operator, text = create("ann", "operator", ["*"])
    server = await start_server(api_keys=operator.entry)
    path, headers = "/api/operator/channels/garden/close", {"Authorization": f"Bearer {text}"}
    answers = [await server.post(path, headers, f'{{"seconds": {number}}}') for number in ("0.0", "0.5", '"0"')]
    assert [answer.status for answer in answers] == [200, 400, 400]
