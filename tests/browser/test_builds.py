"""Two builds behind one address, and files that are gone: the page retries, reloads once, or says what is missing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from asocial.adapters.http.page import PAGE_DIR

from .conftest import Join, Server
from .test_install import rebuilt
from .watch import until_seen

ENTRY = re.compile(r"/assets/index-.*\.js")
HELP = re.compile(r"/assets/Help-.*\.js")
STYLE = re.compile(r"/assets/style-.*\.css")
LIVE = '[data-testid="connection"][data-state="live"]'


async def refuse(page: Page, files: re.Pattern[str], times: int) -> list[str]:
    """The first so many requests for such files are answered by a process that does not have them."""
    refused: list[str] = []

    async def answer(route: Route) -> None:
        if len(refused) >= times:
            await route.continue_()
            return
        refused.append(route.request.url)
        await route.fulfill(status=404, body="404: Not Found")

    await page.route(files, answer)
    return refused


def loads(page: Page) -> list[str]:
    """Grows with each document that is loaded."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if request.is_navigation_request() else None)
    return found


def title_of(page: Page) -> Locator:
    """Of the message in place of the page."""
    return page.get_by_test_id("trouble").get_by_role("heading")


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1000, "height": 700}, service_workers="block")
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("files", [ENTRY, STYLE, re.compile(r"/assets/.*\.(js|css)")])
async def test_a_file_that_another_process_has_is_asked_for_again(
    server: Server, page: Page, files: re.Pattern[str]
) -> None:
    refused, loaded = await refuse(page, files, 3), loads(page)
    await page.goto(server.url("/c/garden"))
    await page.wait_for_selector(LIVE, state="attached")
    await expect(page.locator(".page")).to_have_css("position", "fixed")
    assert len(refused) == 3
    assert len(loaded) == 1
    await expect(page.get_by_test_id("trouble")).to_be_hidden()


@pytest.mark.parametrize(("path", "files"), [("/c/garden", ENTRY), ("/", re.compile(r"/assets/start-.*\.js"))])
async def test_a_file_that_never_comes_is_told_after_one_reload(
    server: Server, page: Page, path: str, files: re.Pattern[str]
) -> None:
    await refuse(page, files, 10_000)
    await page.clock.install()
    loaded = loads(page)
    await page.goto(server.url(path))
    await expect(title_of(page)).to_have_text("The page could not be loaded.")
    # What the page would still do by itself within a minute is done now: it does not reload again.
    await page.clock.run_for(60_000)
    await expect(title_of(page)).to_have_text("The page could not be loaded.")
    assert len(loaded) == 2
    await page.unroute(files)
    await page.get_by_test_id("trouble").get_by_role("button").click()
    await page.wait_for_selector(f"{LIVE}, [data-testid=start]", state="attached")


async def test_an_entry_that_throws_is_told_in_words(server: Server, page: Page) -> None:
    await page.route(ENTRY, lambda route: route.fulfill(content_type="text/javascript", body="throw new Error('no')"))
    await page.goto(server.url("/c/garden"))
    await expect(title_of(page)).to_have_text("The page stopped working.")


async def test_parts_that_are_gone_are_reported_and_the_conversation_goes_on(
    server: Server, page: Page, join: Join
) -> None:
    await page.goto(server.url("/c/garden"))
    await page.wait_for_selector(LIVE, state="attached")
    await page.route("**/assets/*", lambda route: route.fulfill(status=404, body="404: Not Found"))
    bob = await join()
    await bob.chat("see https://example.org", at=(-200, -50))
    await until_seen(page, "see https://example.org")
    for control in ("help", "settings", "people", "share", "channels"):
        await page.get_by_test_id(control).click()
        await expect(page.get_by_test_id("incomplete")).to_contain_text("There may be a new version")
    await page.mouse.click(400, 500)
    await page.keyboard.type("kept over it")
    await page.unroute("**/assets/*")
    await page.get_by_test_id("incomplete").get_by_test_id("reload").click()
    await page.wait_for_selector(LIVE, state="attached")
    await expect(page.get_by_test_id("caret")).to_have_value("kept over it")
    await expect(page.get_by_test_id("incomplete")).to_have_count(0)


async def test_parts_that_come_back_are_no_longer_missing(server: Server, page: Page) -> None:
    await page.goto(server.url("/c/garden"))
    await page.wait_for_selector(LIVE, state="attached")
    # Only this one: on a slow machine the page may still be fetching others, and be without one of those for a while.
    await page.route(HELP, lambda route: route.fulfill(status=404, body="404: Not Found"))
    await page.get_by_test_id("plane").focus()
    await page.keyboard.press("F1")
    await expect(page.get_by_test_id("incomplete")).to_be_visible()
    await page.unroute(HELP)
    await expect(page.get_by_test_id("incomplete")).to_have_count(0)
    await page.get_by_test_id("plane").focus()
    await page.keyboard.press("F1")
    await expect(page.get_by_test_id("help-panel")).to_be_visible()


async def test_the_worker_keeps_no_mixture_of_two_builds(server: Server, browser: Browser, tmp_path: Path) -> None:
    """/sw.js of one build, the offline page and its files of another."""
    new = rebuilt(PAGE_DIR, tmp_path / "new")
    (new / "sw.js").write_text((PAGE_DIR / "sw.js").read_text())
    await server.restart(page_dir=new)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(server.url("/c/garden"))
    await page.wait_for_selector(LIVE, state="attached")
    state = await page.evaluate(
        """() => navigator.serviceWorker.register('/sw.js').then((found) => new Promise((done) => {
          const worker = found.installing ?? found.waiting ?? found.active
          const look = () => worker.state !== 'installing' && done(worker.state)
          worker.addEventListener('statechange', look)
          look()
        }), () => 'redundant')"""
    )
    assert state == "redundant"
    assert await page.evaluate("() => caches.keys()") == []
    await context.close()


async def test_without_a_network_a_missing_part_is_requested_again_and_not_the_page(
    server: Server, page: Page, subtests: pytest.Subtests
) -> None:
    incomplete = page.get_by_test_id("incomplete")

    async def open_help() -> None:
        await page.get_by_test_id("plane").focus()
        await page.keyboard.press("F1")

    with subtests.test("no network"):
        await page.goto(server.url("/c/garden"))
        await page.wait_for_selector(LIVE, state="attached")
        await page.evaluate("window.same = true")
        await page.context.set_offline(True)
        await open_help()
        await expect(incomplete).to_contain_text("there is no connection")
        await expect(incomplete.get_by_role("button")).to_have_text("Try again")
        await incomplete.get_by_role("button").click()
        await expect(incomplete).to_be_visible()
        await page.context.set_offline(False)
        await expect(incomplete).to_have_count(0)
        await open_help()
        await expect(page.get_by_test_id("help-panel")).to_be_visible()
        assert await page.evaluate("window.same")
    with subtests.test("no server"):
        await page.goto("about:blank")
        await page.goto(server.url("/c/garden"))
        await page.wait_for_selector(LIVE, state="attached")
        await page.route(HELP, lambda route: route.abort())
        await server.stop()
        await page.wait_for_selector('[data-testid="connection"][data-state="waiting"]', state="attached")
        await open_help()
        await expect(incomplete).to_contain_text("there is no connection")
        await server.start()
        await page.wait_for_selector(LIVE, state="attached")
        # It is there, and the part is not: there may be a new version.
        await expect(incomplete.get_by_role("button")).to_have_text("Reload")
        await page.unroute(HELP)
        await expect(incomplete).to_have_count(0)
