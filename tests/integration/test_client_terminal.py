"""`asocial join`: the canvas in a terminal, driven by Textual's pilot and in a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asocial_client import connect
from asocial_client.terminal.app import CanvasApp
from asocial_client.terminal.grid import CELL_WIDTH
from textual.events import Paste
from textual.pilot import Pilot

from tests.support.client import Client
from tests.support.server import Join, Server, StartServer
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    """Messages live long enough for a busy machine to show them."""
    return await start_server(message_ttl_seconds=300)


@pytest.fixture
async def ada(server: Server, join: Join) -> Client:
    return await join(server, "garden", name="Ada", color="plum")


@contextlib.asynccontextmanager
async def terminal(
    server: Server, size: tuple[int, int] = (80, 24), at: tuple[float, float] = (0, 0)
) -> AsyncIterator[tuple[CanvasApp, Pilot[None]]]:
    async with connect(server.origin, "garden", name="Bob", color="teal") as channel:
        app = CanvasApp(channel, at)
        async with app.run_test(size=size) as pilot:
            yield app, pilot


def shown(app: CanvasApp) -> str:
    """The text of the canvas, a line for each row."""
    return "\n".join(app.plane.render_line(row).text for row in range(app.plane.size.height))


def top(app: CanvasApp) -> str:
    return str(app.query_one("#top").render())


async def until_shown(app: CanvasApp, text: str) -> None:
    await eventually(lambda: text in shown(app), f"{text!r} is shown")


async def test_messages_drafts_and_cursors_of_others_are_at_their_points(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, _):
        await ada.chat("hello", at=(100, 48))
        await ada.typing("I am writ", message_id="draft-1", at=(-300, 0))
        await ada.cursor((-100, -96))
        await until_shown(app, "Ada: hello")
        await until_shown(app, "Ada: I am writ▏")
        await until_shown(app, "↖Ada")
        lines, view = shown(app).split("\n"), app.plane.view
        column, row = view.cell(100, 48)
        assert lines[row][column:].startswith("Ada: hello")
        column, row = view.cell(-100, -96)
        assert lines[row][column] == "↖"
        assert "2 here: Ada, Bob (you)" in top(app)


async def test_w12_a_message_fades_and_is_gone(start_server: StartServer, join: Join) -> None:
    server = await start_server()
    ada = await join(server, "garden", name="Ada")
    async with terminal(server) as (app, _):
        await ada.chat("soon gone")
        await until_shown(app, "soon gone")
        styles: set[str] = set()

        def note() -> bool:
            strips = (app.plane.render_line(row) for row in range(app.plane.size.height))
            found = [str(segment.style) for strip in strips for segment in strip if "soon gone" in segment.text]
            styles.update(found)
            return not found

        await eventually(note, "it is gone")
        assert len(styles) > 1, "it fades"


async def test_typing_is_seen_as_it_grows_and_enter_sends_it(server: Server, ada: Client) -> None:
    async with terminal(server, at=(40, 24)) as (app, pilot):
        await pilot.press(*"hi you", "backspace")
        drafts = [await ada.receive("typing")]
        while drafts[-1]["payload"] != "hi yo":
            drafts.append(await ada.receive("typing"))
        assert drafts[-1]["position"] == {"x": 40, "y": 24}
        await pilot.press("enter")
        posted = await ada.receive("chat")
        assert (posted["name"], posted["payload"]) == ("Bob", "hi yo")
        assert posted["message_id"] == drafts[0]["message_id"]
        await until_shown(app, "Bob: hi yo")


async def test_where_one_talks_stays_in_sight(server: Server, ada: Client) -> None:
    async with terminal(server, size=(40, 8)) as (app, pilot):
        for number in range(8):
            await pilot.press(*f"line{number}", "enter")
            assert (await ada.receive("chat"))["payload"] == f"line{number}"
        await pilot.press(*"here")
        assert "here▏" in shown(app)


async def test_escape_abandons_a_draft(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        await pilot.press(*"no")
        await eventually_typing(ada, "no")
        assert "no▏" in shown(app)
        await pilot.press("escape")
        await eventually_typing(ada, "")
        assert "no" not in shown(app)
        await pilot.press("enter", *"yes", "enter")
        assert (await ada.receive("chat"))["payload"] == "yes"


async def eventually_typing(client: Client, text: str) -> None:
    while (await client.receive("typing"))["payload"] != text:
        pass


async def test_arrows_pan_home_returns_and_end_finds_the_nearest(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        await ada.cursor((5000, 0))
        await until_shown(app, "1 ▶")
        await pilot.press("right", "down")
        assert (app.plane.view.x, app.plane.view.y) == (40, 48)
        while (await ada.receive("cursors"))["cursors"][0][1:] != [40, 48]:
            pass
        await pilot.press("end")
        assert (app.plane.view.x, app.plane.view.y) == (5000, 0)
        await until_shown(app, "↖Ada")
        await pilot.press("home")
        assert (app.plane.view.x, app.plane.view.y) == (0, 0)
        await pilot.press("shift+left")
        assert app.plane.view.x == -400
        assert "-400,0" in top(app)


async def test_a_click_is_where_one_talks(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        await pilot.click(app.plane, offset=(10, 5))
        await pilot.press("x", "enter")
        at = (await ada.receive("chat"))["position"]
        assert app.plane.view.cell(at["x"], at["y"]) == (10, 5)


async def test_messages_do_not_cover_each_other_and_none_moves_when_another_ends(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, _):
        for text in ("first", "second"):
            await ada.chat(text)
            await until_shown(app, text)
        lines = shown(app).split("\n")
        [row] = [number for number, line in enumerate(lines) if "second" in line]
        assert "first" in lines[row - 1]
        [first] = [
            key for key, message in app.channel._session.mirror.canvas.messages.items() if message.text == "first"
        ]
        app.channel._session.mirror.canvas._expire(first)
        await eventually(lambda: "first" not in shown(app), "the first one is gone")
        assert "second" in shown(app).split("\n")[row]


@pytest.mark.parametrize("size", [(80, 24), (20, 6), (3, 3), (250, 60)])
async def test_it_fits_and_follows_the_size_of_the_terminal(server: Server, ada: Client, size: tuple[int, int]) -> None:
    async with terminal(server) as (app, pilot):
        await ada.chat("hello, a longer message that has to be wrapped somewhere 日本語")
        await until_shown(app, "hello")
        await pilot.resize_terminal(*size)
        await eventually(lambda: app.plane.size.width == size[0], "the canvas has the new width")
        for row in range(app.plane.size.height):
            assert app.plane.render_line(row).cell_length == size[0]


async def test_w32_followers_see_the_new_size_of_the_terminal(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        following = asyncio.create_task(follow_on(ada, app.channel.user_id))
        await ada.receive("view", where=lambda frame: frame["width"] == 80 * CELL_WIDTH)
        following.cancel()
        await pilot.resize_terminal(100, 30)
        await ada.receive("view", where=lambda frame: frame["width"] == 100 * CELL_WIDTH)


async def follow_on(follower: Client, user_id: str) -> None:
    """Say so again and again, as clients do (W32): what is followed may have nothing to show yet."""
    while True:
        await follower.follow(user_id)
        await asyncio.sleep(1)


async def test_what_the_server_refuses_is_shown_and_the_draft_stays(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        app.on_paste(Paste("e" + "\u0301" * 9))
        await pilot.press("enter")
        await eventually(lambda: "not sent" in str(app.query_one("#bottom").render()), "the reason is shown")
        assert app.plane.own.text
        # That a draft was refused as well does not replace it.
        await app.channel.draft((0, 0)).type("e" + "\u0301" * 9)
        await app.channel.say("later", at=(0, 0))
        await eventually(lambda: app.channel.messages, "what came after it is here")
        assert "not sent" in str(app.query_one("#bottom").render())
        await pilot.press("escape")
        assert not app.plane.own.text


async def test_while_the_server_is_away_that_is_shown_also_after_a_key(server: Server, ada: Client) -> None:
    async with terminal(server) as (app, pilot):
        bottom = app.query_one("#bottom")
        await server.app.drain()
        await eventually(lambda: "disconnected" in str(bottom.render()), "it is shown")
        await pilot.press("h", "escape")
        assert "disconnected" in str(bottom.render())


async def test_a_channel_that_closes_for_good_ends_the_application(server: Server, ada: Client) -> None:
    claimed = await server.post("/api/channels/garden", {"Authorization": f"Bearer {ada.sync['token']}"})
    assert claimed.status == 200
    async with terminal(server) as (app, _):
        await ada.moderate("remove", user_id=app.channel.user_id)
        await eventually(lambda: app.ended_by is not None, "the application ends")
        assert "4512" in str(app.ended_by)


class Pty:
    """`asocial join` in a pseudo-terminal of 80x24."""

    def __init__(self, *arguments: str, **environ: str) -> None:
        self.output = b""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            path = os.pathsep.join((str(SOURCE), str(ROOT / "packages/python/src")))
            # The workers of pytest set COLUMNS, which overrides the size of the terminal.
            inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            variables = inherited | {"PYTHONPATH": path, "TERM": "xterm-256color"} | environ
            os.execve(sys.executable, [sys.executable, "-m", "asocial.cli", "join", *arguments], variables)
        self.resize(80, 24)
        os.set_blocking(self._terminal, False)
        asyncio.get_running_loop().add_reader(self._terminal, self._read)

    def _read(self) -> None:
        try:
            self.output += os.read(self._terminal, 65536)
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._terminal)

    @property
    def text(self) -> str:
        """What was printed, without escape sequences."""
        return re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|[\]P].*?(\x07|\x1b\\)|.)", "", self.output.decode(errors="replace"))

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def shows(self, text: str) -> None:
        try:
            await eventually(lambda: text in self.text, f"the terminal shows {text!r}")
        except AssertionError as error:
            error.add_note(f"it printed: {self.text[-5000:]}")
            raise

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            _, status = await asyncio.to_thread(os.waitpid, self._pid, 0)
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._terminal)
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)


@pytest.fixture
async def in_pty(server: Server) -> AsyncIterator[Pty]:
    started = Pty("garden", "--name", "Bob", "--url", server.origin)
    yield started
    started.close()


async def test_two_people_talk_one_of_them_in_a_real_terminal(server: Server, ada: Client, in_pty: Pty) -> None:
    await in_pty.shows("2 here: Ada, Bob (you)")
    await ada.chat("hello Bob")
    await in_pty.shows("hello Bob")
    in_pty.type("hello Ada\r")
    assert (await ada.receive("chat"))["payload"] == "hello Ada"
    in_pty.type("\x1b[C")
    while (await ada.receive("cursors"))["cursors"][0][1] != 40:
        pass
    in_pty.resize(100, 30)
    await ada.chat("wide", at=(430, 0))  # beyond the edge of 80 columns
    await in_pty.shows("wide")
    in_pty.type("\x11")
    assert await in_pty.ended() == 0
    assert await ada.receive("user_left")
    assert b"\x1b[?1049l" in in_pty.output, "the terminal is as it was before"


async def test_no_color_means_no_colors(server: Server, ada: Client) -> None:
    started = Pty("garden", "--url", server.origin, NO_COLOR="1")
    try:
        await started.shows("2 here")
        await ada.chat("plain")
        await started.shows("plain")
        colors = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", started.output)
        assert all(red == green == blue for red, green, blue in colors)
        started.type("\x11")
        assert await started.ended() == 0
    finally:
        started.close()
