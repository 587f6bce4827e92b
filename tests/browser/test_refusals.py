"""W87: the page explains why a connection was refused, in the reader's language, and what to do."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from .conftest import Join, Server, Visit

CONNECTION = '[data-testid="connection"]'


@pytest.mark.parametrize("settings", [{"behind_tls": True}])
@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("en", "does not accept connections from pages at this address"),
        ("de", "nimmt von Seiten unter dieser Adresse keine Verbindungen an"),
        ("es", "no acepta conexiones de páginas en esta dirección"),
        ("ar", "لا يقبل هذا الخادم اتصالات"),
    ],
)
async def test_w87_a_page_whose_origin_is_refused_says_so_and_stops_trying(
    visit: Visit, locale: str, says: str
) -> None:
    # The server believes that it is reached over https, and the page was loaded over http.
    page = await visit(live=False, locale=locale)
    await expect(page.locator(CONNECTION)).to_have_attribute("data-state", "final")
    await expect(page.locator(CONNECTION)).to_contain_text(says)
    await expect(page.get_by_test_id("again")).to_be_visible()
    box = await page.locator(CONNECTION).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1000


@pytest.mark.parametrize("settings", [{"connections_per_minute_per_ip": 1}])
async def test_w87_connecting_too_often_is_told_while_the_page_waits(visit: Visit, join: Join) -> None:
    await join()
    page = await visit(live=False)
    await expect(page.locator(CONNECTION)).to_contain_text("Too many people on your network")
    await expect(page.locator(CONNECTION)).to_contain_text(re.compile("Reconnecting"))


async def test_w87_upgrades_that_something_on_the_way_stops_are_told_of(visit: Visit, server: Server) -> None:
    page = await visit()
    # As behind a proxy that passes on HTTP alone: every upgrade fails, and requests are answered.
    await page.evaluate(
        """() => {
          const Real = WebSocket
          window.WebSocket = class extends Real {
            constructor(url, protocols) { super(url.replace('/api/chat', '/api/nothing'), protocols) }
          }
        }"""
    )
    await server.restart()
    await expect(page.locator(CONNECTION)).to_contain_text("WebSocket connections do not reach it")
    await expect(page.locator(CONNECTION)).to_contain_text("Reconnecting")
