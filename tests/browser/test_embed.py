"""The embed script over pages of another site: the pages of examples/embed, and two people whose pages differ in width."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.waiting import PATIENCE_S, eventually

from .conftest import Server

EXAMPLES = Path(__file__).parents[2] / "examples" / "embed"
PAGES = ["article.html", "documentation.html", "app.html", "blog.html"]
# Playwright cannot look into a closed Shadow DOM.
OPENED = """const { attachShadow } = Element.prototype
Element.prototype.attachShadow = function (options) { return attachShadow.call(this, { ...options, mode: 'open' }) }"""
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 480, "height": 760}
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
        kind = "text/javascript" if file.suffix == ".js" else "text/html"
        return web.Response(text=text, content_type=kind, headers=self.headers)


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
    assert not [each for each in complaints if "favicon" not in each]


async def talk_at(page: Page, x: float, y: float, text: str) -> None:
    await page.locator("asocial-embed .talk").click()
    await page.mouse.click(x, y)
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def box_of(page: Page, selector: str) -> dict[str, float]:
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return dict(box)


TARGETS = {
    "article.html": "p:nth-of-type(4)",
    "documentation.html": "main section:nth-of-type(2) > p:nth-of-type(1)",
    "app.html": "#list-next .card:nth-of-type(3)",
    "blog.html": ".wp-block-group:nth-of-type(3) p",
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("ann_has", "bob_has"), [(WIDE, NARROW), (NARROW, WIDE)], ids=["wide", "narrow"])
async def test_words_stand_at_the_same_paragraph_whatever_the_width(
    visit_site: Open, name: str, ann_has: dict[str, int], bob_has: dict[str, int]
) -> None:
    ann, bob = await visit_site(name, ann_has), await visit_site(name, bob_has)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    target = TARGETS[name]
    for page in (ann, bob):
        await page.locator(target).scroll_into_view_if_needed()
    paragraph = await box_of(ann, target)
    await talk_at(ann, paragraph["x"] + paragraph["width"] / 2, paragraph["y"] + paragraph["height"] / 2, "right here")
    message = bob.locator(f"asocial-embed {SAID}")
    await expect(message).to_contain_text("right here")
    for page in (ann, bob):
        await expect(page.locator(f"asocial-embed {SAID}")).to_be_visible()
        there, said = await box_of(page, target), await box_of(page, f"asocial-embed {SAID}")
        line = 30
        assert there["y"] - line <= said["y"] + said["height"] / 2 <= there["y"] + there["height"] + line
        assert 0 <= said["x"]
        assert said["x"] + said["width"] <= (page.viewport_size or WIDE)["width"]
