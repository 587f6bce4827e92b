"""The page in Firefox, where its style differs from Chromium's: `make test-full`."""

from __future__ import annotations

from tests.support.firefox import Firefox

from .conftest import Server
from .full_firefox import firefox, started

__all__ = ["firefox", "started"]


async def test_the_corners_of_a_panel_that_scrolls_are_round(firefox: Firefox, server: Server) -> None:
    page = await firefox.open(server.url("/c/garden"), {"width": 1000, "height": 240})
    await page.until("document.querySelector('[data-testid=connection]')?.dataset.state === 'live'")
    await page.evaluate("document.querySelector('[data-testid=people]').click()")
    panel = "document.querySelector('[data-testid=roster]')"
    await page.until(f"!!{panel}")
    await page.until(f"{panel}.offsetWidth > {panel}.clientWidth")  # its scrollbar takes room
    await page.until(f"{panel}.getAnimations().every((each) => each.playState === 'finished')")
    inside = f"""(() => {{
      const {{ left, top, right, bottom }} = {panel}.getBoundingClientRect()
      const corners = [[left + 1, top + 1], [right - 1, top + 1], [left + 1, bottom - 1], [right - 1, bottom - 1]]
      return corners.map(([x, y]) => {panel}.contains(document.elementFromPoint(x, y)))
    }})()"""
    assert await page.evaluate(inside) == [False] * 4
