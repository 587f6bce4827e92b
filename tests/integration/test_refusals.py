"""W87, W88: every refusal has one log line and one count, and HTTP tells a page what its upgrade could not."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from asocial.adapters.http.refusal_log import LINES_AT_ONCE, RefusalLog
from asocial.logs import configure
from asocial.service.counters import Counters
from tests.support.client import Client
from tests.support.raw_client import RawClient
from tests.support.raw_http import HANDSHAKE, ask, raw_connection, read_answer, request_bytes
from tests.support.server import Join, Server, StartServer

FOREIGN = {"Origin": "https://elsewhere.example"}
PROXIED = {"trusted_proxies": "127.0.0.0/8"}
NO_PROVIDER = {"auth": "jwt", "jwt_issuer": "http://127.0.0.1:1", "jwt_audience": "asocial"}

UNKNOWN_KEY = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"k"}').decode() + ".e30.c2ln"
"""A token that nobody can verify while the provider is away."""


class Log:
    """What the server logs, as JSON objects."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def refusals(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        return [line for line in lines if line["event"] == "connection refused"]


@pytest.fixture
def log() -> Iterator[Log]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", json=True, stream=stream)
    yield Log(stream)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def noted(server: Server, log: Log, code: str | int) -> dict[str, Any]:
    """The one line of the one refusal with this code."""
    assert server.app.counters.refusals == {str(code): 1}
    [line] = log.refusals()
    assert line["code"] == code
    assert line["reason"]
    return line


@pytest.mark.parametrize(
    ("settings", "headers", "channel", "code"),
    [
        ({}, FOREIGN, "garden", "origin_forbidden"),
        ({}, {}, "a.b", "channel_invalid"),
        ({"channel_members": "garden:mira"}, {}, "garden", "members_only"),
        (NO_PROVIDER, {"Authorization": f"Bearer {UNKNOWN_KEY}"}, "garden", "identity_unavailable"),
        ({"auth": "open"}, {}, "garden&uid=a.b", "uid_invalid"),
    ],
)
async def test_w87_w88_a_refused_upgrade_is_logged_counted_and_explained_over_http(
    start_server: StartServer, log: Log, settings: dict[str, object], headers: dict[str, str], channel: str, code: str
) -> None:
    server = await start_server(**settings)
    answer = await ask(server, HANDSHAKE | headers, f"/api/chat?channel={channel}")
    assert answer.json["error"]["code"] == code
    line = noted(server, log, code)
    assert line["remote"] == "127.0.0.1"
    name, _, query = channel.partition("&")
    origin = headers.get("Origin", server.origin)
    asked = {name: value for name, value in headers.items() if name != "Origin"}
    over_http = await server.get(f"/api/channels/{name}?origin={origin}&{query}", asked)
    assert (over_http.status, over_http.json) == (answer.status, answer.json)


async def test_w87_the_check_says_that_a_page_may_connect(server: Server) -> None:
    for query in ("", f"?origin={server.origin}"):
        assert (await server.get(f"/api/channels/garden{query}")).status == 200


async def test_w87_too_many_connections_of_an_address_behind_a_proxy(
    start_server: StartServer, join: Join, log: Log
) -> None:
    server = await start_server(connections_per_ip=1, **PROXIED)
    await join(server)
    answer = await ask(server, HANDSHAKE)
    assert answer.json["error"]["code"] == "too_many_connections"
    noted(server, log, "too_many_connections")
    over_http = await server.get("/api/channels/garden")
    assert over_http.json == answer.json
    assert over_http.headers["retry-after"]


async def test_w88_one_connection_too_many_is_refused_when_accepted(start_server: StartServer, log: Log) -> None:
    server = await start_server(connections_per_ip=1)
    async with raw_connection(server), raw_connection(server) as (reader, _):
        assert (await read_answer(reader)).status == 429
    assert noted(server, log, "too_many_connections")["limit"] == 1


async def test_w87_a_draining_process_refuses(start_server: StartServer, log: Log) -> None:
    server = await start_server(drain_notice_seconds=0)
    async with raw_connection(server) as (reader, writer), raw_connection(server) as (other_reader, other_writer):
        silent = await RawClient.connect(server.url, channel="garden")  # the server waits for its answer to the close
        draining = asyncio.create_task(server.app.drain())
        await silent.closed()
        writer.write(request_bytes(server, HANDSHAKE))
        answer = await read_answer(reader)
        assert answer.json["error"]["code"] == "draining"
        noted(server, log, "draining")
        other_writer.write(request_bytes(server, {}, "/api/channels/garden"))
        assert (await read_answer(other_reader)).json == answer.json
        await silent.abort()
        await draining


@pytest.mark.parametrize(
    ("headers", "code", "hint"),
    [
        ({}, "upgrade_required", "a proxy must pass on the headers Upgrade and Connection"),
        (HANDSHAKE | {"Sec-WebSocket-Key": "short"}, "handshake_invalid", ""),
    ],
)
async def test_w88_an_invalid_handshake_is_logged(
    server: Server, log: Log, headers: dict[str, str], code: str, hint: str
) -> None:
    answer = await ask(server, headers)
    assert answer.json["error"]["code"] == code
    assert hint in noted(server, log, code)["reason"]


async def test_w88_invalid_http_is_logged(server: Server, log: Log) -> None:
    async with raw_connection(server) as (reader, writer):
        writer.write(b"\x16\x03\x01 this is TLS\r\n\r\n")
        assert (await read_answer(reader)).status == 400
    noted(server, log, "request_invalid")


@pytest.mark.parametrize(
    ("settings", "options", "code"),
    [
        ({}, {"subprotocols": ["asocial.v9"]}, 4503),
        ({"connections_per_minute_per_ip": 1}, {}, 4013),
        (NO_PROVIDER, {}, 4510),
    ],
)
async def test_w88_a_connection_that_is_refused_after_the_upgrade(
    start_server: StartServer, join: Join, log: Log, settings: dict[str, object], options: dict[str, Any], code: int
) -> None:
    server = await start_server(**settings)
    if code == 4013:
        await join(server)
    client = await Client.connect(server.url, channel="garden", wait_for_sync=False, **options)
    assert (await client.closed()).code == code
    assert noted(server, log, code)["channel"] == "garden"
    await client.close()


FAULTS: list[tuple[str, dict[str, str], str]] = [
    ("host_not_allowed", {"Host": "elsewhere.example"}, ""),
    ("encoding_unsupported", {"Content-Encoding": "gzip"}, ""),
    ("channel_invalid", {}, "channel=a.b"),
    ("upgrade_required", {"Upgrade": "h2c"}, ""),
    ("handshake_invalid", {"Sec-WebSocket-Version": "8"}, ""),
    ("origin_forbidden", FOREIGN, ""),
    ("uid_invalid", {}, "uid=c.d"),
    ("members_only", {}, "channel=board"),
    ("handshake_invalid", {"Sec-WebSocket-Key": "short"}, ""),
]
"""What a request may be refused for, in the order in which that is decided."""


@pytest.mark.parametrize("first", range(len(FAULTS) + 1))
async def test_w1_the_first_of_several_reasons_to_refuse_decides(start_server: StartServer, first: int) -> None:
    server = await start_server(auth="open", allowed_hosts="talk.example", channel_members="board:mira")
    headers, query = HANDSHAKE | {"Host": "talk.example"}, {"channel": "garden", "uid": "ann"}
    for _, wrong, asked in reversed(FAULTS[first:]):
        headers |= wrong
        query |= dict([asked.split("=")]) if asked else {}
    answer = await ask(server, headers, "/api/chat?" + "&".join(f"{name}={value}" for name, value in query.items()))
    if first < len(FAULTS):
        assert answer.json["error"]["code"] == FAULTS[first][0]
    else:
        assert answer.status == 101


async def test_w88_a_flood_of_refusals_is_counted_in_full_and_its_log_is_limited(server: Server, log: Log) -> None:
    for _ in range(60):
        await ask(server, HANDSHAKE | FOREIGN)
    assert server.app.counters.refusals == {"origin_forbidden": 60}
    assert LINES_AT_ONCE <= len(log.refusals()) < 50
    assert 'asocial_refusals_total{code="origin_forbidden"} 60.0' in (await server.get("/metrics")).text


def test_w88_the_next_log_line_says_how_many_were_omitted(log: Log) -> None:
    now = [0.0]
    counters = Counters()
    refusals = RefusalLog(counters, lambda: now[0])
    for _ in range(20):
        refusals.note("origin_forbidden", "one", remote="192.0.2.1")
    refusals.note(4013, "another code has a pace of its own")
    now[0] = 60.0
    refusals.note("origin_forbidden", "one", sent="a\x1b[31mb\nc" + "d" * 1000)
    lines = log.refusals()
    assert [line.get("left_out") for line in lines] == [None] * (LINES_AT_ONCE + 1) + [20 - LINES_AT_ONCE]
    assert lines[-1]["sent"].startswith("a?[31mb?cd")
    assert len(lines[-1]["sent"]) < 500
    assert counters.refusals == {"origin_forbidden": 21, "4013": 1}


# The hint: which header decided, and which setting helps that is not set yet.

PAGE = "https://talk.example"
HINTS = [
    pytest.param({}, {"Host": "talk.example"}, PAGE, ["sees http", "TRUSTED_PROXIES"], [], id="TLS, proxy not listed"),
    pytest.param(
        {}, {"Host": "talk.example", "X-Forwarded-Proto": "https"}, PAGE,
        ["X-Forwarded-Proto is ignored", "TRUSTED_PROXIES"], [], id="TLS, told by a proxy that is not listed",
    ),
    pytest.param(
        PROXIED, {"Host": "talk.example", "X-Forwarded-Proto": "http"}, PAGE,
        ["X-Forwarded-Proto says http", "BEHIND_TLS=true", f"PUBLIC_URL={PAGE}"], ["TRUSTED_PROXIES"], id="CDN",
    ),
    pytest.param(
        PROXIED, {"Host": "talk.example", "X-Forwarded-Proto": "https, http"}, PAGE,
        ["X-Forwarded-Proto says https, http", "the last value counts"], ["TRUSTED_PROXIES"], id="two proxies",
    ),
    pytest.param(
        PROXIED, {"Host": "talk.example"}, PAGE, ["sends no X-Forwarded-Proto", "BEHIND_TLS=true"],
        ["TRUSTED_PROXIES"], id="a proxy that says nothing",
    ),
    pytest.param(
        PROXIED, {"Host": "talk.example", "X-Forwarded-Proto": "https"}, "https://talk.example:8443",
        ["port in Host", "$http_host", "PUBLIC_URL=https://talk.example:8443"], ["TRUSTED_PROXIES"], id="port lost",
    ),
    pytest.param(
        PROXIED, {"Host": "backend:8080", "X-Forwarded-Proto": "https"}, PAGE,
        ["Host names another host", "X-Forwarded-Host", f"PUBLIC_URL={PAGE}", "ALLOWED_ORIGINS"],
        ["TRUSTED_PROXIES"], id="Host rewritten",
    ),
    pytest.param(
        PROXIED, {"Host": "b", "X-Forwarded-Host": "wrong.example", "X-Forwarded-Proto": "https"}, PAGE,
        ["X-Forwarded-Host names another host"], ["TRUSTED_PROXIES"], id="another X-Forwarded-Host",
    ),
    pytest.param(
        {}, {"Host": "backend:8080", "X-Forwarded-Host": "talk.example"}, PAGE,
        ["X-Forwarded-Host is ignored", "TRUSTED_PROXIES"], [], id="X-Forwarded-Host of a proxy that is not listed",
    ),
    pytest.param(
        {"behind_tls": True}, {"Host": "talk.example"}, "http://talk.example",
        ["loaded over http", "ASOCIAL_BEHIND_TLS says https"], [], id="http, and BEHIND_TLS",
    ),
    pytest.param({}, {}, "null", ["not that of a web page", "ALLOWED_ORIGINS=*"], ["TRUSTED_PROXIES"], id="null"),
    pytest.param({}, {}, "file://", ["not that of a web page"], [], id="a file"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "headers", "origin", "says", "not_says"), HINTS)
async def test_w88_an_origin_that_is_refused_is_explained(
    start_server: StartServer, log: Log, settings: dict[str, object], headers: dict[str, str], origin: str,
    says: list[str], not_says: list[str],
) -> None:  # fmt: skip
    server = await start_server(**settings)
    answer = await ask(server, HANDSHAKE | headers | {"Origin": origin})
    message = answer.json["error"]["message"]
    line = noted(server, log, "origin_forbidden")
    assert line["reason"] == message
    assert line["level"] == "warning"
    assert (line["peer"], line["origin"]) == ("127.0.0.1", origin)
    for part in says:
        assert part in message
    for part in not_says:
        assert part not in message
    assert "127.0.0.1" not in message, "visitors see it, and need not know the proxy's address"


@pytest.mark.parametrize(
    ("settings", "headers", "origin"),
    [
        ({**PROXIED, "behind_tls": True}, {"Host": "talk.example", "X-Forwarded-Proto": "http"}, PAGE),
        ({"public_url": f"{PAGE}:443/", "allowed_hosts": "backend"}, {"Host": "backend:8080"}, PAGE),
        (PROXIED, {"Host": "b", "X-Forwarded-Host": "Talk.Example:443", "X-Forwarded-Proto": "HTTPS"}, PAGE),
        ({}, {"Host": "[2001:DB8:0::1]"}, "http://[2001:db8::1]"),
    ],
)
async def test_w1_following_the_hints_helps(
    start_server: StartServer, settings: dict[str, object], headers: dict[str, str], origin: str
) -> None:
    server = await start_server(**settings)
    assert (await ask(server, HANDSHAKE | headers | {"Origin": origin})).status == 101


@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        ("https://*.example.org", "https://a.example.org", True),
        ("https://*.example.org", "https://a.b.example.org", False),
        ("https://*.example.org", "https://example.org", False),
        ("https://Bücher.example:443/", "https://xn--bcher-kva.example", True),
        ("https://[2001:DB8:0::1]", "https://[2001:db8::1]", True),
    ],
)
async def test_w41_a_listed_origin_matches_for_connecting_and_for_the_api(
    start_server: StartServer, listed: str, origin: str, allowed: bool
) -> None:
    server = await start_server(allowed_origins=listed)
    assert (await ask(server, HANDSHAKE | {"Origin": origin})).status == (101 if allowed else 403)
    cors = (await server.get("/health", {"Origin": origin})).headers.get("access-control-allow-origin")
    assert cors == (origin if allowed else None)
