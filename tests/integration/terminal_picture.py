"""The picture of `asocial join` in the documents: python -m tests.integration.terminal_picture docs/screenshots"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from asocial_client import connect
from asocial_client.terminal.app import CanvasApp

from asocial import logs
from asocial.app import build
from asocial.config import load
from tests.support.client import Client
from tests.support.waiting import eventually


async def take(folder: Path) -> None:
    logs.configure("error", json=False)
    server = build(load({"port": 0, "host": "127.0.0.1", "message_ttl_seconds": 60}, {}))
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        async with connect(url, "garden", name="Bob", color="teal") as channel:
            app = CanvasApp(channel, (0, 0))
            async with app.run_test(size=(80, 24)) as pilot:
                ann = await Client.connect(url.replace("http", "ws"), channel="garden", name="Ann", color="plum")
                await ann.chat("the roses are out", at=(-290, -120))
                await ann.chat("by the pond, look →", at=(60, -48))
                await ann.cursor((-40, 96))
                await channel.say("where?", (-260, -72))
                await ann.typing("and the frogs are ba", message_id="draft-1", at=(-290, 168))
                await pilot.press(*"I see them")
                await eventually(lambda: channel.drafts and len(channel.messages) == 3, "everything is there")
                await pilot.pause()
                picture = app.export_screenshot(title="asocial join garden")
                # The viewer's own fonts, none from another site.
                picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
                folder.joinpath("terminal.svg").write_text(picture)
                await ann.close()
    finally:
        await server.drain()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1])))
