"""What joins a page to its connection in the server's log (W50), as a real browser does it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from .conftest import Server, Visit


async def test_w50_the_page_connects_with_the_trace_it_came_with_also_when_it_was_in_the_cache(
    visit: Visit, server: Server
) -> None:
    page = await visit("/health", live=False)
    for _ in range(2):
        async with page.expect_websocket() as connecting:
            answer = await page.goto(server.url("/c/garden"))
        assert answer is not None
        name, _, trace = (await answer.all_headers())["server-timing"].partition(";desc=")
        socket = await connecting.value
        assert name == "trace"
        assert parse_qs(urlsplit(socket.url).query)["trace"] == [trace]
