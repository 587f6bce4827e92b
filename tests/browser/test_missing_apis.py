"""What a browser may lack or forbid, taken away: the page starts, and people talk on it.

Plain http off localhost, private windows, Tor's and hardened browsers, and the years before: each entry is what such a
browser does, as a script that runs before the page's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from .conftest import LIFE_S, Join, Server
from .test_finding import look_away
from .watch import say, until_seen

_THROWS = "() => { throw new DOMException('The operation is insecure.', 'SecurityError') }"


def gone(*paths: str) -> str:
    """Each is `owner.name`: undefined, as where it never was."""
    script = ""
    for owner, _, name in (path.rpartition(".") for path in paths):
        undefined = "{ value: undefined, configurable: true, writable: true }"
        script += f"Object.defineProperty({owner or 'window'}, '{name}', {undefined});"
    return script


def forbidden(owner: str, name: str) -> str:
    """Even looking at it throws."""
    return f"Object.defineProperty({owner}, '{name}', {{ configurable: true, get: {_THROWS} }});"


def throwing(*paths: str) -> str:
    """It is there, and throws when it is called."""
    return "".join(f"{path} = function () {{ throw new DOMException('no', 'NotAllowedError') }};" for path in paths)


FAMILIES: tuple[dict[str, str], ...] = (
    {
        "serverTiming": "delete PerformanceResourceTiming.prototype.serverTiming;",
        "no navigation entry": "Performance.prototype.getEntriesByType = () => [];",
        "getEntriesByType": gone("Performance.prototype.getEntriesByType"),
    },
    {
        "matchMedia": gone("matchMedia"),
        "matchMedia gives null": "window.matchMedia = () => null;",
        "matchMedia listeners": gone("MediaQueryList.prototype.addEventListener"),
        "ResizeObserver": gone("ResizeObserver"),
        "borderBoxSize": "delete ResizeObserverEntry.prototype.borderBoxSize;",
        "canvas": "HTMLCanvasElement.prototype.getContext = () => null;",
        "roundRect": "delete CanvasRenderingContext2D.prototype.roundRect;",
        "OffscreenCanvas": gone("OffscreenCanvas"),
        "animate": gone("Element.prototype.animate"),
    },
    {
        "localStorage": forbidden("window", "localStorage"),
        "localStorage is null": "Object.defineProperty(window, 'localStorage', { get: () => null });",
        "sessionStorage": forbidden("window", "sessionStorage"),
        "full storage": throwing("Storage.prototype.setItem"),
        "storage that reads nothing": throwing("Storage.prototype.getItem", "Storage.prototype.setItem"),
        "replaceState": throwing("History.prototype.replaceState"),
        "BroadcastChannel": gone("BroadcastChannel"),
        "locks": "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });",
    },
    {
        "crypto": gone("crypto"),
        "randomUUID": gone("Crypto.prototype.randomUUID"),
        "getRandomValues": throwing("Crypto.prototype.getRandomValues"),
    },
    {
        "AudioContext": gone("AudioContext", "webkitAudioContext"),
        "AudioContext throws": "window.AudioContext = function () { throw new Error('too many') };",
        "createStereoPanner": gone("BaseAudioContext.prototype.createStereoPanner"),
        "userActivation": "Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => undefined });",
    },
    {
        "serviceWorker": "delete Navigator.prototype.serviceWorker;",
        "serviceWorker is forbidden": forbidden("Navigator.prototype", "serviceWorker"),
        "caches": forbidden("window", "caches"),
        "Notification": gone("Notification"),
        "Notification is forbidden": forbidden("window", "Notification"),
    },
    {
        "languages": "Object.defineProperty(Navigator.prototype, 'languages', { get: () => undefined });",
        "language at all": "for (const each of ['language', 'languages'])"
        " Object.defineProperty(Navigator.prototype, each, { get: () => undefined });",
        "Intl.Segmenter": gone("Intl.Segmenter"),
        "Intl.ListFormat": gone("Intl.ListFormat"),
        "Intl.PluralRules": gone("Intl.PluralRules"),
        "Intl.RelativeTimeFormat": gone("Intl.RelativeTimeFormat"),
        "Intl.DateTimeFormat": throwing("Intl.DateTimeFormat"),
    },
    {
        "pointer capture": throwing("Element.prototype.setPointerCapture"),
        "no pointer capture": gone("Element.prototype.setPointerCapture"),
    },
    {
        "toWellFormed": gone("String.prototype.toWellFormed"),
        "findLast": gone("Array.prototype.findLast"),
        "at": gone("Array.prototype.at"),
        "hasOwn": gone("Object.hasOwn"),
    },
    {
        "timeOrigin": gone("Performance.prototype.timeOrigin"),
        "visualViewport": gone("visualViewport"),
        "clipboard": "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });",
        "share": gone("Navigator.prototype.share", "Navigator.prototype.canShare"),
        "onLine": "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => undefined });",
        "dialogs": "delete HTMLDialogElement.prototype.showModal; delete HTMLDialogElement.prototype.close;",
        "requestIdleCallback": gone("requestIdleCallback"),
        "reportError": gone("reportError"),
        "structuredClone": gone("structuredClone"),
    },
)
"""What the page uses together, or one in place of another: without one of a family it may not come to another one."""
LACKING = {name: script for family in FAMILIES for name, script in family.items()}
GROUPS: list[list[str]] = [[] for _ in max(FAMILIES, key=len)]
"""What is taken away together, since each page that is opened costs a second: of a family at most one, so that none
keeps the page from coming to another. `-k hasOwn` finds the group of that one."""
for _first, _family in enumerate(FAMILIES):
    for _number, _name in enumerate(_family, _first):
        GROUPS[_number % len(GROUPS)].append(_name)
TOGETHER = [
    "serverTiming", "matchMedia", "ResizeObserver", "visualViewport", "localStorage", "sessionStorage", "AudioContext",
    "userActivation", "clipboard", "serviceWorker", "replaceState", "animate", "randomUUID", "Intl.ListFormat",
]  # fmt: skip
"""Plain http, blocked storage and an old browser."""

Scenario = Callable[[Page], Awaitable[None]]
RunWithout = Callable[[list[str], Scenario], Awaitable[None]]


@pytest_asyncio.fixture(loop_scope="session")
async def run_without(browser: Browser, subtests: pytest.Subtests) -> RunWithout:
    """`await run_without(names, scenario)` runs the scenario on a page that lacks all of `names`.

    If that fails, it runs with each alone, so that the report names the one.
    """

    async def attempt(names: list[str], scenario: Scenario) -> None:
        context = await browser.new_context(viewport={"width": 1000, "height": 700})
        try:
            # Each apart, so that one which cannot be taken away here does not spare the next.
            for name in names:
                script = f"try {{ {LACKING[name]} }} catch (error) {{ window.notTaken = String(error) }}"
                await context.add_init_script(script)
            errors: list[str] = []
            context.on("weberror", lambda error: errors.append(str(error.error)))
            page = await context.new_page()
            await scenario(page)
            assert await page.evaluate("() => window.notTaken") is None
            assert errors == []
        finally:
            await context.close()

    async def run(names: list[str], scenario: Scenario) -> None:
        try:
            await attempt(names, scenario)
        except Exception:
            for name in names:
                with subtests.test(name):
                    await attempt([name], scenario)
            raise

    return run


async def start_and_talk(server: Server, join: Join, run_without: RunWithout, lacks: list[str]) -> None:
    """A page that lacks these starts, and people talk on it."""
    bob = await join()

    async def talk(ann: Page) -> None:
        # The page puts this address right, where it may.
        await ann.goto(server.url("/c/garden)."))
        await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
        await say(ann, 300, 300, "can you hear me?")
        assert (await bob.receive("chat"))["payload"] == "can you hear me?"
        await bob.chat("yes, https://example.org", at=(-200, 100))
        await until_seen(ann, "yes, https://example.org")
        # And the rest of it: looking around, a panel, and that messages end.
        await look_away(ann, 40, 40)
        await ann.get_by_test_id("plane").focus()
        await ann.keyboard.press("F1")
        await expect(ann.get_by_test_id("help-panel")).to_be_attached()
        await server.pass_time(LIFE_S, ann)
        await expect(ann.get_by_test_id("message")).to_have_count(0)
        await expect(ann.get_by_test_id("trouble")).to_be_hidden()

    await run_without(lacks, talk)


@pytest.mark.parametrize("lacks", [*GROUPS, TOGETHER], ids="+".join)
async def test_the_page_starts_and_talks_without(
    server: Server, join: Join, run_without: RunWithout, lacks: list[str]
) -> None:
    await start_and_talk(server, join, run_without, lacks)


# Without localStorage no channel of late is listed, and no time is written in words.
@pytest.mark.parametrize(
    "lacks",
    [["localStorage", "matchMedia"], ["Intl.RelativeTimeFormat", "ResizeObserver", "crypto"]],
    ids="+".join,
)
async def test_the_start_page_is_there_without(server: Server, run_without: RunWithout, lacks: list[str]) -> None:
    async def start(page: Page) -> None:
        await page.add_init_script(
            """try {
              const visits = [{ channel: 'kitchen', at: Date.now() - 9e6 }]
              localStorage.setItem('asocial.recent', JSON.stringify(visits))
            } catch { /* that is what is tried */ }"""
        )
        await page.goto(server.url("/"))
        await expect(page.get_by_test_id("new-channel")).to_be_visible()
        await page.get_by_test_id("new-channel").click()
        await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")

    await run_without(lacks, start)


async def test_a_websocket_that_may_not_be_made_is_told_as_a_connection_that_fails(
    server: Server, browser: Browser
) -> None:
    context = await browser.new_context()
    await context.add_init_script("window.WebSocket = function () { throw new DOMException('no', 'SecurityError') }")
    page = await context.new_page()
    await page.goto(server.url("/c/garden"))
    await expect(page.get_by_test_id("connection")).to_contain_text("Reconnecting")
    await context.close()
