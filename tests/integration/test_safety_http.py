"""W1, W5, W40 to W43 of docs/protocol.md: allowed origins, trusted proxies, response headers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from websockets.frames import Opcode

from asocial.config import load
from tests.support.client import OBSERVED, Client
from tests.support.raw_client import RawClient
from tests.support.raw_http import HANDSHAKE, ask, raw_connection, read_answer
from tests.support.server import Answer, Join, JoinRaw, Server, StartServer
from tests.support.waiting import PATIENCE_S, eventually

LOCAL = "127.0.0.0/8"


# W1: scheme, host and port of a page that connects.

PROXIED = {"trusted_proxies": LOCAL}
TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "talk.example"}
PUBLIC = {"public_url": "https://talk.example"}
POD = {"allowed_hosts": "pod-1"}


@pytest.mark.parametrize(
    ("settings", "headers", "origin", "status"),
    [
        pytest.param({}, {"Host": "talk.example"}, "http://talk.example", 101, id="ours"),
        pytest.param({}, {"Host": "talk.example"}, "HTTP://TALK.example", 101, id="case does not matter"),
        pytest.param({}, {"Host": "talk.example:80"}, "http://talk.example", 101, id="the scheme's own port"),
        pytest.param({}, {"Host": "talk.example"}, "https://talk.example", 403, id="another scheme"),
        pytest.param({}, {"Host": "talk.example"}, "http://talk.example:8080", 403, id="another port"),
        pytest.param({}, {"Host": "talk.example"}, "http://talk.example.evil.example", 403, id="a longer host"),
        pytest.param({}, {"Host": "talk.example"}, "http://eviltalk.example", 403, id="a host that ends alike"),
        pytest.param({}, {"Host": "talk.example"}, "http://evil@talk.example", 403, id="user information"),
        pytest.param({}, {"Host": "talk.example"}, "http://talk.example/", 403, id="a path"),
        pytest.param({}, {"Host": "talk.example"}, "file://", 403, id="a file"),
        pytest.param({}, {"Host": "talk.example"}, "", 403, id="empty"),
        pytest.param({}, TLS, "https://talk.example", 403, id="a stranger's X-Forwarded-Host"),
        pytest.param(PROXIED, TLS, "https://talk.example", 101, id="behind a trusted proxy"),
        pytest.param(PROXIED, TLS, "http://talk.example", 403, id="the page was not loaded over TLS"),
        pytest.param(PROXIED, TLS | {"X-Forwarded-Proto": "wss"}, "https://talk.example", 101, id="proto wss"),
        pytest.param(
            PROXIED,
            TLS | {"X-Forwarded-Host": "evil.example, talk.example"},
            "https://evil.example",
            403,
            id="appended",
        ),
        pytest.param(
            PROXIED, {"Host": "talk.example", "X-Forwarded-Proto": "https"}, "https://talk.example", 101, id="Host kept"
        ),
        pytest.param(
            {"trusted_proxies": "192.0.2.0/24"}, TLS, "https://talk.example", 403, id="a proxy that is not listed"
        ),
        pytest.param({"behind_tls": True}, {"Host": "talk.example"}, "https://talk.example", 101, id="told of TLS"),
        pytest.param(PUBLIC | POD, {"Host": "pod-1"}, "https://talk.example", 101, id="our public URL"),
        pytest.param(PUBLIC | POD, {"Host": "pod-1"}, "", 403, id="and nothing beside it"),
        pytest.param(PUBLIC, {"Host": "talk.example"}, "https://talk.example", 101, id="our public URL, and its host"),
        pytest.param({"behind_tls": True}, {"Host": "talk.example"}, "http://talk.example", 403, id="told, and not so"),
    ],
)
async def test_w1_a_page_connects_if_scheme_host_and_port_match(
    start_server: StartServer, settings: dict[str, object], headers: dict[str, str], origin: str, status: int
) -> None:
    server = await start_server(**settings)
    answer = await ask(server, HANDSHAKE | headers | {"Origin": origin})
    assert answer.status == status
    if status == 403:
        assert answer.json["error"]["code"] == "origin_forbidden"


async def test_w1_the_refusal_hints_at_an_unlisted_tls_proxy(server: Server) -> None:
    answer = await ask(server, HANDSHAKE | {"Host": "talk.example", "Origin": "https://talk.example"})
    assert "ASOCIAL_TRUSTED_PROXIES" in answer.json["error"]["message"]


# W80: by which names the server is asked for.


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        pytest.param({}, {"Host": "evil.example"}, 101, id="nothing is said of hosts"),
        pytest.param(PUBLIC, {"Host": "evil.example"}, 421, id="not the public URL's"),
        pytest.param(PUBLIC, {"Host": "evil.example:443"}, 421, id="with its port"),
        pytest.param(PUBLIC, {"Host": "TALK.example."}, 101, id="another spelling of it"),
        pytest.param(PUBLIC, {"Host": "talk.example:8080"}, 101, id="any port of it"),
        pytest.param(PUBLIC, {"Host": "talk.example.evil.example"}, 421, id="a longer name"),
        pytest.param(PUBLIC, {"Host": ""}, 421, id="empty"),
        pytest.param(PUBLIC, {"Host": "talk.example@evil.example"}, 421, id="no host at all"),
        pytest.param(
            PUBLIC, {"Host": "evil.example", "X-Forwarded-Host": "talk.example"}, 421, id="a stranger says so"
        ),
        pytest.param(
            PUBLIC | PROXIED, {"Host": "pod-1", "X-Forwarded-Host": "talk.example"}, 101, id="a trusted proxy says so"
        ),
        pytest.param(
            PUBLIC | PROXIED, {"Host": "talk.example", "X-Forwarded-Host": "evil.example"}, 421, id="or the contrary"
        ),
        pytest.param(PUBLIC | POD, {"Host": "pod-1:8080"}, 101, id="listed beside it"),
        pytest.param(POD, {"Host": "talk.example"}, 421, id="only what is listed"),
        pytest.param({"allowed_hosts": "*.talk.example"}, {"Host": "a.talk.example"}, 101, id="below a name"),
        pytest.param({"allowed_hosts": "b\u00fccher.example"}, {"Host": "xn--bcher-kva.example"}, 101, id="IDNA"),
        pytest.param({"allowed_hosts": "[::1]"}, {"Host": "[0:0::1]:8080"}, 101, id="IPv6"),
        pytest.param(PUBLIC | {"allowed_hosts": "*"}, {"Host": "evil.example"}, 101, id="all, as somebody said"),
        pytest.param({"public_url": "http://[::1]:8080"}, {"Host": "[::1]:8080"}, 101, id="an address as public URL"),
    ],
)
async def test_w80_requests_for_other_hosts_are_refused(
    start_server: StartServer, settings: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """With the `Origin` that a page under that name has: DNS rebinding."""
    server = await start_server(**settings)
    origin = {} if status == 101 else {"Origin": f"http://{headers['Host']}"}
    answer = await ask(server, HANDSHAKE | headers | origin)
    assert answer.status == status


@pytest.mark.drives("host_not_allowed")
async def test_w80_the_refusal_names_the_setting(start_server: StartServer) -> None:
    server = await start_server(**PUBLIC)
    answer = await ask(server, HANDSHAKE | {"Host": "evil.example"})
    error = answer.json["error"]
    OBSERVED.add(error["code"])
    assert error["code"] == "host_not_allowed"
    assert "ASOCIAL_ALLOWED_HOSTS" in error["message"]
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 421), ("GET", "/c/garden", 421), ("GET", "/api/config", 421), ("GET", "/api/channels/x", 421),
     ("POST", "/api/channels/x", 421), ("OPTIONS", "/api/channels/x", 421), ("GET", "/nothing", 421),
     ("GET", "/health", 200), ("GET", "/ready", 200), ("GET", "/metrics", 200), ("GET", "/health/", 421)],
)  # fmt: skip
async def test_w80_every_path_except_probes_needs_an_allowed_host(
    start_server: StartServer, method: str, path: str, status: int
) -> None:
    server = await start_server(**PUBLIC)
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    headers = {"Host": "10.1.2.3:8080", "Content-Length": "0", **(preflight if method == "OPTIONS" else {})}
    assert (await ask(server, headers, path, method)).status == status


@pytest.mark.parametrize(
    ("settings", "headers", "origin"),
    [
        pytest.param(PUBLIC | POD, {"Host": "pod-1"}, "https://talk.example", id="the public URL"),
        pytest.param(POD, {"Host": "POD-1.:80"}, "http://pod-1", id="an allowed host"),
        pytest.param({}, {"Host": "somewhere.example:81"}, "http://somewhere.example:81", id="nothing is said"),
        pytest.param({}, {"Host": "evil.example/x?"}, None, id="no host at all"),
        pytest.param({}, {"Host": "a@b"}, None, id="nor this"),
        pytest.param(PUBLIC, {"Host": "evil.example"}, None, id="another host"),
    ],
)
async def test_w80_invitations_link_to_an_allowed_host(
    start_server: StartServer, settings: dict[str, str], headers: dict[str, str], origin: str | None
) -> None:
    server = await start_server(auth="open", channel_owners="garden:ann", **settings)
    path = "/api/channels/garden/invitations?uid=ann"
    answer = await ask(server, headers | {"Content-Length": "0"}, path, "POST")
    if origin is None:
        assert (answer.status, answer.json["error"]["code"]) == (421, "host_not_allowed")
    else:
        assert answer.json["url"].startswith(f"{origin}/c/garden?invite=")


@pytest.mark.parametrize(
    ("settings", "warned"),
    [({"env": "production"}, True), ({}, False), ({"env": "production", **PUBLIC}, False),
     ({"env": "production", **POD}, False), ({"env": "production", "allowed_hosts": "*"}, False)],
)  # fmt: skip
async def test_w80_in_production_a_server_without_allowed_hosts_warns_once(
    start_server: StartServer, settings: dict[str, str], warned: bool
) -> None:
    with structlog.testing.capture_logs() as lines:
        await start_server(drain_notice_seconds="0", **settings)
    about_hosts = [line for line in lines if "ASOCIAL_ALLOWED_HOSTS" in line["event"]]
    assert [line["log_level"] for line in about_hosts] == (["warning"] if warned else [])


# W40: proxies.


async def test_w40_behind_a_trusted_proxy_each_client_has_its_own_limit(start_server: StartServer) -> None:
    server = await start_server(trusted_proxies=LOCAL, connections_per_minute_per_ip=1)
    codes = []
    for client in (
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.1",
        "6.6.6.6, 198.51.100.2",
        "2001:db8::1",
        "2001:db8::2",
    ):
        async with raw_connection(server) as (reader, writer):
            codes.append(await first_frame(server, reader, writer, {"X-Forwarded-For": client}))
    assert codes == ["user_sync", "user_sync", 4013, 4013, "user_sync", 4013]


async def test_w40_a_forwarded_address_from_an_untrusted_client_is_ignored(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = await start_server(trusted_proxies="192.0.2.0/24", connections_per_minute_per_ip=1)
    codes = []
    for client in ("198.51.100.1", "198.51.100.2", "198.51.100.3"):
        async with raw_connection(server) as (reader, writer):
            codes.append(await first_frame(server, reader, writer, {"X-Forwarded-For": client}))
    assert codes == ["user_sync", 4013, 4013]
    warnings = [line for line in capsys.readouterr().out.splitlines() if "X-Forwarded-For is ignored" in line]
    assert len(warnings) == 1, "the log warns once"


async def first_frame(
    server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: dict[str, str]
) -> object:
    """The type of the first frame, or the code of the close frame."""
    lines = [f"{name}: {value}" for name, value in (HANDSHAKE | headers).items()]
    head = "\r\n".join(["GET /api/chat?channel=garden HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *lines, "\r\n"])
    writer.write(head.encode())
    answer = await read_answer(reader)
    assert answer.status == 101, answer
    opcode, payload = await RawClient(reader, writer).read_frame()
    return int.from_bytes(payload[:2], "big") if opcode == Opcode.CLOSE else json.loads(payload)["type"]


# W41: CORS.


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/chat", "/api/nothing"])
async def test_w41_pages_of_listed_origins_may_read_data_and_no_others(start_server: StartServer, path: str) -> None:
    server = await start_server(allowed_origins="https://one.example,https://two.example")
    for origin, allowed in [
        ("https://one.example", True),
        ("https://two.example", True),
        ("https://evil.example", False),
        ("https://one.example.evil.example", False),
        ("null", False),
    ]:
        answer = await ask(server, {"Origin": origin}, path)
        assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["vary"] == "Origin"


async def test_w41_a_star_lets_any_origin_read_without_credentials(start_server: StartServer) -> None:
    server = await start_server(allowed_origins="*")
    answer = await ask(server, {"Origin": "https://anywhere.example"}, "/health")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/api/chat", "/api/nothing"])
async def test_w41_a_preflight_is_answered(start_server: StartServer, path: str) -> None:
    server = await start_server(allowed_origins="https://one.example")
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = await ask(server, asking | {"Origin": "https://one.example"}, path, "OPTIONS")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://one.example"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    refused = await ask(server, asking | {"Origin": "https://evil.example"}, path, "OPTIONS")
    assert not [name for name in refused.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("settings", "code"), [({}, "origin_forbidden"), (PUBLIC, "host_not_allowed")], ids=["the origin", "the host"]
)
async def test_w87_a_page_of_any_origin_may_read_why_it_cannot_connect(
    start_server: StartServer, settings: dict[str, object], code: str
) -> None:
    """As a browser does it: a preflight because of the token, then the question."""
    server = await start_server(**settings)
    page, path = {"Origin": "https://elsewhere.example"}, "/api/channels/garden?origin=https://elsewhere.example"
    asking = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = await ask(server, page | asking, path, "OPTIONS")
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "Authorization"
    assert "access-control-allow-methods" not in preflight.headers
    answer = await ask(server, page | {"Authorization": "Bearer none"}, path)
    assert answer.json["error"]["code"] == code
    assert answer.headers["access-control-allow-origin"] == "*"
    upgrade = await ask(server, page | HANDSHAKE)
    assert (upgrade.status, upgrade.json) == (answer.status, answer.json)


async def test_w87_a_page_that_is_not_listed_reads_nothing_else(start_server: StartServer) -> None:
    server = await start_server(allowed_origins="https://one.example", channel_members="club:mira")
    page, listed = {"Origin": "https://elsewhere.example"}, "?origin=https://one.example"
    for path in ("garden", "club", "a.b"):
        answer = await ask(server, page, f"/api/channels/{path}{listed}")
        assert answer.status == {"garden": 200, "club": 403, "a.b": 400}[path]
        assert "access-control-allow-origin" not in answer.headers
    for method, path in [("POST", "/api/channels/garden"), ("GET", "/api/channels/garden/messages"), ("GET", "/ready")]:
        asking = page | {"Access-Control-Request-Method": method}
        answer = await ask(server, asking, path, "OPTIONS")
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_w41_a_refused_host_has_one_header_for_a_listed_origin(start_server: StartServer) -> None:
    """Browsers take an answer with two for one that allows nobody."""
    server = await start_server(allowed_origins="https://one.example", **PUBLIC)
    for path in ("/api/chat", "/api/channels/garden"):
        answer = await ask(server, HANDSHAKE | {"Host": "evil.example", "Origin": "https://one.example"}, path)
        assert answer.status == 421
        assert answer.headers["access-control-allow-origin"] in ("*", "https://one.example")


async def test_w41_the_page_is_not_for_other_origins(start_server: StartServer) -> None:
    server = await start_server(allowed_origins="*")
    answer = await ask(server, {"Origin": "https://one.example"}, "/")
    assert "access-control-allow-origin" not in answer.headers
    asking = {"Access-Control-Request-Method": "GET", "Origin": "https://one.example"}
    assert (await ask(server, asking, "/", "OPTIONS")).status == 404


# W42: what every answer says.

DATA = [
    ("GET", "/health", 200),
    ("GET", "/ready", 200),
    ("GET", "/api/chat", 426),
    ("GET", "/api/chat?channel=a.b", 400),
]
DATA += [("GET", "/api/nothing", 404), ("POST", "/health", 405)]
PAGE = [("GET", "/", 200), ("GET", "/c/garden", 200), ("GET", "/icon.svg", 200), ("GET", "/assets/a-1.js", 200)]
PAGE += [("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/assets/b.js", 404)]


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "a-1.js").write_text("//")
    return tmp_path


@pytest.mark.parametrize(("method", "path", "status"), DATA)
async def test_w42_data_responses_forbid_loading_anything(
    start_server: StartServer, page_dir: Path, method: str, path: str, status: int
) -> None:
    answer = await ask(await start_server(page_dir=page_dir), {}, path, method)
    assert answer.status == status
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    holds_for_all(answer)


@pytest.mark.parametrize(("method", "path", "status"), PAGE)
async def test_w42_the_page_may_load_only_its_own_files(
    start_server: StartServer, page_dir: Path, method: str, path: str, status: int
) -> None:
    answer = await ask(await start_server(page_dir=page_dir), {}, path, method)
    assert answer.status == status
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    holds_for_all(answer)


def holds_for_all(answer: Answer) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in answer.headers, "names and versions are nobody's business"
    assert "strict-transport-security" not in answer.headers, "this was not TLS"
    assert "set-cookie" not in answer.headers


async def test_w42_invalid_http_is_answered_with_the_same_headers(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async with raw_connection(server) as (reader, writer):
        writer.write(b"GET /api/chat?token=s3cr3t HTTP/9.z\r\n\r\n")
        answer = await read_answer(reader)
    assert answer.status == 400
    assert answer.json["error"]["code"] == "request_invalid"
    assert "s3cr3t" not in answer.text
    holds_for_all(answer)
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "s3cr3t" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    ["a" * 300, "%C3%A9" * 200, "%ff" * 300, "%ed%a0%80" * 120, "%00", "%00" + "a" * 300, "..%2f" * 100, "%0a" * 300],
    ids=["long", "long in UTF-8", "no UTF-8", "surrogates", "NUL", "NUL and long", "up and up", "lines"],
)
async def test_w42_a_file_that_no_file_system_could_hold_is_answered_404(
    start_server: StartServer, page_dir: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    server = await start_server(page_dir=page_dir)
    assert (await ask(server, {}, f"/assets/{name}")).status == 404
    assert "error" not in capsys.readouterr().out


async def test_w42_only_configured_sites_may_embed_the_page(start_server: StartServer, page_dir: Path) -> None:
    server = await start_server(page_dir=page_dir, frame_ancestors="https://school.example,https://club.example:8443")
    answer = await ask(server, {}, "/")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://school.example https://club.example:8443")
    assert "x-frame-options" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in (await ask(server, {}, "/health")).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("settings", "headers", "told"),
    [
        pytest.param({}, {}, None, id="no TLS"),
        pytest.param({}, {"X-Forwarded-Proto": "https"}, None, id="a stranger says TLS"),
        pytest.param(PROXIED, {}, None, id="a proxy that says nothing"),
        pytest.param(PROXIED, {"X-Forwarded-Proto": "http"}, None, id="a proxy without TLS"),
        pytest.param(PROXIED, {"X-Forwarded-Proto": "https"}, "max-age=31536000", id="a proxy with TLS"),
        pytest.param({"behind_tls": True}, {}, "max-age=31536000", id="told of TLS"),
        pytest.param({"behind_tls": True, "hsts_seconds": 60}, {}, "max-age=60", id="for a minute"),
        pytest.param({"behind_tls": True, "hsts_seconds": 0}, {}, None, id="not wanted"),
    ],
)
async def test_w42_hsts_is_sent_only_over_tls(
    start_server: StartServer, page_dir: Path, settings: dict[str, object], headers: dict[str, str], told: str | None
) -> None:
    server = await start_server(page_dir=page_dir, **settings)
    for path in ("/", "/health", "/nothing"):
        assert (await ask(server, headers, path)).headers.get("strict-transport-security") == told


# W5: open connections of one address.


@pytest.mark.drives("too_many_connections")
async def test_w5_one_connection_above_the_limit_of_an_address_is_answered_429(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(connections_per_ip=3)
    clients = [await join(server) for _ in range(3)]
    async with raw_connection(server) as (reader, _):
        answer = await read_answer(reader)
        assert await reader.read() == b"", "and closed"
    assert (answer.status, answer.json["error"]["code"]) == (429, "too_many_connections")
    assert int(answer.headers["retry-after"]) > 0
    noted(answer)
    await clients[0].ping(1)
    await clients[0].receive("pong")
    await clients[1].close()

    async def fits_again() -> bool:
        with contextlib.suppress(Exception):
            client = await Client.connect(server.url, channel="garden")
            await client.close()
            return True
        return False

    await eventually(fits_again, "another fits when one has left")


@pytest.mark.drives("too_many_connections")
async def test_w5_behind_a_trusted_proxy_each_client_s_connections_are_counted(start_server: StartServer) -> None:
    server = await start_server(trusted_proxies=LOCAL, connections_per_ip=2)
    async with contextlib.AsyncExitStack() as stack:
        for client in ("198.51.100.1", "198.51.100.1", "198.51.100.2"):
            streams = await stack.enter_async_context(raw_connection(server))
            assert await first_frame(server, *streams, {"X-Forwarded-For": client}) == "user_sync"
        answer = await ask(server, HANDSHAKE | {"X-Forwarded-For": "198.51.100.1"})
        assert (answer.status, answer.json["error"]["code"]) == (429, "too_many_connections")
        noted(answer)

    async def fits_again() -> bool:
        return (await ask(server, HANDSHAKE | {"X-Forwarded-For": "198.51.100.1"})).status == 101

    await eventually(fits_again, "another fits when they have left")


def noted(answer: Answer) -> None:
    OBSERVED.add(answer.json["error"]["code"])


# W43: slow and silent ones.


@pytest.mark.parametrize("habit", ["silent", "a byte at a time", "half a head"])
async def test_w43_a_late_request_is_disconnected_and_others_are_not(
    start_server: StartServer, join: Join, habit: str
) -> None:
    server = await start_server(handshake_seconds=0.5)
    friend = await join(server)
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with raw_connection(server) as (reader, writer):
        if habit == "half a head":
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        request = iter(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 1000)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while not reader.at_eof():
                    if habit == "a byte at a time":
                        writer.write(bytes((next(request),)))
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.1):
                            assert not await reader.read(1)
    assert 0.4 < loop.time() - began < 3
    await friend.ping(1)
    await friend.receive("pong")


def test_w43_a_request_has_ten_seconds() -> None:
    assert load({}, {}).handshake_seconds == 10.0


async def test_w43_a_client_that_does_not_read_the_response_is_disconnected(
    start_server: StartServer, page_dir: Path
) -> None:
    (page_dir / "assets" / "large.bin").write_bytes(b"x" * (32 << 20))
    server = await start_server(page_dir=page_dir, answer_seconds=0.5)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    loop = asyncio.get_running_loop()
    with plain:
        await loop.sock_connect(plain, ("127.0.0.1", server.port))
        await loop.sock_sendall(plain, b"GET /assets/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(2)
        got = 0
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while data := await loop.sock_recv(plain, 65536):
                    got += len(data)
    assert 0 < got < 32 << 20


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="a long line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", id="a long header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: a\r\n" * 100 + b"\r\n", id="many headers"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="SSH"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", id="a length below 0"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", id="smuggled"
        ),
    ],
)
async def test_w43_an_invalid_request_is_answered_400_and_closed(
    server: Server, capsys: pytest.CaptureFixture[str], head: bytes
) -> None:
    async with raw_connection(server) as (reader, writer):
        writer.write(head)
        answer = await read_answer(reader)
        assert answer.status == 400
        holds_for_all(answer)
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b""
    assert "error" not in capsys.readouterr().out.replace("errors", "")


async def test_w43_a_fast_sender_is_read_at_its_pace_and_loses_nothing(start_server: StartServer, join: Join) -> None:
    server = await start_server(frames_per_second=50, rate_limit_per_minute=0)
    ada, bob = await join(server), await join(server)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(200):
        await ada.chat("x", message_id=f"m{number}")
    for number in range(200):
        assert (await bob.receive("chat"))["message_id"] == f"m{number}"
    assert loop.time() - began > 1.5, "100 at once and 50 a second"
    assert len([frame for frame in ada.received if frame["type"] == "ack"]) + len(ada.waiting("ack")) <= 200


async def test_w43_bytes_are_read_at_a_pace_and_none_is_lost(start_server: StartServer, join_raw: JoinRaw) -> None:
    server = await start_server(read_bytes_per_second=200_000)
    client = await join_raw(server)
    await client.receive("user_sync")
    began = asyncio.get_running_loop().time()
    draft = b'{"type":"typing","message_id":"m","payload":"x","position":{"x":1,"y":1},"pad":"' + b"x" * 3900 + b'"}'
    for _ in range(250):
        await client.send_frame(Opcode.TEXT, draft)
    await client.send({"type": "ping", "t": 7})
    assert (await client.receive("pong"))["t"] == 7
    assert asyncio.get_running_loop().time() - began > 1, "1 MB: 400 kB and one read at once, the rest at its pace"


def test_w5_a_process_may_open_as_many_sockets_as_the_system_allows() -> None:
    """Or one address, with its 1,000 connections, would use up the usual 1,024 files of all."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096));"
        "from asocial.server_commands import _allow_many_files; _allow_many_files();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(4096, 4096)"


HALF_CLOSED = {
    "one request": (["/health"], 1),
    "pipelined": (["/health", "/ready", "/api/config"], 3),
    "a file": (["/icon.svg"], 1),
    "a refusal": (["/nowhere"], 1),
}


@pytest.mark.parametrize(("paths", "answers"), HALF_CLOSED.values(), ids=HALF_CLOSED.keys())
@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "after a moment"])
async def test_a_client_that_ends_its_side_gets_its_answers(
    server: Server, paths: list[str], answers: int, together: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for path in paths:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    if not together:
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert got.count(b"HTTP/1.1 ") == answers
    writer.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /health HT", b"POST /api/channels/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_client_that_ends_its_side_in_the_middle_is_closed(server: Server, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert b" 200 " not in got
    writer.close()


ENCODINGS = [
    ("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("BR", "br"), ("*", "br"), ("br;q=0.5", "br"),
    ("br;q=0", None), ("br;q=0, gzip", "gzip"), ("gzip;q=0.000", None), ("*;q=0", None), ("*, br;q=0", "gzip"),
    ("br ; q=0 , gzip ; q=1", "gzip"), ("identity", None), ("", None), ("brotli", None), ("x-gzip-br", None),
    ("br;q=x", None),
]  # fmt: skip


@pytest.mark.parametrize(("accepts", "coding"), ENCODINGS)
async def test_a_file_is_encoded_as_the_client_allows(
    start_server: StartServer, tmp_path: Path, accepts: str, coding: str | None
) -> None:
    (tmp_path / "assets").mkdir()
    for suffix in ("", ".br", ".gz"):
        (tmp_path / "assets" / f"a-1.js{suffix}").write_bytes(b"bytes" + suffix.encode())
    server = await start_server(page_dir=tmp_path)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET /assets/a-1.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {accepts}\r\n\r\n".encode())
    writer.write_eof()
    head = (await asyncio.wait_for(reader.read(), PATIENCE_S)).lower()
    writer.close()
    assert (f"content-encoding: {coding}".encode() in head) == (coding is not None)
    assert b" 200 " in head
    assert b"content-encoding" not in head or coding is not None
