"""What a browser may lack or forbid, taken away one by one: the page starts, and people talk on it.

Plain http off localhost, private windows, Tor's and hardened browsers, and the years before: each entry is what such a
browser does, as a script that runs before the page's own.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

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


LACKING = {
    "serverTiming": "delete PerformanceResourceTiming.prototype.serverTiming;",
    "no navigation entry": "Performance.prototype.getEntriesByType = () => [];",
    "getEntriesByType": gone("Performance.prototype.getEntriesByType"),
    "timeOrigin": gone("Performance.prototype.timeOrigin"),
    "matchMedia": gone("matchMedia"),
    "matchMedia gives null": "window.matchMedia = () => null;",
    "matchMedia listeners": gone("MediaQueryList.prototype.addEventListener"),
    "ResizeObserver": gone("ResizeObserver"),
    "borderBoxSize": "delete ResizeObserverEntry.prototype.borderBoxSize;",
    "visualViewport": gone("visualViewport"),
    "localStorage": forbidden("window", "localStorage"),
    "localStorage is null": "Object.defineProperty(window, 'localStorage', { get: () => null });",
    "sessionStorage": forbidden("window", "sessionStorage"),
    "full storage": throwing("Storage.prototype.setItem"),
    "storage that reads nothing": throwing("Storage.prototype.getItem", "Storage.prototype.setItem"),
    "crypto": gone("crypto"),
    "randomUUID": gone("Crypto.prototype.randomUUID"),
    "getRandomValues": throwing("Crypto.prototype.getRandomValues"),
    "AudioContext": gone("AudioContext", "webkitAudioContext"),
    "AudioContext throws": "window.AudioContext = function () { throw new Error('too many') };",
    "createStereoPanner": gone("BaseAudioContext.prototype.createStereoPanner"),
    "userActivation": "Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => undefined });",
    "clipboard": "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });",
    "share": gone("Navigator.prototype.share", "Navigator.prototype.canShare"),
    "serviceWorker": "delete Navigator.prototype.serviceWorker;",
    "serviceWorker is forbidden": forbidden("Navigator.prototype", "serviceWorker"),
    "caches": forbidden("window", "caches"),
    "onLine": "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => undefined });",
    "languages": "Object.defineProperty(Navigator.prototype, 'languages', { get: () => undefined });",
    "language at all": "for (const each of ['language', 'languages'])"
    " Object.defineProperty(Navigator.prototype, each, { get: () => undefined });",
    "replaceState": throwing("History.prototype.replaceState"),
    "animate": gone("Element.prototype.animate"),
    "pointer capture": throwing("Element.prototype.setPointerCapture"),
    "no pointer capture": gone("Element.prototype.setPointerCapture"),
    "canvas": "HTMLCanvasElement.prototype.getContext = () => null;",
    "roundRect": "delete CanvasRenderingContext2D.prototype.roundRect;",
    "OffscreenCanvas": gone("OffscreenCanvas"),
    "dialogs": "delete HTMLDialogElement.prototype.showModal; delete HTMLDialogElement.prototype.close;",
    "Notification": gone("Notification"),
    "Notification is forbidden": forbidden("window", "Notification"),
    "BroadcastChannel": gone("BroadcastChannel"),
    "locks": "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });",
    "requestIdleCallback": gone("requestIdleCallback"),
    "reportError": gone("reportError"),
    "structuredClone": gone("structuredClone"),
    "Intl.Segmenter": gone("Intl.Segmenter"),
    "Intl.ListFormat": gone("Intl.ListFormat"),
    "Intl.PluralRules": gone("Intl.PluralRules"),
    "Intl.RelativeTimeFormat": gone("Intl.RelativeTimeFormat"),
    "Intl.DateTimeFormat": throwing("Intl.DateTimeFormat"),
    "toWellFormed": gone("String.prototype.toWellFormed"),
    "findLast": gone("Array.prototype.findLast"),
    "at": gone("Array.prototype.at"),
    "hasOwn": gone("Object.hasOwn"),
}
ALL_OF_THEM = "plain http, blocked storage and an old browser together"
TOGETHER = (
    "serverTiming", "matchMedia", "ResizeObserver", "visualViewport", "localStorage", "sessionStorage", "AudioContext",
    "userActivation", "clipboard", "serviceWorker", "replaceState", "animate", "randomUUID", "Intl.ListFormat",
)  # fmt: skip


@pytest.mark.parametrize("lacks", [*LACKING, ALL_OF_THEM])
async def test_the_page_starts_and_talks_without(server: Server, browser: Browser, join: Join, lacks: str) -> None:
    script = "".join(LACKING[each] for each in TOGETHER) if lacks == ALL_OF_THEM else LACKING[lacks]
    bob = await join()
    context = await browser.new_context(viewport={"width": 1000, "height": 700})
    # Each apart, so that one which cannot be taken away here does not spare the next.
    await context.add_init_script(f"try {{ {script} }} catch (error) {{ window.notTaken = String(error) }}")
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    ann = await context.new_page()
    # The page puts this address right, where it may.
    await ann.goto(server.url("/c/garden)."))
    await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    assert await ann.evaluate("() => window.notTaken") is None
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
    assert errors == []
    await context.close()


@pytest.mark.parametrize("lacks", ["matchMedia", "ResizeObserver", "localStorage", "crypto", "Intl.RelativeTimeFormat"])
async def test_the_start_page_is_there_without(server: Server, browser: Browser, lacks: str) -> None:
    context = await browser.new_context()
    await context.add_init_script(LACKING[lacks])
    await context.add_init_script(
        """try {
          const visits = [{ channel: 'kitchen', at: Date.now() - 9e6 }]
          localStorage.setItem('asocial.recent', JSON.stringify(visits))
        } catch { /* that is what is tried */ }"""
    )
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = await context.new_page()
    await page.goto(server.url("/"))
    await expect(page.get_by_test_id("new-channel")).to_be_visible()
    await page.get_by_test_id("new-channel").click()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    assert errors == []
    await context.close()


async def test_a_websocket_that_may_not_be_made_is_told_as_a_connection_that_fails(
    server: Server, browser: Browser
) -> None:
    context = await browser.new_context()
    await context.add_init_script("window.WebSocket = function () { throw new DOMException('no', 'SecurityError') }")
    page = await context.new_page()
    await page.goto(server.url("/c/garden"))
    await expect(page.get_by_test_id("connection")).to_contain_text("Reconnecting")
    await context.close()
