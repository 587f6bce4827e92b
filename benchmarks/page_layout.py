"""How readable a group is that talks in one place: 2, 5, 12, 20 and 40 people who write at once, in a view of 1440x900.

    python -m benchmarks.page_layout [--people 20] [--size 375x667] [--pictures FOLDER]

`layout.mjs` makes up what they write, always the same, and lays it out without a browser, which also shows what a
layout costs. Then the people write it on a real server, and a page in a real Chromium measures:

- overlap: the share of the area of text (names included) that other text covers;
- leash: px from the point of a message to its text, for messages that are shown as text;
- words, dots: how many messages are shown as text, and how many as a dot because there is no room; how many of those
  dots cover text, on average.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright

from benchmarks.machine import facts, save
from benchmarks.servers import ASOCIAL, running
from tests.browser.conftest import CHROMIUM_FLAGS, chromium
from tests.browser.overlap import measure_text

CROWDS = (2, 5, 12, 20, 40)
MODEL = Path(__file__).with_name("layout.mjs")
SAMPLE_S = 0.5
BEGIN_S = 4.0
"""Not measured: people are still coming."""


def model(*args: str) -> Any:
    """What `layout.mjs` prints."""
    done = subprocess.run(["node", str(MODEL), *args], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


async def write(url: str, people: int, events: list[dict[str, Any]], names: list[str]) -> None:
    """Everybody writes their part, at the times in it."""

    async def person(session: aiohttp.ClientSession, who: int) -> None:
        async with session.ws_connect(f"{url}/api/chat?channel=crowd&name={names[who % len(names)]}") as socket:

            async def ignore() -> None:
                async for _ in socket:
                    pass

            reading = asyncio.create_task(ignore())
            began = asyncio.get_running_loop().time()
            for event in events:
                if event["who"] != who:
                    continue
                await asyncio.sleep(began + event["ms"] / 1000 - asyncio.get_running_loop().time())
                kind = "chat" if event["done"] else "typing"
                frame = {"type": kind, "message_id": event["id"], "payload": event["text"], "position": event["at"]}
                await socket.send_str(json.dumps(frame))
            reading.cancel()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(person(session, who) for who in range(people)))


NAMES = ["Ann", "Curious Otter", "Bob", "Quiet Heron", "Maximilian", "Jo", "Brave Little Fox", "Zoë"]
"""As in layout.mjs."""


async def watch(page: Page, writing: asyncio.Task[None], picture: Path | None) -> dict[str, float]:
    samples = []
    await asyncio.sleep(BEGIN_S)
    while not writing.done():
        samples.append(await measure_text(page))
        if picture and len(samples) == 12:
            await page.screenshot(path=picture)
        await asyncio.sleep(SAMPLE_S)
    await writing
    leashes = sorted(leash for sample in samples for leash in sample["leashes"])
    return {
        "overlap_percent": round(100 * sum(s["covered"] for s in samples) / sum(s["area"] for s in samples), 2),
        "leash_median_px": round(leashes[len(leashes) // 2]),
        "leash_p95_px": round(leashes[int(len(leashes) * 0.95)]),
        "leash_max_px": round(leashes[-1]),
        "words_most": max(sample["words"] for sample in samples),
        "dots_on_text": round(sum(sample["dots_on_text"] for sample in samples) / len(samples), 2),
        "dots_most": max(sample["dots"] for sample in samples),
    }


async def measure(
    crowds: tuple[int, ...], sizes: list[tuple[int, int]], pictures: Path | None, *, dark: bool
) -> list[dict[str, Any]]:
    rows = []
    for people, (width, height) in itertools.product(crowds, sizes):
        events = model("--events", str(people))
        with running(ASOCIAL) as server:
            url = f"http://{server.address}"
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
                touch = width < 1000
                page = await browser.new_page(
                    viewport={"width": width, "height": height},
                    has_touch=touch,
                    is_mobile=touch,
                    color_scheme="dark" if dark else "light",
                )
                await page.goto(f"{url}/c/crowd")
                await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
                writing = asyncio.create_task(write(url, people, events, NAMES))
                picture = pictures and pictures / f"crowd-{people}-{width}x{height}.png"
                view = {"people": people, "size": f"{width}x{height}"}
                rows.append({**view, **await watch(page, writing, picture)})
                await browser.close()
        print(rows[-1], flush=True)
    return rows


def size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, action="append", help="only this many")
    parser.add_argument("--size", type=size, action="append", help="of the view, 1440x900 where none is given")
    parser.add_argument("--dark", action="store_true", help="the dark appearance")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each crowd")
    parser.add_argument("--name", default="page_layout", help="of the result file")
    given = parser.parse_args()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    machine = facts()
    found = model()
    for row in (*found["layout"], *found["cost"]):
        print(row)
    sizes = given.size or [(1440, 900)]
    rows = asyncio.run(measure(tuple(given.people or CROWDS), sizes, given.pictures, dark=given.dark))
    result = {"benchmark": "page_layout", "machine": machine, "model": found, "rows": rows}
    print(f"written to {save(given.name, result)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
