"""`asocial say` and `asocial watch` as a shell runs them: output, exit codes, pipes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.server import Join, Server
from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]


async def start(*arguments: str, **environ: str) -> asyncio.subprocess.Process:
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "packages/python/src")))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "asocial.cli",
        *arguments,
        env=os.environ | {"PYTHONPATH": path} | environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process, given: bytes = b"") -> tuple[int | None, str, str]:
    """The exit code, what it printed, and what it complained about."""
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await process.communicate(given)
    return process.returncode, output.decode(), errors.decode()


@pytest.fixture
async def ada(server: Server, join: Join) -> Client:
    return await join(server, "garden", name="Ada")


async def test_say_posts_where_it_is_told_and_is_quiet(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "it is done", "--at", "10,-20", "--name", "CI", "--url", server.origin)
    assert await ended(process) == (0, "", "")
    said = await ada.receive("chat")
    assert (said["name"], said["payload"], said["position"]) == ("CI", "it is done", {"x": 10, "y": -20})


async def test_say_posts_each_line_of_its_input_below_the_one_before(server: Server, ada: Client) -> None:
    process = await start("say", "garden", "-", ASOCIAL_URL=server.origin)
    assert (await ended(process, b"one\n\ntwo\n"))[0] == 0
    one, two = await ada.receive("chat"), await ada.receive("chat")
    assert (one["payload"], two["payload"]) == ("one", "two")
    assert one["position"]["y"] < two["position"]["y"]
    assert one["user_id"] == two["user_id"]


async def test_watch_prints_what_people_read(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--url", server.origin)
    await ada.receive("user_joined")
    await ada.chat("hello\nthere")
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(3)]
    assert lines[0] == "connected to garden; 2 people\n"
    assert lines[1].endswith(" Ada: hello\n")
    assert lines[2].strip() == "there"
    assert "\x1b" not in "".join(lines), "no colours outside a terminal"
    process.terminate()
    await ended(process)


async def test_watch_prints_one_json_object_for_each_event(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--json", "--url", server.origin)
    await ada.receive("user_joined")
    await ada.cursor((1, 2))
    await ada.chat("hello")
    assert process.stdout is not None
    events: list[dict[str, object]] = []
    while {event["event"] for event in events} < {"Connected", "Message", "Cursor"}:
        events.append(json.loads(await process.stdout.readline()))
    assert events[0] == {"event": "Connected"}
    assert {"event": "Cursor", "user_id": ada.user_id, "x": 1.0, "y": 2.0} in events
    assert "hello" in [event.get("text") for event in events]
    process.terminate()
    await ended(process)


async def test_watch_ends_quietly_when_nobody_reads_its_output(server: Server, ada: Client) -> None:
    process = await start("watch", "garden", "--json", "--url", server.origin)
    await ada.receive("user_joined")
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to close a pipe's end
    await ada.chat("hello")
    assert process.stderr is not None
    assert await process.stderr.read() == b""
    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("say", "a b", "x"), 2, "not the name of a channel"),
        (("say", "garden", "x", "--at", "here"), 2, "must be two numbers"),
        (("say", "garden", "x", "--url", "http://127.0.0.1:9"), 1, "cannot reach http://127.0.0.1:9"),
        (("say", "garden", ""), 1, "payload_empty"),
    ],
)
async def test_an_error_is_one_line_and_an_exit_code(
    server: Server, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    exit_code, output, errors = await ended(await start(*arguments, ASOCIAL_URL=server.origin))
    assert (exit_code, output) == (code, "")
    assert complaint in errors
    assert "Traceback" not in errors


async def test_without_the_client_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "asocial_client.py").write_text("raise ModuleNotFoundError('asocial_client')")
    process = await start("say", "garden", "x", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT / "src"))))
    exit_code, _, errors = await ended(process)
    assert exit_code == 2
    assert "pip install 'asocial[cli]'" in errors
