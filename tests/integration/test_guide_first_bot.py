"""docs/guide/first-bot.md: every block runs, in the order of the page, against a real server."""

from __future__ import annotations

from pathlib import Path

from tests.support.client import Client
from tests.support.markdown_blocks import Reader, blocks
from tests.support.server import Join, Server

GUIDE = Path(__file__).parents[2] / "docs/guide/first-bot.md"


async def test_a_reader_of_the_guide_gets_what_it_shows(server: Server, join: Join, tmp_path: Path) -> None:
    steps = blocks(GUIDE)
    assert [block.language for block in steps].count("python") == 2
    reader = Reader(tmp_path, {"http://localhost:8080": server.origin}, lasting=("greeter.py", "counter.py", "watch"))
    try:
        for block in steps:
            await reader.read(block)
            if "watch" in block.text:
                # The next command is for a watcher that is there.
                await reader.shows("connected to garden; 2 people")
        await reader.shows("people are here")
        ada: Client = await join(server, "garden")
        await ada.reaction("heart", (7, 8))
        assert (await ada.receive("reaction"))["position"] == {"x": 7, "y": 8}, "the second bot thanks"
    finally:
        await reader.close()
