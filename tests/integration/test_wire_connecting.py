"""Section 1 of docs/protocol.md: W1 to W5, and the HTTP side (section 9)."""

from __future__ import annotations

import asyncio
import datetime
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import OBSERVED, Client, TokenBy, refusal
from tests.support.raw_client import RawClient
from tests.support.raw_http import HANDSHAKE, raw_connection, read_answer, request_bytes
from tests.support.server import MANGLED, Join, Server, StartServer
from tests.support.waiting import eventually

# W1: answers before the upgrade.


@pytest.mark.parametrize("channel", ["a b", "a/b", "a.b", "é", "a" * 65, "<script>", "", "a\n"])
@pytest.mark.drives("channel_invalid")
async def test_w1_a_channel_with_an_invalid_name_is_refused_with_400(server: Server, channel: str) -> None:
    answer = await refusal(server.url, channel=channel)
    assert (answer.status, answer.code) == (400, "channel_invalid")
    assert "64" in answer.message, "the message says what is allowed"
    assert answer.content_type.startswith("application/json")
    assert set(answer.body) == {"error"}
    assert set(answer.body["error"]) == {"code", "message"}


@pytest.mark.parametrize("channel", ["a", "A-Z_09", "a" * 64, "-", "_"])
async def test_w1_a_channel_with_a_valid_name_is_joined(server: Server, join: Join, channel: str) -> None:
    assert (await join(server, channel)).sync["channel_id"] == channel


async def test_w1_without_a_channel_the_client_is_in_default(server: Server, join: Join) -> None:
    assert (await join(server, None)).sync["channel_id"] == "default"


async def test_w1_channels_differ_by_case(server: Server, join: Join) -> None:
    lower = await join(server, "garden")
    upper = await join(server, "Garden")
    assert lower.sync["user_count"] == upper.sync["user_count"] == 1
    assert [user["user_id"] for user in upper.sync["users"]] == [upper.user_id]


@pytest.mark.parametrize("uid", ["a b", "é", "a" * 65, "a/b", ""])
@pytest.mark.parametrize("auth", ["open", "guest"])
@pytest.mark.drives("uid_invalid")
async def test_w1_w105_an_unfit_uid_is_refused_with_400(start_server: StartServer, auth: str, uid: str) -> None:
    server = await start_server(auth=auth)
    answer = await refusal(server.url, uid=uid)
    assert (answer.status, answer.code) == (400, "uid_invalid")
    assert "64" in answer.message


async def test_w1_with_open_auth_the_client_chooses_its_uid(start_server: StartServer, join: Join) -> None:
    server = await start_server(auth="open")
    assert (await join(server, uid="ada-1_X")).user_id == "ada-1_X"
    assert (await join(server, uid="a" * 64)).user_id == "a" * 64


async def test_w1_with_open_auth_the_same_uid_twice_is_one_user(start_server: StartServer, join: Join) -> None:
    server = await start_server(auth="open")
    await join(server, uid="ada")
    second = await join(server, uid="ada")
    assert second.sync["user_count"] == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "garbage"])
@pytest.mark.drives("origin_forbidden")
async def test_w1_a_page_of_another_origin_is_refused_with_403(server: Server, origin: str) -> None:
    answer = await refusal(server.url, channel="garden", origin=origin)
    assert (answer.status, answer.code) == (403, "origin_forbidden")


async def test_w1_a_page_of_our_own_origin_connects(server: Server, join: Join) -> None:
    assert (await join(server, origin=server.origin)).sync["type"] == "user_sync"


@pytest.mark.drives("origin_forbidden")
async def test_w1_a_listed_origin_connects_and_an_unlisted_one_does_not(start_server: StartServer, join: Join) -> None:
    server = await start_server(allowed_origins="https://one.example,https://two.example:8443")
    for origin in ("https://one.example", "https://two.example:8443", server.origin):
        await join(server, origin=origin)
    for origin in ("https://one.example.evil.example", "http://one.example", "https://two.example"):
        assert (await refusal(server.url, origin=origin)).status == 403, origin


async def test_w1_a_star_lets_any_origin_connect(start_server: StartServer, join: Join) -> None:
    server = await start_server(allowed_origins="*")
    assert (await join(server, origin="https://anywhere.example")).sync["type"] == "user_sync"


async def test_w1_a_request_without_an_upgrade_is_answered_426(server: Server) -> None:
    answer = await server.get("/api/chat?channel=garden")
    assert answer.status == 426
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["upgrade"] == "websocket"
    assert answer.headers["sec-websocket-version"] == "13"
    assert answer.json["error"]["code"] == "upgrade_required"
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    "change",
    [
        *({"Sec-WebSocket-Version": version} for version in ("7", "8", "12", "14", "99", "", "abc", "13, 8")),
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "c2hvcnQ="},
    ],
)
async def test_w1_a_broken_handshake_is_answered_400(server: Server, change: dict[str, str]) -> None:
    answer = await server.get("/api/chat?channel=garden", HANDSHAKE | change)
    assert answer.status == 400
    assert answer.headers["sec-websocket-version"] == "13"
    assert answer.json["error"]["code"] == "handshake_invalid"
    assert answer.json["error"]["message"]


@pytest.mark.drives(4001)
async def test_w1_a_draining_server_serves_old_and_new_connections_until_its_notice_is_over(
    start_server: StartServer, join: Join
) -> None:
    """Proxies send people here until they have noticed."""
    server = await start_server(drain_notice_seconds=2)
    early = await join(server)
    draining = asyncio.create_task(server.app.drain())

    async def not_ready() -> bool:
        return (await server.get("/ready")).status == 503

    await eventually(not_ready, "/ready answers 503")
    late = await join(server)
    for client in (early, late):
        await client.ping(1)
        await client.receive("pong")
    for client in (early, late):
        assert (await client.closed()).code == 4001
    await draining


@pytest.mark.drives("draining", 4001)
async def test_w1_a_server_whose_notice_is_over_refuses_with_503(start_server: StartServer) -> None:
    server = await start_server(drain_notice_seconds=0)
    # As proxies keep them. The silent client does not answer its close, so the server still waits for it.
    async with raw_connection(server) as (reader, writer):
        silent = await RawClient.connect(server.url, channel="garden")
        draining = asyncio.create_task(server.app.drain())
        assert (await silent.closed()).code == 4001
        writer.write(request_bytes(server, HANDSHAKE))
        answer = await read_answer(reader)
        code = answer.json["error"]["code"]
        OBSERVED.add(code)
        assert (answer.status, code) == (503, "draining")
        await silent.abort()
        await draining


# W2: versions.


async def test_w2_the_offered_version_is_selected(server: Server, join: Join) -> None:
    assert (await join(server, subprotocols=["asocial.v1"])).socket.subprotocol == "asocial.v1"
    assert (await join(server, subprotocols=["asocial.v2", "asocial.v1"])).socket.subprotocol == "asocial.v1"


@pytest.mark.parametrize("offered", [[], ["chat"]])
async def test_w2_without_an_offered_version_version_1_is_used(server: Server, join: Join, offered: list[str]) -> None:
    client = await join(server, subprotocols=offered)
    assert client.socket.subprotocol is None
    assert client.sync["type"] == "user_sync"


@pytest.mark.parametrize("offered", [["asocial.v2"], ["asocial.v2", "asocial.v3"], ["asocial.v10"]])
@pytest.mark.drives(4503)
async def test_w2_offering_only_other_versions_is_closed_with_4503(
    server: Server, join: Join, offered: list[str]
) -> None:
    client = await join(server, subprotocols=offered, wait_for_sync=False)
    closed = await client.closed()
    assert closed.code == 4503
    assert closed.info["reason"]
    assert client.received == []


# W3: the first frame.


async def test_w3_the_first_frame_is_user_sync_with_all_its_fields(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute_per_ip=1000, channel_messages_per_second=200)
    client = await join(server)
    assert client.received[0] == client.sync
    assert set(client.sync) == {
        *("type", "message_id", "channel_id", "user_id", "connection_id", "token", "users", "user_count", "messages"),
        *("timestamp", "ttl", "limits", "epoch", "seq"),
    }
    assert client.sync["ttl"] == {"base": 5000, "per_character": 50, "free_characters": 60, "max": 12000}
    assert client.sync["limits"] == {
        "frame_bytes": 4096,
        "payload_characters": 500,
        "messages_per_minute": 100,
        "messages_per_minute_per_ip": 1000,
        "channel_messages_per_second": 200,
        "drafts_per_second": 30,
        "cursors_per_second": 30,
        "connections_per_user": 8,
        "strokes_per_minute": 10,
        "roster": 200,
        "name_characters": 32,
        "position": 10_000_000,
    }
    assert type(client.sync["timestamp"]) is int
    assert type(client.sync["seq"]) is int
    [user] = client.sync["users"]
    assert set(user) == {"user_id", "name", "color", "joined_at"}
    assert user["user_id"] == client.user_id


async def test_w3_user_sync_carries_the_configured_limits(start_server: StartServer, join: Join) -> None:
    server = await start_server(
        max_message_size=512,
        max_payload_characters=200,
        rate_limit_per_minute=0,
        connections_per_user=3,
        drafts_per_second=5,
        roster_limit=7,
    )
    limits = (await join(server)).sync["limits"]
    told = [limits[key] for key in ("frame_bytes", "messages_per_minute", "connections_per_user")]
    assert told == [512, 0, 3]
    assert limits["payload_characters"] == 200
    assert (limits["drafts_per_second"], limits["roster"]) == (5, 7)


async def test_w3_frames_sent_before_user_sync_came_are_handled_after_it(server: Server, join: Join) -> None:
    client = await join(server, wait_for_sync=False)
    await client.ping(7)
    await client.chat("early", message_id="early")
    await client.receive("ack")
    assert [frame["type"] for frame in client.received][:2] == ["user_sync", "pong"]


# W4: guests.


@pytest.mark.parametrize("token_by", ["subprotocol", "header", "query"])
async def test_w4_a_token_makes_the_connection_the_same_user(server: Server, join: Join, token_by: TokenBy) -> None:
    first = await join(server)
    second = await join(server, token=first.token, token_by=token_by)
    assert second.user_id == first.user_id
    assert second.connection_id != first.connection_id
    assert second.sync["user_count"] == 1


async def test_w4_a_token_holds_in_other_channels_and_after_leaving(server: Server, join: Join) -> None:
    first = await join(server)
    elsewhere = await join(server, "kitchen", token=first.token)
    await first.close()
    again = await join(server, token=elsewhere.token)
    assert first.user_id == elsewhere.user_id == again.user_id


async def test_w4_a_token_beside_a_version_leaves_the_version_selected(server: Server, join: Join) -> None:
    first = await join(server)
    second = await join(server, token=first.token, subprotocols=["asocial.v1"])
    assert second.socket.subprotocol == "asocial.v1"


@pytest.mark.parametrize("token_by", ["subprotocol", "header", "query"])
@pytest.mark.parametrize("damage", ["garbage", "signature", "unsigned", "empty-parts"])
async def test_w4_a_wrong_token_gets_a_new_id(server: Server, join: Join, token_by: TokenBy, damage: str) -> None:
    first = await join(server)
    head, body, signature = first.token.split(".")
    wrong = {
        "garbage": "garbage",
        "signature": f"{head}.{body}.{'A' * len(signature)}",
        "unsigned": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.",
        "empty-parts": "..",
    }[damage]
    second = await join(server, token=wrong, token_by=token_by)
    assert second.user_id != first.user_id
    assert second.token != wrong
    assert second.sync["user_count"] == 2


async def test_w4_a_token_of_a_server_with_another_secret_gets_a_new_id(start_server: StartServer, join: Join) -> None:
    first = await join(await start_server(secret="a" * 32))
    same = await join(await start_server(secret="a" * 32), token=first.token)
    other = await join(await start_server(secret="b" * 32), token=first.token)
    assert same.user_id == first.user_id
    assert other.user_id != first.user_id


async def test_w4_guests_without_a_token_are_different_users(server: Server, join: Join) -> None:
    clients = [await join(server) for _ in range(5)]
    assert len({client.user_id for client in clients}) == 5
    assert len({client.connection_id for client in clients}) == 5


# W84: guest keys.

KEY = "guest-" + "k" * 43


@pytest.mark.parametrize("token_by", ["subprotocol", "header", "query"])
async def test_w84_a_guest_key_is_the_same_user_from_the_first_connection_on(
    server: Server, join: Join, token_by: TokenBy
) -> None:
    first = await join(server, token=KEY, token_by=token_by)
    again = await join(server, token=KEY)
    by_token = await join(server, token=first.token)
    assert first.user_id == again.user_id == by_token.user_id
    assert first.token == again.token
    assert by_token.sync["user_count"] == 1
    other = await join(server, token="guest-" + "K" * 43)
    assert other.user_id != first.user_id
    assert other.sync["user_count"] == 2


async def test_w84_a_reload_before_user_sync_leaves_no_second_guest(server: Server, join: Join) -> None:
    witness = await join(server)
    gone = await join(server, token=KEY, wait_for_sync=False)
    gone.socket.transport.abort()
    await join(server, token=KEY)
    assert (await witness.resync())["user_count"] == 2


async def test_w84_a_guest_key_is_the_same_user_wherever_the_secret_is_the_same(
    start_server: StartServer, join: Join
) -> None:
    one = await join(await start_server(secret="a" * 32), token=KEY)
    same = await join(await start_server(secret="a" * 32), token=KEY)
    other = await join(await start_server(secret="b" * 32), token=KEY)
    assert one.user_id == same.user_id != other.user_id


@pytest.mark.parametrize(
    "no_key",
    ["guest-", "guest-" + "k" * 42, "guest-" + "k" * 129, "guest-" + "k" * 42 + ".", "Guest-" + "k" * 43, "k" * 43],
)
async def test_w84_an_invalid_guest_key_gets_a_new_id_each_time(server: Server, join: Join, no_key: str) -> None:
    first, second = await join(server, token=no_key), await join(server, token=no_key)
    assert first.user_id != second.user_id


async def test_w84_a_user_id_does_not_identify_a_guest(server: Server, join: Join) -> None:
    victim = await join(server, token=KEY)
    for guess in (victim.user_id, f"guest-{victim.user_id}", "guest-" + victim.user_id.ljust(43, "-")):
        assert (await join(server, token=guess)).user_id != victim.user_id


# W5: how many, how often.


@pytest.mark.drives(4504)
async def test_w5_the_ninth_connection_of_a_user_is_closed_with_4504(server: Server, join: Join) -> None:
    first = await join(server)
    tabs = [first] + [await join(server, token=first.token) for _ in range(7)]
    ninth = await join(server, token=first.token, wait_for_sync=False)
    closed = await ninth.closed()
    assert closed.code == 4504
    assert closed.info["reason"]
    assert ninth.received == []
    await tabs[3].close()

    async def one_more_fits() -> bool:
        tab = await join(server, token=first.token, wait_for_sync=False)
        await asyncio.wait({asyncio.ensure_future(tab.socket.wait_closed())}, timeout=0.1)
        return tab.socket.close_code is None

    await eventually(one_more_fits, "a connection fits again after one has left")


@pytest.mark.drives(4504)
async def test_w5_connections_of_a_user_count_over_all_channels(start_server: StartServer, join: Join) -> None:
    server = await start_server(connections_per_user=2)
    first = await join(server, "one")
    await join(server, "two", token=first.token)
    assert (await (await join(server, "three", token=first.token, wait_for_sync=False)).closed()).code == 4504
    assert (await join(server, "three")).sync["user_count"] == 1, "others are not counted with them"


@pytest.mark.drives(4013)
async def test_w5_connecting_too_often_is_closed_with_4013(start_server: StartServer, join: Join) -> None:
    server = await start_server(connections_per_minute_per_ip=3)
    for _ in range(3):
        await (await join(server)).close()
    fourth = await join(server, wait_for_sync=False)
    closed = await fourth.closed()
    assert closed.code == 4013
    assert 0 < closed.info["retry_ms"] <= 60_000
    assert closed.info["reason"]
    assert fourth.received == []


async def test_w121_a_classroom_is_let_in_at_five_a_second_once_it_has_settled(
    start_server: StartServer, join: Join
) -> None:
    now = [1_800_000_000_000]
    server = await start_server(connections_per_minute_per_ip=100, now_ms=lambda: now[0])

    async def refused_ms() -> int:
        return (await (await join(server, wait_for_sync=False)).closed()).info["retry_ms"]  # type: ignore[no-any-return]

    for _ in range(100):
        await join(server)
    assert await refused_ms() == 600, "100 a minute, since all of them are new"
    now[0] += 60_000
    for _ in range(100):
        await join(server)
    assert [await refused_ms() for _ in range(3)] == [200, 400, 600], "5 a second, in turn"
    now[0] += 200
    await join(server)
    # 100 of 201 are older than a minute: the next in turn comes in at 100 a minute again.
    assert await refused_ms() == 400 + 600


@pytest.mark.parametrize("punished", [False, True])
async def test_w121_connections_that_sent_rubbish_do_not_settle_their_address(
    start_server: StartServer, join: Join, punished: bool
) -> None:
    now = [1_800_000_000_000]
    server = await start_server(connections_per_minute_per_ip=1, now_ms=lambda: now[0])
    first = await join(server)
    if punished:
        await first.chat("", message_id="m")
        await first.receive("error")
    now[0] += 60_000
    await join(server)
    refused = await (await join(server, wait_for_sync=False)).closed()
    assert refused.info["retry_ms"] == (60_000 if punished else 20_000)


async def test_w120_after_retry_ms_the_address_may_connect_again(start_server: StartServer, join: Join) -> None:
    now = [1_800_000_000_000]
    server = await start_server(connections_per_minute_per_ip=1, now_ms=lambda: now[0])
    await (await join(server)).close()
    refused = await (await join(server, wait_for_sync=False)).closed()
    now[0] += refused.info["retry_ms"]
    await join(server)


# Section 9.


async def test_health_answers_ok_with_the_time(server: Server) -> None:
    answer = await server.get("/health")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.json) == {"status", "timestamp"}
    assert answer.json["status"] == "ok"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.json["timestamp"])
    told = datetime.datetime.fromisoformat(answer.json["timestamp"])
    assert abs((datetime.datetime.now(datetime.UTC) - told).total_seconds()) < 60


async def test_ready_answers_ready_with_checks(server: Server) -> None:
    answer = await server.get("/ready")
    assert answer.status == 200
    assert set(answer.json) == {"status", "checks"}
    assert answer.json["status"] == "ready"
    assert answer.json["checks"] == {"server": "ok", "redis": "memory", "pubsub": "memory"}


async def test_ready_answers_503_and_health_200_while_draining(start_server: StartServer, join: Join) -> None:
    server = await start_server(drain_notice_seconds=2)
    client = await join(server)
    draining = asyncio.create_task(server.app.drain())
    answers: list[Any] = []

    async def not_ready() -> bool:
        answers.append(await server.get("/ready"))
        return bool(answers[-1].status == 503)

    await eventually(not_ready, "/ready answers 503")
    assert answers[-1].json["status"] == "not_ready"
    assert (await server.get("/health")).json["status"] == "ok"
    await client.closed()
    await draining


@pytest.mark.parametrize("path", MANGLED)
async def test_a_mangled_link_gets_the_page(server: Server, path: str) -> None:
    answer = await server.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", ["/cat", "/nowhere", "/api/", "/api/c/garden", "/assets/c/garden", "/c1", "/health/c/"]
)
async def test_only_valid_channel_addresses_get_the_page(server: Server, path: str) -> None:
    assert (await server.get(path)).status == 404


@pytest.mark.parametrize("path", ["/", "/c/garden"])
async def test_the_page_is_answered(start_server: StartServer, tmp_path: Path, path: str) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    server = await start_server(page_dir=tmp_path)
    answer = await server.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "the page" in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "headers", "is_page"),
    [
        ("/nowhere", BROWSER, True),
        ("/a/b/c?d", BROWSER, True),
        ("/nowhere", {}, False),
        ("/nowhere", {"Accept": "application/json"}, False),
        ("/api/nowhere", BROWSER, False),
        ("/assets/gone.js", BROWSER, False),
    ],
)
async def test_an_unknown_path_is_404_and_for_a_browser_it_is_the_page(
    start_server: StartServer, tmp_path: Path, path: str, headers: dict[str, str], is_page: bool
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    server = await start_server(page_dir=tmp_path)
    answer = await server.get(path, headers)
    assert answer.status == 404
    assert ("the page" in answer.text) is is_page
    assert answer.headers["content-type"].startswith("text/html") is is_page
    assert "content-security-policy" in answer.headers


async def test_a_client_may_compress(server: Server) -> None:
    client = await Client.connect(server.url, channel="garden", compression="deflate")
    await client.chat("squeezed", message_id="s")
    assert (await client.receive("ack"))["message_id"] == "s"
    await client.close()
