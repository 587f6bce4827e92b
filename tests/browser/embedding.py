"""What the tests of the embed script share: pages of another site, and people who open them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, FloatRect, Page

from tests.support.waiting import PATIENCE_S, eventually

from .conftest import Server

EXAMPLES = Path(__file__).parents[2] / "examples" / "embed"
PAGES = ["article.html", "documentation.html", "app.html", "blog.html"]
# Playwright cannot look into a closed Shadow DOM.
OPENED = """const { attachShadow } = Element.prototype
Element.prototype.attachShadow = function (options) { return attachShadow.call(this, { ...options, mode: 'open' }) }"""
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 480, "height": 760}
EXPECTED = ("favicon", "a listener of the page")
"""Parts of errors in the console that are no fault: the second one a test throws itself."""
RECORD = """() => {
  window.got = []
  for (const type of ['pointerdown', 'click', 'keydown'])
    document.addEventListener(type, ({ target }) => { got.push([type, target.localName === 'asocial-embed']) }, true)
}"""
"""From now on the page notes what it gets in `got`, and whether it came from our element."""
LINE = 30
"""The height of a line of text on the example pages, or a little more."""
SAID = '.item[data-kind="message"]'
STRICT = "default-src 'none'; style-src 'unsafe-inline'; script-src {server}; connect-src {server} {socket}"


class Site:
    """Serves examples/embed from an origin of its own, with the script of the server under test."""

    def __init__(self) -> None:
        self.port = 0
        self.server_url = ""
        self.headers: dict[str, str] = {}
        self.attributes = ""
        """Put into the script's tag."""
        self.replace: dict[str, str] = {}
        """Text of the pages, and what takes its place."""
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        self._runner = web.AppRunner(app)

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        await self._runner.cleanup()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: web.Request) -> web.Response:
        file = EXAMPLES / request.match_info["name"]
        if not file.is_file():
            return web.Response(text="<p>Other content</p>", content_type="text/html")
        text = file.read_text().replace("http://localhost:8080", self.server_url)
        text = text.replace(" async></script>", f" {self.attributes} async></script>")
        for old, new in self.replace.items():
            text = text.replace(old, new)
        kind = "text/javascript" if file.suffix == ".js" else "text/html"
        return web.Response(text=text, content_type=kind, headers=self.headers)


TARGETS = {
    "article.html": "p:nth-of-type(4)",
    "documentation.html": "main section:nth-of-type(2) > p:nth-of-type(1)",
    "app.html": "#list-next .card:nth-of-type(3)",
    "blog.html": ".wp-block-group:nth-of-type(3) p",
}


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def server(site: Site) -> AsyncIterator[Server]:
    made = Server(allowed_origins=site.origin)
    await made.start()
    site.server_url = made.url("")
    yield made
    await made.stop()


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit_site(server: Server, site: Site, browser: Browser) -> AsyncIterator[Open]:
    """`await visit_site("article.html", WIDE)` is the page of a new guest, connected. It must stay without errors."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def visit(name: str, viewport: dict[str, int] = WIDE, *, live: bool = True, **options: Any) -> Page:
        context = await browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_S * 1000)
        await context.add_init_script(OPENED)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.goto(f"{site.origin}/{name}")
        if live:
            await page.wait_for_selector("asocial-embed .root[data-live]", state="attached")
        return page

    yield visit
    for context in contexts:
        await context.close()
    unexpected = [each for each in complaints if not any(part in each for part in EXPECTED)]
    assert not unexpected, unexpected


async def talk_at(page: Page, x: float, y: float, text: str) -> None:
    await page.locator("asocial-embed .talk").click()
    await page.mouse.click(x, y)
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def stands_at(page: Page, target: str, said: str = f"asocial-embed {SAID}") -> None:
    """The message is at the paragraph, at most one line off, and inside the window."""

    async def is_there() -> bool:
        there, message = await box_of(page, target), await box_of(page, said)
        middle = message["y"] + message["height"] / 2
        return there["y"] - LINE <= middle <= there["y"] + there["height"] + LINE

    # The script looks ten times a second where the content is.
    await eventually(is_there, f"the message stands at {target}")
    message = await box_of(page, said)
    assert message["x"] >= 0
    assert message["x"] + message["width"] <= (page.viewport_size or WIDE)["width"]


async def box_of(page: Page, selector: str) -> FloatRect:
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return box


TRACED = ["devtools.timeline"]


def forced_layouts(trace: bytes, kind: str) -> int:
    """How often the page was laid out, or its style computed, while listeners of `kind` ran: a script forced it."""
    events = json.loads(trace)["traceEvents"]
    spans = [
        (event["pid"], event["tid"], event["ts"], event["ts"] + event["dur"])
        for event in events
        if event["name"] == "EventDispatch" and event.get("args", {}).get("data", {}).get("type") == kind
    ]
    assert spans, f"no {kind} event"
    laid_out = [event for event in events if event["name"] in ("Layout", "UpdateLayoutTree") and event["ph"] == "X"]
    return sum(
        any((event["pid"], event["tid"]) == (pid, tid) and start <= event["ts"] < end for pid, tid, start, end in spans)
        for event in laid_out
    )
