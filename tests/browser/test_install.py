"""Installing Asocial, and being offline: the manifest, the service worker, the offline page, and a new version."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from asocial.adapters.http.page import PAGE_DIR
from tests.support.waiting import PATIENCE_S

from .conftest import CHROMIUM_FLAGS, Server, Visit, chromium

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_CACHED = """async () => {
  const kept = {}
  for (const name of await caches.keys()) {
    kept[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname).sort()
  }
  return kept
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A guest whose pages may lose their server: unlike `visit`, it allows failed requests; it does not allow a
    violation of the page's policy."""
    context = await browser.new_context(viewport={"width": 1000, "height": 700})
    broken: list[str] = []
    context.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
    context.on("weberror", lambda error: broken.append(str(error.error)))
    yield context
    await context.close()
    assert broken == []


async def until(page: Page, promised: str, timeout_s: float = PATIENCE_S) -> None:
    """Return once the promise that the expression makes holds true: `wait_for_function` awaits none."""
    async with asyncio.timeout(timeout_s):
        await page.evaluate(
            f"async () => {{ while (!(await {promised})) await new Promise((again) => setTimeout(again, 50)) }}"
        )


async def taught(context: BrowserContext, server: Server, path: str = "/c/garden") -> Page:
    """A page whose browser knows what to do offline."""
    page = await context.new_page()
    await page.goto(server.url(path))
    await until(page, "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')")
    return page


async def taken_over(context: BrowserContext, server: Server) -> Page:
    """A page whose worker is the newest one.

    The browser may still count pages that were closed just now. Then a page that is opened keeps the old worker, too.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            page = await context.new_page()
            await page.goto(server.url("/c/garden"))
            await page.wait_for_selector("[data-state=live]")
            with contextlib.suppress(TimeoutError):
                await until(page, "navigator.serviceWorker.getRegistration().then((r) => r.waiting === null)", 2)
                return page
            await page.close()


async def cached(page: Page) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = await page.evaluate(_CACHED)
    return kept


# --- installable ---


async def test_chromium_finds_nothing_that_keeps_it_from_being_installed(
    server: Server, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    async with async_playwright() as playwright:
        # Not a private window: there nothing can be installed.
        context = await playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=chromium(), args=CHROMIUM_FLAGS
        )
        for path in ("/", "/c/garden"):
            with subtests.test(path):
                page = await taught(context, server, path)
                devtools = await context.new_cdp_session(page)
                manifest = await devtools.send("Page.getAppManifest")
                assert manifest["errors"] == []
                assert manifest["url"] == server.url("/manifest.webmanifest")
                assert (await devtools.send("Page.getInstallabilityErrors"))["installabilityErrors"] == []
        await context.close()


async def test_the_manifest_names_what_is_there(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit("/c/garden")
    manifest: dict[str, Any] = await ann.evaluate(
        "() => fetch(document.querySelector('link[rel=manifest]').href).then((response) => response.json())"
    )
    assert (manifest["id"], manifest["start_url"], manifest["display"]) == ("/", "/", "standalone")
    assert manifest["shortcuts"][0]["url"] == "/#new"
    icons = [*manifest["icons"], {"src": "/apple-touch-icon.png", "sizes": "180x180", "purpose": "apple"}]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable", "apple"}
    for icon in icons:
        width, height, corner = await ann.evaluate(
            """async (src) => {
              const image = new Image()
              image.src = src
              await image.decode()
              const canvas = document.createElement('canvas')
              canvas.width = canvas.height = 100
              const context = canvas.getContext('2d')
              context.drawImage(image, 0, 0, 100, 100)
              return [image.naturalWidth, image.naturalHeight, context.getImageData(0, 0, 1, 1).data[3]]
            }""",
            icon["src"],
        )
        if icon["sizes"] != "any":
            assert f"{width}x{height}" == icon["sizes"]
        # The system cuts a maskable icon into its own shape: its ground goes to the corners.
        assert corner == (0 if icon["purpose"] == "any" else 255)
    with subtests.test("a link to the page has a picture, and asks no other host for it"):
        content = "(name) => document.querySelector(`meta[property='og:${name}']`).content"
        picture = await ann.evaluate(content, "image")
        assert picture.startswith("/")
        size = await ann.evaluate(
            """async (src) => {
              const image = new Image()
              image.src = src
              await image.decode()
              return `${image.naturalWidth}x${image.naturalHeight}`
            }""",
            picture,
        )
        assert size == "1200x630"
        assert size == f"{await ann.evaluate(content, 'image:width')}x{await ann.evaluate(content, 'image:height')}"


# --- offline ---


async def test_without_a_network_the_page_says_so_and_returns_by_itself(server: Server, person: BrowserContext) -> None:
    page = await taught(person, server)
    await person.set_offline(True)
    await page.goto(server.url("/c/kitchen#40,40,2"))
    await expect(page.get_by_role("heading")).to_have_text("Can’t reach Asocial right now.")
    await expect(page.get_by_text("kitchen")).to_be_visible()
    assert await page.evaluate("() => document.fonts.ready.then(() => document.fonts.check('600 24px Recursive'))")
    assert [font async for font in _loaded_fonts(page)] == ["Recursive"]
    await page.get_by_test_id("again").click()
    await expect(page.get_by_test_id("again")).to_have_text("Try again")
    await expect(page.get_by_test_id("again")).to_be_enabled()
    await person.set_offline(False)
    await expect(page.get_by_test_id("channel")).to_have_text("kitchen")
    await expect(page.get_by_test_id("zoom")).to_contain_text("200%")


async def _loaded_fonts(page: Page) -> AsyncIterator[str]:
    for font in await page.evaluate(
        "() => [...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)"
    ):
        yield font.strip('"')


async def test_a_server_that_was_away_is_found_again_and_a_press_finds_it_sooner(
    server: Server, person: BrowserContext
) -> None:
    page = await taught(person, server, "/")
    for press in (True, False):
        await server.stop()
        await page.reload()
        await expect(page.get_by_test_id("offline")).to_be_visible()
        await server.start()
        if press:
            await page.get_by_test_id("again").click()
        await expect(page.get_by_test_id("start")).to_be_visible()


async def test_the_offline_page_is_of_the_same_ground(
    server: Server, browser: Browser, subtests: pytest.Subtests
) -> None:
    context = await browser.new_context(viewport={"width": 375, "height": 667}, has_touch=True)
    page = await taught(context, server)
    ground = "() => getComputedStyle(document.body).backgroundColor"
    of_canvas = {}
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        of_canvas[scheme] = await page.evaluate(ground)
    assert of_canvas["light"] != of_canvas["dark"]
    await context.set_offline(True)
    for scheme in SCHEMES:
        with subtests.test(scheme):
            await page.emulate_media(color_scheme=scheme)
            await page.reload()
            await expect(page.get_by_test_id("again")).to_be_in_viewport(ratio=1)
            assert await page.evaluate(ground) == of_canvas[scheme]
            assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await context.close()


async def test_only_the_offline_page_and_hashed_files_are_kept(server: Server, person: BrowserContext) -> None:
    page = await taught(person, server)
    for path in ("/", "/c/kitchen", "/c/garden"):
        await page.goto(server.url(path))
        await page.wait_for_selector("[data-testid=start], [data-state=live]")
    for path in ("/health", "/ready", "/metrics", "/api/chat", "/manifest.webmanifest", "/icon.svg"):
        await page.evaluate("(path) => fetch(path).catch(() => undefined)", path)
    [(name, paths)] = (await cached(page)).items()
    assert re.fullmatch(r"asocial-[0-9a-f]{16}", name)
    assert "/offline.html" in paths
    assert any(re.fullmatch(r"/assets/index-.*\.js", path) for path in paths)
    assert [path for path in paths if not path.startswith("/assets/") and path != "/offline.html"] == []
    await person.set_offline(True)
    for path in ("/health", "/ready", "/api/chat"):
        with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
            await page.goto(server.url(path))


# --- another version ---


def rebuilt(source: Path, to: Path) -> Path:
    """The page as another build would leave it: its scripts and style sheets under new names, and so told."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns("*.br", "*.gz"))
    renamed = {path.name: f"{path.stem}-next{path.suffix}" for path in (to / "assets").glob("*.[jc]s*")}
    for path in [*to.rglob("*.html"), *to.rglob("*.[jc]s*")]:
        text = path.read_text()
        for old, new in renamed.items():
            text = text.replace(old, new)
        path.write_text(text.replace('<html lang="en"', '<html lang="en" data-build="new"'))
    for old, new in renamed.items():
        (to / "assets" / old).rename(to / "assets" / new)
    worker = to / "sw.js"
    worker.write_text(re.sub(r"asocial-(.*?)[0-9a-f]{16}", r"asocial-\g<1>" + "f" * 16, worker.read_text(), count=1))
    return to


async def build_of(page: Page) -> tuple[str, list[str]]:
    """Which build the document is of, and the builds its scripts and style sheets are of."""
    document = await page.evaluate("() => document.documentElement.dataset.build ?? 'old'")
    parts = await page.evaluate(
        """() => [...document.querySelectorAll('script[src*="/assets/"], link[rel=stylesheet]')]
          .map((each) => /-next\\.\\w+$/.test(each.src || each.href) ? 'new' : 'old')"""
    )
    return document, sorted(set(parts))


async def test_two_versions_never_mix(server: Server, person: BrowserContext, tmp_path: Path) -> None:
    old = shutil.copytree(PAGE_DIR, tmp_path / "old")
    new = rebuilt(old, tmp_path / "new")
    await server.restart(page_dir=old)
    page = await taught(person, server)
    # Once calm, a page has all its parts (shared/ui/lazy.tsx); app/main.tsx names the last of them.
    async with page.expect_response(lambda response: "NotFound" in response.url) as last:
        await page.reload()
    await (await last.value).finished()
    assert await build_of(page) == ("old", ["old"])
    [old_cache] = await cached(page)

    await server.restart(page_dir=new)
    await page.wait_for_selector("[data-state=live]")
    # A page of the old build that is open keeps its worker; the new build waits.
    other = await person.new_page()
    await other.goto(server.url("/c/kitchen"))
    await other.wait_for_selector("[data-state=live]")
    assert await build_of(other) == ("new", ["new"])
    await until(other, "navigator.serviceWorker.getRegistration().then((r) => r.waiting !== null)")
    assert set(await cached(other)) == {old_cache, "asocial-" + "f" * 16}
    await person.set_offline(True)
    await other.reload()
    await other.get_by_test_id("offline").wait_for()
    assert await build_of(other) == ("old", ["old"])
    assert await other.evaluate("() => getComputedStyle(document.querySelector('main')).display") == "grid"
    await person.set_offline(False)

    # The page that was open all the while is whole.
    await page.get_by_test_id("share").click()
    await expect(page.get_by_test_id("share-panel")).to_be_visible()
    assert await build_of(page) == ("old", ["old"])

    # The last page that the old worker served is closed: the new one takes over, and what was kept goes.
    await other.close()
    await page.close()
    page = await taken_over(person, server)
    assert await build_of(page) == ("new", ["new"])
    await until(page, "caches.keys().then((names) => names.length === 1)")
    assert set(await cached(page)) == {"asocial-" + "f" * 16}
    await person.set_offline(True)
    await page.reload()
    await page.get_by_test_id("offline").wait_for()
    assert await build_of(page) == ("new", ["new"])


async def test_a_server_can_take_the_worker_back(server: Server, person: BrowserContext) -> None:
    page = await taught(person, server)
    await server.restart(offline_page="withdrawn")
    await page.goto(server.url("/c/garden"))
    await until(page, "navigator.serviceWorker.getRegistration().then((r) => r === undefined)")
    await until(page, "caches.keys().then((names) => names.length === 0)")
    await page.goto(server.url("/"))
    await page.get_by_test_id("start").wait_for()
    assert await page.evaluate("() => navigator.serviceWorker.controller") is None
    await server.restart(offline_page="kept")
    await taught(person, server)


async def test_a_server_that_is_only_away_keeps_the_worker(server: Server, person: BrowserContext) -> None:
    page = await taught(person, server)
    await server.stop()
    await page.reload()
    await page.get_by_test_id("offline").wait_for()
    assert await page.evaluate("() => navigator.serviceWorker.getRegistration().then((r) => r !== undefined)")
    await server.start()
