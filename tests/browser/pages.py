"""Pages that the tests of a worker use one after the other.

A new page costs half a second of processor time: a process, and all of the page's code to compile. A page that has been
at the same origin costs half of that. So `visit` takes one that an earlier test has left, if the test asks for the same
kind of context. Nothing is left of that test: no storage, cookie, worker, history or listener. A page that cannot be
put back like this (`_SPOILS`) is closed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Error, Page, Request

from tests.support.waiting import PATIENCE_S

DEFAULTS = {"viewport": {"width": 1000, "height": 700}}
MOST_IDLE = 4
MOST_USES = 25
"""A page is closed after so many tests, so that its process does not grow for ever."""
STORED = "cookies,local_storage,indexeddb,service_workers,cache_storage,websql,file_systems"
CORNER = (0, 0)
"""Where the mouse lies in a new page."""
_SPOILS = (
    "add_cookies", "add_init_script", "close", "emulate_media", "expose_binding", "expose_function",
    "grant_permissions", "once", "route", "route_from_har", "route_web_socket", "set_extra_http_headers",
    "set_geolocation",
)  # fmt: skip
# Now and then a headless Chromium reports a mouse in the corner of a page that opens, where no test has put one. Others
# then see that person point there, and the view of a newcomer moves to show it.
NO_MOUSE_IN_THE_CORNER = """addEventListener('pointermove', (event) => {
  if (event.isTrusted && event.clientX === 0 && event.clientY === 0) event.stopImmediatePropagation()
}, true)"""


class UsedPage:
    """A page with a context of its own."""

    def __init__(self, kind: str, origin: str, context: BrowserContext, page: Page, session: CDPSession) -> None:
        self.kind, self.origin, self.context, self.page = kind, origin, context, page
        self._session = session
        self._spoiled = False
        self._uses = 0
        self.complain: Callable[[str], None] = print
        page.on("pageerror", self._on_error)
        page.on("console", self._on_console)
        page.on("request", self._on_request)
        self._undo = AsyncExitStack()
        for owner in (page, context):
            for name in _SPOILS:
                if hasattr(owner, name):
                    setattr(owner, name, self._spoiling(getattr(owner, name)))
        page.on = self._listening(page)  # type: ignore[method-assign]
        context.on = self._listening(context)  # type: ignore[method-assign]
        context.new_page = self._opening(context.new_page, "close")  # type: ignore[method-assign]
        context.new_cdp_session = self._opening(context.new_cdp_session, "detach")  # type: ignore[method-assign]
        context.set_offline = self._offline(context.set_offline)  # type: ignore[method-assign,assignment]

    def spoil(self) -> None:
        """The page cannot be put back."""
        self._spoiled = True

    def _on_error(self, error: Error) -> None:
        self.complain(f"uncaught: {error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complain(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:")):
            self.complain(f"asked {request.url}")

    def _spoiling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self._spoiled = True
            return method(*args, **options)

        return call

    def _listening(self, owner: Any) -> Callable[..., None]:
        on = owner.on

        def listen(event: str, listener: Callable[..., Any]) -> None:
            self._undo.callback(owner.remove_listener, event, listener)
            on(event, listener)

        return listen

    def _opening(self, method: Callable[..., Any], end: str) -> Callable[..., Any]:
        async def open_(*args: Any, **options: Any) -> Any:
            opened = await method(*args, **options)
            self._undo.push_async_callback(getattr(opened, end))
            return opened

        return open_

    def _offline(self, method: Callable[[bool], Awaitable[None]]) -> Callable[[bool], Awaitable[None]]:
        async def set_offline(offline: bool) -> None:
            self._undo.push_async_callback(method, False)
            await method(offline)

        return set_offline

    async def put_back(self) -> bool:
        """Make it as good as new. False if that cannot be done."""
        self._uses += 1
        page = self.page
        if self._spoiled or self._uses == MOST_USES or page.is_closed() or not page.url.startswith(self.origin + "/"):
            return False
        try:
            await self._undo.aclose()
            if self.context.pages != [page] or len(page.frames) > 1:
                return False
            await page.evaluate("() => { sessionStorage.clear(); window.name = '' }")
            await page.mouse.move(*CORNER)
            await page.goto("about:blank")
            await self._session.send("Storage.clearDataForOrigin", {"origin": self.origin, "storageTypes": STORED})
            await self._session.send("Page.resetNavigationHistory")
            await self.context.clear_cookies()
        except Error:
            return False
        return True


class Pages:
    """The pages of one browser that no test uses."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[UsedPage] = []

    async def take(self, origin: str, options: dict[str, Any], *, new: bool = False) -> UsedPage:
        """A page for a context with these options: a used one, or a new one if there is none or `new`."""
        options = DEFAULTS | options
        kind = json.dumps([origin, options], sort_keys=True)
        for each in [] if new else self._idle:
            if each.kind == kind:
                self._idle.remove(each)
                if each.page.viewport_size != options["viewport"] and options["viewport"]:
                    await each.page.set_viewport_size(options["viewport"])
                return each
        context = await self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_S * 1000)
        await context.add_init_script(NO_MOUSE_IN_THE_CORNER)
        page = await context.new_page()
        return UsedPage(kind, origin, context, page, await context.new_cdp_session(page))

    async def give_back(self, used: UsedPage) -> None:
        """The test is over."""
        if await used.put_back():
            self._idle.append(used)
            if len(self._idle) <= MOST_IDLE:
                return
            used = self._idle.pop(0)
        await used.context.close()
