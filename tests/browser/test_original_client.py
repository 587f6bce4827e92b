"""A client of the original system in a real browser: it knows its user id and nothing else, and is reloaded (W106)."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from .conftest import Server

CONNECT = """() => new Promise((resolve) => {
  const socket = new WebSocket(`ws://${location.host}/api/chat?uid=alice`)
  socket.onmessage = ({ data }) => resolve(JSON.parse(data).user_id)
  socket.onerror = () => resolve('refused')
})"""


async def connect(page: Page) -> str:
    """The user id that the client gets, or "refused"."""
    user_id: str = await page.evaluate(CONNECT)
    return user_id


async def test_w106_a_client_of_the_original_keeps_its_user_id_when_its_page_is_reloaded(
    server: Server, browser: Browser
) -> None:
    # /health is a page of the same origin without scripts.
    context = await browser.new_context(bypass_csp=True)
    try:
        page, tab = await context.new_page(), await context.new_page()
        for one in (page, tab):
            await one.goto(server.url("/health"))
        assert await connect(page) == "alice"
        for _ in range(5):
            await page.reload()
            assert await connect(page) == "alice"
        assert await connect(tab) == "refused"
        await page.close()
        assert await connect(tab) == "alice"
    finally:
        await context.close()
