"""Every file in examples/ runs as it is, against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import api_keys
from tests.support.client import Client
from tests.support.server import Join, Server, StartServer
from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@contextlib.asynccontextmanager
async def running(*command: str, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    process = await asyncio.create_subprocess_exec(
        *command,
        env=inherited | {"PYTHONPATH": str(ROOT / "packages/python/src")} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def test_the_list_in_the_readme_is_complete() -> None:
    listed = set(re.findall(r"^\| \[(\S+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".sh")}


async def test_echo_bot_repeats_and_has_ten_lines(server: Server, join: Join) -> None:
    code = [line for line in (EXAMPLES / "echo_bot.py").read_text().splitlines() if line]
    assert len(code) <= 10
    ada: Client = await join(server, "garden")
    async with running(sys.executable, str(EXAMPLES / "echo_bot.py"), "garden", ASOCIAL_URL=server.origin):
        assert (await ada.receive("user_joined"))["name"] == "Echo"
        await ada.chat("hello", at=(5, 5))
        answer = await ada.receive("chat")
        assert (answer["payload"], answer["position"]) == ("hello", {"x": 5, "y": 33})


@pytest.mark.parametrize(
    ("written", "answer"),
    [("!roll", r"Ada rolled [1-6]"), ("!roll 2d6", r"Ada rolled [1-6] \+ [1-6] = \d+"), ("!roll 1", r"a die has .*")],
)
async def test_dice_bot_rolls_and_greets(server: Server, join: Join, written: str, answer: str) -> None:
    ada: Client = await join(server, "garden", name="Ada")
    async with running(sys.executable, str(EXAMPLES / "dice_bot.py"), "garden", ASOCIAL_URL=server.origin):
        await ada.receive("user_joined")
        await ada.chat("this is no roll")
        await ada.chat(written)
        assert re.fullmatch(answer, (await ada.receive("chat"))["payload"])
        await join(server, "garden", name="Bob")
        assert (await ada.receive("chat"))["payload"] == "Hello Bob, write !roll"


class _Weather(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        degrees = 20.6 if "latitude=52.5" in self.path else -3.0
        self.wfile.write(json.dumps({"current": {"temperature_2m": degrees}}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def weather_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Weather) as fake:
        thread = threading.Thread(target=fake.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{fake.server_port}/forecast"
        fake.shutdown()
        thread.join()


async def test_weather_board_shows_each_city_at_its_place(server: Server, join: Join, weather_url: str) -> None:
    ada: Client = await join(server, "weather")
    command = (sys.executable, str(EXAMPLES / "weather_board.py"))
    async with running(*command, ASOCIAL_URL=server.origin, WEATHER_URL=weather_url):
        shown = {chat["payload"]: chat["position"] for chat in [await ada.receive("chat") for _ in range(5)]}
    assert shown.keys() == {"Lisbon -3 °C", "Berlin 21 °C", "Nairobi -3 °C", "Tokyo -3 °C", "Lima -3 °C"}
    assert shown["Lisbon -3 °C"]["x"] < shown["Berlin 21 °C"]["x"] < shown["Tokyo -3 °C"]["x"]
    assert shown["Berlin 21 °C"]["y"] < shown["Nairobi -3 °C"]["y"]


async def test_load_test_counts_what_arrives(server: Server) -> None:
    arguments = ("--people", "4", "--seconds", "1", "--rate", "5", "--url", server.origin)
    async with running(sys.executable, str(EXAMPLES / "load_test.py"), *arguments) as process:
        code, output, errors = await ended(process)
    assert (code, errors) == (0, "")
    found = re.search(r"4 people sent (\d+) messages; (\d+) of (\d+) copies arrived", output)
    assert found is not None, output
    sent, arrived, expected = map(int, found.groups())
    assert arrived == expected == sent * 3
    assert "delay: median" in output


async def test_ci_notifier_posts_with_a_key(start_server: StartServer, join: Join) -> None:
    key, text = api_keys.create("ci", "write", ["build-*"])
    server = await start_server(api_keys=key.entry)
    ada: Client = await join(server, "build-7")
    command = (str(EXAMPLES / "ci_notifier.sh"), "build-7", 'tests "all" passed \\o/')
    async with running(*command, ASOCIAL_URL=server.origin, ASOCIAL_KEY=text) as process:
        code, _, errors = await ended(process)
    assert (code, errors) == (0, "")
    posted = await ada.receive("chat")
    assert (posted["name"], posted["payload"], posted["bot"]) == ("ci", 'tests "all" passed \\o/', True)
    async with running(*command, ASOCIAL_URL=server.origin, ASOCIAL_KEY="wrong") as process:
        code, output, _ = await ended(process)
    assert code == 22
    assert "token_invalid" in output
