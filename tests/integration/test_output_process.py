"""A real server whose output breaks: clients go on, and the process starts and ends in time.

Each server here is a process, because the tests break its file descriptors.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.server import http_get, metric
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, eventually, until

FULL = "/dev/full"
HAS_FULL = Path(FULL).exists()
PIPE_BYTES = 4096
PAGES = 300
"""Their log lines are many times what the pipe holds."""


@contextlib.contextmanager
def full_disk() -> Iterator[int]:
    fd = os.open(FULL, os.O_WRONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def serving(*flags: str, stdout: int, stderr: int, redirect: str = "") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`asocial serve` on a free port. `redirect`: of the shell, for descriptors that are closed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    with reserved_port() as port:
        arguments = [sys.executable, "-m", "asocial.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
        arguments += ["--connections-per-minute-per-ip", "0", "--drain-notice-seconds", "0", *flags]
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$0" "$@" {redirect}', *arguments],
            cwd=ROOT,
            env=environ | {"PYTHONPATH": str(SOURCE)},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        try:
            yield process, port
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


async def starts(process: subprocess.Popen[bytes], port: int) -> None:
    async def answers() -> bool:
        assert process.poll() is None, f"it ended with code {process.returncode}"
        with contextlib.suppress(OSError):
            return (await http_get(port, "/health")).status == 200
        return False

    await eventually(answers, "the server answers")


async def talks(port: int) -> None:
    url = f"ws://127.0.0.1:{port}"
    here, there = await Client.connect(url, channel="garden"), await Client.connect(url, channel="garden")
    await here.chat("still here")
    assert (await there.receive("chat"))["payload"] == "still here"
    for client in (here, there):
        await client.close()


async def ends(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0


def unread_bytes(pipe: int) -> int:
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.parametrize("env", ["development", "production"])
async def test_an_unread_log_stops_no_client(env: str) -> None:
    reader, writer = os.pipe()
    # As small as a pipe gets: a few lines fill it.
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with serving("--env", env, stdout=writer, stderr=writer) as (process, port):
        os.close(writer)
        await starts(process, port)
        before = unread_bytes(reader)
        assert (await http_get(port, "/c/garden")).status == 200
        await eventually(lambda: unread_bytes(reader) > before, "each page is one line in the log")
        for _ in range(PAGES):
            assert (await http_get(port, "/c/garden")).status == 200
        await talks(port)
        await ends(process)
    text = b""
    while data := os.read(reader, 65536):
        text += data
    os.close(reader)
    assert b"listening" in text or b"Asocial" in text
    assert 0 < text.count(b"page asked for") < PAGES, "the pipe was full, or this test has shown nothing"


@pytest.mark.parametrize("env", ["development", "production"])
async def test_a_closed_pipe_and_a_full_disk_stop_no_client(env: str) -> None:
    for broken in ("gone", "full"):
        if broken == "gone":
            reader, out = os.pipe()
            os.close(reader)
        elif HAS_FULL:
            out = os.open(FULL, os.O_WRONLY)
        else:
            continue
        with serving("--env", env, stdout=out, stderr=out) as (process, port):
            os.close(out)
            await starts(process, port)
            await talks(port)

            async def counted(port: int = port) -> bool:
                return await metric(port, "log_lines_dropped_total") > 0

            await eventually(counted, "lost lines are counted")
            await ends(process)


@pytest.mark.skipif(not HAS_FULL, reason="there is no /dev/full")
async def test_a_full_disk_under_stdout_is_reported_on_stderr(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as err, full_disk() as full, serving(stdout=full, stderr=err.fileno()) as served:
        await starts(*served)
        told = re.compile(r"cannot write to stdout: its lines are dropped.*No space left on device")
        await asyncio.to_thread(until, lambda: told.search(log.read_text()) is not None, f"a warning in {log}")
        assert "cannot listen" not in log.read_text()
        await ends(served[0])


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&- >&- 2>&-"])
async def test_closed_descriptors_stop_no_client_and_get_no_socket(redirect: str) -> None:
    with serving(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, redirect=redirect) as (process, port):
        await starts(process, port)
        await talks(port)
        for fd in (1, 2):
            assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null"
        await ends(process)


def run(*arguments: str, stdout: int | None = subprocess.PIPE, stderr: int | None = subprocess.PIPE) -> int:
    command = [sys.executable, "-m", "asocial.cli", *arguments]
    environ = os.environ | {"PYTHONPATH": str(SOURCE)}
    return subprocess.run(command, stdout=stdout, stderr=stderr, env=environ, timeout=60, check=False).returncode


@pytest.mark.skipif(not HAS_FULL, reason="there is no /dev/full")
def test_the_exit_code_reports_an_error_without_stderr() -> None:
    with full_disk() as full:
        assert run("serve", "--port", "abc", stderr=full) == 2
        assert run("serve", "--host", "192.0.2.77", stderr=full) == 1


@pytest.mark.parametrize("host", ["::", "0.0.0.0", "localhost", "127.0.0.1"])
async def test_each_printed_address_answers(host: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out, serving("--host", host, stdout=out.fileno(), stderr=out.fileno()) as (process, port):
        await asyncio.to_thread(until, lambda: "Ctrl+C" in log.read_text(), f"addresses in {log}")
        addresses = re.findall(r"http://(?:\[([0-9a-f:]+)\]|([^\s:]+)):(\d+)", log.read_text())
        assert addresses
        for ipv6, name, number in addresses:
            assert int(number) == port
            with socket.create_connection((ipv6 or name, port), timeout=10):
                pass
        await ends(process)
