"""Section 14 of docs/protocol.md: what operators do with an operator key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from asocial.adapters.http import api
from asocial.domain.api_keys import OPERATOR
from tests.support import redis_server
from tests.support.api_keys import create
from tests.support.client import Client
from tests.support.server import Answer, Join, Server, StartServer
from tests.support.waiting import PATIENCE_S, eventually, eventually_is

OPERATOR_KEY, OPERATOR_TEXT = create("ann", OPERATOR, ["*"])
WRITER, WRITER_TEXT = create("ci", "write", ["*"])
KEYS = {"api_keys": f"{OPERATOR_KEY.entry},{WRITER.entry}", "secret": "the secret of these tests, long enough"}
ACTIONS = (
    ("GET", "channels"),
    ("POST", "channels/garden/close"),
    ("GET", "bans"),
    ("POST", "bans"),
    ("POST", "notices"),
)


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    return await start_server(**KEYS)


@pytest.fixture(params=["memory", "redis"])
async def pair(
    request: pytest.FixtureRequest, start_server: StartServer, tmp_path: Path
) -> AsyncIterator[list[Server]]:
    """The process that the operator speaks to, and one to which people connect: the same one, or another over Redis."""
    if request.param == "memory":
        one = await start_server(**KEYS)
        yield [one, one]
        return
    redis = redis_server.Server(tmp_path)
    with redis_server.running(redis):
        yield [await start_server(redis_url=redis.url, **KEYS) for _ in range(2)]


async def ask(server: Server, path: str, *, key: str | None = OPERATOR_TEXT, **body: Any) -> Answer:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return await server.post(f"/api/operator/{path}", headers, json.dumps(body))


async def look(server: Server, path: str, *, key: str = OPERATOR_TEXT) -> Answer:
    return await server.get(f"/api/operator/{path}", {"Authorization": f"Bearer {key}"})


async def is_sent_away(client: Client, code: int) -> None:
    assert (await client.closed()).code == code


@pytest.mark.parametrize(("method", "path"), ACTIONS)
async def test_w136_only_an_operator_key_operates(server: Server, method: str, path: str) -> None:
    for key, status, code in ((WRITER_TEXT, 403, "key_not_allowed"), ("nonsense", 401, "token_invalid")):
        answer = await (ask(server, path, key=key) if method == "POST" else look(server, path, key=key))
        assert (answer.status, answer.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize("what", ["messages", "members", "events"])
async def test_w136_an_operator_key_reads_no_channel(server: Server, what: str) -> None:
    answer = await server.get(f"/api/channels/garden/{what}", {"Authorization": f"Bearer {OPERATOR_TEXT}"})
    assert (answer.status, answer.json["error"]["code"]) == (403, "key_not_allowed")


async def test_w136_an_operator_key_posts_nowhere(server: Server) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR_TEXT}"}
    answer = await server.post("/api/channels/garden/messages", headers, '{"payload": "hello"}')
    assert (answer.status, answer.json["error"]["code"]) == (403, "key_not_allowed")


async def test_w136_each_use_is_one_log_line(server: Server) -> None:
    with capture_logs() as logs:
        await look(server, "channels")
        await ask(server, "channels/garden/close", seconds=60)
        await ask(server, "bans", user_id="mallory", seconds=60)
        await ask(server, "bans", address="192.0.2.7", seconds=0)
        await look(server, "bans")
        await ask(server, "notices", text="Back at noon")
        await ask(server, "notices", text="")
    lines = [line for line in logs if line["event"] == "operator action"]
    assert {line["key"] for line in lines} == {"ann"}
    told = [
        {name: value for name, value in line.items() if name not in ("event", "key", "log_level")} for line in lines
    ]
    assert told == [
        {"action": "list_channels"},
        {"action": "close_channel", "channel": "garden", "seconds": 60},
        {"action": "ban", "user_id": "mallory", "seconds": 60},
        {"action": "ban", "address": "192.0.2.7", "seconds": 0},
        {"action": "list_bans"},
        {"action": "notify", "text": "Back at noon"},
    ]


async def test_w137_channels_are_listed_with_their_counts_and_without_words(pair: list[Server], join: Join) -> None:
    here, there = pair
    assert (await look(here, "channels")).json == {"channels": [], "channel_count": 0, "user_count": 0}
    ada = await join(there, "garden", name="Ada")
    await join(here, "garden")
    await join(there, "kitchen")
    await ada.chat("a secret word")
    answer = await look(here, "channels")
    assert answer.json == {
        "channels": [{"channel": "garden", "user_count": 2}, {"channel": "kitchen", "user_count": 1}],
        "channel_count": 2,
        "user_count": 3,
    }
    assert not {"secret", "Ada"} & set(answer.text.split('"'))
    await ada.close()

    async def counts() -> list[int]:
        return [one["user_count"] for one in (await look(here, "channels")).json["channels"]]

    await eventually_is(counts, [1, 1])


@pytest.mark.drives(4513)
async def test_w138_a_closed_channel_sends_everyone_away_and_lets_nobody_in(pair: list[Server], join: Join) -> None:
    here, there = pair
    ada, eve = await join(there, "garden"), await join(there, "kitchen")
    answer = await ask(here, "channels/garden/close", seconds=600)
    assert (answer.status, answer.json["channel"]) == (200, "garden")
    assert answer.json["closed_until"] > 0
    await is_sent_away(ada, 4513)
    await is_sent_away(await Client.connect(there.url, channel="garden", token=ada.token, wait_for_sync=False), 4513)
    page = await there.get("/api/channels/garden")
    assert (page.status, page.json["error"]["code"]) == (403, "channel_closed")
    await eve.resync()

    assert (await ask(here, "channels/garden/close", seconds=0)).json["closed_until"] == 0
    await eventually(lambda: _may_enter(there), "the channel is open again")
    await join(there, "garden")


async def _may_enter(server: Server) -> bool:
    return (await server.get("/api/channels/garden")).status == 200


@pytest.mark.drives(4514)
async def test_w139_a_banned_user_is_sent_away_everywhere(pair: list[Server], join: Join) -> None:
    here, there = pair
    mallory, ada = await join(there, "garden"), await join(there, "garden")
    in_kitchen = await join(there, "kitchen", token=mallory.token)
    answer = await ask(here, "bans", user_id=mallory.user_id, seconds=600)
    assert (answer.status, answer.json["user_id"]) == (200, mallory.user_id)
    for client in (mallory, in_kitchen):
        await is_sent_away(client, 4514)
    assert [ban["user_id"] for ban in (await look(here, "bans")).json["bans"]] == [mallory.user_id]
    again = await Client.connect(here.url, channel="attic", token=mallory.token, wait_for_sync=False)
    await is_sent_away(again, 4514)
    await ada.resync()

    assert (await ask(here, "bans", user_id=mallory.user_id, seconds=0)).json["until"] == 0
    assert (await look(here, "bans")).json == {"bans": []}
    await join(here, "attic", token=mallory.token)


@pytest.mark.drives(4514)
async def test_w139_a_banned_address_is_sent_away_everywhere(pair: list[Server], join: Join) -> None:
    here, there = pair
    ada = await join(there, "garden", address="127.0.0.1")
    eve = await join(there, "garden", address="127.0.0.2")
    assert (await ask(here, "bans", address="127.0.0.2", seconds=600)).json["address"] == "127.0.0.2"
    await is_sent_away(eve, 4514)
    again = await Client.connect(here.url, channel="attic", address="127.0.0.2", wait_for_sync=False)
    await is_sent_away(again, 4514)
    await ada.resync()


async def test_w139_a_ban_of_an_ipv6_address_is_one_of_its_network(server: Server) -> None:
    """Limits count a /64 as one address (W40), and so do bans."""
    assert (await ask(server, "bans", address="2001:db8::9")).json["address"] == "2001:db8::/64"


@pytest.mark.drives(4514)
async def test_w139_bans_survive_a_store_that_comes_back_empty(
    start_server: StartServer, join: Join, tmp_path: Path
) -> None:
    redis = redis_server.Server(tmp_path)
    with redis_server.running(redis):
        one, two = await start_server(redis_url=redis.url, **KEYS), await start_server(redis_url=redis.url, **KEYS)
        mallory = await join(one, "garden")
        assert (await ask(one, "bans", user_id=mallory.user_id, seconds=600)).status == 200
        await is_sent_away(mallory, 4514)
        redis.ask("FLUSHALL")
        await one.app.sessions.refresh_bans()
        await two.app.sessions.refresh_bans()
        three = await start_server(redis_url=redis.url, **KEYS)
        for server in (one, two, three):
            again = await Client.connect(server.url, channel="garden", token=mallory.token, wait_for_sync=False)
            await is_sent_away(again, 4514)


async def test_w139_a_banned_api_key_posts_and_reads_nowhere(pair: list[Server]) -> None:
    asked, other = pair
    headers = {"Authorization": f"Bearer {WRITER_TEXT}"}

    async def is_posted() -> bool:
        answer = await other.post("/api/channels/garden/messages", headers, '{"payload": "hello"}')
        assert answer.status == 201 or answer.json["error"]["code"] == "key_not_allowed"
        return answer.status == 201

    assert await is_posted()
    assert (await ask(asked, "bans", user_id="key-ci", seconds=60)).status == 200
    await eventually_is(is_posted, False)
    for what in ("messages", "members", "events"):
        assert (await other.get(f"/api/channels/garden/{what}", headers)).status == 403
    # Operators cannot lock themselves out.
    assert (await ask(asked, "bans", user_id="key-ann", seconds=60)).status == 200
    assert (await ask(asked, "bans", user_id="key-ci", seconds=0)).json["until"] == 0
    await eventually_is(is_posted, True)


async def test_w139_a_stream_of_a_banned_api_key_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "KEEP_ALIVE_S", 0.05)
    monkeypatch.setattr(api, "CHECK_S", 0.05)
    path = "/api/channels/garden/events"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER_TEXT}\r\n\r\n".encode())
    await reader.readuntil(b": still here\n\n")
    await ask(server, "bans", user_id="key-ci", seconds=60)
    async with asyncio.timeout(PATIENCE_S):
        end = await reader.readuntil(b"\r\n0\r\n\r\n")
    assert b'event: closed\ndata: {"code":"key_not_allowed"' in end
    writer.close()


async def test_w150_a_notice_reaches_everyone(pair: list[Server], join: Join) -> None:
    here, there = pair
    people = [await join(here, "garden"), await join(there, "garden"), await join(there, "kitchen")]
    answer = await ask(here, "notices", text="  Updates at noon  ")
    assert answer.status == 200
    for client in people:
        notice = await client.receive("notice")
        assert notice["text"] == "Updates at noon"
        assert abs(notice["timestamp"] - answer.json["timestamp"]) < 60_000
    late = await join(there, "garden")
    await late.resync()
    assert not late.waiting("notice")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("notices", {"text": " "}, 400, "payload_empty"),
        ("notices", {"text": "two\nlines"}, 400, "body_invalid"),
        ("notices", {"text": "x" * 201}, 413, "payload_too_large"),
        ("notices", {}, 400, "body_invalid"),
        ("bans", {}, 400, "body_invalid"),
        ("bans", {"user_id": "bob", "address": "192.0.2.7"}, 400, "body_invalid"),
        ("bans", {"address": "garden"}, 400, "body_invalid"),
        ("bans", {"user_id": "bob\n"}, 400, "body_invalid"),
        ("bans", {"user_id": "bob", "seconds": -1}, 400, "body_invalid"),
        ("bans", {"user_id": "bob", "seconds": 10**30}, 400, "body_invalid"),
        ("channels/a.b/close", {}, 400, "channel_invalid"),
        ("channels/garden/close", {"seconds": "an hour"}, 400, "body_invalid"),
    ],
)
async def test_w136_a_wrong_request_is_explained(
    server: Server, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await ask(server, path, **body)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"]


async def test_w138_w139_w150_an_outage_is_reported_and_nothing_is_done(
    start_server: StartServer, join: Join, tmp_path: Path
) -> None:
    redis = redis_server.Server(tmp_path)
    with redis_server.running(redis):
        server = await start_server(redis_url=redis.url, **KEYS)
        ada = await join(server, "garden")
        redis.stop()
        await ada.receive("degraded")
        for path, body in (
            ("channels/garden/close", {}),
            ("bans", {"user_id": ada.user_id}),
            ("notices", {"text": "hello"}),
        ):
            answer = await ask(server, path, **body)
            assert (answer.status, answer.json["error"]["code"]) == (503, "unavailable")
        assert (await look(server, "channels")).json["user_count"] == 1
        await ada.resync()
        assert not ada.waiting("notice")


async def test_w138_a_channel_is_open_again_when_its_time_is_over(server: Server) -> None:
    await ask(server, "channels/garden/close", seconds=1)
    assert (await refusal_code(server)) == "channel_closed"
    await eventually(lambda: _may_enter(server), "the channel is open again")


async def refusal_code(server: Server) -> str:
    return str((await server.get("/api/channels/garden")).json["error"]["code"])
