"""A real server and a real Chromium. Each page of `visit` has a browser context of its own: another guest.

Chromium is Debian's (`make system` installs it) or the one ASOCIAL_TEST_CHROMIUM names; where there is none the tests
fail and say so, because a page nobody opened is not tested.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Page, async_playwright, expect

from asocial.adapters.http.page import PAGE_DIR
from asocial.app import build, new_runtime
from asocial.config import load
from asocial.lifecycle import Asocial
from asocial.service.clock import Clock
from scripts.system import CHROMIUM, explain
from tests.support.client import Client
from tests.support.lifted_limits import LIFTED
from tests.support.ports import can_listen, reserve_port
from tests.support.waiting import PATIENCE_S

from .pages import Pages, UsedPage

# Without the first two of the last flag Chromium starts a process for its address bar beside each page, which costs as
# much as the page; without the third one, a process for a page that may come next. A process that only draws, without a
# GPU, costs 8 % of the processor time.
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--in-process-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
]  # fmt: skip
expect.set_options(timeout=PATIENCE_S * 1000)
SECRET = "a secret that survives the restarts of a test"
LIFE_S = 120.0
"""The life of messages, where a test does not set another one: longer than `PATIENCE_S`, so that no page misses one,
and shorter than the five minutes of the history. `Server.pass_time` ends it without a wait."""


class Server:
    """The server under test, which can be stopped and started again on the same port. Its clocks can be moved on."""

    def __init__(self, page_dir: Path = PAGE_DIR, **flags: Any) -> None:
        self.page_dir = page_dir
        self._flags = {
            "host": "127.0.0.1",
            "port": reserve_port(self),
            "secret": SECRET,
            **LIFTED,
            "reconnect_spread_seconds": 0,
            "message_ttl_seconds": LIFE_S,
            "message_ttl_max_seconds": LIFE_S,
            "presence_ttl_seconds": 86_400,
            **flags,
        }
        self._passed_ns = 0
        self.app: Asocial | None = None

    async def start(self) -> None:
        runtime = new_runtime()
        clock = Clock(
            runtime.counters,
            wall_ns=lambda: time.time_ns() + self._passed_ns,
            monotonic_ns=lambda: time.monotonic_ns() + self._passed_ns,
        )
        runtime = runtime._replace(clock=clock)
        self.app = build(load(self._flags, {}), runtime=runtime, page_dir=self.page_dir)
        await self.app.start()

    async def stop(self) -> None:
        if self.app is not None:
            await self.app.drain()
            self.app = None

    async def restart(self, **flags: Any) -> None:
        """Another process takes over the port, with other settings or another page."""
        await self.stop()
        self.page_dir = flags.pop("page_dir", self.page_dir)
        self._flags |= flags
        await self.start()

    def now_ms(self) -> float:
        """The server's time, ms since the Unix epoch."""
        return (time.time_ns() + self._passed_ns) / 1e6

    async def pass_time(self, seconds: float, *pages: Page) -> None:
        """As if so much time had passed on the server: its clocks move on, its timers do not.

        Each of `pages` asks the server for the time at once, as it does when the network seems to go
        (net/connection.ts). The answer ends the lives of messages that are over by now.
        """
        self._passed_ns += round(seconds * 1e9)
        for page in pages:
            await page.evaluate("() => dispatchEvent(new Event('offline'))")

    async def end_messages(self, *pages: Page) -> None:
        """End the lives of all messages now. Return once none of `pages` shows one.

        As with `pass_time`, clients of `join` lose their connection: they did not answer in that time.
        """
        await self.pass_time(LIFE_S, *pages)
        for page in pages:
            await expect(page.get_by_test_id("message")).to_have_count(0)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._flags['port']}{path}"


def chromium() -> str:
    return CHROMIUM.find() or pytest.fail(explain([CHROMIUM], "test"))


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test module's server differs in; overridden there."""
    return {}


class Ports:
    """For the servers of a worker's tests, which have one origin as far as that is possible: see pages.py."""

    def __init__(self) -> None:
        self._port = reserve_port(self)

    def choose(self) -> int:
        """The same port as before, unless a server listens there."""
        if not can_listen(self._port):
            self._port = reserve_port(self)
        return self._port


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports()


@pytest_asyncio.fixture(loop_scope="session")
async def server(settings: dict[str, Any], ports: Ports) -> AsyncIterator[Server]:
    assert (PAGE_DIR / "index.html").is_file(), "the page is not built: run `make page`"
    made = Server(**{"port": ports.choose(), **settings})
    await made.start()
    yield made
    await made.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for the folder, so that one Chromium serves all of it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield made
        await made.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages(browser: Browser) -> Pages:
    return Pages(browser)


async def described(page: Page) -> str:
    """What a page shows at the end of a test that failed: where nobody can look, this is all there is."""
    try:
        async with asyncio.timeout(10):
            focused = await page.evaluate("() => document.activeElement?.outerHTML.slice(0, 200)")
            shown = await page.locator("body").aria_snapshot()
    except (Error, TimeoutError) as error:
        return f"{page.url}: {error}"
    return f"{page.url}, {page.viewport_size}, focus on {focused}\n{shown}"


Visit = Callable[..., Awaitable[Page]]
Join = Callable[..., Awaitable[Client]]


@pytest_asyncio.fixture(loop_scope="session")
async def join(server: Server) -> AsyncIterator[Join]:
    """`await join("garden")` is a client without a page."""
    clients: list[Client] = []

    async def join(channel: str = "garden", **options: Any) -> Client:
        clients.append(await Client.connect(server.url("").replace("http", "ws", 1), channel=channel, **options))
        return clients[-1]

    yield join
    for client in clients:
        await client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(server: Server, pages: Pages, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """`await visit("/c/garden", **context options)` is the page of a new guest, connected to its channel.

    With `clock` its time can be stopped (`stop_clock`). `script` runs before the page's own code, at each load. Where
    either is given, the browser opens a new page; else one that an earlier test left may serve (pages.py).
    When the test ends, every page must have been quiet: no error in the console, no request to another host.
    """
    complaints: list[str] = []
    taken: list[UsedPage] = []

    async def visit(
        path: str = "/c/garden",
        *,
        live: bool = True,
        clock: bool = False,
        script: str = "",
        **options: Any,
    ) -> Page:
        used = await pages.take(server.url(""), options, new=clock or bool(script))
        used.complain = complaints.append
        taken.append(used)
        page = used.page
        if script:
            await page.context.add_init_script(script)
        if clock:
            # Before the page is loaded: in one that runs, the time is 1970 for a moment, and a pong may come just then.
            used.spoil()
            await page.context.clock.install()
        await page.goto(server.url(path))
        if live:
            await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
        return page

    failed_before = request.session.testsfailed
    yield visit
    for used in taken:
        if request.session.testsfailed > failed_before:
            print(await described(used.page))
            used.spoil()  # a key may be down
        await pages.give_back(used)
    # A server that a test stopped (it answers 503 while it drains), a network that it took away, a channel that a
    # guest may not enter.
    expected = (
        "ERR_CONNECTION_REFUSED",
        "ERR_INTERNET_DISCONNECTED",
        "WebSocket connection to",
        "status of 403",
        "status of 503",
        # Chromium's own line about a service worker whose script a server that stops no longer sends. The page has
        # handled the failure (net/offline.ts).
        "error occurred when fetching the script",
    )
    assert [complaint for complaint in complaints if not any(part in complaint for part in expected)] == []
