"""The real process: its output, its exit, the precedence of settings, its log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support.client import Client
from tests.support.raw_client import RawClient
from tests.support.server import http_get
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
SECRET = "s3cret-" + secrets.token_urlsafe(48)


class Process:
    """One running `asocial serve`; its output is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        """Lines of stdout and stderr together."""
        self.port = 0
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.out.append(line.decode().rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.out)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def events(self) -> list[dict[str, Any]]:
        """The JSON lines."""
        return [json.loads(line) for line in self.out if line.startswith("{")]

    async def wait_for_url(self) -> None:
        async def printed() -> bool:
            if (match := re.search(r"http://[\w.-]+:(\d+)", self.text)) is not None:
                self.port = int(match[1])
            assert self.port or self.process.returncode is None, f"it ended:\n{self.text}"
            return self.port != 0

        await eventually(printed, "it prints its URL")

    def terminate(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Exit code, once all output is read."""
        async with asyncio.timeout(PATIENCE_S):
            code = await self.process.wait()
            await self._reading
        return code

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()


class Serve(Protocol):
    async def __call__(self, *flags: str, open_files: int = 0, **environ: str) -> Process: ...


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Runs `asocial serve` with these flags and variables; does not wait for it to listen.

    `open_files`: the most file descriptors that it may have.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def run(*flags: str, open_files: int = 0, **environ: str) -> Process:
            limited = ("sh", "-c", f'ulimit -n {open_files}; exec "$@"', "sh") if open_files else ()
            inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
            process = Process(
                await asyncio.create_subprocess_exec(
                    *(*limited, sys.executable, "-m", "asocial.cli", "serve", *flags),
                    cwd=ROOT,
                    env=inherited | {"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"} | environ,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                )
            )
            stack.push_async_callback(process.stop)
            return process

        yield run


async def listening(serve: Serve, *flags: str, **environ: str) -> Process:
    process = await serve(*flags, open_files=0, **environ)
    await process.wait_for_url()
    return process


# Start and end.


async def test_it_prints_a_url_that_answers(serve: Serve) -> None:
    process = await listening(serve, "--port", "0")
    assert (await http_get(process.port, "/health")).json["status"] == "ok"
    client = await Client.connect(process.url, channel="garden")
    await client.chat("hi", message_id="m")
    await client.receive("ack")
    await client.close()


def test_python_runs_the_package_as_the_command() -> None:
    """Where the script `asocial` is not on the PATH."""
    outputs = {
        subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, check=True, text=True).stdout
        for module in ("asocial", "asocial.cli")
    }
    [output] = outputs
    assert output.startswith("asocial ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl+C"])
@pytest.mark.drives(4001)
async def test_a_signal_drains_and_exits_with_0(serve: Serve, number: int) -> None:
    process = await listening(serve, "--port", "0", "--reconnect-spread-seconds", "2")
    clients = [await Client.connect(process.url, channel="garden") for _ in range(3)]
    process.terminate(number)
    for client in clients:
        closed = await client.closed()
        assert closed.code == 4001
        assert 0 <= closed.info["retry_ms"] <= 2000
        assert closed.info["reason"]
    assert await process.ended() == 0
    assert "Traceback" not in process.text


@pytest.mark.drives(4001)
async def test_ready_fails_during_the_drain_notice_before_connections_close(serve: Serve) -> None:
    process = await listening(serve, "--port", "0", "--drain-notice-seconds", "3")
    client = await Client.connect(process.url, channel="garden")
    assert (await http_get(process.port, "/ready")).status == 200
    process.terminate()

    async def not_ready() -> bool:
        return (await http_get(process.port, "/ready")).status == 503

    await eventually(not_ready, "/ready answers 503")
    await client.ping(1)
    await client.receive("pong")
    assert (await client.closed()).code == 4001
    assert await process.ended() == 0


async def test_a_client_that_never_reads_does_not_delay_shutdown(serve: Serve) -> None:
    process = await listening(serve, "--port", "0", "--drain-seconds", "2")
    client = await RawClient.connect(process.url, channel="garden")
    process.terminate()
    assert await process.ended() == 0
    await client.abort()


async def test_a_port_in_use_is_reported_and_exits_with_1(serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await serve("--host", "127.0.0.1", "--port", str(port))
        assert await process.ended() == 1
    assert str(port) in process.text
    assert "in use" in process.text
    assert "Traceback" not in process.text


# Settings.


@pytest.mark.parametrize(
    ("flag", "value", "allowed"),
    [
        ("--port", "70000", "65535"),
        ("--auth", "none", "guest"),
        ("--grace-seconds", "nan", "300"),
        ("--secret", "tooshort", "32"),
        ("--allowed-origins", "example.org", "https://"),
    ],
)
async def test_a_wrong_flag_exits_with_2_and_says_what_is_allowed(
    serve: Serve, flag: str, value: str, allowed: str
) -> None:
    process = await serve(flag, value)
    assert await process.ended() == 2
    name = flag.removeprefix("--").replace("-", "_")
    assert name in process.text or flag in process.text
    if name != "secret":
        assert value in process.text
    assert allowed in process.text
    assert "Traceback" not in process.text


async def test_a_wrong_secret_is_not_repeated(serve: Serve) -> None:
    process = await serve("--secret", "hunter2hunter2")
    assert await process.ended() == 2
    assert "hunter2" not in process.text


async def test_a_wrong_variable_exits_with_2_and_says_where_it_came_from(serve: Serve) -> None:
    process = await serve("--port", "0", ASOCIAL_ROSTER_LIMIT="many")
    assert await process.ended() == 2
    for part in ("roster_limit", "many", "10000", "ASOCIAL_ROSTER_LIMIT"):
        assert part in process.text


@pytest.mark.parametrize("text", ["roster_limit: many\n", "roster_limits: 5\n", "- a list\n", "a: [\n"])
async def test_a_wrong_file_exits_with_2_and_names_it(serve: Serve, tmp_path: Path, text: str) -> None:
    config = tmp_path / "asocial.yaml"
    config.write_text(text)
    process = await serve("--port", "0", "--config", str(config))
    assert await process.ended() == 2
    assert str(config) in process.text
    assert "Traceback" not in process.text


async def test_a_missing_file_exits_with_2_and_names_it(serve: Serve, tmp_path: Path) -> None:
    process = await serve("--port", "0", "--config", str(tmp_path / "none.yaml"))
    assert await process.ended() == 2
    assert "none.yaml" in process.text
    assert "Traceback" not in process.text


async def test_an_unknown_flag_exits_with_2(serve: Serve) -> None:
    process = await serve("--prot", "0")
    assert await process.ended() == 2
    assert "--prot" in process.text


@pytest.mark.parametrize("by", ["flag", "variable"])
async def test_a_flag_wins_over_a_variable_and_that_over_the_file(serve: Serve, tmp_path: Path, by: str) -> None:
    config = tmp_path / "asocial.yaml"
    config.write_text("roster_limit: 11\nconnections_per_user: 4\nrate_limit_per_minute: 44\ndrafts_per_second: 7\n")
    flags = ["--config", str(config)] if by == "flag" else []
    environ = {} if by == "flag" else {"ASOCIAL_CONFIG": str(config)}
    process = await listening(
        serve,
        *("--port", "0", "--roster-limit", "33", *flags),
        ASOCIAL_ROSTER_LIMIT="22",
        ASOCIAL_CONNECTIONS_PER_USER="5",
        ASOCIAL_CURSORS_PER_SECOND="9",
        **environ,
    )
    client = await Client.connect(process.url, channel="garden")
    limits = client.sync["limits"]
    await client.close()
    assert limits["roster"] == 33, "the flag wins"
    assert limits["connections_per_user"] == 5, "the variable wins over the file"
    assert limits["messages_per_minute"] == 44, "the file alone"
    assert limits["drafts_per_second"] == 7, "the file alone"
    assert limits["cursors_per_second"] == 9, "the variable alone"


async def test_a_secret_from_a_file_keeps_guests_over_a_restart(serve: Serve, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    users = []
    token = None
    for flags in (["--secret-file", str(secret)], ["--secret", SECRET]):
        process = await listening(serve, "--port", "0", *flags)
        client = await Client.connect(process.url, channel="garden", token=token)
        users.append(client.user_id)
        token = client.token
        await client.close()
        process.terminate()
        assert await process.ended() == 0
    assert users[0] == users[1]


# Logs.


async def test_production_logs_json_one_line_per_open_and_close_and_no_secrets(serve: Serve) -> None:
    process = await listening(
        serve, "--port", "0", "--env", "production", "--drain-notice-seconds", "0", "--secret", SECRET
    )
    polite = await Client.connect(process.url, channel="garden", name="Name-In-Query")
    rude = await Client.connect(process.url, channel="kitchen", token=polite.token, token_by="query")
    await rude.chat("what-was-said", message_id="m")
    await rude.receive("ack")
    for _ in range(10):
        await rude.send_raw("{")
    assert (await rude.closed()).code == 4501
    wrong = await Client.connect(process.url, channel="garden", token="Wrong.Token.Here", token_by="query")
    last = await Client.connect(process.url, channel="garden", token=polite.token, token_by="header")
    await http_get(process.port, "/api/chat?channel=a%20b&token=" + polite.token)
    await polite.close()
    await wrong.close()
    process.terminate()
    await last.closed()
    assert await process.ended() == 0

    assert all(line.startswith("{") for line in process.out), "not JSON: " + process.text
    events = process.events()
    assert all({"event", "level", "timestamp"} <= set(event) for event in events)
    about = [event for event in events if "connection_id" in event]
    clients = {"polite": polite, "rude": rude, "wrong": wrong, "last": last}
    for who, client in clients.items():
        lines = [event for event in about if event["connection_id"] == client.connection_id]
        assert len(lines) == 2, f"{who}: one line for the opening, one for the closing, not {lines}"
        opened, closed = lines
        assert opened["user_id"] == closed["user_id"] == client.user_id
        assert opened["channel"] == closed["channel"] == ("kitchen" if who == "rude" else "garden")
        assert closed["reason"]
        assert closed["code"] == {"rude": 4501, "last": 4001}.get(who, 1000)
    assert len(about) == 8
    for secret in (
        *(polite.token, wrong.token, polite.token.rsplit(".", 1)[1], "Wrong.Token", SECRET),
        *("Name-In-Query", "what-was-said", "token=", "?channel", "channel="),
    ):
        assert secret not in process.text, f"{secret} is in the log"


async def test_development_logs_are_readable_and_hold_no_token(serve: Serve) -> None:
    process = await listening(serve, "--port", "0")
    client = await Client.connect(process.url, channel="garden")
    again = await Client.connect(process.url, channel="garden", token=client.token, token_by="query")
    await client.close()
    await again.close()
    process.terminate()
    assert await process.ended() == 0
    assert not process.events()
    assert process.text.count(client.connection_id) == 2
    assert client.token not in process.text
    assert "token=" not in process.text


async def test_log_level_warning_silences_the_rest(serve: Serve) -> None:
    process = await listening(serve, "--port", "0", "--log-level", "warning")
    await (await Client.connect(process.url, channel="garden")).close()
    process.terminate()
    assert await process.ended() == 0
    assert "connection" not in process.text


async def test_running_out_of_file_descriptors_is_logged_once_and_the_server_goes_on(serve: Serve) -> None:
    flags = ("--connections-per-ip", "0", "--handshake-seconds", "300", "--drain-notice-seconds", "0", "--port", "0")
    process = await serve(*flags, "--host", "127.0.0.1", open_files=64)
    await process.wait_for_url()
    client = await Client.connect(process.url, channel="garden")
    crowd = []
    for _ in range(100):
        plain = socket.socket()
        plain.setblocking(False)
        plain.connect_ex(("127.0.0.1", process.port))
        crowd.append(plain)

    async def told() -> bool:
        return "too many open files" in process.text

    await eventually(told, "the log says so")
    for t in range(3):
        await client.ping(t)
        await client.receive("pong")
    for plain in crowd:
        plain.close()

    async def answers() -> bool:
        with contextlib.suppress(OSError):
            return (await http_get(process.port, "/health")).status == 200
        return False

    await eventually(answers, "it answers again")
    await client.close()
    assert process.text.count("too many open files") == 1
    assert "LimitNOFILE" in process.text, "and what to do"
    assert "Traceback" not in process.text
