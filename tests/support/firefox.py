"""A real Firefox, driven over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), of which this speaks a little.

Playwright drives only a Firefox of its own build. Each page that `Firefox.open` returns is in a window and a storage
of its own: another guest. A second tab of one window would be hidden, and a hidden page draws nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from scripts.system import FIREFOX, explain
from tests.support.waiting import PATIENCE_S, eventually

_LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
_QUIET = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.enabled": False,
    "services.settings.server": "data:,",
    "dom.disable_open_during_load": False,
}
ATTEMPTS, ANSWERS_WITHIN_S = 3, 20.0
"""Now and then a Firefox that has just started never answers."""
ENTER, ESCAPE, ALT, SHIFT, CONTROL = "\ue007", "\ue00c", "\ue00a", "\ue008", "\ue009"


class BidiError(Exception):
    """Firefox answered a command with an error."""


class Page:
    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def goto(self, url: str) -> None:
        await self._firefox.send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression, or of the promise that it is, as JSON carries it."""
        result = await self._firefox.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if result["type"] == "exception":
            raise BidiError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def until(self, expression: str) -> None:
        """Wait until the expression is true."""

        async def holds() -> bool:
            return bool(await self.evaluate(expression))

        await eventually(holds, expression)

    async def click(self, x: float, y: float) -> None:
        await self._perform(
            {
                "type": "pointer",
                "id": "mouse",
                "actions": [
                    {"type": "pointerMove", "x": round(x), "y": round(y)},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pointerUp", "button": 0},
                ],
            }
        )

    async def move(self, x: float, y: float) -> None:
        await self._perform(
            {"type": "pointer", "id": "mouse", "actions": [{"type": "pointerMove", "x": round(x), "y": round(y)}]}
        )

    async def press(self, *keys: str) -> None:
        """One key, or several that are held together."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        await self._perform({"type": "key", "id": "keys", "actions": [*down, *up]})

    async def type(self, text: str) -> None:
        for character in text:
            await self.press(character)

    async def _perform(self, source: dict[str, Any]) -> None:
        await self._firefox.send("input.performActions", context=self._context, actions=[source])


class Firefox:
    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self._users: list[str] = []
        self.errors: list[str] = []
        """What pages wrote to the console as errors, uncaught exceptions included."""

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def open(self, url: str, viewport: dict[str, int]) -> Page:
        user = (await self.send("browser.createUserContext"))["userContext"]
        self._users.append(user)
        context = (await self.send("browsingContext.create", type="window", userContext=user))["context"]
        await self.send("browsingContext.setViewport", context=context, viewport=viewport)
        page = Page(self, context)
        await page.goto(url)
        return page

    async def close_pages(self) -> None:
        while self._users:
            await self.send("browser.removeUserContext", userContext=self._users.pop())

    async def close(self) -> None:
        self._reading.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for data in self._socket:
            frame = json.loads(data)
            if frame["type"] == "event":
                if frame["params"].get("level") == "error":
                    self.errors.append(frame["params"].get("text") or "")
                continue
            answer = self._answers.pop(frame.get("id") or 0, None)
            if answer is None or answer.done():
                continue
            if frame["type"] == "success":
                answer.set_result(frame["result"])
            else:
                answer.set_exception(BidiError(f"{frame['error']}: {frame['message']}"))


def _make_profile(profile: Path) -> None:
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _QUIET.items()]
    (profile / "user.js").write_text("\n".join(lines))


async def _start(profile: Path) -> tuple[asyncio.subprocess.Process, str]:
    """A Firefox and the address of its BiDi socket."""
    command = FIREFOX.find()
    assert command, explain([FIREFOX], "test-full")
    _make_profile(profile)
    arguments = ("--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0", "about:blank")
    process = await asyncio.create_subprocess_exec(
        command, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while not (found := _LISTENING.search(line := await process.stderr.readline())):
        assert line, "Firefox ended"
    return process, f"{found[1].decode()}/session"


async def _connect(url: str) -> Firefox:
    firefox = Firefox(await websockets.connect(url, max_size=None, ping_interval=None))
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await firefox.send("session.new", capabilities={})
    except TimeoutError:
        await firefox.close()
        raise
    return firefox


@asynccontextmanager
async def running(folder: Path, preload: str) -> AsyncIterator[Firefox]:
    """`preload`: the text of a function that runs in each page before its scripts."""
    for attempt in range(ATTEMPTS):
        process, url = await _start(folder / f"profile-{attempt}")
        assert process.stderr is not None
        rest = asyncio.create_task(process.stderr.read())
        try:
            try:
                firefox = await _connect(url)
            except TimeoutError:
                continue
            await firefox.send("session.subscribe", events=["log.entryAdded"])
            await firefox.send("script.addPreloadScript", functionDeclaration=preload)
            yield firefox
            await firefox.close()
            return
        finally:
            process.kill()
            await process.wait()
            await rest
    raise BidiError(f"Firefox was started {ATTEMPTS} times, and never answered")
