"""No secret in a log, an error or an answer (docs/security.md): a run with all of them, searched byte for byte."""

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
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.app import build, wall_ms
from asocial.config import load
from asocial.logs import configure
from tests.client import Client
from tests.integration.serving import http_get
from tests.redis_server import until

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
            env=inherited | {"PYTHONPATH": str(ROOT / "src"), "PYTHONASYNCIODEBUG": "1"},
            stdout=out,
            stderr=out,
        )
    try:
        address = re.compile(r"http://127\.0\.0\.1:(\d+)")
        await asyncio.to_thread(until, lambda: address.search(log.read_text()) is not None, f"an address in {log}", 60)
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


class Faulty(MemoryRateLimiter):
    """Fails where secrets are in local variables up and down the stack."""

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        local_secret = WRONG_TOKEN
        raise RuntimeError(f"a bug that knows {len(local_secret)} characters")


@pytest.mark.parametrize("json", [False, True])
async def test_a_traceback_shows_no_secret(json: bool, tmp_path: Path) -> None:
    out = tmp_path / "log"
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with out.open("w") as stream:
        configure("warning", json=json, stream=stream)  # at debug the client logs as well, and it may
        try:
            app = build(load({"port": 0, "host": "127.0.0.1", "secret": SECRET}, {}), limiter=Faulty(wall_ms))
            await app.start()
            client = await Client.connect(
                f"ws://127.0.0.1:{app.port}", channel="a", token=WRONG_TOKEN, token_by="query", wait_for_sync=False
            )
            with contextlib.suppress(AssertionError):
                await client.closed(timeout_s=1)
            await client.close()
            await app.drain()
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.reset_defaults()
    log = out.read_text()
    assert "RuntimeError" in log
    assert "Traceback" in log
    assert WRONG_TOKEN not in log
    assert SECRET not in log


def test_secrets_are_compared_by_the_library_and_never_with_equals() -> None:
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
