"""Frame times of the page in a crowd: 300 live messages, 200 moving cursors, while the view is panned.

A generator, a process of its own, keeps the crowd going; a real Chromium, headless and drawing in
software, pans in circles and notes the time between frames. Prints p50, p95 and how many came late, that is, missed
their turn. The goal is that p95 is one turn of 60 Hz: 16.7 ms, or 16.8, since the page's clock has steps of 0.1 ms.
What else runs on the machine counts too: compare figures of one run only. `python -m benchmarks.page_frames
[--zoom 0.3]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import sys
from typing import Any

import aiohttp
import uvloop
from playwright.async_api import async_playwright

from benchmarks.servers import ASOCIAL, running
from tests.browser.conftest import CHROMIUM_FLAGS, chromium

MESSAGES, CURSORS = 300, 200
LIFE_S, SPREAD_X, SPREAD_Y = 8, 1600, 1000
LATE_MS = 25
"""Between one turn of 60 Hz and two."""
CURSOR_EVERY_S = 0.1
WORDS = ("is anyone else", "watching", "the rain", "from up there", "tonight", "the cat", "has opinions", "about it")

PAN = """
([seconds, zoom]) => new Promise((done) => {
  const plane = document.querySelector('[data-testid="plane"]')
  const wheel = (more) => plane.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, ...more }))
  let last, shown = 0
  const frames = [], started = performance.now()
  const frame = (at) => {
    if (last !== undefined) frames.push(at - last)
    last = at
    shown = Math.max(shown, document.querySelectorAll('[data-testid="message"]').length)
    const t = (at - started) / 1000
    if (t > seconds) return done({ frames, shown })
    wheel({ deltaX: 12 * Math.cos(t * 2), deltaY: 8 * Math.sin(t * 2) })
    requestAnimationFrame(frame)
  }
  for (let z = 1; z > zoom * 1.2; z *= Math.exp(-0.4)) wheel({ deltaY: 40, ctrlKey: true, clientX: 720, clientY: 450 })
  setTimeout(() => requestAnimationFrame(frame), 1000)
})
"""


def _at() -> dict[str, float]:
    return {"x": random.uniform(-SPREAD_X / 2, SPREAD_X / 2), "y": random.uniform(-SPREAD_Y / 2, SPREAD_Y / 2)}


async def _person(session: aiohttp.ClientSession, url: str, number: int) -> None:
    async with session.ws_connect(f"{url}&name=person{number}") as socket:

        async def ignore() -> None:
            async for _ in socket:
                pass

        async def point() -> None:
            home, phase = _at(), random.random() * 6
            for step in range(10**9):
                turn = phase + step * 0.15
                where = {"x": home["x"] + 120 * math.cos(turn), "y": home["y"] + 80 * math.sin(turn)}
                await socket.send_str(json.dumps({"type": "cursor", "position": where}))
                await asyncio.sleep(CURSOR_EVERY_S)

        async def talk() -> None:
            every = LIFE_S * CURSORS / MESSAGES
            await asyncio.sleep(random.random() * every)
            for step in range(10**9):
                text = " ".join(random.choices(WORDS, k=random.randint(1, 3)))
                frame = {"type": "chat", "message_id": f"m{step}", "payload": text, "position": _at()}
                await socket.send_str(json.dumps(frame))
                await asyncio.sleep(every)

        await asyncio.gather(ignore(), point(), talk())


async def crowd(url: str) -> None:
    # The default of 100 connections would be half of the crowd.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(_person(session, url, number) for number in range(CURSORS)))


async def measure(zoom: float, seconds: float) -> dict[str, float]:
    """Frame times in ms, panning at that zoom."""
    with running(ASOCIAL, ["--message-ttl-seconds", str(LIFE_S)]) as server:
        url = f"http://{server.address}"
        generator = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.page_frames", "--crowd", f"{url}/api/chat?channel=crowd")
        )
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
                page = await browser.new_page(viewport={"width": 1440, "height": 900})
                await page.goto(f"{url}/c/crowd")
                await page.wait_for_timeout(LIFE_S * 1000 + 2000)
                found = await page.evaluate(PAN, [seconds, zoom])
                await browser.close()
            if generator.returncode is not None:
                raise SystemExit("the crowd went before the measurement was over")
        finally:
            if generator.returncode is None:
                generator.terminate()
            await generator.wait()
    return {"zoom": zoom, **frame_times(found), "cursors": CURSORS}


def frame_times(found: dict[str, Any]) -> dict[str, float]:
    """Of what PAN returned."""
    frames = sorted(found["frames"])
    return {
        "frames": len(frames),
        "p50_ms": round(frames[len(frames) // 2], 1),
        "p95_ms": round(frames[int(len(frames) * 0.95)], 1),
        "p99_ms": round(frames[int(len(frames) * 0.99)], 1),
        "late_percent": round(100 * sum(ms > LATE_MS for ms in frames) / len(frames), 1),
        "messages": found["shown"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--crowd", metavar="URL", help="be the generator")
    args = parser.parse_args()
    if args.crowd:
        # With the server, so that the browser has the other cores: a person's machine runs neither.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        uvloop.run(crowd(args.crowd))
    else:
        print(asyncio.run(measure(args.zoom, args.seconds)))


if __name__ == "__main__":
    main()
