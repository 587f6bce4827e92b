"""The Python client against a server that behaves badly: a fake that says what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asocial_client import ChannelClosed, Connected, Disconnected, NotSent, Refused, connect
from asocial_client import connection as connections
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.support.waiting import PATIENCE_S

SYNC = {
    "type": "user_sync", "message_id": "s", "channel_id": "garden", "user_id": "g-1", "connection_id": "c",
    "users": [], "user_count": 1, "messages": [], "timestamp": 1, "epoch": "a", "seq": 1,
    "ttl": {"base": 5000, "per_character": 0, "free_characters": 0, "max": 5000},
    "limits": {
        "frame_bytes": 4096, "messages_per_minute": 100, "messages_per_minute_per_ip": 0, "roster": 100,
        "channel_messages_per_second": 0, "connections_per_user": 8, "drafts_per_second": 30, "cursors_per_second": 30,
    },
}  # fmt: skip

Conversation = Callable[[ServerConnection, int], Awaitable[None]]
"""What the fake does with its connection number 1, 2, ..."""


@contextlib.asynccontextmanager
async def fake(
    talk: Conversation,
    refuse: Callable[[int], tuple[int, dict[str, str]] | None] = lambda number: None,
    body: str = '{"error": {"code": "some_code", "message": "some words"}}',
) -> AsyncIterator[str]:
    requests = connections = 0

    async def answer(connection: ServerConnection, request: Request) -> Response | None:
        nonlocal requests
        requests += 1
        refused = refuse(requests)
        if refused is None:
            return None
        status, headers = refused
        response = connection.respond(http.HTTPStatus(status), body)
        for name, value in headers.items():
            response.headers[name] = value
        return response

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await connection.send(json.dumps(SYNC))
        await talk(connection, connections)

    server: Server
    async with serve(handle, "127.0.0.1", 0, process_request=answer) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def stay(connection: ServerConnection, number: int) -> None:
    await connection.wait_closed()


async def events_until(channel: Any, kind: type, count: int) -> list[Any]:
    seen: list[Any] = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in channel:
            seen.append(event)
            if sum(isinstance(each, kind) for each in seen) == count:
                return seen
    raise AssertionError(f"the channel ended after {seen}")


async def test_w28_retry_ms_is_how_long_the_client_waits() -> None:
    async def send_away(connection: ServerConnection, number: int) -> None:
        if number == 1:
            await connection.close(4001, json.dumps({"reason": "the server is going away", "retry_ms": 20}))
        await stay(connection, number)

    async with fake(send_away) as url, connect(url) as channel:
        _, broken, _ = await events_until(channel, Connected, 2)
        assert broken == Disconnected("the server is going away", 0.02)


@pytest.mark.parametrize("code", [4500, 4504, 4512, 4999])
async def test_w28_after_these_codes_the_client_does_not_come_back(code: int) -> None:
    async def close(connection: ServerConnection, number: int) -> None:
        assert number == 1
        await connection.close(code, json.dumps({"reason": "go"}))

    async with fake(close) as url, connect(url) as channel:
        with pytest.raises(ChannelClosed) as closed:
            await events_until(channel, Connected, 2)
        assert (closed.value.code, closed.value.reason) == (code, "go")


async def test_w1_a_refusal_that_passes_is_tried_again_after_retry_after() -> None:
    def refuse(number: int) -> tuple[int, dict[str, str]] | None:
        return (503, {"Retry-After": "0"}) if number == 1 else None

    async with fake(stay, refuse) as url, connect(url) as channel:
        first, second = await events_until(channel, Connected, 1)
        assert isinstance(first, Disconnected)
        assert isinstance(second, Connected)


async def test_a_server_that_is_not_ready_in_time_is_an_error_with_its_reason() -> None:
    async with fake(stay, lambda number: (503, {"Retry-After": "0"})) as url:
        with pytest.raises(TimeoutError, match=r"some words \(some_code\)"):
            async with connect(url, timeout_s=0.5):
                pass


async def test_w1_a_refusal_that_lasts_ends_the_channel_also_later() -> None:
    async def drop(connection: ServerConnection, number: int) -> None:
        connection.transport.abort()

    async with fake(drop, lambda number: (403, {}) if number > 1 else None) as url, connect(url) as channel:
        with pytest.raises(Refused) as refused:
            await events_until(channel, Connected, 2)
        assert (refused.value.status, refused.value.code) == (403, "some_code")


async def drop_first(connection: ServerConnection, number: int) -> None:
    if number == 1:
        connection.transport.abort()
    await connection.wait_closed()


async def test_a_proxy_that_answers_while_no_server_is_there_does_not_end_the_channel() -> None:
    page = "<h1>404</h1>"
    async with (
        fake(drop_first, lambda number: (404, {}) if number == 2 else None, page) as url,
        connect(url) as channel,
    ):
        events = await events_until(channel, Connected, 2)
        reasons = [event.reason for event in events if isinstance(event, Disconnected)]
        assert reasons[-1].startswith("the server answered with HTTP status 404")
    # At first it is a wrong address.
    async with fake(stay, lambda number: (404, {}), page) as url:
        with pytest.raises(Refused, match="404"):
            async with connect(url):
                pass


async def test_a_server_that_stops_answering_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection stays open, as that of a frozen process does."""
    monkeypatch.setattr(connections, "PING_S", 0.1)
    monkeypatch.setattr(connections, "PONG_WITHIN_S", 0.1)
    monkeypatch.setattr(connections, "CLOSE_TIMEOUT_S", 0.1)

    async def freeze(connection: ServerConnection, number: int) -> None:
        if number == 1:
            connection.transport.pause_reading()
        await connection.wait_closed()

    async with fake(freeze) as url, connect(url) as channel:
        _, lost, back = await events_until(channel, Connected, 2)
        assert isinstance(lost, Disconnected)
        assert isinstance(back, Connected)


async def test_a_frame_that_breaks_the_protocol_is_one_more_break_of_the_connection() -> None:
    async def confuse(connection: ServerConnection, number: int) -> None:
        await connection.send(json.dumps({"type": "news from the future"}))
        if number == 1:
            await connection.send(json.dumps({"type": "ack"}))
        await stay(connection, number)

    async with fake(confuse) as url, connect(url) as channel:
        _, broken, _ = await events_until(channel, Connected, 2)
        assert "breaks the protocol" in broken.reason


async def test_w10_w14_messages_without_an_ack_are_sent_again_in_their_order() -> None:
    again: list[str] = []

    async def lose(connection: ServerConnection, number: int) -> None:
        posted = 0
        async for text in connection:
            frame = json.loads(text)
            if frame["type"] != "chat":
                continue
            posted += 1
            if number == 1 and posted == 3:
                connection.transport.abort()
            if number == 2:
                again.append(frame["payload"])
                ack = {"type": "ack", "message_id": frame["message_id"], "timestamp": 1, "expires_at": 5001}
                await connection.send(json.dumps(ack))

    async with fake(lose) as url, connect(url) as channel, asyncio.timeout(PATIENCE_S):
        said = await asyncio.gather(*(channel.say(text, timeout_s=PATIENCE_S) for text in ("one", "two", "three")))
    assert [message.text for message in said] == again == ["one", "two", "three"]


async def test_say_gives_up_after_its_timeout() -> None:
    async with fake(stay) as url, connect(url) as channel:
        with pytest.raises(NotSent, match="timeout"):
            await channel.say("anyone?", timeout_s=0.05)
