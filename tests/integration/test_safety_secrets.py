"""No secret is in a log, an error or an answer (docs/security.md): tests search all output of a server."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import logging
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from asocial.adapters.http.server import LIBRARY_LOGGERS
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.app import build
from asocial.config import load
from asocial.logs import configure
from tests.support.client import Client, refusal
from tests.support.identity_provider import IdentityProvider
from tests.support.raw_http import HANDSHAKE
from tests.support.server import http_get
from tests.support.source import SOURCE
from tests.support.waiting import until
from tests.support.wall_clock import wall_ms
from tests.support.websocket_bytes import text_frame

ROOT = Path(__file__).parents[2]
SECRET = "signs-all-guests-" + secrets.token_urlsafe(48)
REDIS_PASSWORD = "the-redis-password-77aa31"
URL_PASSWORD = "the-password-in-the-url-90be"
WRONG_TOKEN = "a-token-that-is-none-4c2b"
BEARER = "a-bearer-that-is-none-8d3e"
HIDDEN = (SECRET, REDIS_PASSWORD, URL_PASSWORD, WRONG_TOKEN, BEARER)


class Run:
    """One `asocial serve` with secrets of every kind, and all it wrote."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def served(folder: Path, env: str) -> AsyncIterator[Run]:
    log = folder / "log"
    (folder / "secret").write_text(SECRET)
    (folder / "password").write_text(REDIS_PASSWORD)
    flags = ["--env", env, "--host", "127.0.0.1", "--port", "0", "--log-level", "debug", "--drain-notice-seconds", "0"]
    flags += ["--secret-file", str(folder / "secret")]
    if env == "production":
        # Nobody answers there: what is said of that must not name a password either.
        flags += ["--redis-url", f"redis://user:{URL_PASSWORD}@127.0.0.1:1/0"]
    else:
        flags += ["--redis-password-file", str(folder / "password")]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-u", "-m", "asocial.cli", "serve", *flags],
            cwd=ROOT,
            env=inherited | {"PYTHONPATH": str(SOURCE), "PYTHONASYNCIODEBUG": "1"},
            stdout=out,
            stderr=out,
        )
    try:
        address = re.compile(r"http://127\.0\.0\.1:(\d+)")
        await asyncio.to_thread(until, lambda: address.search(log.read_text()) is not None, f"an address in {log}")
        found = address.search(log.read_text())
        assert found is not None
        yield Run(int(found[1]), log)
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 40)


@pytest.mark.parametrize("env", ["development", "production"])
async def test_no_secret_is_in_the_log_or_in_an_answer(tmp_path: Path, env: str) -> None:
    async with served(tmp_path, env) as run:
        client = await Client.connect(run.url, channel="garden")
        given = client.token
        again = [
            await Client.connect(run.url, channel="garden", token=given, token_by="query"),
            await Client.connect(run.url, channel="garden", token=given, token_by="header"),
            await Client.connect(run.url, channel="garden", token=given, token_by="subprotocol"),
            await Client.connect(run.url, channel="garden", token=WRONG_TOKEN, token_by="query"),
            await Client.connect(run.url, channel="garden", token=WRONG_TOKEN, token_by="subprotocol"),
        ]
        assert [one.user_id == client.user_id for one in again] == [True, True, True, False, False]
        await client.send_raw("{")
        await client.receive("error")
        answers = [
            await http_get(run.port, path, {"Authorization": f"Bearer {BEARER}"})
            for path in (f"/api/chat?token={WRONG_TOKEN}", f"/api/chat?channel=a.b&token={given}", "/health", "/ready")
        ]
        answers += [await http_get(run.port, f"/nothing?token={WRONG_TOKEN}"), await http_get(run.port, "/c/garden")]
        reader, writer = await asyncio.open_connection("127.0.0.1", run.port)
        writer.write(f"GET /api/chat?token={WRONG_TOKEN} HTTP/7.x\r\nAuthorization: Bearer {BEARER}\r\n\r\n".encode())
        garbage = (await reader.read()).decode()
        writer.close()
        for one in (client, *again):
            await one.close()
    log = run.log.read_text()
    assert "connection opened" in log, "the log that is searched is a log"
    texts = [log, garbage, *(answer.text + str(answer.headers) for answer in answers)]
    for secret in (*HIDDEN, given):
        for part in (secret, secret.rpartition(".")[2]):
            assert not [text for text in texts if part in text], part


# Every kind of token, in every way in, and what all loggers write at the lowest level.

UPGRADE = "\r\n".join(f"{name}: {value}" for name, value in HANDSHAKE.items())
CONNECT = f"GET /api/chat?channel=garden HTTP/1.1\r\nHost: x\r\n{UPGRADE}"
OFFERS = [
    "{}",
    "asocial.v1, {}",
    "{}, asocial.v1",
    "asocial.v2, {}",
    "{}, asocial.v2, asocial.v3",
    "chat, {}, superchat",
    ",, {} ,;",
    "{};q=1",
    "{0} {0}",
    "asocial.v1\r\nSec-WebSocket-Protocol: {}",
    "{0}\r\nSec-WebSocket-Protocol: {0}, asocial.v1",
    "asocial.v{}",
]
REQUESTS = [
    *(f"{CONNECT}\r\nSec-WebSocket-Protocol: {offer}" for offer in OFFERS),
    *(
        f"GET /api/chat?channel=garden{query} HTTP/1.1\r\nHost: x\r\n{UPGRADE}{header}"
        for query, header in [
            ("&token={}", ""),
            ("&invite={}", ""),
            ("&uid={}", ""),
            ("&name={}", ""),
            ("&trace={}", ""),
            ("&token={}&channel=a.b", ""),
            ("", "\r\nAuthorization: Bearer {}"),
            ("", "\r\nAuthorization: Basic {}"),
            ("", "\r\nAuthorization: {}"),
            ("", "\r\nCookie: token={0}; {0}"),
            ("", "\r\nReferer: http://x/c/garden?invite={}"),
            ("", "\r\ntraceparent: 00-{}-01"),
            ("", "\r\nX-Forwarded-For: {}"),
            ("", "\r\nSec-WebSocket-Extensions: {}"),
        ]
    ),
    "GET /api/chat?channel=garden HTTP/1.1\r\nHost: x\r\nUpgrade: {}\r\nConnection: Upgrade",
    f"GET /api/chat HTTP/1.1\r\nHost: x\r\n{UPGRADE.replace('13', '{}')}\r\nSec-WebSocket-Protocol: {{}}",
    f"GET /api/chat HTTP/1.1\r\nHost: x\r\n{UPGRADE.replace('MDEy', '{}')}\r\nSec-WebSocket-Protocol: {{}}",
    *(
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {{}}"
        for method, path in [
            ("GET", "/api/channels/garden"),
            ("GET", "/api/channels/garden?invite={}"),
            ("POST", "/api/channels/garden"),
            ("POST", "/api/channels/garden/invitations"),
            ("GET", "/api/channels/{}"),
            ("GET", "/c/garden?invite={}"),
            ("GET", "/nothing/{}?{}"),
            ("GET", "/assets/{}"),
            ("DELETE", "/health"),
            ("{}", "/"),
        ]
    ),
    "GET /?token={} HTTP/7.x",
    "GET / HTTP/1.1\r\nHost: x\r\n{}",
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {}",
    "POST /api/channels/garden/invitations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}",
]
FRAMES = [
    '{{"type":"auth","token":"{}"}}',
    '{{"type":"{}"}}',
    '{{"type":"who","user_ids":["{}"]}}',
    '{{"type":"chat","message_id":"{}","payload":"x","position":{{"x":0,"y":0}}}}',
    '{{"type":"typing","message_id":"m","payload":"x","position":"{}"}}',
    '{{"type":"profile","name":"x","color":"{}"}}',
    "{}",
]


@contextlib.contextmanager
def logging_to(path: Path, level: str, *, json: bool) -> Iterator[None]:
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    with path.open("w") as stream:
        configure(level, json=json, stream=stream)
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(before)
            structlog.reset_defaults()


async def send(port: int, data: bytes, *, reads: int = 1) -> str:
    """What comes back for raw bytes: no client library, which would log what it sends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write(data)
        for number in range(reads):
            async with asyncio.timeout(0.2 if number else 20):  # what comes first may be all
                answer += await reader.read(1 << 16)
    writer.transport.abort()
    return answer.decode(errors="replace")


async def tokens_of(port: int, provider: IdentityProvider | None) -> dict[str, str]:
    """Tokens that are good on this server, by kind; and one that nobody signed."""
    none = {"none": "nobody.signed-this-token.4c2bd0e7"}
    if provider is not None:
        return none | {"provider": provider.token("ann@example.org"), "expired": provider.token("ann", exp=1)}
    # A claim needs a connection to the channel.
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/chat?channel=club HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n\r\n".encode())
    await reader.readuntil(b'"token":"')
    token = (await reader.readuntil(b'"')).decode()[:-1]
    bearer = {"Authorization": f"Bearer {token}"}
    await http_get(port, "/api/channels/club", bearer, method="POST", body="")
    invitation = (await http_get(port, "/api/channels/club/invitations", bearer, method="POST", body="")).json["token"]
    writer.transport.abort()
    return none | {"guest": token, "invitation": invitation}


@pytest.mark.parametrize("json", [False, True], ids=["console", "json"])
@pytest.mark.parametrize("auth", ["guest", "open", "jwt"])
async def test_no_token_reaches_the_log_by_any_way_in(tmp_path: Path, auth: str, json: bool) -> None:
    asyncio.get_running_loop().set_debug(True)  # asyncio then logs what it does, slow steps with their arguments
    asyncio.get_running_loop().slow_callback_duration = 0.001
    log, answers = tmp_path / "log", []
    async with IdentityProvider() as provider:
        settings = {"port": 0, "host": "127.0.0.1", "secret": SECRET, "auth": auth}
        settings |= {"connections_per_minute_per_ip": 0, "connections_per_user": 1000}
        with logging_to(log, "debug", json=json):
            app = build(load(settings | (provider.settings if auth == "jwt" else {}), {}))
            await app.start()
            tokens = await tokens_of(app.port, provider if auth == "jwt" else None)
            for token in tokens.values():
                heads = [head.replace("{0}", "{}").replace("{}", token) + "\r\n\r\n" for head in REQUESTS]
                answers += await asyncio.gather(*(send(app.port, head.encode()) for head in heads))
                good = tokens.get("provider") or tokens.get("guest", "")
                head = f"{CONNECT}\r\nAuthorization: Bearer {good}\r\n\r\n"
                frames = [text_frame(text.format(token)) for text in FRAMES]
                await asyncio.gather(*(send(app.port, head.encode() + frame, reads=3) for frame in frames))
            await app.drain()
    asyncio.get_running_loop().set_debug(False)
    written = log.read_text()
    assert "connection opened" in written, "the log that is searched is a log"
    assert [answer[:7] for answer in answers] == ["HTTP/1."] * len(answers)
    for kind, token in tokens.items():
        for part in (token, token.rpartition(".")[2]):
            lines = [line for line in written.splitlines() if part in line]
            assert not lines, (kind, lines[:3])
    assert "Sec-WebSocket-Protocol" not in "".join(a for a in answers if "asocial.v1" not in a), "and none is selected"


@pytest.mark.parametrize("name", LIBRARY_LOGGERS)
async def test_library_loggers_name_no_user(tmp_path: Path, name: str) -> None:
    log = tmp_path / "log"
    with logging_to(log, "debug", json=True):
        app = build(load({"port": 0, "host": "127.0.0.1"}, {}))
        try:
            raise ValueError(WRONG_TOKEN)
        except ValueError:
            logging.getLogger(name).exception("it failed for %s", WRONG_TOKEN)
        logging.getLogger(name).warning("a strange client: %s", WRONG_TOKEN)
        await app.drain()
    written = log.read_text()
    assert "it failed for" in written
    assert "ValueError" in written
    assert WRONG_TOKEN not in written


class Faulty(MemoryRateLimiter):
    """Fails where secrets are in local variables up and down the stack."""

    async def take_token(self, key: str, burst: int, per_minute: int) -> int:
        local_secret = WRONG_TOKEN
        raise RuntimeError(f"a bug that knows {len(local_secret)} characters")


@pytest.mark.parametrize("json", [False, True])
async def test_a_traceback_shows_no_secret(json: bool, tmp_path: Path) -> None:
    out = tmp_path / "log"
    with logging_to(out, "warning", json=json):  # at debug the client logs as well, and it may
        app = build(load({"port": 0, "host": "127.0.0.1", "secret": SECRET}, {}), limiter=Faulty(wall_ms))
        await app.start()
        answer = await refusal(f"ws://127.0.0.1:{app.port}", channel="a", token=WRONG_TOKEN, token_by="query")
        assert (answer.status, answer.code) == (500, "internal")
        await app.drain()
    log = out.read_text()
    assert "RuntimeError" in log
    assert "Traceback" in log
    assert WRONG_TOKEN not in log
    assert SECRET not in log


def test_no_code_compares_secrets_with_equals() -> None:
    """PyJWT verifies HMACs with `hmac.compare_digest`. Nothing of ours compares a token, password or secret itself."""
    suspicious = re.compile(r"token|password|secret|signature|digest", re.IGNORECASE)
    found = []
    for path in (ROOT / "src" / "asocial").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
                if any(suspicious.search(side) for side in sides):
                    found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert not found
